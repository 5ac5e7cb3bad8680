"""Pictures of gates as SVG."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal
from xml.etree import ElementTree as ET

import pytest

from cytorecon.errors import StoreError
from cytorecon.figures import theme
from cytorecon.figures.paper import gate_svg
from cytorecon.results import AxisTick, GatePlot, GateRecord
from tests.builders import study_result

NAMESPACE = "{http://www.w3.org/2000/svg}"


def gate(tube: str, name: str) -> tuple[GatePlot, GateRecord]:
    result = study_result().tube(tube)
    (plot,) = [plot for plot in result.plots if plot.gate == name]
    (record,) = [record for record in result.gates if record.gate == name]
    return plot, record


def marks(root: ET.Element, tag: str, **attributes: str) -> list[ET.Element]:
    wanted = {key.replace("_", "-"): value for key, value in attributes.items()}
    return [
        one
        for one in root.iter(f"{NAMESPACE}{tag}")
        if all(one.get(key) == value for key, value in wanted.items())
    ]


def test_a_polygon_is_drawn_over_its_density() -> None:
    root = ET.fromstring(gate_svg(*gate("P01/d14/1", "lymphocytes")))
    (image,) = marks(root, "image")
    assert (image.get("href") or "").startswith("data:image/png;base64,")
    (outline,) = marks(root, "polygon", stroke=theme.GREEN)
    assert len((outline.get("points") or "").split()) == 16
    assert "events inside" in (root.get("aria-label") or "")


def test_a_threshold_is_a_line_and_a_doubted_one_is_dashed() -> None:
    plot, record = gate("P01/d14/1", "CD3")
    assert len(marks(ET.fromstring(gate_svg(plot, record)), "line", stroke=theme.GREEN)) == 1
    doubted = ET.fromstring(gate_svg(plot, record, doubts=["far from the batch's"]))
    assert marks(doubted, "line", stroke=theme.GREEN) == []
    (line,) = marks(doubted, "line", stroke=theme.VERMILLION)
    assert line.get("stroke-dasharray") == "6 4"


@pytest.mark.parametrize("keep", ["above", "below"])
def test_the_side_that_is_inside_is_shaded(keep: Literal["above", "below"]) -> None:
    plot, record = gate("P01/d14/1", "CD3")
    root = ET.fromstring(gate_svg(plot, replace(record, keep=keep)))
    (shade,) = marks(root, "rect", fill=theme.GREEN)
    (line,) = marks(root, "line", stroke=theme.GREEN)
    start, width = float(shade.get("x", 0)), float(shade.get("width", 0))
    edge = start if keep == "above" else start + width
    assert edge == pytest.approx(float(line.get("x1", 0)), abs=0.02)


def test_a_gate_that_was_not_found_says_why_and_has_no_outline() -> None:
    root = ET.fromstring(gate_svg(*gate("P02/d180/1", "CD19")))
    words = " ".join(text.text or "" for text in root.iter(f"{NAMESPACE}text"))
    assert "Not evaluable" in words
    assert "no valley between negative and positive events" in words
    assert marks(root, "line", stroke=theme.GREEN) == []


def test_a_vertex_outside_the_picture_keeps_the_direction_of_its_edges() -> None:
    plot, record = gate("P01/d14/1", "lymphocytes")
    middle, top = (plot.x_low + plot.x_high) / 2, plot.y_high
    width, height = plot.x_high - plot.x_low, plot.y_high - plot.y_low
    far = ((middle, top), (middle + width, top), (middle + width, top + height))
    root = ET.fromstring(gate_svg(plot, replace(record, vertices=far)))
    (outline,) = marks(root, "polygon", stroke=theme.GREEN)
    points = [tuple(map(float, one.split(","))) for one in (outline.get("points") or "").split()]
    box = 300.0 - 48 - 12
    assert points[1][0] - points[0][0] == pytest.approx(box, abs=0.02), "a whole width to the right"
    (window,) = root.findall(f"{NAMESPACE}svg")
    assert outline in list(window)
    assert (window.get("overflow"), window.get("width")) == ("hidden", "240")


def test_labels_of_an_axis_lie_beside_it_and_do_not_run_into_each_other() -> None:
    plot, record = gate("P01/d14/1", "lymphocytes")
    near = tuple(
        AxisTick(position=plot.x_low + share * (plot.x_high - plot.x_low), label="-10³")
        for share in (-0.2, 0.1, 0.11, 0.5, 0.51, 0.9, 1.2)
    )
    root = ET.fromstring(gate_svg(plot.model_copy(update={"x_ticks": near, "y_ticks": near}), record))
    shown = [float(one.get("x", 0)) for one in root.iter(f"{NAMESPACE}text") if one.text == "-10³"]
    assert len([x for x in shown if x > 48]) == 3


def test_a_reason_without_a_space_is_broken_all_the_same() -> None:
    plot, record = gate("P02/d180/1", "CD19")
    root = ET.fromstring(gate_svg(plot, replace(record, reason="x" * 200)))
    assert max(len(text.text or "") for text in root.iter(f"{NAMESPACE}text")) <= 50


def test_a_damaged_picture_is_named() -> None:
    plot, record = gate("P01/d14/1", "lymphocytes")
    with pytest.raises(StoreError) as caught:
        gate_svg(plot.model_copy(update={"density": "eA=="}), record)
    assert str(caught.value).startswith("lymphocytes, density: The stored image of this gate is damaged.")
