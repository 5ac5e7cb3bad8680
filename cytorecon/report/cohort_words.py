"""The statistics of a cohort as tables of words, for report and dashboard."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from cytorecon.cohort.days import stated_days
from cytorecon.counts.reported import measure_text
from cytorecon.figures.format import MISSING, format_day, known, population_label
from cytorecon.figures.incidence import CurveKind, ProbabilityCurve
from cytorecon.knowledge.visit_windows import load_visit_windows

_REACHED: Final = "reached the milestone"
_ALONE: Final = "reached it, as if nothing competed"


@dataclass(frozen=True, slots=True)
class WordTable:
    """A table ready to be laid out; the first cell of a row is its heading."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


NO_ROWS: Final = WordTable((), ())


def few() -> str:
    """Return what stands where patients are too few for a number."""
    return f"fewer than {load_visit_windows().minimum_patients} patients"


def share(value: float, low: float, high: float) -> str:
    """Return a share with its interval.

    Examples
    --------
    >>> share(0.624, 0.487, 0.72), share(0.001, 0.0, 0.02)
    ('62 % (49–72)', '<1 % (0–2)')
    """
    if not known(value):
        return MISSING
    middle = "<1" if 0 < value < 0.01 else ">99" if 0.99 < value < 1 else f"{100 * value:.0f}"
    return f"{middle} % ({100 * low:.0f}–{100 * high:.0f})"


def milestone_curves(
    times: pd.DataFrame, incidence: pd.DataFrame, milestone: str
) -> tuple[ProbabilityCurve, ...]:
    """Return the curves of one milestone: reached, what came first instead, and as if nothing competed.

    Parameters
    ----------
    times, incidence : DataFrame
        ``TIME_TO_MILESTONE_COLUMNS`` and ``CUMULATIVE_INCIDENCE_COLUMNS`` of one group.
    milestone : str
        Which.
    """
    own = incidence[(incidence["milestone"] == milestone) & incidence["probability"].notna()]
    alone = times[(times["milestone"] == milestone) & times["probability"].notna()]
    made = []
    for cause, rows in own.groupby("cause", sort=False):
        first = cause == "milestone"
        words = f"{rows['n_events'].iloc[0]} of {rows['n'].iloc[0]} patients"
        made.append(
            _curve(rows, _REACHED if first else f"first: {cause}", "first" if first else "other", words)
        )
    if len(alone) and len(made) > 1:
        made.append(_curve(alone, _ALONE, "alone", f"n = {alone['n'].iloc[0]}"))
    return tuple(made)


def group_curves(
    times: pd.DataFrame, milestone: str, labels: Mapping[str, str]
) -> tuple[ProbabilityCurve, ...]:
    """Return the curve of each group that is large enough, as if nothing competed.

    Parameters
    ----------
    times : DataFrame
        ``TIME_TO_MILESTONE_COLUMNS``.
    milestone : str
        Which.
    labels : mapping of str to str
        Group -> name for people where it has another.
    """
    own = times[(times["milestone"] == milestone) & times["probability"].notna()]
    return tuple(
        _curve(rows, f"{labels.get(str(group), str(group))} (n = {rows['n'].iloc[0]})", "first", "")
        for group, rows in own.groupby("group", sort=False)
    )


def _curve(rows: pd.DataFrame, name: str, kind: CurveKind, words: str) -> ProbabilityCurve:
    probability, low, high = (tuple(rows[column].astype(float)) for column in ("probability", "low", "high"))
    days = tuple(int(day) for day in rows["day"])
    return ProbabilityCurve(name, days, probability, low, high, kind, words)


