"""One gate of one tube as SVG: density, outline, axes. The words are those of the dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from cytorecon.figures import theme
from cytorecon.figures.gate import (
    NO_TITLES,
    STATUS_WORDS,
    axes_of,
    density,
    gate_name,
    gate_numbers,
    gate_reason,
)
from cytorecon.figures.paper.png import png_uri
from cytorecon.figures.paper.svg import XY, Svg
from cytorecon.results import AxisTick, GatePlot, GateRecord

_WIDTH: Final = 300.0
_HEIGHT: Final = 290.0
_LEFT, _TOP, _RIGHT, _BOTTOM = 48.0, 12.0, 12.0, 44.0
#: How much of its colour the side of a threshold has that is inside.
_INSIDE: Final = 0.08
#: Room that a character of a label takes, and a line, px.
_CHARACTER, _LINE = 5.4, 10.0
#: Darkest and lightest colour of the density, as in the dashboard; an empty bin stays white.
_DARK: Final = np.array([0x00, 0x20, 0x4D])
_HISTOGRAM: Final = "#d9e8f3"
_LIGHT: Final = np.array([0xC9, 0xD3, 0xE3])


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the axes lie on the drawing."""

    plot: GatePlot

    def x(self, value: float) -> float:
        share = (value - self.plot.x_low) / (self.plot.x_high - self.plot.x_low)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.plot.y_low) / (self.plot.y_high - self.plot.y_low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    @property
    def box(self) -> tuple[float, float, float, float]:
        return _LEFT, _TOP, _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM


def gate_svg(
    plot: GatePlot, record: GateRecord, *, doubts: Sequence[str] = (), titles: Mapping[str, str] = NO_TITLES
) -> str:
    """Return the picture of one gate as SVG; name and numbers stand beside it, not in it.

    Parameters
    ----------
    plot : GatePlot
        Density image and axes.
    record : GateRecord
        The gate as found. When it was not found, the reason is written on the picture.
    doubts : sequence of str
        What about the gate needs a look; then it is drawn as a warning, and dashed.
    titles : mapping of str to str
        Gate -> what it is called, of the other gates of the tube; for the description.

    Raises
    ------
    StoreError
        If the stored image is damaged.
    """
    svg, frame = Svg(_WIDTH, _HEIGHT), _Frame(plot)
    svg.rect(*frame.box, fill="white", stroke=theme.FRAME)
    if plot.y_label:
        svg.image(*frame.box, png_uri(_coloured(plot)))
    else:
        _add_histogram(svg, frame)
    if record.status == "found":
        with svg.window(*frame.box):
            _add_outline(svg, frame, record, doubted=bool(doubts))
    else:
        _add_reason(svg, record)
    _add_axes(svg, frame)
    return svg.markup(title=f"{gate_name(record)}: {gate_numbers(record, titles)}")


def _coloured(plot: GatePlot) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image = density(plot)[::-1]
    share = (image / 255.0)[..., np.newaxis]
    colours = np.rint(_LIGHT + share * (_DARK - _LIGHT))
    opacity = np.where(image > 0, 255, 0)[..., np.newaxis]
    return np.concatenate([colours, opacity], axis=2).astype(np.uint8)


def _add_histogram(svg: Svg, frame: _Frame) -> None:
    heights = density(frame.plot)[0] / 255.0
    edges = np.linspace(frame.plot.x_low, frame.plot.x_high, heights.size + 1)
    top: list[XY] = []
    for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True):
        y = frame.y(0.0) - 0.92 * float(height) * frame.box[3]
        top += [(frame.x(float(left)), y), (frame.x(float(right)), y)]
    ground = _HEIGHT - _BOTTOM
    svg.path(
        [(_LEFT, ground), *top, (_WIDTH - _RIGHT, ground)], closed=True, fill="#d9e8f3", stroke=theme.BLUE
    )


def _add_outline(svg: Svg, frame: _Frame, record: GateRecord, *, doubted: bool) -> None:
    colour = theme.VERMILLION if doubted else theme.GREEN
    look: dict[str, str | float] = {"stroke": colour, "stroke_width": 2.2, "fill": "none"}
    if doubted:
        look |= {"stroke_dasharray": "6 4"}
    if record.kind == "polygon":
        svg.path([(frame.x(x), frame.y(y)) for x, y in record.vertices], closed=True, **look)
        return
    if record.threshold is None:
        return
    left, top, width, height = frame.box
    for on_y_axis in axes_of(frame.plot, record):
        if on_y_axis:
            y = frame.y(record.threshold)
            start, end = (top, y) if record.keep == "above" else (y, top + height)
            svg.rect(left, start, width, max(0.0, end - start), fill=colour, fill_opacity=_INSIDE)
            svg.line((left, y), (left + width, y), **look)
        else:
            x = frame.x(record.threshold)
            start, end = (x, left + width) if record.keep == "above" else (left, x)
            svg.rect(start, top, max(0.0, end - start), height, fill=colour, fill_opacity=_INSIDE)
            svg.line((x, top), (x, top + height), **look)


def _add_reason(svg: Svg, record: GateRecord) -> None:
    lines = [STATUS_WORDS[record.status], *_wrapped(gate_reason(record), 44)]
    svg.rect(_LEFT + 6, _TOP + 6, _WIDTH - _LEFT - _RIGHT - 12, 8 + 12 * len(lines), fill="white",
             stroke=theme.FRAME)  # fmt: skip
    for number, line in enumerate(lines):
        weight = "bold" if number == 0 else "normal"
        svg.text(_LEFT + 12, _TOP + 20 + 12 * number, line, size=9, font_weight=weight, fill=theme.INK)


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    pieces = [word[start : start + width] for word in text.split() for start in range(0, len(word), width)]
    for word in pieces:
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [line for line in lines if line]


def _add_axes(svg: Svg, frame: _Frame) -> None:
    plot, ground = frame.plot, _HEIGHT - _BOTTOM
    end = 0.0
    for tick in _inside(plot.x_ticks, plot.x_low, plot.x_high):
        x, half = frame.x(tick.position), 0.5 * _CHARACTER * len(tick.label)
        svg.line((x, ground), (x, ground + 4), stroke=theme.FRAME)
        if x - half >= end:  # labels that would run into each other are left out
            svg.text(x, ground + 14, tick.label, size=8.5, anchor="middle", fill=theme.MUTED)
            end = x + half
    svg.text(_LEFT + frame.box[2] / 2, _HEIGHT - 10, plot.x_label, size=10, anchor="middle", fill=theme.INK)
    last = float("inf")
    for tick in _inside(plot.y_ticks, plot.y_low, plot.y_high) if plot.y_label else ():
        y = frame.y(tick.position)
        svg.line((_LEFT - 4, y), (_LEFT, y), stroke=theme.FRAME)
        if last - y >= _LINE:
            svg.text(_LEFT - 6, y + 3, tick.label, size=8.5, anchor="end", fill=theme.MUTED)
            last = y
    middle = _TOP + frame.box[3] / 2
    label = plot.y_label or "events (square root)"
    svg.text(
        12, middle, label, size=10, anchor="middle", fill=theme.INK, transform=f"rotate(-90 12 {middle})"
    )


def _inside(ticks: Sequence[AxisTick], low: float, high: float) -> list[AxisTick]:
    inside = [tick for tick in ticks if low <= tick.position <= high]
    return sorted(inside, key=lambda tick: tick.position)
