"""All patients of a cohort on one picture: near each other where their counts are alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from cytorecon.figures import theme
from cytorecon.figures.drawing import Drawing
from cytorecon.figures.format import population_label

_HEIGHT_PX: Final = 460
_LOOKS: Final = (
    (theme.BLUE, "circle"),
    (theme.VERMILLION, "diamond"),
    (theme.GREEN, "square"),
    (theme.PURPLE, "triangle-up"),
    (theme.ORANGE, "star"),
    (theme.INK, "cross"),
)


def cohort_map_figure(
    table: pd.DataFrame, groups: Mapping[str, str] | None = None, *, highlight: str = ""
) -> go.Figure:
    """Return the map.

    Parameters
    ----------
    table : DataFrame
        Of :func:`cytorecon.cohort.cohort_map`; without rows the figure says so.
    groups : mapping of str to str, optional
        Patient -> group that tells its symbol.
    highlight : str
        A patient to mark.
    """
    if not len(table):
        return theme.empty_figure("Too few patients for a map.")
    drawing = Drawing(theme.base_layout(height=_HEIGHT_PX, name="map"))
    first = table.iloc[0]
    drawing.layout.update(
        margin={"l": 60, "r": 18, "t": 44, "b": 56},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis=_axis(str(first["x_populations"]), float(first["explained_x"])),
        yaxis=_axis(str(first["y_populations"]), float(first["explained_y"])),
    )
    names = table["patient"].map(dict(groups or {})).fillna("patient")
    for place, (name, own) in enumerate(table.groupby(names, sort=True)):
        colour, symbol = _LOOKS[place % len(_LOOKS)]
        drawing.scatter(
            x=own["x"].tolist(),
            y=own["y"].tolist(),
            name=f"{name} (n = {len(own)})",
            mode="markers",
            marker={"symbol": symbol, "size": 8, "color": theme.with_alpha(colour, 0.65)},
            hovertext=[
                f"<b>{patient}</b><br>{name}<br>{100 * share:.0f} % of its values measured"
                for patient, share in zip(own["patient"], own["known_share"], strict=True)
            ],
            hoverinfo="text",
        )
    _add_highlight(drawing, table, highlight)
    return drawing.figure()


def _add_highlight(drawing: Drawing, table: pd.DataFrame, patient: str) -> None:
    own = table[table["patient"] == patient]
    if len(own):
        drawing.scatter(
            x=own["x"].tolist(),
            y=own["y"].tolist(),
            name=patient,
            mode="markers",
            marker={"symbol": "circle-open", "size": 18, "color": theme.INK, "line": {"width": 2}},
            hoverinfo="skip",
        )


def axis_words(populations: str) -> str:
    """Return what rises along an axis in words.

    Examples
    --------
    >>> axis_words("+CD4_T +B -NK")
    'more CD4 T, B; less NK'
    """
    signs = {"+": "more", "-": "less"}
    found: dict[str, list[str]] = {}
    for name in populations.split():
        found.setdefault(signs[name[0]], []).append(population_label(name[1:]))
    return "; ".join(f"{word} {', '.join(names)}" for word, names in found.items())


def _axis(populations: str, explained: float) -> dict[str, object]:
    words = f"{axis_words(populations)} \N{RIGHTWARDS ARROW} ({100 * explained:.0f} % of the differences)"
    return {
        "title": {"text": words, "font": {"size": 11, "color": theme.MUTED}},
        "gridcolor": theme.GRID,
        "zerolinecolor": theme.FRAME,
        "tickfont": {"size": 10, "color": theme.MUTED},
    }
