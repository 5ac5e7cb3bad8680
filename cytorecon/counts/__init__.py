"""Counting: percentages and cells per microlitre, with intervals and LLOQ."""

from cytorecon.counts.concentration import absolute_counts
from cytorecon.counts.criteria import CriterionResult, judge_criteria
from cytorecon.counts.dose import ProductDose, dose_text, product_dose
from cytorecon.counts.method import MethodChoice, choose_method
from cytorecon.counts.populations import count_populations
from cytorecon.counts.quantities import CountMethodRequest, TubeQuantities
from cytorecon.counts.reported import censoring_limit, reported_concentration

__all__ = [
    "CountMethodRequest",
    "CriterionResult",
    "MethodChoice",
    "ProductDose",
    "TubeQuantities",
    "absolute_counts",
    "censoring_limit",
    "choose_method",
    "count_populations",
    "dose_text",
    "judge_criteria",
    "product_dose",
    "reported_concentration",
]
