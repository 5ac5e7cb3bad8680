"""What bears a day after the event that nothing of a patient can follow: death."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cytorecon.errors import Issue, Severity
from cytorecon.knowledge.event_kinds import EventKinds, load_event_kinds
from cytorecon.study.model import ClinicalEvent, Study

#: What to try, for whoever kept the sheets.
CHECK_BOTH_DAYS: Final = "One of the two days is wrong: check both in the sheets."


@dataclass(frozen=True, slots=True)
class FinalEvent:
    """The final event of a patient: its day and what it is called."""

    day: int
    name: str


@dataclass(frozen=True, slots=True)
class AfterFinalEvent:
    """Something of a patient on a day after the final event; `tube` is empty unless it is one."""

    patient: str
    day: int
    what: str
    final: FinalEvent
    tube: str = ""

    @property
    def message(self) -> str:
        """What was found, for people."""
        return f"{self.what} is on day {self.day}, after {self.final.name} on day {self.final.day}."

    @property
    def issue(self) -> Issue:
        """The finding in words, with patient and days."""
        subject = f"patient {self.patient}"
        return Issue("study.after_final_event", Severity.WARNING, subject, self.message, CHECK_BOTH_DAYS)


def final_events(events: Iterable[ClinicalEvent], kinds: EventKinds) -> Mapping[str, FinalEvent]:
    """Return the first final event of each patient who has one.

    Examples
    --------
    >>> death = ClinicalEvent(patient="P01", kind="death", start_day=80)
    >>> final_events([death], load_event_kinds())
    {'P01': FinalEvent(day=80, name='death')}
    """
    found: dict[str, FinalEvent] = {}
    for event in events:
        known = found.get(event.patient)
        if event.kind in kinds.final_kinds and (known is None or event.start_day < known.day):
            found[event.patient] = FinalEvent(event.start_day, kinds.find(event.kind).name)
    return found


def after_final_events(study: Study) -> tuple[AfterFinalEvent, ...]:
    """Return the tubes, events and readouts that bear a day after the final event of their patient.

    Parameters
    ----------
    study : Study
        Tubes of a cell product are left out: a product can be tested at any time.
    """
    kinds = load_event_kinds()
    ends = final_events(study.events, kinds)
    return tuple(
        AfterFinalEvent(patient, day, what, ends[patient], tube)
        for patient, day, what, tube in _dated(study, kinds)
        if patient in ends and day > ends[patient].day
    )


def _dated(study: Study, kinds: EventKinds) -> Iterator[tuple[str, int, str, str]]:
    for tube in study.tubes:
        if not tube.is_product:
            yield tube.patient, tube.day, f"Tube {tube.tube}", tube.tube
    for event in study.events:
        last = event.start_day if event.end_day is None else event.end_day
        yield event.patient, last, f"The event '{kinds.find(event.kind).name}'", ""
    for readout in study.readouts:
        what = " ".join(filter(None, (readout.readout, readout.lineage)))
        yield readout.patient, readout.day, f"The readout '{what}'", ""
