"""Pictures of gates, made where the events are: density images with axes, never events."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable

import numpy as np

from cytorecon.gating.axes import Axes
from cytorecon.gating.found import FoundGate
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.shapes import Mask
from cytorecon.knowledge.template import (
    AnyGate,
    Axis,
    BeadGate,
    PlanarGate,
    ScatterAxis,
    SingletGate,
)
from cytorecon.results import AxisTick, GatePlot

BINS = 128
#: What a threshold is drawn against: side scatter spreads the events that share a marker.
AGAINST: Axis = ScatterAxis(scatter="side")
Ticks = Callable[[str], tuple[AxisTick, ...]]


def density_plots(gated: GatedSample, axes: Axes, ticks: Ticks) -> tuple[GatePlot, ...]:
    """Return one picture per part of each gate that has axes in this tube.

    Parameters
    ----------
    gated : GatedSample
        With the gates to show; a gate that was not found shows what was looked at.
    axes : Axes
        Of the same sample.
    ticks : callable
        Ticks of a channel, by ``$PnN``.
    """
    plots: list[GatePlot] = []
    for found in gated.gates:
        spec = gated.template.gate_by_name[found.gate]
        looked_in = gated.events_of(found.find_in)
        if looked_in is None:
            continue
        for part, (x, y) in _planes(found, spec, axes).items():
            plots.append(_picture(part, found, (x, y), looked_in, axes, ticks))
    return tuple(plots)


def _planes(found: FoundGate, spec: AnyGate, axes: Axes) -> dict[str, tuple[str, str]]:
    """Return the two channels to draw for each part of a gate."""
    if isinstance(spec, PlanarGate | SingletGate):
        first, second = (spec.area, spec.height) if isinstance(spec, SingletGate) else (spec.x, spec.y)
        x, y = axes.resolve(first), axes.resolve(second)
        return {found.gate: (x[0], y[0])} if x and y else {}
    if isinstance(spec, BeadGate):
        shown = [axes.panel[marker] for marker in spec.markers if marker in axes.panel]
        return {found.gate: (shown[0], shown[-1])} if len(shown) > 1 else {}
    against = axes.resolve(AGAINST)
    channels = axes.resolve(spec.axis)
    if not against or not channels:
        return {}
    if len(channels) == 1:
        other = against[0] if channels[0] != against[0] else _forward(axes, against[0])
        return {found.gate: (channels[0], other)}
    return {f"{found.gate}.{channel}": (channel, against[0]) for channel in channels}


def _forward(axes: Axes, fallback: str) -> str:
    forward = axes.resolve(ScatterAxis(scatter="forward"))
    return forward[0] if forward else fallback


def _picture(
    part: str, found: FoundGate, plane: tuple[str, str], looked_in: Mask, axes: Axes, ticks: Ticks
) -> GatePlot:
    x, y = (axes.columns[name][looked_in] for name in plane)
    (x_low, x_high), (y_low, y_high) = (_range(values) for values in (x, y))
    counts, _, _ = np.histogram2d(y, x, bins=BINS, range=[[y_low, y_high], [x_low, x_high]])
    names = {channel.name: channel for channel in axes.sample.channels}
    return GatePlot(
        gate=part,
        title=f"{part} in {found.find_in}",
        x_label=names[plane[0]].label,
        y_label=names[plane[1]].label,
        x_low=x_low,
        x_high=x_high,
        y_low=y_low,
        y_high=y_high,
        x_ticks=ticks(plane[0]),
        y_ticks=ticks(plane[1]),
        rows=BINS,
        columns=BINS,
        density=encode_density(counts),
        events_shown=int(counts.sum()),
    )


def _range(values: np.ndarray) -> tuple[float, float]:
    """Return a range that shows nearly all events and always the detector's 0-1 core."""
    if values.size == 0:
        return 0.0, 1.0
    low, high = np.quantile(values, [0.001, 0.999])
    return float(min(max(low - 0.03, -0.5), 0.0)), float(max(min(high + 0.03, 1.3), 1.0))


def encode_density(counts: np.ndarray) -> str:
    """Return counts as base64 of zlib of uint8; 0 is no event, 1-255 grows with the square root."""
    top = max(float(counts.max(initial=0.0)), 1.0)
    level = np.where(counts > 0, np.maximum(1, np.round(255 * np.sqrt(counts / top))), 0)
    return base64.b64encode(zlib.compress(level.astype(np.uint8).tobytes(), 9)).decode()
