"""Which came first: the milestone, or an event after which it cannot be reached any more."""

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
from cytorecon.statistics.checked import Flags
from cytorecon.statistics.competing import CompetingFit, interval_censored_incidence
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.model import Study
from cytorecon.tables import CUMULATIVE_INCIDENCE_COLUMNS

_METHOD: Final = (
    "Cumulative incidence by maximum likelihood: the milestone between visits, competing events on their "
    "day (Hudgens; Aalen-Johansen where all days are known), likelihood-ratio interval (95 %); who had a "
    "competing event is taken not to have reached the milestone between the last visit and it, "
    "probability_if_unseen takes all of them to have"
)


def cumulative_incidence(
    milestones: pd.DataFrame,
    study: Study,
    *,
    groups: Groups | None = None,
    chosen: Sequence[str] | None = None,
    days: Sequence[int] | None = None,
    anchor: str | None = None,
) -> pd.DataFrame:
    """Return the probability of each milestone and of each competing event by a day.

    Parameters
    ----------
    milestones, study, groups, chosen, days, anchor
        As in :func:`cytorecon.cohort.time_to_milestone`.

    Returns
    -------
    DataFrame
        Columns ``tables.CUMULATIVE_INCIDENCE_COLUMNS``; `cause` is ``milestone`` or the name of the event.
        `probability_if_unseen` of the milestone is what it would be, had everybody with a competing event
        reached it unseen just before. A group with fewer patients than ``minimum_patients`` has `n` and
        nothing else.

    Raises
    ------
    CytoreconError
        If a milestone is not in the table.

    Notes
    -----
    docs/decisions/0030.
    """
    own = groups or groups_by(study)
    least = load_visit_windows().minimum_patients
    rows: list[dict[str, Cell]] = []
    with threadpool_limits(1):
        for course in courses(milestones, study, own, chosen, anchor=anchor):
            for group in own.names:
                rows += _rows(course, own.by, group, stated_days(days, course.deadline_day), least)
    return typed_frame(rows, CUMULATIVE_INCIDENCE_COLUMNS)


def _rows(course: Courses, by: str, group: str, days: Sequence[int], least: int) -> list[dict[str, Cell]]:
    inside = course.of_group(group)
    if not inside.any():
        return []
    shared: dict[str, Cell] = {
        **dict.fromkeys(CUMULATIVE_INCIDENCE_COLUMNS),
        "milestone": course.milestone,
        "population": course.population,
        "rule": course.rule,
        "by": by,
        "group": group,
        "n": int(inside.sum()),
        "unit": "probability",
        "suppressed": bool(inside.sum() < least),
        "method": _METHOD,
    }
    if inside.sum() < least:
        return [{**shared, "cause": "milestone", "day": day} for day in days]
    shared["n_left_out"] = course.left_out.count(group)
    fit = interval_censored_incidence(course.after[inside], course.by[inside], course.causes[inside])
    unseen = _if_unseen(course, inside)
    rows = []
    for cause, name in enumerate(("milestone", *course.competing), start=MILESTONE):
        events = int((course.causes[inside] == cause).sum())
        for day in days:
            low, high = fit.interval_at(day, cause)
            row = {**shared, "cause": name, "day": day, "n_events": events, "low": low, "high": high}
            row["probability"] = fit.curve(cause).at(day)
            if cause == MILESTONE:
                row["probability_if_unseen"] = unseen.curve(cause).at(day)
            rows.append(row)
    return rows


def _if_unseen(course: Courses, inside: Flags) -> CompetingFit:
    """Return the fit in which everybody with a competing event had reached the milestone just before."""
    gone = course.causes[inside] > MILESTONE
    after = np.where(gone, np.minimum(course.last_below[inside], course.by[inside]), course.after[inside])
    causes = np.where(gone, MILESTONE, course.causes[inside])
    return interval_censored_incidence(after, course.by[inside], causes)
