"""An SVG in the making. The same calls give the same text: no identifiers, no clock, fixed digits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

from markupsafe import escape

#: The font the PDF carries; a browser that lacks it takes its own.
FONT: Final = "DejaVu Sans, Arial, sans-serif"

#: What XML must not hold: controls, and halves of surrogate pairs.
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

Anchor = Literal["start", "middle", "end"]
XY = tuple[float, float]


@dataclass(slots=True)
class Svg:
    """A drawing of `width` by `height` px.

    Examples
    --------
    >>> picture = Svg(20, 10)
    >>> picture.text(1, 9, "<12", size=8)
    >>> print(picture.markup(title="B"))
    <svg xmlns="http://www.w3.org/2000/svg" ... role="img" aria-label="B"...>
    <text x="1" y="9" font-size="8">&lt;12</text>
    </svg>
    """

    width: float
    height: float
    _parts: list[str] = field(default_factory=list)

    def rect(self, x: float, y: float, width: float, height: float, **look: str | float) -> None:
        """Add a rectangle; `x`, `y` is its upper left corner."""
        self._add("rect", {"x": x, "y": y, "width": width, "height": height}, look)

    def line(self, start: XY, end: XY, **look: str | float) -> None:
        """Add a straight line."""
        self._add("line", {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}, look)

    def path(self, points: Sequence[XY], *, closed: bool = False, **look: str | float) -> None:
        """Add a line through `points`."""
        self._add("polygon" if closed else "polyline", {"points": _points(points)}, look)

    def circle(self, centre: XY, radius: float, **look: str | float) -> None:
        """Add a circle."""
        self._add("circle", {"cx": centre[0], "cy": centre[1], "r": radius}, look)

    def cross(self, centre: XY, size: float, **look: str | float) -> None:
        """Add a cross of two strokes."""
        x, y = centre
        self.line((x - size, y - size), (x + size, y + size), **look)
        self.line((x - size, y + size), (x + size, y - size), **look)

    def image(self, x: float, y: float, width: float, height: float, uri: str) -> None:
        """Add a picture of pixels, which are not smoothed; `uri` carries its data."""
        place = {"x": x, "y": y, "width": width, "height": height}
        look = {"preserveAspectRatio": "none", "image-rendering": "pixelated", "href": uri}
        self._add("image", place, look)

    @contextmanager
    def window(self, x: float, y: float, width: float, height: float) -> Iterator[None]:
        """Show what is added in the block only where it lies inside this rectangle."""
        box = " ".join(map(_number, (x, y, width, height)))
        place = _attributes({"x": x, "y": y, "width": width, "height": height})
        self._parts.append(f'<svg{place} viewBox="{box}" overflow="hidden">')
        yield
        self._parts.append("</svg>")

    def text(
        self, x: float, y: float, words: str, *, size: float, anchor: Anchor = "start", **look: str | float
    ) -> None:
        """Add one line of text; `y` is its base line."""
        placed: dict[str, str | float] = {"x": x, "y": y, "font-size": size}
        if anchor != "start":
            placed["text-anchor"] = anchor
        clean = escape(_UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", words))
        self._parts.append(f"<text{_attributes(placed)}{_attributes(look)}>{clean}</text>")

    def markup(self, *, title: str) -> str:
        """Return the drawing as SVG; `title` is what a screen reader says."""
        size = {"width": self.width, "height": self.height}
        box = f"0 0 {_number(self.width)} {_number(self.height)}"
        label = escape(_UNPRINTABLE.sub(" ", title))
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg"{_attributes(size)} viewBox="{box}" role="img" '
            f'aria-label="{label}" font-family="{FONT}" font-stretch="semi-condensed">'
        )
        return "\n".join([head, *self._parts, "</svg>"])

    def _add(self, tag: str, place: Mapping[str, str | float], look: Mapping[str, str | float]) -> None:
        self._parts.append(f"<{tag}{_attributes(place)}{_attributes(look)}/>")


def _attributes(values: Mapping[str, str | float]) -> str:
    return "".join(
        f' {name.replace("_", "-")}="{escape(value) if isinstance(value, str) else _number(value)}"'
        for name, value in values.items()
    )


def _points(points: Sequence[XY]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
