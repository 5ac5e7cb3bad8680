"""What is known of each patient and milestone: between which days it was reached, or what came first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from cytorecon.cohort.groups import Groups
from cytorecon.errors import CytoreconError
from cytorecon.knowledge.event_kinds import EventKinds, load_event_kinds
from cytorecon.milestone.clock import EndOfClock, EndsOfClocks
from cytorecon.statistics.checked import Flags, Numbers, Places
from cytorecon.study.model import Study

REACHED: Final = ("reached", "reached_before_first_visit")
_OUTSIDE: Final = ("not_applicable", "not_assessable")
#: Cause of the milestone itself; competing events are counted from 2.
MILESTONE: Final = 1


@dataclass(frozen=True, slots=True)
class Courses:
    """One milestone in the patients it could be judged in.

    Parameters
    ----------
    milestone, population, rule : str
        As in the milestone table.
    deadline_day : int or None
        Of the rule.
    patients : tuple of str
        In the order of the table.
    groups : ndarray of str, shape (n,)
        Group of each.
    after, by : ndarray, shape (n,)
        The first event lies in (after, by]; `by` is infinite when there was none up to `after`.
    causes : ndarray of int, shape (n,)
        0 none, 1 the milestone, from 2 the competing events of `competing`.
    last_below : ndarray, shape (n,)
        Last day known to be without the milestone; equal to `after` but for competing events.
    known_from : ndarray, shape (n,)
        Day from which the milestone is known to be reached: `by`, or that of the visit that confirmed it;
        infinite without it.
    competing : tuple of str
        Names of competing events, for people.
    left_out : tuple of str
        Groups of the patients in whom nothing could be judged.
    """

    milestone: str
    population: str
    rule: str
    deadline_day: int | None
    patients: tuple[str, ...]
    groups: np.ndarray[tuple[int], np.dtype[np.object_]]
    after: Numbers
    by: Numbers
    causes: Places
    last_below: Numbers
    known_from: Numbers
    competing: tuple[str, ...]
    left_out: tuple[str, ...]

    def of_group(self, group: str) -> Flags:
        """Return which patients are in a group."""
        return np.asarray(self.groups == group, dtype=np.bool_)


def courses(
    milestones: pd.DataFrame,
    study: Study,
    groups: Groups,
    chosen: Sequence[str] | None = None,
    *,
    anchor: str | None = None,
    kinds: EventKinds | None = None,
) -> list[Courses]:
    """Return one :class:`Courses` per milestone.

    Parameters
    ----------
    milestones : DataFrame
        ``MILESTONE_COLUMNS``.
    study : Study
        For the events that end clocks.
    groups : Groups
        Who takes part.
    chosen : sequence of str, optional
        Milestones; all of the table by default.
    anchor : str, optional
        The clock that the milestones were judged on; the first by default.
    kinds : EventKinds, optional
        The packaged kinds by default.

    Raises
    ------
    CytoreconError
        If a milestone is not in the table.

    Notes
    -----
    Rules that judge one visit, or warn of a danger, date nothing and are no milestones here. A rise that a
    rule wants confirmed and that fell again is no milestone: such a patient was followed to the last day
    below. While a rise lasts and is not confirmed yet, nobody knows: the patient was followed to the last
    day below before it. Who died, relapsed or was transplanted again without the milestone had the competing
    event on its day, also when no visit could be judged before. Who has neither a visit that could be judged
    nor such an event is left out and counted.
    """
    dated = milestones[milestones["kind"] == "milestone"]
    known = tuple(dict.fromkeys(dated["milestone"]))
    unknown = [name for name in chosen or () if name not in known]
    if unknown:
        raise CytoreconError(
            "There is no such milestone.",
            subject="cohort",
            field="milestone",
            found=", ".join(unknown),
            allowed=", ".join(known),
        )
    clocks = EndsOfClocks.of(study, kinds or load_event_kinds()).of_patients(study.patients, anchor)
    own = dated[dated["patient"].isin(list(groups.of))]
    if chosen is not None:
        own = own[own["milestone"].isin(list(chosen))]
    tables = dict(iter(own.groupby("milestone", sort=False)))
    return [_courses(tables[name], groups, clocks) for name in chosen or known if name in tables]


def _courses(table: pd.DataFrame, groups: Groups, clocks: dict[str, EndOfClock]) -> Courses:
    rows: list[tuple[str, float, float, float, str]] = []
    left_out: list[str] = []
    texts = (table[name].tolist() for name in ("patient", "status", "confirmed"))
    names_of_days = ("after_day", "by_day", "confirmed_day")
    after, by, sure = (table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names_of_days)
    sure = np.where(np.isnan(sure), by, sure)
    known_below = np.where(after > 0, after, 0.0).tolist()
    days = (known_below, by.tolist(), sure.tolist())
    for patient, status, confirmed, below, day, known_from in zip(*texts, *days, strict=True):
        end = clocks.get(patient)
        if status in REACHED and confirmed in ("", "yes"):
            rows.append((patient, below, day, known_from, ""))
        elif status in _OUTSIDE:
            continue
        elif end is not None:
            rows.append((patient, below, float(end.day), np.inf, end.name))
        elif status == "not_evaluable":
            left_out.append(groups.of[patient])
        else:
            rows.append((patient, below, np.inf, np.inf, ""))
    first = table.iloc[0]
    patients = tuple(row[0] for row in rows)
    last_below, until, known = (
        np.array([row[place] for row in rows], dtype=np.float64) for place in (1, 2, 3)
    )
    names = tuple(sorted({row[-1] for row in rows if row[-1]}))
    causes = np.array(
        [
            names.index(name) + 2 if name else (0 if day == np.inf else MILESTONE)
            for _, _, day, _, name in rows
        ],
        dtype=np.intp,
    )
    return Courses(
        str(first["milestone"]),
        str(first["population"]),
        str(first["rule"]),
        None if pd.isna(first["deadline_day"]) else int(first["deadline_day"]),
        patients,
        np.array([groups.of[patient] for patient in patients], dtype=np.object_),
        np.where(causes > MILESTONE, until, last_below),
        until,
        causes,
        last_below,
        known,
        names,
        tuple(left_out),
    )