def milestone_table(times: pd.DataFrame, incidence: pd.DataFrame, milestone: str) -> WordTable:
    """Return by when how many reached a milestone or something else first; median in the last column.

    Parameters
    ----------
    times, incidence : DataFrame
        Of one group.
    milestone : str
        Which.
    """
    alone = times[times["milestone"] == milestone]
    own = incidence[incidence["milestone"] == milestone]
    if not len(own):
        return NO_ROWS
    if bool(own["suppressed"].iloc[0]):
        return WordTable(("", "Patients"), ((_REACHED, few()),))
    days = _stated(own)
    head = ("What came first", "Patients", *(f"by day {day}" for day in days), "Median day (95 %)")
    rows: list[tuple[str, ...]] = []
    for cause, found in own.groupby("cause", sort=False):
        name = _REACHED if cause == "milestone" else str(cause)
        patients = f"{found['n_events'].iloc[0]} of {found['n'].iloc[0]}"
        rows.append((name, patients, *_shares(found, days), MISSING))
    last = (_ALONE, f"{alone['n_reached'].iloc[0]} of {alone['n'].iloc[0]}")
    rows.append((*last, *_shares(alone, days), _median(alone.iloc[0])))
    return WordTable(head, tuple(rows))


def group_table(times: pd.DataFrame, titles: Mapping[str, str], labels: Mapping[str, str]) -> WordTable:
    """Return by when how many of each group reached milestones, as if nothing competed, with the p-value.

    Parameters
    ----------
    times : DataFrame
        ``TIME_TO_MILESTONE_COLUMNS`` by group.
    titles, labels : mapping of str to str
        Milestone -> title, and group -> name for people where it has another.
    """
    rows: list[tuple[str, ...]] = []
    for (milestone, group), own in times.groupby(["milestone", "group"], sort=False):
        first = own.iloc[0]
        names = (titles.get(str(milestone), str(milestone)), labels.get(str(group), str(group)))
        if bool(first["suppressed"]):
            rows.append((*names, few(), *(MISSING,) * 4))
            continue
        p_value = _p(first["p_value"], first["p_adjusted"])
        rows.append((*names, str(first["n"]), *_shares(own, (100, 365)), _median(first), p_value))
    head = (
        "Milestone", "Group", "Patients", "by day 100", "by day 365", "Median day (95 %)", "p (adjusted)",
    )  # fmt: skip
    return WordTable(head, tuple(rows)) if rows else NO_ROWS


def landmark_words(table: pd.DataFrame, titles: Mapping[str, str]) -> tuple[WordTable, int]:
    """Return survival by what was reached until the landmark, and how many milestones have too few patients.

    Parameters
    ----------
    table : DataFrame
        ``LANDMARK_COLUMNS``.
    titles : mapping of str to str
        Milestone -> title.
    """
    rows, small = [], 0
    for milestone, own in table.groupby("milestone", sort=False):
        if bool(own["suppressed"].astype(bool).any()):
            small += 1
            continue
        without, reached = own.to_dict("records")
        ratio = _ratio(*(reached[name] for name in ("hazard_ratio", "hazard_ratio_low", "hazard_ratio_high")))
        title = titles.get(str(milestone), str(milestone))
        rows.append((title, *_alive(without), *_alive(reached), ratio, _p(reached["p_value"], math.nan)))
    if not rows:
        return NO_ROWS, small
    horizon = table["horizon_day"].iloc[0]
    head = (
        "Milestone",
        "Not reached: died", f"alive on day {horizon} (95 %)",
        "Reached: died", f"alive on day {horizon} (95 %)",
        "Hazard ratio, reached to not (95 %)", "p, not adjusted",
    )  # fmt: skip
    return WordTable(head, tuple(rows)), small


def _alive(row: Mapping[object, float]) -> tuple[str, str]:
    return f"{row['n_events']} of {row['n']}", share(row["survival"], row["low"], row["high"])


def comparison_words(table: pd.DataFrame, labels: Mapping[str, str]) -> tuple[WordTable, int]:
    """Return how counts of groups differ, and how many comparisons have too few patients.

    Parameters
    ----------
    table : DataFrame
        ``COMPARISON_COLUMNS`` of one column that makes groups.
    labels : mapping of str to str
        Group -> name for people where it has another.
    """
    small = table["suppressed"].astype(bool)
    rows = []
    for row in table[~small].to_dict("records"):
        interval = f"{_factor(row['low'])}–{_factor(row['high'])}"
        rows.append(
            (
                population_label(row["population"]),
                row["window"],
                " to ".join(labels.get(row[name], row[name]) for name in ("group", "versus")),
                f"{row['n']} to {row['n_versus']}",
                f"{row['ratio_reported']} ({interval})",
                share(row["superiority"], row["superiority_low"], row["superiority_high"]),
                _p(row["p_value"], row["p_adjusted"]),
            )
        )
    head = (
        "Population", "Visit", "Groups", "Patients", "Ratio of counts (95 %)", "Pairs with the larger count",
        "p (adjusted)",
    )  # fmt: skip
    return (WordTable(head, tuple(rows)) if rows else NO_ROWS), int(small.sum())


