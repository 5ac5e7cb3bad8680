"""The picture of a gate with a handle on it: a line to move, or an outline to draw."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from cytorecon.figures import theme
from cytorecon.figures.gate import axes_of, gate_doubts, gate_figure, gate_titles
from cytorecon.gating.outline import thinned, write_corners
from cytorecon.gating.overrides import Vertices
from cytorecon.results import GatePlot, GateRecord, TubeResult
from dashboard.services.decisions import Kind

#: What plotly has to be told so that the handle can be used.
MOVABLE: Final[Mapping[Kind, Mapping[str, object]]] = {
    "threshold": {"edits": {"shapePosition": True}},
    "polygon": {
        "modeBarButtons": [["drawclosedpath", "eraseshape"], ["toImage", "zoom2d", "pan2d", "resetScale2d"]]
    },
}
#: Of corners drawn by hand, on the transformed scale: less than half a bin of a picture.
_TOLERANCE: Final = 0.004
_CORNER: Final = re.compile(r"[ML]\s*(-?[\d.]+(?:e-?\d+)?)[ ,](-?[\d.]+(?:e-?\d+)?)")
_MOVED: Final = re.compile(r"shapes\[(?P<shape>\d+)\]\.(?P<what>x0|x1|y0|y1|path)")
_OWN: Final = {"color": theme.BLUE, "width": 3, "dash": "dot"}
Place = tuple[float | None, Vertices]
NOWHERE: Final[Place] = (None, ())


def decision_figure(
    plot: GatePlot, record: GateRecord, result: TubeResult, kind: Kind, place: Place = NOWHERE
) -> go.Figure:
    """Return the picture of a gate with a handle for its position.

    Parameters
    ----------
    plot : GatePlot
        Of the gate.
    record : GateRecord
        The gate as it was found or decided.
    result : TubeResult
        Of the tube.
    kind : str
        Shape of the gate.
    place : (float or None, corners)
        What is typed or drawn so far.
    """
    figure = gate_figure(plot, record, doubts=gate_doubts(record, result), titles=gate_titles(result))
    _fix_lines(figure, plot)
    figure.update_layout(shapes=[*figure.layout.shapes, *_handles(plot, record, kind, place)])
    figure.update_layout(editrevision=_revision(place))
    if kind == "polygon":
        figure.update_layout(dragmode="drawclosedpath", newshape={"line": _OWN, "fillcolor": _FILL})
    return figure


_FILL: Final = theme.with_alpha(theme.BLUE, 0.08)


def _revision(place: Place) -> str:
    """Return what changes with the place: else plotly would put a shape back where somebody dragged it."""
    return repr(place)


def shapes_of(figure: go.Figure) -> list[dict[str, Any]]:
    """Return the shapes of a figure as the browser takes them."""
    return [shape.to_plotly_json() for shape in figure.layout.shapes]


def moved_to(figure: go.Figure, told: Mapping[str, object], plot: GatePlot, kind: Kind) -> str:
    """Return the position that somebody dragged or drew, as the form writes it; empty when none.

    Parameters
    ----------
    figure : Figure
        As it was shown.
    told : mapping
        What the graph tells of a change (``relayoutData``).
    plot : GatePlot
        Of the gate: a line stays within its axes.
    kind : str
        Shape of the gate.
    """
    if kind == "polygon":
        corners = thinned(_drawn(told), _TOLERANCE)
        return write_corners(corners) if len(corners) > 2 else ""
    ends: dict[int, dict[str, float]] = {}
    for key, value in told.items():
        found = _MOVED.fullmatch(key)
        if found and isinstance(value, int | float):
            ends.setdefault(int(found["shape"]), {})[found["what"]] = float(value)
    shapes = figure.layout.shapes
    for number, change in ends.items():
        if number >= len(shapes):
            continue
        upright = shapes[number].yref != "y"
        along = [change[name] for name in (("x0", "x1") if upright else ("y0", "y1")) if name in change]
        if along:
            low, high = (plot.x_low, plot.x_high) if upright else (plot.y_low, plot.y_high)
            return f"{min(high, max(low, sum(along) / len(along))):.4f}"
    return ""


def _drawn(told: Mapping[str, object]) -> list[tuple[float, float]]:
    """Return the corners of the last outline in what the graph tells."""
    shapes = told.get("shapes")
    drawn = (
        [shape.get("path") for shape in shapes if isinstance(shape, dict)] if isinstance(shapes, list) else []
    )
    moved = [value for key, value in told.items() if _MOVED.fullmatch(key) and key.endswith("path")]
    paths = [path for path in (*drawn, *moved) if isinstance(path, str)]
    if not paths:
        return []
    return [(float(x), float(y)) for x, y in _CORNER.findall(paths[-1])]


def _fix_lines(figure: go.Figure, plot: GatePlot) -> None:
    """Draw the lines of the gate as it stands as traces: shapes could be dragged."""
    kept = []
    for shape in figure.layout.shapes:
        if shape.type != "line":
            kept.append(shape)
            continue
        upright = shape.x0 == shape.x1
        top = figure.layout.yaxis.range
        xs = (shape.x0, shape.x1) if upright else (plot.x_low, plot.x_high)
        ys = tuple(top) if upright else (shape.y0, shape.y1)
        line = shape.line.to_plotly_json()
        figure.add_scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip")
    figure.update_layout(shapes=kept)


def _handles(plot: GatePlot, record: GateRecord, kind: Kind, place: Place) -> Sequence[Mapping[str, object]]:
    threshold, corners = place
    if kind == "polygon":
        return [_outline(corners)] if corners else []
    at = threshold if threshold is not None else record.threshold
    label = "yours" if threshold is not None else "drag to move"
    return [_line(plot, at, label, on_y_axis=on_y_axis) for on_y_axis in axes_of(plot, record)]


def _line(plot: GatePlot, at: float | None, label: str, *, on_y_axis: bool) -> Mapping[str, object]:
    low, high = (plot.y_low, plot.y_high) if on_y_axis else (plot.x_low, plot.x_high)
    place = (low + high) / 2 if at is None else at
    along, across = ("y", "x") if on_y_axis else ("x", "y")
    return {
        "type": "line",
        f"{along}0": place,
        f"{along}1": place,
        f"{across}0": 0,
        f"{across}1": 1,
        f"{along}ref": along,
        f"{across}ref": f"{across} domain",
        "line": _OWN,
        "label": {
            "text": label,
            "textposition": "end",
            "textangle": 0,
            "font": {"size": 12, "color": theme.BLUE},
        },
    }


def _outline(corners: Vertices) -> Mapping[str, object]:
    path = "M" + "L".join(f"{x:g},{y:g}" for x, y in corners) + "Z"
    return {"type": "path", "path": path, "line": _OWN, "fillcolor": _FILL, "editable": True}
