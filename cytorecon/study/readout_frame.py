"""The table of readouts, and which of them are not the patient's own."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from cytorecon.knowledge.event_kinds import EventKinds, load_event_kinds
from cytorecon.knowledge.readouts import Readouts, Within, load_readouts
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.model import ClinicalEvent, Readout, Study
from cytorecon.tables import READOUT_COLUMNS


def events_by_patient(study: Study) -> dict[str, list[ClinicalEvent]]:
    """Return the events of each patient that has any."""
    found: dict[str, list[ClinicalEvent]] = {}
    for event in study.events:
        found.setdefault(event.patient, []).append(event)
    return found


def days_with(events: Sequence[ClinicalEvent], patient: str, kind: str) -> tuple[tuple[int, float], ...]:
    """Return first and last day of each event of one kind of a patient; one that goes on has no end.

    Examples
    --------
    >>> given = ClinicalEvent(patient="P01", kind="ivig", start_day=20)
    >>> days_with((given,), "P01", "ivig")
    ((20, 20),)
    """
    own = (event for event in events if event.patient == patient and event.kind == kind)
    return tuple((event.start_day, _last_day(event)) for event in own)


def _last_day(event: ClinicalEvent) -> float:
    if event.ongoing:
        return math.inf
    return event.start_day if event.end_day is None else event.end_day


def is_within(day: int, spans: Sequence[tuple[int, float]], days: int) -> bool:
    """Return whether `day` lies within an event or not more than `days` after it.

    Examples
    --------
    >>> is_within(50, ((20, 20),), 30), is_within(51, ((20, 20),), 30)
    (True, False)
    """
    return any(first <= day <= last + days for first, last in spans)


def readout_table(study: Study, *, knowledge: Readouts | None = None) -> pd.DataFrame:
    """Return one row per readout of a study.

    Parameters
    ----------
    study : Study
        With its readouts and events.
    knowledge : Readouts, optional
        The packaged file by default.

    Returns
    -------
    DataFrame
        Columns ``tables.READOUT_COLUMNS``; patients in study order, then readout (file order), lineage and
        day. `replaced_by` says which event within its days makes the value not the patient's own (IgG
        within 30 days after immunoglobulin), and is empty otherwise.

    Examples
    --------
    >>> from cytorecon.study.model import Patient
    >>> igg = Readout(patient="P01", day=40, readout="igg", value=5.2, unit="g/L")
    >>> ivig = ClinicalEvent(patient="P01", kind="ivig", start_day=20)
    >>> study = Study(name="s", patients=(Patient(patient="P01"),), tubes=(), events=(ivig,), readouts=(igg,))
    >>> readout_table(study)[["readout", "reported", "replaced_by"]].values.tolist()
    [['igg', '5.2 g/L', 'immunoglobulin replacement']]
    """
    known = knowledge or load_readouts()
    kinds = load_event_kinds()
    events = events_by_patient(study)
    places = {patient.patient: place for place, patient in enumerate(study.patients)}
    lineages = ("", *known.lineages)

    def order(item: Readout) -> tuple[int, int, int, int]:
        return (
            places.get(item.patient, len(places)),
            known.names.index(item.readout),
            lineages.index(item.lineage),
            item.day,
        )

    rows: list[dict[str, Cell]] = [
        {
            "patient": item.patient,
            "days_after_transplant": item.day,
            "readout": item.readout,
            "lineage": item.lineage,
            "value": item.value,
            "unit": item.unit,
            "less_than": item.less_than,
            "more_than": item.more_than,
            "reported": reported(item),
            "replaced_by": _replaced_by(
                events.get(item.patient, ()), item, known.find(item.readout).replaced_by, kinds
            ),
            "note": item.note,
        }
        for item in sorted(study.readouts, key=order)
    ]
    return typed_frame(rows, READOUT_COLUMNS)


def reported(readout: Readout) -> str:
    """Return a readout as text with its unit.

    Examples
    --------
    >>> reported(Readout(patient="P01", day=30, readout="chimerism", more_than=99, unit="%"))
    '>99 %'
    """
    if readout.value is not None:
        return f"{readout.value:.6g} {readout.unit}"
    sign, limit = ("<", readout.less_than) if readout.less_than is not None else (">", readout.more_than)
    return "" if limit is None else f"{sign}{limit:.6g} {readout.unit}"


def _replaced_by(
    events: Sequence[ClinicalEvent], item: Readout, rule: Within | None, kinds: EventKinds
) -> str:
    if rule is None or not is_within(item.day, days_with(events, item.patient, rule.event), rule.days):
        return ""
    return kinds.find(rule.event).name
