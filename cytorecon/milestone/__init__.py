"""Milestones: when a population first met a threshold, as an interval between two visits."""

from cytorecon.milestone.crossing import Crossing, Visit, first_crossing
from cytorecon.milestone.due import due_tests
from cytorecon.milestone.table import milestones

__all__ = ["Crossing", "Visit", "due_tests", "first_crossing", "milestones"]
