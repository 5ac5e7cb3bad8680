"""One gate of one tube: a density image made where the events were, with the gate drawn on it."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from cytorecon.errors import StoreError
from cytorecon.figures import theme
from cytorecon.figures.format import format_count, format_number, population_label
from cytorecon.results import GatePlot, GateRecord

_HEIGHT_PX = 520
_OUTLINE = {"color": theme.VERMILLION, "width": 2.4}
_STATUS_WORDS = {
    "not_evaluable": "Not evaluable",
    "absent": "No such cloud in this tube",
    "passed_through": "Passed through: every event is kept",
}
#: Cividis (even steps of lightness for every kind of colour vision); an empty bin stays white.
_COLOURS = (
    (0.0, "rgba(255,255,255,0)"),
    (0.003, "rgba(255,255,255,0)"),
    (0.0031, "#c9d3e3"),
    (0.25, "#8fa3bf"),
    (0.5, "#4d6a94"),
    (0.75, "#1d3a6b"),
    (1.0, "#00204d"),
)


def density(plot: GatePlot) -> npt.NDArray[np.uint8]:
    """Return the image of a gate plot.

    Parameters
    ----------
    plot : GatePlot
        As stored.

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
        Row 0 lies at ``y_low``; proportional to the square root of the count.

    Raises
    ------
    StoreError
        If the stored image does not have ``rows * columns`` pixels.
    """
    try:
        pixels = np.frombuffer(zlib.decompress(base64.b64decode(plot.density)), dtype=np.uint8)
    except (ValueError, zlib.error) as error:
        raise _damaged(plot, "no image") from error
    if pixels.size != plot.rows * plot.columns:
        raise _damaged(plot, f"{pixels.size} pixels")
    return pixels.reshape(plot.rows, plot.columns)


def _damaged(plot: GatePlot, found: str) -> StoreError:
    return StoreError(
        "The stored image of this gate is damaged.",
        subject=plot.gate,
        field="density",
        found=found,
        allowed=f"{plot.rows} x {plot.columns} pixels",
        hint="Analyse the tube again.",
    )


def gate_figure(plot: GatePlot, record: GateRecord) -> go.Figure:
    """Return the picture of one gate.

    Parameters
    ----------
    plot : GatePlot
        Density image and axes.
    record : GateRecord
        The gate as found. When it was not found, the density is shown without an outline and the
        reason is written on it.
    """
    figure = go.Figure(layout=theme.base_layout(height=_HEIGHT_PX, name=f"gate-{plot.gate}"))
    figure.update_layout(
        showlegend=False,
        margin={"l": 70, "r": 18, "t": 62, "b": 58},
        title={"text": gate_title(plot, record), "x": 0.01, "xanchor": "left", "font": {"size": 15}},
    )
    if plot.y_label:
        _add_image(figure, plot)
    else:
        _add_histogram(figure, plot)
    _add_axes(figure, plot, found=record.status == "found")
    if record.status == "found":
        _add_outline(figure, plot, record)
    else:
        _add_reason(figure, record)
    return figure


def gate_title(plot: GatePlot, record: GateRecord) -> str:
    """Return the title of a gate's picture: what it is, events inside and their share.

    Parameters
    ----------
    plot : GatePlot
        Picture of the gate.
    record : GateRecord
        The gate as found.
    """
    small = f"font-size:12px;color:{theme.MUTED}"
    return f"<b>{plot.title}</b><br><span style='{small}'>{gate_numbers(record)}</span>"


def gate_numbers(record: GateRecord) -> str:
    """Return the numbers of a gate in words, e.g. ``1,204 of 9,876 events inside (12.2 %)``.

    Parameters
    ----------
    record : GateRecord
        The gate as found.
    """
    if record.status != "found":
        words = _STATUS_WORDS[record.status]
        return f"{words}: {record.reason}" if record.reason else words
    if record.events_in is None or not record.events_of_parent:
        return f"{format_count(record.events_in)} events inside"
    share = format_number(100 * record.events_in / record.events_of_parent, "percent_of_parent")
    parent = population_label(record.parent)
    return (
        f"{format_count(record.events_in)} of {format_count(record.events_of_parent)} events inside, "
        f"{share} % of {parent}"
    )


def _centres(low: float, high: float, bins: int) -> npt.NDArray[np.float64]:
    width = (high - low) / bins
    centres: npt.NDArray[np.float64] = low + width * (np.arange(bins, dtype=np.float64) + 0.5)
    return centres


def _add_image(figure: go.Figure, plot: GatePlot) -> None:
    figure.add_heatmap(
        x=_centres(plot.x_low, plot.x_high, plot.columns),
        y=_centres(plot.y_low, plot.y_high, plot.rows),
        z=density(plot),
        zmin=0,
        zmax=255,
        colorscale=_COLOURS,
        showscale=False,
        hoverinfo="skip",
    )


def _add_histogram(figure: go.Figure, plot: GatePlot) -> None:
    figure.add_scatter(
        x=_centres(plot.x_low, plot.x_high, plot.columns),
        y=density(plot)[0].astype(float) / 255,
        mode="lines",
        line={"color": theme.BLUE, "width": 1.5, "shape": "hvh"},
        fill="tozeroy",
        fillcolor=theme.with_alpha(theme.BLUE, 0.15),
        hoverinfo="skip",
    )


def _add_axes(figure: go.Figure, plot: GatePlot, *, found: bool) -> None:
    look = {
        "gridcolor": theme.GRID,
        "linecolor": theme.FRAME,
        "mirror": True,
        "zeroline": False,
        "ticks": "outside",
        "tickcolor": theme.FRAME,
        "tickfont": {"size": 11, "color": theme.MUTED},
        "fixedrange": True,
    }
    figure.update_xaxes(
        **look,
        title=plot.x_label,
        range=(plot.x_low, plot.x_high),
        tickvals=[tick.position for tick in plot.x_ticks],
        ticktext=[tick.label for tick in plot.x_ticks],
    )
    if plot.y_label:
        figure.update_yaxes(
            **look,
            title=plot.y_label,
            range=(plot.y_low, plot.y_high),
            tickvals=[tick.position for tick in plot.y_ticks],
            ticktext=[tick.label for tick in plot.y_ticks],
        )
    else:
        figure.update_yaxes(
            **look,
            title="events (square-root scale)",
            range=(0, 1.08 if found else 1.35),
            showticklabels=False,
        )


def _add_outline(figure: go.Figure, plot: GatePlot, record: GateRecord) -> None:
    if record.kind == "polygon":
        xs, ys = zip(*(*record.vertices, record.vertices[0]), strict=True)
        figure.add_scatter(x=xs, y=ys, mode="lines", line=_OUTLINE, hoverinfo="skip")
        return
    if record.threshold is None:
        return
    for on_y_axis in _axes_of(plot, record):
        _add_threshold(figure, record.threshold, record.keep, plot, on_y_axis=on_y_axis)


def _axes_of(plot: GatePlot, record: GateRecord) -> tuple[bool, ...]:
    """Return, for each axis a threshold is drawn on, whether it is the vertical one."""
    if not plot.y_label:
        return (False,)
    drawn = tuple(
        on_y_axis
        for on_y_axis, label in ((False, plot.x_label), (True, plot.y_label))
        if any(channel in label for channel in record.channels)
    )
    return drawn or (False,)


def _add_threshold(
    figure: go.Figure, threshold: float, keep: str, plot: GatePlot, *, on_y_axis: bool
) -> None:
    low, high = (plot.y_low, plot.y_high) if on_y_axis else (plot.x_low, plot.x_high)
    inside = (threshold, high) if keep == "above" else (low, threshold)
    add_line, add_area = (
        (figure.add_hline, figure.add_hrect) if on_y_axis else (figure.add_vline, figure.add_vrect)
    )
    add_area(*inside, fillcolor=theme.with_alpha(theme.VERMILLION, 0.07), line_width=0, layer="below")
    add_line(threshold, line=_OUTLINE)


def _add_reason(figure: go.Figure, record: GateRecord) -> None:
    words = _STATUS_WORDS[record.status]
    figure.add_annotation(
        text=f"<b>{words}</b><br>{record.reason}",
        xref="paper",
        yref="paper",
        x=0.5,
        y=0.97,
        yanchor="top",
        showarrow=False,
        bgcolor="rgba(255,255,255,0.92)",
        bordercolor=theme.FRAME,
        borderpad=8,
        font={"size": 13},
    )
