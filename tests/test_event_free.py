"""The cohort's own band: whose recovery counts as undisturbed."""

from __future__ import annotations

import pandas as pd
import pytest

from cytorecon.event_free import event_free_patients, event_free_summary
from cytorecon.figures.own_band import own_bands
from cytorecon.figures.patient import patient_figure
from cytorecon.figures.points import Point
from cytorecon.figures.timeaxis import time_axis
from cytorecon.knowledge.event_free import load_event_free
from cytorecon.knowledge.event_kinds import load_event_kinds
from cytorecon.study.model import ClinicalEvent, Patient, Study

NAMES = tuple(f"P{number:02d}" for number in range(1, 8))


def study(*events: ClinicalEvent) -> Study:
    return Study(name="s", patients=tuple(Patient(patient=name) for name in NAMES), tubes=(), events=events)


def event(patient: str, kind: str, label: str = "", day: int = 60) -> ClinicalEvent:
    return ClinicalEvent(patient=patient, kind=kind, label=label, start_day=day)


def table() -> pd.DataFrame:
    rows = [
        {
            "patient": name, "days_after_transplant": 98, "population": "B", "measure": "cells_per_ul",
            "unit": "cells/µL", "value": 10.0 * number, "lloq": 5.0, "censored": "",
        }
        for number, name in enumerate(NAMES, start=1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("kind", "label", "disturbs"),
    [
        ("relapse", "", True),
        ("death", "infection", True),
        ("gvhd_acute", "grade I, skin", False),
        ("gvhd_acute", "Grade 1", False),
        ("gvhd_acute", "grade I-II", True),
        ("gvhd_acute", "grade II, gut", True),
        ("gvhd_acute", "grade IV", True),
        ("gvhd_acute", "gut and skin", True),
        ("gvhd_chronic", "mild", False),
        ("gvhd_chronic", "moderate", True),
        ("cmv", "reactivation", False),
        ("drug", "ciclosporin", False),
        ("transplant", "second", True),
    ],
)
def test_which_events_disturb(kind: str, label: str, disturbs: bool) -> None:
    found = event_free_patients(study(event("P01", kind, label)))
    assert ("P01" not in found) is disturbs
    assert set(found) >= set(NAMES[1:])


def test_the_listed_kinds_are_those_of_events() -> None:
    known = load_event_kinds()
    for item in load_event_free().events:
        assert known.find(item.kind).kind == item.kind


def test_the_first_transplant_disturbs_nothing() -> None:
    assert event_free_patients(study(event("P01", "transplant", day=0))) == NAMES


def test_a_study_without_events_knows_of_nobody_that_there_were_none() -> None:
    assert event_free_patients(study()) == ()


def test_the_band_is_of_undisturbed_patients_only_and_says_how_many() -> None:
    (row,) = event_free_summary(table(), study(event("P07", "relapse"))).to_dict("records")
    assert (row["n"], row["median"], row["suppressed"]) == (6, 35.0, False)


def test_under_five_patients_there_is_a_number_and_no_band() -> None:
    events = [event(name, "relapse") for name in NAMES[:3]]
    summary = event_free_summary(table(), study(*events))
    (row,) = summary.to_dict("records")
    assert (row["n"], row["suppressed"]) == (4, True)
    assert pd.isna(row["median"])
    assert own_bands(summary, measure="cells_per_ul") == {}


def test_the_patient_who_is_held_against_it_can_be_left_out() -> None:
    (row,) = event_free_summary(table(), study(event("P07", "relapse")), without=("P01",)).to_dict("records")
    assert (row["n"], row["median"]) == (5, 40.0)


def test_the_band_is_drawn_with_its_number_of_patients() -> None:
    bands = own_bands(event_free_summary(table(), study(event("P07", "relapse"))), measure="cells_per_ul")
    point = Point("t", "B", "cells_per_ul", "", 100, "measured", 20.0, 15.0, 26.0)
    axis = time_axis([14, 100, 180])
    figure = patient_figure({"B": (point,)}, axis, own_bands=bands)
    (trace,) = [own for own in figure.data if own.legendgroup == "own_band" and not own.showlegend]
    assert list(trace.x) == [axis.position(100)]
    assert trace.hovertext[0].endswith("n = 6")
    assert "median 35 cells/µL, quartiles 22 to 48 cells/µL" in trace.hovertext[0]
    assert trace.error_y.array[0] > 0
    assert trace.error_y.arrayminus[0] > 0
