"""The picture of a gate."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.errors import StoreError
from cytorecon.figures.gate import density, gate_figure, gate_numbers
from cytorecon.figures.theme import GREEN, VERMILLION
from cytorecon.results import GatePlot, GateRecord, TubeResult
from tests.figures.tables import result


def parts(tube: str, gate: str) -> tuple[GatePlot, GateRecord]:
    found: TubeResult = result().tube(tube)
    plot = next(plot for plot in found.plots if plot.gate == gate)
    return plot, next(record for record in found.gates if record.gate == gate)


@given(st.integers(1, 5), st.integers(1, 7), st.randoms())
def test_the_image_is_what_was_stored_row_0_at_the_bottom(rows: int, columns: int, random: object) -> None:
    pixels = np.arange(rows * columns, dtype=np.uint8).reshape(rows, columns)
    plot = parts("P01/d14/1", "lymphocytes")[0].model_copy(
        update={
            "rows": rows,
            "columns": columns,
            "density": base64.b64encode(zlib.compress(pixels.tobytes())).decode(),
        }
    )
    assert np.array_equal(density(plot), pixels)


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        (base64.b64encode(zlib.compress(b"abc")).decode(), "3 pixels"),
        (base64.b64encode(b"abc").decode(), "no image"),
        ("%%%", "no image"),
    ],
)
def test_a_damaged_image_is_refused(stored: str, found: str) -> None:
    plot = parts("P01/d14/1", "lymphocytes")[0].model_copy(update={"density": stored})
    with pytest.raises(StoreError) as caught:
        density(plot)
    assert str(caught.value) == (
        f"lymphocytes, density: The stored image of this gate is damaged. Found: {found}. "
        "Allowed: 64 x 64 pixels. Analyse the tube again."
    )


def test_a_polygon_is_closed() -> None:
    plot, record = parts("P01/d14/1", "lymphocytes")
    figure = gate_figure(plot, record)
    heatmap, outline = figure.data
    assert heatmap.type == "heatmap"
    assert (outline.x[0], outline.y[0]) == record.vertices[0] == (outline.x[-1], outline.y[-1])
    assert len(outline.x) == len(record.vertices) + 1


def test_a_threshold_is_a_line_with_its_inside_shaded() -> None:
    plot, record = parts("P01/d14/1", "CD3")
    area, line = gate_figure(plot, record).layout.shapes
    assert (line.x0, line.x1) == (0.45, 0.45)
    assert (area.x0, area.x1) == (0.45, plot.x_high)
    kept_below = gate_figure(plot, replace(record, keep="below")).layout.shapes[0]
    assert (kept_below.x0, kept_below.x1) == (plot.x_low, 0.45)


def test_a_threshold_of_the_vertical_channel_lies_across() -> None:
    plot, record = parts("P01/d14/1", "CD3")
    line = gate_figure(plot, replace(record, channels=("SSC-A",))).layout.shapes[1]
    assert (line.y0, line.y1) == (0.45, 0.45)


def test_a_gate_that_was_not_found_shows_its_reason_and_no_outline() -> None:
    plot, record = parts("P02/d180/1", "CD19")
    figure = gate_figure(plot, record)
    assert [trace.type for trace in figure.data] == ["scatter"]
    assert not figure.layout.shapes
    assert figure.layout.annotations[0].text == (
        "<b>Not evaluable</b><br>no valley between negative and positive events"
    )
    assert gate_numbers(record) == "Not evaluable: no valley between negative and positive events"


def test_the_title_has_events_and_share_of_the_parent() -> None:
    plot, record = parts("P01/d14/1", "CD3")
    assert gate_numbers(record) == "2,016 of 7,638 events inside, 26.4 % of Lymphocytes"
    assert gate_numbers(record) in gate_figure(plot, record).layout.title.text


def test_a_gate_that_needs_a_look_is_drawn_as_a_warning() -> None:
    plot, record = parts("P01/d14/1", "CD3")
    sound, doubted = gate_figure(plot, record), gate_figure(plot, record, doubts=["threshold uncertain"])
    assert (sound.layout.shapes[1].line.color, sound.layout.shapes[1].line.dash) == (GREEN, None)
    assert (doubted.layout.shapes[1].line.color, doubted.layout.shapes[1].line.dash) == (VERMILLION, "dash")
    assert "◆ needs a look: threshold uncertain" in doubted.layout.title.text
    assert "needs a look" not in sound.layout.title.text


def test_a_gate_and_its_parent_go_by_their_titles() -> None:
    plot, record = parts("P01/d14/1", "CD3")
    named = replace(record, title="CD3 positive", parent="leukocytes and not (bead_cloud or x)")
    title = gate_figure(plot, named, titles={"bead_cloud": "Counting beads"}).layout.title.text
    assert title.startswith("<b>CD3 positive</b><br>")
    assert "% of Leukocytes and not (Counting beads or x)" in title


def test_a_gate_without_its_channel_says_so() -> None:
    plot, record = parts("P01/d14/1", "CD3")
    missing = replace(record, status="not_measured", reason="no channel for viability")
    assert gate_numbers(missing) == "Not measured: every event is kept: no channel for viability"
    assert gate_figure(plot, missing).layout.shapes == ()


def test_ticks_are_those_of_the_plot() -> None:
    plot, record = parts("P01/d14/1", "lymphocytes")
    figure = gate_figure(plot, record)
    assert figure.layout.xaxis.ticktext == tuple(tick.label for tick in plot.x_ticks)
    assert figure.layout.yaxis.range == (plot.y_low, plot.y_high)
