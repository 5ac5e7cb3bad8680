"""Drawings as SVG."""

from __future__ import annotations

import base64
import zlib
from xml.etree import ElementTree as ET

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.figures.paper.png import png_uri
from cytorecon.figures.paper.svg import Svg

NAMESPACE = "{http://www.w3.org/2000/svg}"


def read(markup: str) -> ET.Element:
    return ET.fromstring(markup)


def test_every_mark_has_its_place() -> None:
    svg = Svg(100, 50)
    svg.rect(1, 2, 3, 4, fill="#fff")
    svg.line((0, 0), (1.234567, 2), stroke_width=1.5)
    svg.path([(0, 0), (1, 1)])
    svg.path([(0, 0), (1, 1), (2, 0)], closed=True)
    svg.circle((5, 6), 7)
    svg.text(1, 2, "a", size=8, anchor="middle")
    root = read(svg.markup(title="t"))
    assert root.get("viewBox") == "0 0 100 50"
    assert [child.tag.removeprefix(NAMESPACE) for child in root] == [
        "rect", "line", "polyline", "polygon", "circle", "text",
    ]  # fmt: skip
    assert root[1].attrib == {"x1": "0", "y1": "0", "x2": "1.23", "y2": "2", "stroke-width": "1.5"}
    assert root[3].get("points") == "0,0 1,1 2,0"
    assert root[5].get("text-anchor") == "middle"


@given(st.text(), st.text())
def test_any_text_is_text_and_the_drawing_stays_well_formed(words: str, title: str) -> None:
    svg = Svg(10, 10)
    svg.text(0, 0, words, size=8)
    root = read(svg.markup(title=title))
    assert [child.tag for child in root] == [f"{NAMESPACE}text"]
    if words.isprintable():
        assert root[0].text in (words, None)


def test_pixels_are_a_png_row_by_row() -> None:
    pixels = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    uri = png_uri(pixels)
    assert uri.startswith("data:image/png;base64,")
    content = base64.b64decode(uri.partition(",")[2])
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert content[12:16] == b"IHDR"
    assert int.from_bytes(content[16:20], "big") == 3
    assert int.from_bytes(content[20:24], "big") == 2
    start = content.index(b"IDAT") + 4
    raw = zlib.decompress(content[start : content.index(b"IEND") - 8])
    assert raw == b"\x00" + bytes(range(12)) + b"\x00" + bytes(range(12, 24))
