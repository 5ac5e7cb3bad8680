"""Trajectories: tidy values against the day, with reference limits for the age on that day."""

from cytorecon.trajectory.clock import on_clock
from cytorecon.trajectory.ratios import latest_ratio
from cytorecon.trajectory.table import (
    DEFINITION_SWITCH,
    MEASURES,
    METHOD_SWITCH,
    SAME_DAY,
    Measure,
    trajectories,
)

__all__ = [
    "DEFINITION_SWITCH",
    "MEASURES",
    "METHOD_SWITCH",
    "SAME_DAY",
    "Measure",
    "latest_ratio",
    "on_clock",
    "trajectories",
]
