"""Survival by who had reached a milestone on a day, among those alive on that day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from cytorecon.cohort.course import MILESTONE, Courses, courses
from cytorecon.cohort.groups import groups_by
from cytorecon.knowledge.visit_windows import load_visit_windows
from cytorecon.statistics.checked import Flags, Numbers
from cytorecon.statistics.hazards import HazardRatio, hazard_ratio
from cytorecon.statistics.landmark import Landmark, at_landmark, survival_at
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.model import Study
from cytorecon.tables import LANDMARK_COLUMNS

_METHOD: Final = (
    "Landmark analysis: patients on their clock at the landmark (no death, relapse, second transplant "
    "before), grouped by whether the milestone had been seen by then, and confirmed where its rule asks for "
    "that; Kaplan-Meier of death with log(-log) interval (95 %), Cox hazard ratio of reached to not reached, "
    "log-rank test. An association, not an effect of the milestone"
)
_GROUPS: Final = ("not seen by the landmark", "reached by the landmark")
_UNKNOWN_RATIO: Final = HazardRatio(float("nan"), float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True, slots=True)
class _FollowUp:
    """Last day on which each patient is known to be alive, or the day of death."""

    days: Mapping[str, float]
    died: Mapping[str, bool]


def landmark_table(
    milestones: pd.DataFrame,
    study: Study,
    *,
    landmark: int = 100,
    horizon: int = 365,
    chosen: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return survival from a landmark on, by whether each milestone had been seen by then.

    Parameters
    ----------
    milestones : DataFrame
        ``MILESTONE_COLUMNS``, on the first clock.
    study : Study
        Its visits and events say until when a patient was followed, its events who died.
    landmark : int
        Day of the landmark.
    horizon : int
        Day on which survival is stated, after the anchor.
    chosen : sequence of str, optional
        Milestones; all by default.

    Returns
    -------
    DataFrame
        Columns ``tables.LANDMARK_COLUMNS``; two rows per milestone. `n_left_out` are those not at risk at the
        landmark. The hazard ratio stands in the row of those who reached it. With a group below
        ``minimum_patients`` the row has `n` and nothing else.

    Raises
    ------
    CytoreconError
        If a milestone is not in the table.

    Notes
    -----
    Only what was seen up to the landmark makes the groups: a milestone between the last visit before and the
    first visit after it counts as not seen, and so does one that a visit after it confirmed.
    """
    followed = _follow_up(study)
    least = load_visit_windows().minimum_patients
    rows: list[dict[str, Cell]] = []
    for course in courses(milestones, study, groups_by(study), chosen):
        rows += _rows(course, followed, landmark, horizon, least)
    return typed_frame(rows, LANDMARK_COLUMNS)


def _rows(
    course: Courses, followed: _FollowUp, landmark: int, horizon: int, least: int
) -> list[dict[str, Cell]]:
    if not course.patients:
        return []
    days = np.array([followed.days[patient] for patient in course.patients], dtype=np.float64)
    died = np.array([followed.died[patient] for patient in course.patients], dtype=np.bool_)
    # a rise that a later visit confirmed was not known on the landmark
    reached = (course.causes == MILESTONE) & (course.known_from <= landmark)
    on_clock = ~((course.causes > MILESTONE) & (course.by <= landmark))
    own = at_landmark(np.where(on_clock, days, 0.0), died, reached, landmark=landmark)
    sizes = [int((own.groups == place).sum()) for place in (0, 1)]
    large = min(sizes) >= least
    ratio = hazard_ratio(own.days, own.events, own.groups) if large else _UNKNOWN_RATIO
    shared: dict[str, Cell] = {
        **dict.fromkeys(LANDMARK_COLUMNS),
        "milestone": course.milestone,
        "population": course.population,
        "rule": course.rule,
        "landmark_day": landmark,
        "n_left_out": int((~own.at_risk).sum()) + len(course.left_out),
        "horizon_day": horizon,
        "unit": "probability",
        "method": _METHOD,
    }
    rows = [
        {**shared, "group": name, "n": sizes[place], "suppressed": sizes[place] < least}
        | (_survival(own, place, horizon - landmark) if sizes[place] >= least else {})
        for place, name in enumerate(_GROUPS)
    ]
    rows[1] |= {
        "hazard_ratio": ratio.ratio,
        "hazard_ratio_low": ratio.low,
        "hazard_ratio_high": ratio.high,
        "p_value": ratio.p_value,
    }
    return rows


def _survival(own: Landmark, place: int, horizon: float) -> dict[str, Cell]:
    inside: Flags = own.groups == place
    days: Numbers = own.days[inside]
    events = own.events[inside]
    found = survival_at(days, events, horizon)
    survival, low, high = found or (None, None, None)
    return {"n_events": int(events.sum()), "survival": survival, "low": low, "high": high}


def _follow_up(study: Study) -> _FollowUp:
    days = {patient.patient: max(anchor.day for anchor in patient.anchors) for patient in study.patients}
    died = dict.fromkeys(days, False)
    for tube in study.tubes:
        days[tube.patient] = max(days[tube.patient], tube.day)
    for event in study.events:
        last = event.start_day if event.end_day is None else event.end_day
        days[event.patient] = max(days[event.patient], last)
    for event in study.events:
        if event.kind == "death":
            died[event.patient], days[event.patient] = True, event.start_day
    return _FollowUp({patient: float(day) for patient, day in days.items()}, died)
