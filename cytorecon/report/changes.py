"""Why the latest values differ from those before: one row per population."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cytorecon.figures.format import MISSING, format_day, format_number, population_label
from cytorecon.figures.points import Point
from cytorecon.report.series import Series, before, latest
from cytorecon.study.result import StudyResult
from cytorecon.trajectory import Change, describe_change, explain_change


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """The latest change of one population, ready to print."""

    population: str
    days: str
    values: str
    factor: str
    interval: str
    words: str


def change_rows(result: StudyResult, series: Series) -> tuple[ChangeRow, ...]:
    """Return the change of each population from the visit before the latest one that has a value.

    Parameters
    ----------
    result : StudyResult
        A study with its results.
    series : mapping of str to sequence of Point
        Population -> points of one patient; populations without concentrations have no row.
    """
    found = []
    for own in series.values():
        pair = _pair(own)
        if pair is not None:
            first, second = pair
            change = explain_change(result, second.population, first.tube, second.tube)
            found.append(_row(change, first, second))
    return tuple(found)


def _pair(points: Sequence[Point]) -> tuple[Point, Point] | None:
    second = latest(points)
    if second is None or second.measure != "cells_per_ul":
        return None
    first = before(points, second)
    return None if first is None else (first, second)


def _row(change: Change, first: Point, second: Point) -> ChangeRow:
    return ChangeRow(
        population=population_label(change.population),
        days=f"{format_day(first.day)} to {format_day(second.day)}",
        values=f"{first.number} → {second.number}",
        factor=_times(change.ln_ratio),
        interval=f"{_times(change.low)}–{_times(change.high).removeprefix('×')}"
        if change.low is not None
        else MISSING,
        words=describe_change(change),
    )


def _times(ln_ratio: float | None) -> str:
    return MISSING if ln_ratio is None else f"×{format_number(math.exp(ln_ratio), 'ratio')}"
