"""Checks between the tubes of a patient: they flag, and never change a number."""

from cytorecon.study.assay.checked import assay_findings, with_assay_checks
from cytorecon.study.assay.finding import Finding

__all__ = ["Finding", "assay_findings", "with_assay_checks"]
