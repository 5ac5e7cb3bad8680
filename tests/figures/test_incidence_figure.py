"""Curves of probabilities, and the map of a cohort."""

from __future__ import annotations

import pandas as pd

from cytorecon.figures.cohort_map import axis_words, cohort_map_figure
from cytorecon.figures.incidence import CurveKind, ProbabilityCurve, incidence_figure
from cytorecon.figures.timeaxis import TimeAxis

AXIS = TimeAxis(0, 400, "linear")


def curve(name: str, kind: CurveKind = "first") -> ProbabilityCurve:
    return ProbabilityCurve(
        name, (0, 100, 365), (0.0, 0.4, 0.7), (0.0, 0.3, 0.55), (0.05, 0.5, 0.8), kind, "n = 40"
    )


def test_lines_are_where_the_numbers_are_and_only_named_bands_are_shaded() -> None:
    figure = incidence_figure([curve("reached"), curve("death", "other")], AXIS, bands=["reached"])
    band, first, second = figure.data
    assert list(first.x) == [0.0, 100.0, 365.0]
    assert list(first.y) == [0.0, 0.4, 0.7]
    assert list(band.y) == [0.05, 0.5, 0.8, 0.55, 0.3, 0.0]
    assert first.hovertext[1] == "<b>reached</b><br>by day 100: 40 % (95 %: 30–50)<br>n = 40"
    assert second.name == "death"


def test_no_two_lines_are_told_apart_by_colour_alone() -> None:
    figure = incidence_figure([curve(str(number), "other") for number in range(6)], AXIS)
    assert len({(trace.line.dash, trace.marker.symbol) for trace in figure.data}) == 6


def test_without_a_curve_the_figure_says_so() -> None:
    assert incidence_figure([], AXIS).layout.annotations[0].text == "Too few patients for a curve."
    empty = pd.DataFrame(columns=["patient", "x", "y"])
    assert cohort_map_figure(empty).layout.annotations[0].text == "Too few patients for a map."


def test_the_map_has_a_symbol_for_each_group_and_words_on_its_axes() -> None:
    table = pd.DataFrame(
        {
            "patient": ["P1", "P2", "P3"],
            "x": [0.0, 1.0, 2.0],
            "y": [1.0, 0.0, 1.0],
            "known_share": [1.0, 0.5, 1.0],
            "explained_x": 0.6,
            "explained_y": 0.2,
            "x_populations": "+CD4_T +B",
            "y_populations": "-NK",
        }
    )
    figure = cohort_map_figure(table, {"P1": "a", "P2": "b", "P3": "a"}, highlight="P2")
    assert [trace.name for trace in figure.data] == ["a (n = 2)", "b (n = 1)", "P2"]
    assert len({trace.marker.symbol for trace in figure.data}) == 3
    assert figure.layout.xaxis.title.text == "more CD4 T, B → (60 % of the differences)"
    assert axis_words("-NK") == "less NK"
