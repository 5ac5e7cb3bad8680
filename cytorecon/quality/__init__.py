"""Checks of acquisition: they remark, they never stop an analysis."""

from cytorecon.quality.checks import check_quality

__all__ = ["check_quality"]
