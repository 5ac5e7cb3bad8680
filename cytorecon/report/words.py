"""Sentences about results, as a haematologist would put them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import PureWindowsPath
from typing import Final

from cytorecon.figures.crossings import Crossing
from cytorecon.figures.format import (
    format_day,
    format_interval,
    known,
    population_label,
    with_unit,
)
from cytorecon.figures.points import NO_INTERVAL, Point, Reference, percentile_text, reference_name
from cytorecon.study.model import Patient

#: Word and shape: nothing is told by colour alone.
POSITIONS: Final = {"below": "▼ below", "within": "● within", "above": "▲ above"}
_DEADLINES: Final = {
    "in_time": "in time",
    "late": "late",
    "unknown": "not known whether in time",
    "not_reached": "missed",
    "competing_event": "ended by a competing event before",
}


def plural(number: int, noun: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> plural(1, "tube"), plural(0, "tube")
    ('1 tube', '0 tubes')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(words: Iterable[str]) -> str:
    """Return words as a list in a sentence.

    Examples
    --------
    >>> listed(["CD4 T", "B", "NK"]), listed(["B"])
    ('CD4 T, B and NK', 'B')
    """
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def age_in_words(age_years: float | None) -> str:
    """Return an age: whole years, whole months below two years, and no exact age above 89.

    Ages above 89 identify a person (45 CFR 164.514(b)(2)).

    Examples
    --------
    >>> [age_in_words(age) for age in (34.5, 0.75, 92.0, None)]
    ['34 years', '9 months', 'over 89 years', 'not known']
    """
    if age_years is None:
        return "not known"
    if age_years >= 90:
        return "over 89 years"
    return f"{int(age_years * 12)} months" if age_years < 2 else f"{int(age_years)} years"


def study_lead(study: str) -> str:
    """Return the line under the heading of a patient's page."""
    return f"Study: {study}"


def without_folder(name: str) -> str:
    r"""Return a template's name without the folder of a user's own file.

    Examples
    --------
    >>> without_folder("tbnk"), without_folder("/home/lab/own.yaml"), without_folder(r"C:\lab\own.yaml")
    ('tbnk', 'own.yaml', 'own.yaml')
    """
    # a Windows path knows both kinds of slash
    return PureWindowsPath(name).name


def anchors_in_words(patient: Patient) -> str:
    """Return the clocks of a patient, e.g. ``HCT1 on day 0, DLI1 on day +120``."""
    return ", ".join(f"{anchor.name} on day {format_day(anchor.day)}" for anchor in patient.anchors)


def change(latest: Point, previous: Point | None) -> str:
    """Return how a value compares with the one before, judged by their 95 % intervals.

    Examples
    --------
    >>> def on(day, value, low, high):
    ...     return Point("t", "B", "cells_per_ul", "", day, "measured", value, low, high)
    >>> change(on(100, 160.0, 150.0, 170.0), on(60, 90.0, 80.0, 100.0))
    'up from 90 cells/µL on day +60'
    >>> change(on(100, 95.0, 86.0, 105.0), on(60, 90.0, 80.0, 100.0))
    'not clearly different from 90 cells/µL on day +60'
    """
    if previous is None:
        return ""
    then = f"{previous.text} on day {format_day(previous.day)}"
    if latest.method != previous.method and latest.measure == "cells_per_ul":
        return f"{then}, counted by another method"
    if not (known(latest.low) and known(latest.high) and known(previous.low) and known(previous.high)):
        return f"after {then}"
    assert latest.low is not None
    assert latest.high is not None
    assert previous.low is not None
    assert previous.high is not None
    if latest.low > previous.high:
        return f"up from {then}"
    if latest.high < previous.low:
        return f"down from {then}"
    return f"not clearly different from {then}"


def position_in_words(reference: Reference | None) -> str:
    """Return where a value lies, and among how many of healthy people where the set can tell.

    Examples
    --------
    >>> position_in_words(Reference(1.0, 2.0, "10-90", "s", "within", percentile=45.2))
    '● within, percentile 45'
    """
    if reference is None or not reference.position:
        return ""
    where = POSITIONS.get(reference.position, reference.position)
    if reference.percentile is None:
        return where
    return f"{where}, percentile {percentile_text(reference.percentile)}"


def reference_in_words(reference: Reference, measure: str) -> str:
    """Return limits, set and percentiles of a reference."""
    limits = with_unit(format_interval(reference.low, reference.high, measure), measure)
    return f"{limits} ({reference_name(reference)})"


def headline(latest: Point, previous: Point | None) -> str:
    """Return one sentence about the latest value of a population."""
    parts = [f"{latest.text} on day {format_day(latest.day)}"]
    if latest.state == "measured" and known(latest.low) and known(latest.high):
        parts[0] += f" (95 % interval {latest.interval})"
    elif latest.interval == NO_INTERVAL:
        parts[0] += f" ({NO_INTERVAL})"
    if compared := change(latest, previous):
        parts.append(compared)
    if latest.reference is not None and latest.reference.position:
        parts.append(
            f"{latest.reference.position} the reference for this age, "
            f"{reference_in_words(latest.reference, latest.measure)}"
        )
    return f"{population_label(latest.population)}: {'; '.join(parts)}."


def by_the_deadline(found: Iterable[Crossing]) -> str:
    """Return how milestones with a deadline stand against it, e.g. ``2 in time, 1 late``.

    Examples
    --------
    >>> by_the_deadline([])
    ''
    """
    times = Counter(crossing.deadline for crossing in found)
    return ", ".join(f"{times[state]} {words}" for state, words in _DEADLINES.items() if times[state])
