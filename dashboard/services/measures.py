"""Which measures and populations a study has, and which of them a page shows first."""

from __future__ import annotations

from typing import Final

import pandas as pd

from cytorecon.figures.format import MEASURES, Measure
from cytorecon.knowledge.programmes import Programme
from dashboard.services.study import Snapshot

#: Shown first, in this order, as far as the study has them.
_USUAL: Final[dict[str, tuple[str, ...]]] = {
    "cells_per_ul": ("CD3_T", "CD4_T", "CD8_T", "B", "NK", "lymphocytes", "monocytes", "granulocytes"),
    "percent_of_lymphocytes": ("CD3_T", "CD4_T", "CD8_T", "B", "NK", "NKT_like"),
    "percent_of_leukocytes": ("lymphocytes", "granulocytes", "monocytes", "CD3_T", "CD4_T", "CD8_T"),
}
_FEW: Final = 6


def available_measures(snapshot: Snapshot, patient: str = "") -> tuple[Measure, ...]:
    """Return the measures the study (or one patient) has results in, in the order of preference."""
    if patient:
        return _measures(snapshot.of(patient).trajectories)
    # each series of the table has a result of somebody
    found = {measure for measure, _population in snapshot.series}
    return tuple(measure for measure in MEASURES if measure.name in found)


def _measures(table: pd.DataFrame) -> tuple[Measure, ...]:
    # a tube without a result has a row too
    known = table["value"].notna() | (table["censored"] == "left")
    found = set(table["measure"][known])
    return tuple(measure for measure in MEASURES if measure.name in found)


def available_populations(snapshot: Snapshot, measure: str) -> tuple[str, ...]:
    """Return the populations that have results in `measure`, in the order of the tables."""
    return tuple(population for known, population in snapshot.series if known == measure)


def usual_populations(snapshot: Snapshot, measure: str) -> tuple[str, ...]:
    """Return what a page shows unasked: the usual populations of the measure, at most eight."""
    found = available_populations(snapshot, measure)
    usual = tuple(name for name in _USUAL.get(measure, ()) if name in found)
    return usual or found[:_FEW]


def patient_populations(
    snapshot: Snapshot, measure: str, wanted: tuple[str, ...], programme: Programme
) -> tuple[str, ...]:
    """Return the wanted populations, else those that the patient's programme looks at first, then the usual.

    At most as many as the usual ones, or as the programme names. Of percentages of leukocytes the
    differential is shown, whatever the programme.
    """
    found = available_populations(snapshot, measure)
    chosen = tuple(name for name in wanted if name in found)
    if chosen:
        return chosen
    usual = usual_populations(snapshot, measure)
    if measure == "percent_of_leukocytes":
        return usual
    own = tuple(name for name in programme.populations if name in found)
    return tuple(dict.fromkeys((*own, *usual)))[: max(len(own), len(usual))]


def chosen_measure(available: tuple[Measure, ...], wanted: str) -> str:
    """Return `wanted` when it is available, else the first available one; empty when none is."""
    names = [measure.name for measure in available]
    return wanted if wanted in names else names[0] if names else ""


def chosen_populations(snapshot: Snapshot, measure: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the wanted populations that exist in `measure`, else the usual ones."""
    found = available_populations(snapshot, measure)
    return tuple(name for name in wanted if name in found) or usual_populations(snapshot, measure)
