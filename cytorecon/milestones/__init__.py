"""Milestones: when a population first met a threshold, as an interval between two visits."""

from cytorecon.milestones.crossing import Crossing, Visit, first_crossing
from cytorecon.milestones.table import milestones

__all__ = ["Crossing", "Visit", "first_crossing", "milestones"]
