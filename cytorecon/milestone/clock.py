"""What ends the clock of a patient: after it, counts say nothing of the recovery from the earlier anchor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cytorecon.knowledge.event_kinds import EventKinds
from cytorecon.study.model import Patient, Study


@dataclass(frozen=True, slots=True)
class EndOfClock:
    """The event after which visits do not count: day on the clock, name for people, kind as in sheets."""

    day: int
    name: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class EndsOfClocks:
    """The events of a study that end clocks, by patient.

    Parameters
    ----------
    ending : mapping of str to sequence of (day, kind)
        On the patient's own clock.
    kinds : EventKinds
        For names.
    """

    ending: Mapping[str, Sequence[tuple[int, str]]]
    kinds: EventKinds

    @classmethod
    def of(cls, study: Study, kinds: EventKinds) -> EndsOfClocks:
        """Return those of a study."""
        wanted = kinds.ending_kinds
        ending: dict[str, list[tuple[int, str]]] = {}
        for event in study.events:
            if event.kind in wanted:
                ending.setdefault(event.patient, []).append((event.start_day, event.kind))
        return cls(ending, kinds)

    def after(self, patient: Patient, day0: int) -> EndOfClock | None:
        """Return the first event after `day0` that ends the clock that starts there.

        Examples
        --------
        >>> from cytorecon.knowledge.event_kinds import load_event_kinds
        >>> from cytorecon.study.model import ClinicalEvent
        >>> death = ClinicalEvent(patient="P01", kind="death", start_day=80)
        >>> patient = Patient(patient="P01")
        >>> study = Study(name="s", patients=(patient,), tubes=(), events=(death,))
        >>> EndsOfClocks.of(study, load_event_kinds()).after(patient, 0)
        EndOfClock(day=80, name='death', kind='death')
        """
        wanted = self.kinds.ending_kinds
        anchors = ((anchor.day, anchor.kind) for anchor in patient.anchors if anchor.kind in wanted)
        later = [item for item in (*self.ending.get(patient.patient, ()), *anchors) if item[0] > day0]
        if not later:
            return None
        day, kind = min(later)
        return EndOfClock(day - day0, self.kinds.find(kind).name, kind)

    def of_patients(self, patients: Iterable[Patient], anchor: str | None = None) -> dict[str, EndOfClock]:
        """Return where the clock from `anchor` (the first by default) ended, of those for whom it did."""
        ends: dict[str, EndOfClock] = {}
        for patient in patients:
            start = next(iter(patient.anchors), None) if anchor is None else patient.anchor(anchor)
            end = None if start is None else self.after(patient, start.day)
            if end is not None:
                ends[patient.patient] = end
        return ends
