"""Pictures of gates: where the events lie, and no event."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import numpy.typing as npt
import pytest

from cytorecon.gating.axes import Axes
from cytorecon.gating.density import BINS, density_plots, encode_density
from cytorecon.gating.engine import gate
from cytorecon.results import AxisTick, GatePlot
from tests.gating.samples import Values, made_axes, made_sample, made_template, mixture, valley

TWO = mixture([(2000, 0.25, 0.05), (600, 0.75, 0.05)], seed=1)
SCATTER = {
    "FSC-A": np.full(2600, 0.4),
    "FSC-H": np.full(2600, 0.4),
    "SSC-A": mixture([(2600, 0.5, 0.05)], seed=2),
}
TICKS = (AxisTick(position=0.5, label="1e3"),)


def image(plot: GatePlot) -> npt.NDArray[np.uint8]:
    raw = zlib.decompress(base64.b64decode(plot.density))
    return np.frombuffer(raw, dtype=np.uint8).reshape(plot.rows, plot.columns)


def plots(columns: dict[str, Values], gates: list[dict[str, object]], where: str) -> dict[str, GatePlot]:
    sample = made_sample(columns)
    axes: Axes = made_axes(sample)
    gated = gate(sample, made_template(gates, {"picked": where}), axes)
    return {plot.gate: plot for plot in density_plots(gated, axes, lambda channel: TICKS)}


def test_an_image_is_proportional_to_the_root_of_the_count() -> None:
    counts = np.zeros((4, 4))
    counts[0, 0], counts[1, 2], counts[3, 3] = 100, 25, 1
    raw = zlib.decompress(base64.b64decode(encode_density(counts)))
    levels = np.frombuffer(raw, dtype=np.uint8).reshape(4, 4)
    assert (levels[0, 0], levels[1, 2], levels[3, 3]) == (255, 128, 26)
    assert (levels > 0).sum() == 3


def test_a_single_event_is_seen_beside_a_million() -> None:
    counts = np.array([[1e9, 1.0, 0.0]])
    assert list(zlib.decompress(base64.b64decode(encode_density(counts)))) == [255, 1, 0]


def test_no_event_is_an_empty_image() -> None:
    assert not any(zlib.decompress(base64.b64decode(encode_density(np.zeros((8, 8))))))


def test_a_threshold_is_drawn_against_side_scatter() -> None:
    plot = plots({"CD3": TWO, **SCATTER}, [valley("CD3")], "CD3")["CD3"]
    assert (plot.title, plot.x_label, plot.y_label) == ("CD3 in all", "CD3 · CD3", "SSC-A")
    assert (plot.rows, plot.columns, plot.events_shown) == (BINS, BINS, 2600)
    assert plot.x_ticks == TICKS
    across = image(plot).astype(float).sum(axis=0)
    centres = plot.x_low + (np.arange(BINS) + 0.5) * (plot.x_high - plot.x_low) / BINS
    assert centres[np.argmax(across)] == pytest.approx(0.25, abs=0.05)
    up = image(plot).astype(float).sum(axis=1)
    assert plot.y_low + (np.argmax(up) + 0.5) * (plot.y_high - plot.y_low) / BINS == pytest.approx(
        0.5, abs=0.05
    )


def test_a_gate_that_was_not_found_shows_what_was_looked_at() -> None:
    one = mixture([(2600, 0.25, 0.05)], seed=1)
    assert plots({"CD3": one, **SCATTER}, [valley("CD3")], "CD3")["CD3"].events_shown == 2600


def test_a_gate_whose_parent_is_not_evaluable_has_no_picture() -> None:
    one = mixture([(2600, 0.25, 0.05)], seed=1)
    gates = [valley("CD3"), valley("CD4", find_in="CD3")]
    assert set(plots({"CD3": one, "CD4": TWO, **SCATTER}, gates, "CD4")) == {"CD3"}


def test_a_threshold_on_side_scatter_is_drawn_against_forward_scatter() -> None:
    side: dict[str, object] = {
        "gate": "low",
        "finder": "valley",
        "axis": {"scatter": "side"},
        "if_one_mode": "keep_all",
    }
    plot = plots(SCATTER, [side], "low")["low"]
    assert (plot.x_label, plot.y_label) == ("SSC-A", "FSC-A")


def test_two_channels_of_one_gate_are_two_pictures() -> None:
    both: dict[str, object] = {"gate": "NK_marker", "finder": "valley", "axis": {"marker": "CD16+CD56"}}
    found = plots({"CD16": TWO, "CD56": TWO, **SCATTER}, [both], "NK_marker")
    assert set(found) == {"NK_marker.CD16", "NK_marker.CD56"}
    assert found["NK_marker.CD56"].x_label == "CD56 · CD56"


def test_gates_without_their_axes_have_no_picture() -> None:
    assert plots({"CD3": TWO}, [valley("CD3")], "CD3") == {}
    singlets: dict[str, object] = {
        "gate": "one_cell",
        "finder": "singlet_ratio",
        "area": {"scatter": "forward", "aspect": ["A"]},
        "height": {"scatter": "forward", "aspect": ["H"]},
        "width": 5,
        "optional": True,
    }
    assert plots({"CD3": TWO, "FSC-A": TWO}, [singlets], "one_cell") == {}
    assert plots({"CD3": TWO, **SCATTER}, [singlets], "one_cell")["one_cell"].y_label == "FSC-H"


def test_beads_are_drawn_in_the_first_and_last_of_their_markers() -> None:
    beads: dict[str, object] = {
        "gate": "bead_cloud",
        "finder": "bright_in_all",
        "markers": ["a", "b", "c"],
        "min_events": 50,
    }
    plot = plots({"a": TWO, "b": TWO, "c": TWO}, [beads], "bead_cloud")["bead_cloud"]
    assert (plot.x_label, plot.y_label) == ("a · a", "c · c")


def test_an_empty_parent_is_an_empty_picture_with_a_range() -> None:
    gates = [valley("CD3"), valley("CD4", find_in="CD3 and not CD3")]
    plot = plots({"CD3": TWO, "CD4": TWO, **SCATTER}, gates, "CD4")["CD4"]
    assert plot.events_shown == 0
    assert (plot.x_low, plot.x_high) == (0.0, 1.0)
    assert not image(plot).any()


def test_the_range_shows_nearly_all_events_and_not_the_farthest() -> None:
    values = TWO.copy()
    values[0] = 40.0
    plot = plots({"CD3": values, **SCATTER}, [valley("CD3")], "CD3")["CD3"]
    assert plot.events_shown == 2599
    assert plot.x_high <= 1.3
