"""How long until a milestone is reached, when it is only seen at visits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from cytorecon.cohort.course import MILESTONE, Courses, courses
from cytorecon.cohort.days import stated_days
from cytorecon.cohort.groups import Groups, groups_by
from cytorecon.knowledge.visit_windows import load_visit_windows
from cytorecon.statistics.interval_logrank import interval_logrank
from cytorecon.statistics.multiplicity import benjamini_hochberg
from cytorecon.statistics.turnbull import turnbull
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.model import Study
from cytorecon.tables import TIME_TO_MILESTONE_COLUMNS

_METHOD: Final = (
    "Turnbull estimate of interval-censored days, likelihood-ratio interval (95 %); patients with a "
    "competing event are followed to the last visit before it, so this is the probability as if nothing "
    "competed"
)
_TEST: Final = (
    "; groups: log-rank test for interval-censored days (Sun), adjusted over milestones (Benjamini-Hochberg)"
)


def time_to_milestone(
    milestones: pd.DataFrame,
    study: Study,
    *,
    groups: Groups | None = None,
    chosen: Sequence[str] | None = None,
    days: Sequence[int] | None = None,
    anchor: str | None = None,
    seed: int = 1,
) -> pd.DataFrame:
    """Return the probability of having reached each milestone by a day, and the median day.

    Parameters
    ----------
    milestones : DataFrame
        ``MILESTONE_COLUMNS`` (:func:`cytorecon.milestone.milestones`).
    study : Study
        The study it was made of.
    groups : Groups, optional
        All patients in one group by default.
    chosen : sequence of str, optional
        Milestones; all by default.
    days : sequence of int, optional
        Days after the anchor; 30, 60, 100, 180, 365 and the deadline of the rule by default.
    anchor : str, optional
        The clock the milestones were judged on.
    seed : int
        For the permutations of a test with small groups.

    Returns
    -------
    DataFrame
        Columns ``tables.TIME_TO_MILESTONE_COLUMNS``. The median lies in (`median_after_day`,
        `median_by_day`]; `median_low_day` and `median_high_day` are its interval, infinite where it is open.
        A group with fewer patients than ``minimum_patients`` has `n` and nothing else, and takes no part in
        the test.

    Raises
    ------
    CytoreconError
        If a milestone is not in the table.

    Notes
    -----
    For planning and for comparing speed. How many patients do reach a milestone is what
    :func:`cytorecon.cohort.cumulative_incidence` says: the dead do not.
    """
    own = groups or groups_by(study)
    found = courses(milestones, study, own, chosen, anchor=anchor)
    least = load_visit_windows().minimum_patients
    rows: list[dict[str, Cell]] = []
    with threadpool_limits(1):
        p_values = {course.milestone: _p_value(course, own, least, seed) for course in found}
        adjusted = dict(zip(p_values, benjamini_hochberg(list(p_values.values())), strict=True))
        for course in found:
            test: dict[str, Cell] = {
                "p_value": p_values[course.milestone],
                "p_adjusted": float(adjusted[course.milestone]),
                "method": _METHOD + (_TEST if own.by else ""),
            }
            for group in own.names:
                rows += [{**row, **test} for row in _rows(course, own.by, group, days, least)]
    return typed_frame(rows, TIME_TO_MILESTONE_COLUMNS)


def _rows(
    course: Courses, by: str, group: str, days: Sequence[int] | None, least: int
) -> list[dict[str, Cell]]:
    inside = course.of_group(group)
    after, until = _as_if_alone(course, inside)
    competing = course.causes[inside] > MILESTONE
    shared: dict[str, Cell] = {
        "milestone": course.milestone,
        "population": course.population,
        "rule": course.rule,
        "by": by,
        "group": group,
        "n": int(inside.sum()),
        "unit": "probability",
        "suppressed": bool(inside.sum() < least),
    }
    wanted = stated_days(days, course.deadline_day)
    if inside.sum() < least:
        empty = dict.fromkeys(TIME_TO_MILESTONE_COLUMNS)
        return [{**empty, **shared, "day": day} for day in wanted] if inside.any() else []
    fitted = turnbull(after, until)
    median = fitted.median or (None, None)
    reach = fitted.median_interval()
    shared |= {
        "n_reached": int(np.isfinite(until).sum()),
        "n_competing": int(competing.sum()),
        "n_left_out": course.left_out.count(group),
        "median_after_day": median[0],
        "median_by_day": median[1],
        "median_low_day": reach.low,
        "median_high_day": reach.high,
    }
    limits = [fitted.interval_at(day) for day in wanted]
    return [
        {**shared, "day": day, "probability": fitted.curve.at(day), "low": limit.low, "high": limit.high}
        for day, limit in zip(wanted, limits, strict=True)
    ]


def _as_if_alone(
    course: Courses, inside: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return (after, by] with competing events as the end of follow-up at the last visit before them."""
    until = np.where(course.causes == MILESTONE, course.by, np.inf)
    return course.last_below[inside], until[inside]


def _p_value(course: Courses, groups: Groups, least: int, seed: int) -> float:
    """Return the p-value between groups that are large enough; NaN where there are not two."""
    names = [name for name in groups.names if course.of_group(name).sum() >= least]
    if len(names) < 2:
        return float("nan")
    inside = np.isin(course.groups.astype(str), names)
    after, until = _as_if_alone(course, inside)
    if not np.isfinite(until).any():
        return float("nan")
    place = np.array([names.index(str(name)) for name in course.groups[inside]], dtype=np.intp)
    return interval_logrank(after, until, place, seed=seed).p_value
