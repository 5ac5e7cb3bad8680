"""The recovery of a patient on paper."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from cytorecon.figures.crossings import crossings, primary_crossings
from cytorecon.figures.lanes import SampleMark
from cytorecon.figures.paper import recovery_svg
from cytorecon.figures.timeaxis import time_axis
from cytorecon.milestone import milestones
from cytorecon.report.tables import StudyTables, study_tables
from tests.builders import DAYS, study, study_result

NAMESPACE = "{http://www.w3.org/2000/svg}"
POPULATIONS = ("CD4_T", "CD8_T", "B", "NK")


def tables() -> StudyTables:
    return study_tables(study_result(), cohort=False)


def drawn(patient: str) -> ET.Element:
    known = tables()
    own = known.points[patient]["cells_per_ul"]
    events = [event for event in study().events if event.patient == patient]
    found = crossings(milestones(known.trajectories, known.study), patient=patient)
    return ET.fromstring(
        recovery_svg(
            {population: own[population] for population in POPULATIONS},
            time_axis([*DAYS, *(event.start_day for event in events)]),
            events=events,
            samples=[
                SampleMark(f"{patient}/d{day}/1", day, "failed" if day == 60 else "done") for day in DAYS
            ],
            milestones=primary_crossings(found, "cells_per_ul"),
        )
    )


def texts(root: ET.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{NAMESPACE}text")]


def test_panels_events_and_units_are_named() -> None:
    words = texts(drawn("P01"))
    for label in ("CD4 T, cells/µL", "B, cells/µL", "grade II, skin", "ciclosporin", "Samples", "<LLOQ"):
        assert label in words


def test_a_value_has_its_height_and_one_below_the_lloq_lies_in_the_strip() -> None:
    root = drawn("P01")
    circles = [one for one in root.iter(f"{NAMESPACE}circle") if one.get("r") == "2.6"]
    # the legend has one; CD4, CD8 and NK have 6 each, B has 4 of 6
    assert len(circles) == 1 + 6 + 6 + 4 + 6
    heights = [float(one.get("cy", "nan")) for one in circles[1:7]]
    assert heights == sorted(heights, reverse=True), "CD4 rises at every visit"
    triangles = [
        one
        for one in root.iter(f"{NAMESPACE}polygon")
        if one.get("fill") == "white" and one.get("stroke-width") == "1.2"
    ]
    assert len(triangles) == 2


def test_a_tube_without_a_result_is_crossed_out_and_never_at_zero() -> None:
    root = drawn("P02")
    assert "no result" in texts(root)
    assert len([one for one in root.iter(f"{NAMESPACE}circle") if one.get("r") == "2.6"]) == 1 + 5 + 5 + 3 + 5


def test_nothing_lies_outside_the_drawing() -> None:
    for patient in ("P01", "P02"):
        root = drawn(patient)
        width, height = float(root.get("width", 0)), float(root.get("height", 0))
        for one in root.iter(f"{NAMESPACE}circle"):
            assert 0 <= float(one.get("cx", -1)) <= width
            assert 0 <= float(one.get("cy", -1)) <= height
        for text in root.iter(f"{NAMESPACE}text"):
            assert 0 <= float(text.get("y", -1)) <= height


def test_a_long_label_is_cut_with_a_mark() -> None:
    event = study().events[1].model_copy(update={"label": "word " * 40})
    own = tables().points["P01"]["cells_per_ul"]
    markup = recovery_svg({"B": own["B"]}, time_axis([*DAYS, 75]), events=[event])
    (label,) = [text for text in texts(ET.fromstring(markup)) if text.startswith("word")]
    assert label.endswith(" …")
    assert len(label) <= 60
