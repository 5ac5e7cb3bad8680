"""Which channel stands for an axis."""

from __future__ import annotations

import numpy as np
import pytest

from cytorecon.gating.axes import Axes, name_of
from cytorecon.knowledge.template import MarkerAxis, ScatterAxis
from tests.gating.samples import made_sample

ONE = np.zeros(3)
SAMPLE = made_sample({"FSC-A": ONE, "FSC-H": ONE, "SSC-H": ONE, "FITC-A": ONE, "PE-A": ONE, "APC-A": ONE})


def test_a_marker_lies_on_the_channel_of_the_panel() -> None:
    assert Axes(SAMPLE, {"CD3": "FITC-A"}).resolve(MarkerAxis(marker="CD3")) == ("FITC-A",)


def test_a_marker_the_tube_lacks_has_no_channel() -> None:
    assert Axes(SAMPLE, {"CD3": "FITC-A"}).resolve(MarkerAxis(marker="CD4")) == ()


@pytest.mark.parametrize(
    ("panel", "channels"),
    [
        ({"CD16+CD56": "PE-A"}, ("PE-A",)),
        ({"CD16": "PE-A", "CD56": "APC-A"}, ("PE-A", "APC-A")),
        ({"CD16+CD56": "PE-A", "CD16": "APC-A"}, ("PE-A",)),
        ({"CD16": "PE-A"}, ()),
    ],
)
def test_a_set_of_markers_may_share_a_channel_or_have_one_each(
    panel: dict[str, str], channels: tuple[str, ...]
) -> None:
    assert Axes(SAMPLE, panel).resolve(MarkerAxis(marker="CD16+CD56")) == channels


def test_scatter_is_taken_by_the_first_aspect_that_is_there() -> None:
    axes = Axes(SAMPLE, {})
    assert axes.resolve(ScatterAxis(scatter="forward")) == ("FSC-A",)
    assert axes.resolve(ScatterAxis(scatter="forward", aspect=("H",))) == ("FSC-H",)
    assert axes.resolve(ScatterAxis(scatter="side")) == ("SSC-H",)
    assert axes.resolve(ScatterAxis(scatter="side", aspect=("A",))) == ()
    assert axes.resolve(ScatterAxis(scatter="forward", aspect=("", "H"))) == ("FSC-H",)


def test_columns_are_views_by_channel() -> None:
    columns = Axes(SAMPLE, {}).columns
    assert list(columns) == ["FSC-A", "FSC-H", "SSC-H", "FITC-A", "PE-A", "APC-A"]
    assert columns["PE-A"].base is not None


def test_people_read_names_not_models() -> None:
    assert name_of(MarkerAxis(marker="CD16+CD56")) == "CD16+CD56"
    assert name_of(ScatterAxis(scatter="side", aspect=("A", ""))) == "side scatter (A or any)"
