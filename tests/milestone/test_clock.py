from __future__ import annotations

from cytorecon.knowledge.event_kinds import load_event_kinds
from cytorecon.milestone.clock import EndOfClock, EndsOfClocks
from cytorecon.study.model import Anchor, ClinicalEvent, Patient, Study


def test_the_first_ending_event_ends_the_clock() -> None:
    anchors = (
        Anchor(name="HCT1", kind="transplant", day=0),
        Anchor(name="HCT2", kind="transplant", day=200),
    )
    people = (Patient(patient="P01", anchors=anchors), Patient(patient="P02"), Patient(patient="P03"))
    events = (
        ClinicalEvent(patient="P01", kind="relapse", start_day=150),
        ClinicalEvent(patient="P01", kind="cmv", start_day=40),
        ClinicalEvent(patient="P02", kind="relapse", start_day=-300),
    )
    ends = EndsOfClocks.of(Study(name="s", patients=people, tubes=(), events=events), load_event_kinds())
    assert ends.of_patients(people) == {"P01": EndOfClock(150, "relapse or progression", "relapse")}
    assert ends.of_patients(people, "HCT2") == {}
    assert ends.of_patients(people[1:]) == {}
