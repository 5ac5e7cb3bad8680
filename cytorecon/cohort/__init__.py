"""A cohort's answers: from trajectories, milestones and study to tables with n, interval, unit, method."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cytorecon.cohort.areas import recovery_areas
    from cytorecon.cohort.comparison import compare_groups
    from cytorecon.cohort.groups import Groups, groups_by
    from cytorecon.cohort.incidence import cumulative_incidence
    from cytorecon.cohort.landmark import landmark_table
    from cytorecon.cohort.map import cohort_map
    from cytorecon.cohort.model import recovery_model
    from cytorecon.cohort.population_ratios import ratios
    from cytorecon.cohort.recovery_clusters import clusters
    from cytorecon.cohort.summary import Quantile, censored_quantile, cohort_summary
    from cytorecon.cohort.times import time_to_milestone

#: Where each public name lives. Loaded when first used: a report needs the summary, not scikit-learn.
_HOME = {
    "Groups": "groups",
    "Quantile": "summary",
    "censored_quantile": "summary",
    "clusters": "recovery_clusters",
    "cohort_map": "map",
    "cohort_summary": "summary",
    "compare_groups": "comparison",
    "cumulative_incidence": "incidence",
    "groups_by": "groups",
    "landmark_table": "landmark",
    "ratios": "population_ratios",
    "recovery_areas": "areas",
    "recovery_model": "model",
    "time_to_milestone": "times",
}

__all__ = [
    "Groups",
    "Quantile",
    "censored_quantile",
    "clusters",
    "cohort_map",
    "cohort_summary",
    "compare_groups",
    "cumulative_incidence",
    "groups_by",
    "landmark_table",
    "ratios",
    "recovery_areas",
    "recovery_model",
    "time_to_milestone",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'cytorecon.cohort' has no attribute '{name}'")
    return getattr(import_module(f"cytorecon.cohort.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
