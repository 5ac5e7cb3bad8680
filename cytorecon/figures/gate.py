"""One gate of one tube: a density image made where the events were, with the gate drawn on it."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from cytorecon.errors import StoreError
from cytorecon.figures import theme
from cytorecon.figures.format import format_count, format_number, population_label
from cytorecon.figures.harmless import harmless
from cytorecon.knowledge.review_flags import flag_in_short, load_review_flags
from cytorecon.results import GatePlot, GateRecord, TubeResult

NO_TITLES: Final[Mapping[str, str]] = {}
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
#: What the search for a valley says when there is none, see ``cytorecon.gating.search.thresholds``.
_ONE_MODE: Final = re.compile(
    r"one mode only on (?P<channel>.+) \((?P<events>\d+) events\)"
    # results of versions before 0.3 say it in the second way
    r"(?:; neither other tubes nor control cells show where to cut|, no batch and no control cells)"
)
_OPERATORS: Final = ("and", "or", "not")
_HEIGHT_PX = 520
Line = Mapping[str, str | float]

#: A gate that needs a look is drawn in the colour of warnings, and dashed.
_SOUND: Final[Line] = {"color": theme.GREEN, "width": 2.6}
_DOUBTED: Final[Line] = {"color": theme.VERMILLION, "width": 2.6, "dash": "dash"}
#: What a picture says of a gate that was not found.
STATUS_WORDS: Final = {
    "not_evaluable": "Not evaluable",
    "absent": "No such cloud in this tube",
    "passed_through": "Nothing to take away, every event is kept",
    "not_measured": "Not measured: every event is kept",
}
#: What a picture says of a gate that two axes cannot show.
TOLD_APART: Final = "Told by {axes} axes together; the outline holds 95 % of the cloud on these two"
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


def gate_figure(
    plot: GatePlot, record: GateRecord, *, doubts: Sequence[str] = (), titles: Mapping[str, str] = NO_TITLES
) -> go.Figure:
    """Return the picture of one gate.

    Parameters
    ----------
    plot : GatePlot
        Density image and axes.
    record : GateRecord
        The gate as found. When it was not found, the density is shown without an outline and the
        reason is written on it.
    doubts : sequence of str
        What about the gate needs a look, in a few words each; then it is drawn as a warning.
    titles : mapping of str to str
        Gate -> what it is called, of the other gates of the tube.
    """
    figure = go.Figure(layout=theme.base_layout(height=_HEIGHT_PX, name=f"gate-{plot.gate}"))
    title = gate_title(record, doubts, titles)
    figure.update_layout(
        showlegend=False,
        margin={"l": 70, "r": 18, "t": 70 + 26 * (bool(doubts) + (record.method == "told_apart")), "b": 58},
        title={"text": title, "x": 0.01, "xanchor": "left", "font": {"size": 15}},
    )
    if plot.y_label:
        _add_image(figure, plot)
    else:
        _add_histogram(figure, plot)
    _add_axes(figure, plot, found=record.status == "found")
    if record.status == "found":
        _add_outline(figure, plot, record, _DOUBTED if doubts else _SOUND)
    else:
        _add_reason(figure, record)
    return go.Figure(harmless(figure.to_plotly_json()))


def gate_name(record: GateRecord) -> str:
    """Return what a gate is called: its title, else its identifier in words.

    Examples
    --------
    >>> gate_name(GateRecord(gate="one_cell", parent="all", kind="none", status="absent"))
    'one cell'
    """
    return record.title or record.gate.replace("_", " ")


def gate_title(record: GateRecord, doubts: Sequence[str] = (), titles: Mapping[str, str] = NO_TITLES) -> str:
    """Return the title of a gate's picture: what it is, events inside, and what needs a look.

    Parameters
    ----------
    record : GateRecord
        The gate as found.
    doubts : sequence of str
        What about it needs a look.
    titles : mapping of str to str
        Gate -> what it is called, of the other gates of the tube.
    """
    small = f"font-size:12px;color:{theme.MUTED}"
    warning = f"font-size:12px;color:{theme.VERMILLION}"
    lines = [f"<b>{gate_name(record)}</b>", f"<span style='{small}'>{gate_numbers(record, titles)}</span>"]
    if record.method == "told_apart":
        lines += [f"<span style='{small}'>{TOLD_APART.format(axes=len(record.channels))}</span>"]
    lines += [f"<span style='{warning}'>◆ needs a look: {', '.join(doubts)}</span>"] if doubts else []
    return "<br>".join(lines)


def gate_reason(record: GateRecord) -> str:
    """Return why a gate was not found, in words for people.

    Parameters
    ----------
    record : GateRecord
        The gate as found.

    Examples
    --------
    >>> reason = "one mode only on SSC-H (9083 events), no batch and no control cells"
    >>> gate_reason(GateRecord(gate="a", parent="all", kind="none", status="passed_through", reason=reason))
    'the 9,083 events show one cloud only on SSC-H'
    >>> gate_reason(GateRecord(gate="a", parent="all", kind="none", status="not_evaluable", reason=reason))
    'the 9,083 events show one cloud only on SSC-H, and there is no batch to learn from'
    """
    found = _ONE_MODE.fullmatch(record.reason)
    if found is None:
        return record.reason
    cloud = f"the {format_count(int(found['events']))} events show one cloud only on {found['channel']}"
    return cloud if record.status == "passed_through" else f"{cloud}, and there is no batch to learn from"


def gate_numbers(record: GateRecord, titles: Mapping[str, str] = NO_TITLES) -> str:
    """Return the numbers of a gate in words, e.g. ``1,204 of 9,876 events inside, 12.2 % of Leukocytes``.

    Parameters
    ----------
    record : GateRecord
        The gate as found.
    titles : mapping of str to str
        Gate -> what it is called, of the other gates of the tube.
    """
    if record.status != "found":
        words = STATUS_WORDS[record.status]
        return f"{words}: {gate_reason(record)}" if record.reason else words
    if record.events_in is None or not record.events_of_parent:
        return f"{format_count(record.events_in)} events inside"
    share = format_number(100 * record.events_in / record.events_of_parent, "percent_of_parent")
    return (
        f"{format_count(record.events_in)} of {format_count(record.events_of_parent)} events inside, "
        f"{share} % of {parent_words(record.parent, titles)}"
    )


def parent_words(parent: str, titles: Mapping[str, str] = NO_TITLES) -> str:
    """Return the events a gate was looked for in, as words.

    Parameters
    ----------
    parent : str
        ``GateRecord.parent``.
    titles : mapping of str to str
        Gate -> what it is called.

    Examples
    --------
    >>> parent_words("all"), parent_words("CD3_T"), parent_words("not beads", {"beads": "Counting beads"})
    ('all events', 'CD3 T', 'all events but Counting beads')
    """

    def named(found: re.Match[str]) -> str:
        name = found.group()
        return name if name in _OPERATORS else titles.get(name) or population_label(name).replace("_", " ")

    if parent in ("all", "root"):
        return "all events"
    if parent.startswith("not ") and len(parent.split()) == 2:
        return f"all events but {_NAME.sub(named, parent.removeprefix('not '))}"
    return _NAME.sub(named, parent)


def gate_titles(result: TubeResult) -> Mapping[str, str]:
    """Return what each gate of a tube is called.

    Parameters
    ----------
    result : TubeResult
        With its gates.
    """
    return {gate.gate: gate_name(gate) for gate in result.gates}


def gate_doubts(gate: GateRecord, result: TubeResult) -> tuple[str, ...]:
    """Return what about a gate that was found needs a look, in a few words each.

    Its own flags, and the codes that name it on the populations it counts
    (``gate.outlier:CD4`` names gate CD4, and each of its parts).

    Parameters
    ----------
    gate : GateRecord
        One of the tube's.
    result : TubeResult
        With its counts.
    """
    if gate.status != "found":
        return ()
    name = gate.gate.partition(".")[0]
    own = [f"{code}:{name}" for code in gate.reason.split(", ") if code in load_review_flags()]
    named = [code for count in result.counts for code in count.review if code.partition(":")[2] == name]
    return tuple(dict.fromkeys(map(flag_in_short, (*own, *named))))


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


def _add_outline(figure: go.Figure, plot: GatePlot, record: GateRecord, line: Line) -> None:
    if record.kind == "polygon":
        xs, ys = zip(*(*record.vertices, record.vertices[0]), strict=True)
        figure.add_scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip")
        return
    if record.threshold is None:
        return
    for on_y_axis in axes_of(plot, record):
        _add_threshold(figure, record, plot, line, on_y_axis=on_y_axis)


def axes_of(plot: GatePlot, record: GateRecord) -> tuple[bool, ...]:
    """Return, for each axis a threshold is drawn on, whether it is the vertical one.

    Parameters
    ----------
    plot : GatePlot
        Picture of the gate.
    record : GateRecord
        A threshold.
    """
    if not plot.y_label:
        return (False,)
    drawn = tuple(
        on_y_axis
        for on_y_axis, label in ((False, plot.x_label), (True, plot.y_label))
        if any(channel in label for channel in record.channels)
    )
    return drawn or (False,)


def _add_threshold(
    figure: go.Figure, record: GateRecord, plot: GatePlot, line: Line, *, on_y_axis: bool
) -> None:
    low, high = (plot.y_low, plot.y_high) if on_y_axis else (plot.x_low, plot.x_high)
    inside = (record.threshold, high) if record.keep == "above" else (low, record.threshold)
    add_line, add_area = (
        (figure.add_hline, figure.add_hrect) if on_y_axis else (figure.add_vline, figure.add_vrect)
    )
    add_area(*inside, fillcolor=theme.with_alpha(str(line["color"]), 0.07), line_width=0, layer="below")
    add_line(record.threshold, line=line)


def _add_reason(figure: go.Figure, record: GateRecord) -> None:
    words = STATUS_WORDS[record.status]
    figure.add_annotation(
        text=f"<b>{words}</b><br>{gate_reason(record)}",
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
