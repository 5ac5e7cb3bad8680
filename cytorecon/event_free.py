"""The cohort's own band: how patients recover whom no event disturbed."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cytorecon.cohort import cohort_summary
from cytorecon.knowledge.event_free import EventFree, load_event_free
from cytorecon.knowledge.visit_windows import VisitWindows
from cytorecon.study.model import ClinicalEvent, Study


def event_free_patients(study: Study, *, rules: EventFree | None = None) -> tuple[str, ...]:
    """Return the patients of a study with none of the events of ``event_free.yaml``.

    Parameters
    ----------
    study : Study
        With its clinical events. A study that lists no events at all says nothing about anybody: then
        nobody is known to be free of them.
    rules : EventFree, optional
        Which events count; the packaged list by default.

    Examples
    --------
    >>> from cytorecon.study.model import Patient
    >>> patients = (Patient(patient="P01"), Patient(patient="P02"))
    >>> relapse = ClinicalEvent(patient="P02", kind="relapse", start_day=90)
    >>> event_free_patients(Study(name="s", patients=patients, tubes=(), events=(relapse,)))
    ('P01',)
    """
    if not study.events:
        return ()
    known = rules or load_event_free()
    disturbed = {event.patient for event in study.events if _disturbs(event, known, study)}
    return tuple(patient.patient for patient in study.patients if patient.patient not in disturbed)


def event_free_summary(
    table: pd.DataFrame,
    study: Study,
    *,
    rules: EventFree | None = None,
    windows: VisitWindows | None = None,
    without: Sequence[str] = (),
) -> pd.DataFrame:
    """Return median and quartiles by visit window of patients without a disturbing event.

    Parameters
    ----------
    table : DataFrame
        ``TRAJECTORY_COLUMNS``, on the patients' own clocks.
    study : Study
        The study of `table`.
    rules, windows : optional
        Knowledge to use; the packaged files by default.
    without : sequence of str
        Patients to leave out, such as the one who is held against the band.

    Returns
    -------
    DataFrame
        As :func:`~cytorecon.cohort.cohort_summary` makes it: `n` stands everywhere, median and quartiles
        only from ``minimum_patients`` on.
    """
    chosen = set(event_free_patients(study, rules=rules)) - set(without)
    return cohort_summary(table, windows=windows, patients=chosen)


def _disturbs(event: ClinicalEvent, rules: EventFree, study: Study) -> bool:
    """Whether an event disturbs; the transplant of another anchor than the first one does, too."""
    again = event.kind == "transplant" and event.start_day > study.patient(event.patient).anchors[0].day
    return again or rules.disturbs(event.kind, event.label)