def area_words(table: pd.DataFrame) -> WordTable:
    """Return the mean level of each patient, populations as columns.

    Parameters
    ----------
    table : DataFrame
        ``AREA_COLUMNS`` in cells/µL.
    """
    if not len(table):
        return NO_ROWS
    populations = list(dict.fromkeys(table["population"]))
    rows = []
    for patient, own in table.groupby("patient", sort=False):
        cells = {row["population"]: _level(row) for row in own.to_dict("records")}
        seen = own["coverage"].max()
        rows.append(
            (str(patient), f"{100 * seen:.0f} %", *(cells.get(name, MISSING) for name in populations))
        )
    head = ("Patient", "Days seen", *(population_label(name) for name in populations))
    return WordTable(head, tuple(rows))


def cluster_words(table: pd.DataFrame) -> WordTable:
    """Return the clusters of patients who recover alike.

    Parameters
    ----------
    table : DataFrame
        ``CLUSTER_COLUMNS``.
    """
    if not len(table):
        return NO_ROWS
    rows: list[tuple[str, ...]] = []
    for name, own in table.groupby("cluster", sort=True):
        first = own.iloc[0]
        if bool(first["suppressed"]):
            rows.append((str(name), few(), MISSING, MISSING))
            continue
        level, low, high = (measure_text(first[each], "cells_per_ul") for each in ("level", "low", "high"))
        rows.append((str(name), str(first["n"]), f"{level} ({low}–{high})", f"{first['stability']:.2f}"))
    return WordTable(("Cluster", "Patients", "Mean level, cells/µL (95 % of them)", "Stability"), tuple(rows))


def _stated(own: pd.DataFrame) -> tuple[int, ...]:
    """Return the usual days among those of a table."""
    present = set(own["day"].astype(int))
    return tuple(day for day in stated_days(None, None) if day in present)


def _shares(own: pd.DataFrame, days: tuple[int, ...]) -> tuple[str, ...]:
    found = {
        int(row["day"]): share(row["probability"], row["low"], row["high"]) for row in own.to_dict("records")
    }
    return tuple(found.get(day, MISSING) for day in days)


def _median(row: pd.Series) -> str:
    after, by = row["median_after_day"], row["median_by_day"]
    if not known(by) or math.isinf(by):
        return "not reached by half"
    middle = format_day(by) if after == by else f"{format_day(max(after, 0))} to {format_day(by)}"
    low, high = row["median_low_day"], row["median_high_day"]
    ends = ["…" if not known(day) or math.isinf(day) else format_day(day) for day in (low, high)]
    return f"{middle} ({ends[0]} to {ends[1]})"


def _p(value: float, adjusted: float) -> str:
    if not known(value):
        return MISSING
    words = "<0.001" if value < 0.001 else f"{value:.3f}"
    if not known(adjusted):
        return words
    return f"{words} ({'<0.001' if adjusted < 0.001 else f'{adjusted:.3f}'})"


def _ratio(value: float, low: float, high: float) -> str:
    return MISSING if not known(value) else f"{value:.2f} ({low:.2f}–{high:.2f})"


def _factor(value: float) -> str:
    if not known(value):
        return MISSING
    return "∞" if math.isinf(value) else measure_text(value, "ratio")


def _level(row: Mapping[object, float]) -> str:
    if known(row["mean_level"]):
        return measure_text(row["mean_level"], "cells_per_ul")
    low, high = (measure_text(row[name], "cells_per_ul") for name in ("low", "high"))
    return f"{low}–{high}"
