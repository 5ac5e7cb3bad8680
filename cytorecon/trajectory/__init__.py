"""Trajectories: tidy values against the day, with reference limits for the age on that day."""

from cytorecon.trajectory.change import Change, ChangePart, explain_change
from cytorecon.trajectory.change_words import describe_change
from cytorecon.trajectory.clock import on_clock
from cytorecon.trajectory.marks import (
    AFTER_FINAL_EVENT,
    DEFINITION_SWITCH,
    METHOD_SWITCH,
    SAME_DAY,
    until_the_end,
)
from cytorecon.trajectory.ratios import latest_ratio
from cytorecon.trajectory.table import MEASURES, Measure, trajectories

__all__ = [
    "AFTER_FINAL_EVENT",
    "DEFINITION_SWITCH",
    "MEASURES",
    "METHOD_SWITCH",
    "SAME_DAY",
    "Change",
    "ChangePart",
    "Measure",
    "describe_change",
    "explain_change",
    "latest_ratio",
    "on_clock",
    "trajectories",
    "until_the_end",
]
