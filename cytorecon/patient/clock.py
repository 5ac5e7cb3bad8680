"""When a patient's clock ended: counts after it do not show the recovery from the first anchor."""

from __future__ import annotations

from dataclasses import dataclass

from cytorecon.knowledge.event_kinds import EventKinds, load_event_kinds
from cytorecon.study.model import Patient, Study


@dataclass(frozen=True, slots=True)
class ClockEnd:
    """The event that ended the clock: its day, and its name for people."""

    day: int
    name: str


def clock_ends(study: Study, kinds: EventKinds | None = None) -> dict[str, ClockEnd]:
    """Return the first event that ended the clock of each patient who had one.

    Parameters
    ----------
    study : Study
        Events and anchors.
    kinds : EventKinds, optional
        The packaged file by default.

    Examples
    --------
    >>> from cytorecon.study.model import ClinicalEvent
    >>> relapse = ClinicalEvent(patient="P01", kind="relapse", start_day=80)
    >>> clock_ends(Study(name="s", patients=(Patient(patient="P01"),), tubes=(), events=(relapse,)))
    {'P01': ClockEnd(day=80, name='relapse or progression')}
    """
    known = kinds or load_event_kinds()
    events: dict[str, list[tuple[int, str]]] = {}
    for event in study.events:
        events.setdefault(event.patient, []).append((event.start_day, event.kind))
    ends = {
        patient.patient: _first(patient, events.get(patient.patient, []), known) for patient in study.patients
    }
    return {patient: end for patient, end in ends.items() if end is not None}


def _first(patient: Patient, events: list[tuple[int, str]], kinds: EventKinds) -> ClockEnd | None:
    start = patient.anchors[0].day
    happened = [*events, *((anchor.day, anchor.kind) for anchor in patient.anchors)]
    ending = [(day, kind) for day, kind in happened if kind in kinds.ending_kinds and day > start]
    if not ending:
        return None
    day, kind = min(ending)
    return ClockEnd(day, kinds.find(kind).name)
