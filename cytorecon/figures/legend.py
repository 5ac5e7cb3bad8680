"""The legend of the patient figure: one sample per symbol that the figure really uses."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from cytorecon.figures import theme
from cytorecon.figures.drawing import Drawing
from cytorecon.figures.panel import LEGEND

_SAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "measured": {
        "mode": "lines+markers",
        "line": {"color": theme.PATIENT, "width": 2},
        "marker": {"size": 8, "color": theme.PATIENT},
    },
    "review": {
        "mode": "markers",
        "marker": {"symbol": "circle-open-dot", "size": 14, "color": theme.VERMILLION},
    },
    "below": {
        "mode": "markers",
        "marker": {
            "symbol": "triangle-down-open",
            "size": 10,
            "color": theme.PATIENT,
            "line": {"width": 1.8},
        },
    },
    "missing": {
        "mode": "markers",
        "marker": {"symbol": "x-thin", "size": 8, "line": {"width": 2, "color": theme.INK}},
    },
    "method": {"mode": "markers", "marker": {"symbol": "diamond-tall-open", "size": 11, "color": theme.INK}},
    "reference": {"mode": "lines", "line": {"color": theme.with_alpha(theme.GREEN, 0.25), "width": 9}},
    "own_band": {"mode": "lines", "line": {"color": theme.with_alpha(theme.OWN_BAND, 0.45), "width": 7}},
    "threshold": {"mode": "lines", "line": {"color": theme.MILESTONE, "width": 1.2, "dash": "dash"}},
    "interval": {"mode": "lines", "line": {"color": theme.MILESTONE, "width": 4}},
    "star": {
        "mode": "markers",
        "marker": {
            "symbol": "star",
            "size": 14,
            "color": theme.YELLOW,
            "line": {"color": theme.INK, "width": 1},
        },
    },
    "met": {
        "mode": "markers",
        "marker": {"symbol": "square-open", "size": 11, "color": theme.MILESTONE, "line": {"width": 1.6}},
    },
}


def add_legend(drawing: Drawing, groups: Collection[str], *, y: float) -> None:
    """Add a horizontal legend of `groups` with its top at paper height `y`."""
    for group in LEGEND:
        if group in groups:
            drawing.scatter(
                x=[None],
                y=[None],
                name=LEGEND[group],
                legendgroup=group,
                showlegend=True,
                hoverinfo="skip",
                **_SAMPLES[group],
            )
    drawing.layout.update(
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": y,
            "yanchor": "top",
            "font": {"size": 11.5},
            "itemsizing": "trace",
            "entrywidthmode": "pixels",
            "tracegroupgap": 0,
        }
    )
