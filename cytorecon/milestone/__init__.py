"""Milestones: when a population first met a threshold, as an interval between two visits."""

from cytorecon.milestone.crossing import Crossing, Visit, first_crossing
from cytorecon.milestone.table import milestones

__all__ = ["Crossing", "Visit", "first_crossing", "milestones"]
