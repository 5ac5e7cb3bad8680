"""Checks between the tubes of a patient: they flag, and never change a number."""

from cytorecon.study.assay.checked import Checked, assay_findings, checked_again, with_assay_checks
from cytorecon.study.assay.finding import Finding

__all__ = ["Checked", "Finding", "assay_findings", "checked_again", "with_assay_checks"]
