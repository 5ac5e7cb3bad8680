"""Columns of the trajectory table that hold the results of one population against healthy people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cytorecon.knowledge.reference_age import age_edges, bands_at, percentiles_of, z_scores
from cytorecon.knowledge.references import References
from cytorecon.trajectory.points import Points, Texts
from cytorecon.trajectory.tubes import Places, TubeColumns, numbered

Columns = dict[str, npt.NDArray[Any]]

_NUMBERS: Final = ("low", "high", "median", "z", "percentile")
_TEXTS: Final = ("percentiles", "set", "position", "basis", "source")


def reference_columns(
    points: Points, tubes: TubeColumns, places: Places, definition: Texts, *, references: References,
    population: str, measure: str,
) -> Columns:  # fmt: skip
    """Return the columns ``reference_*``; empty where no limits may be shown.

    Parameters
    ----------
    points : Points
        The rows of one population and measure.
    tubes : TubeColumns
        All tubes.
    places : ndarray of int
        The tube of each row.
    definition : ndarray of str
        What was counted in each row: limits of another definition are not shown.
    references : References
        What is known of this population and measure.
    population, measure : str
        Which.
    """
    rows = len(places)
    columns: Columns = {f"reference_{name}": np.full(rows, np.nan) for name in _NUMBERS}
    columns |= {f"reference_{name}": np.full(rows, "", dtype=np.object_) for name in _TEXTS}
    said = definition.tolist()
    notes = {one: references.refusal(population, measure, one) for one in set(said)}
    columns["reference_note"] = np.array([notes[one] for one in said], dtype=np.object_)
    if not references.defaults:
        # Most populations have no default set: nothing to look for.
        return columns
    ages = tubes.age[places]
    for like in _alike(ages, tubes.people[places], definition, age_edges(references, population, measure)):
        first, tube = like[0], places[like[0]]
        row = references.find(
            population, measure, float(ages[first]), tubes.sex[tube],
            gate_definition=said[first], cmv=tubes.cmv[tube],
        )  # fmt: skip
        if row is None:
            continue
        bands = bands_at(references, row, float(ages[first]))
        texts = {"percentiles": row.percentiles, "set": row.set, "source": row.source, "basis": bands.basis}
        low, high, median = bands.at(ages[like])
        z = z_scores(points.value[like], low, high, median, row.percentiles)
        found: Mapping[str, object] = texts | {
            "low": low, "high": high, "median": median, "z": z, "percentile": percentiles_of(z),
            "position": _positions(points, like, low, high),
        }  # fmt: skip
        for name, values in found.items():
            columns[f"reference_{name}"][like] = values
    return columns


def _alike(
    ages: npt.NDArray[np.float64], people: Places, definition: Texts, edges: npt.NDArray[np.float64]
) -> list[Places]:
    """Return rows whose limits come from the same bands together; those of unknown age are left out."""
    known = np.flatnonzero(~np.isnan(ages))
    if not known.size:
        return []
    band = np.searchsorted(edges, ages[known], side="right")
    keys = np.stack([band, people[known], numbered(definition[known].tolist())])
    _, group = np.unique(keys, axis=1, return_inverse=True)
    group = group.reshape(-1)
    order = np.argsort(group, kind="stable")
    return [known[own] for own in np.split(order, np.flatnonzero(np.diff(group[order])) + 1)]


def _positions(
    points: Points, rows: Places, low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]
) -> Texts:
    value, lloq, censored = points.value[rows], points.lloq[rows], points.censored[rows]
    positions = np.full(len(rows), "", dtype=np.object_)
    # a comparison with NaN is false
    positions[value >= low] = "within"
    positions[value > high] = "above"
    positions[value < low] = "below"
    # Somewhere below the LLOQ: certainly below the limits only when these lie no lower.
    positions[censored & (lloq <= low)] = "below"
    return positions
