"""Text of others in figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cytorecon.figures.drawing import Drawing
from cytorecon.figures.gate import gate_figure
from cytorecon.figures.harmless import harmless
from cytorecon.figures.lanes import SampleMark
from cytorecon.figures.patient import patient_figure
from cytorecon.figures.points import patient_points
from cytorecon.figures.timeaxis import time_axis
from cytorecon.study.model import ClinicalEvent
from tests.figures.tables import count_table, result, trajectory_table

SPAN = "<span style='font-size:12px;color:#5b6775'>small</span>"
LINK = '<a href="javascript:alert(7)">x</a>'


@pytest.mark.parametrize(
    "text", ["<b>B</b>: <0.9 cells/µL<br>a < b", "10<sup>9</sup>/L", "1 <2> 3", "", "<", SPAN]
)
def test_our_own_marks_and_comparisons_stay(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (LINK, '&lt;a href="javascript:alert(7)">x&lt;/a>'),
        ("<A HREF=x>", "&lt;A HREF=x>"),
        ("<b onclick=x>", "&lt;b onclick=x>"),
        ("<br/>", "&lt;br/>"),
        ("</br>", "&lt;/br>"),
        ("<img src=x onerror=y>", "&lt;img src=x onerror=y>"),
        ("<!-- x", "&lt;!-- x"),
        ("<<a href=x>", "<&lt;a href=x>"),
        ("<span style='x'>", "&lt;span style='x'>"),
        (
            SPAN.replace("px;", "px;background:url(x);"),
            SPAN.replace("px;", "px;background:url(x);").replace("<s", "&lt;s"),
        ),
    ],
)
def test_any_other_tag_is_text(text: str, shown: str) -> None:
    assert harmless(text) == shown
    assert harmless({"a": [text, (text, 1)], "b": None}) == {"a": [shown, (shown, 1)], "b": None}


def test_every_part_of_a_drawing_is_made_harmless() -> None:
    drawing = Drawing({"title": {"text": LINK}, "xaxis": {"ticktext": [LINK], "tickvals": [1]}})
    drawing.scatter(x=[1], y=[2], name=LINK, hovertext=[LINK])
    drawing.bar(x=[1], y=[LINK])
    drawing.shape(label={"text": LINK})
    drawing.note(text=LINK, x=1, y=1)
    figure = drawing.figure().to_json()
    assert figure.count("&lt;a href=") == figure.count("javascript:") == 7
    assert "<a" not in figure


def test_labels_of_events_and_notes_of_samples_reach_the_page_as_text() -> None:
    events = [
        ClinicalEvent(patient="P01", kind="drug", label=LINK, start_day=10, end_day=20),
        ClinicalEvent(patient="P01", kind="cmv", label=LINK, start_day=10),
    ]
    samples = [SampleMark("P01/d10/1", 10, "done", LINK)]
    points = patient_points(trajectory_table(), count_table(), patient="P01", measure="cells_per_ul")
    figure = patient_figure(points, time_axis([0, 100]), events=events, samples=samples).to_json()
    assert figure.count("&lt;a href=") == 5
    assert "<a " not in figure
    assert "&lt;b" not in figure
    assert "&lt;span" not in figure


def test_reasons_and_labels_of_a_gate_reach_the_page_as_text() -> None:
    tube = result().tubes[0]
    record = replace(tube.gates[-1], status="not_evaluable", reason=LINK, title=LINK)
    plot = tube.plots[0].model_copy(update={"x_label": LINK})
    figure = gate_figure(plot, record, doubts=["a doubt"]).to_json()
    assert figure.count("&lt;a href=") == 4
    assert "<a " not in figure
    assert "&lt;span" not in figure
