"""Read the text of a PDF as our report writes it: one content stream per page, strings of glyph numbers."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

_OBJECT = re.compile(rb"(\d+) 0 obj\s*(<<(?:(?!endobj).)*?>>)\s*stream\r?\n", re.DOTALL)
_LENGTH = re.compile(rb"/Length (\d+)")
_TOKEN = re.compile(rb"/(f\d+) [\d.]+ Tf|(\()|/ActualText\s*<([0-9A-Fa-f]*)>|\b(EMC)\b")
_PARENTHESIS = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_PAIR = re.compile(rb"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>")
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def page_texts(pdf: bytes) -> list[str]:
    """Return the text of each page, letters as they are drawn, without spaces and line breaks."""
    streams = dict(_streams(pdf))
    fonts = _fonts(pdf, streams)
    pages = [stream for _, stream in sorted(streams.items()) if b" Tf" in stream and b"BT" in stream]
    return [_text(page, fonts) for page in pages]


def _streams(pdf: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the number of each stream and what it holds; its last byte may be that of a line's end."""
    for found in _OBJECT.finditer(pdf):
        number, head = found.groups()
        length = _LENGTH.search(head)
        assert length is not None
        body = pdf[found.end() : found.end() + int(length.group(1))]
        yield int(number), zlib.decompress(body) if b"FlateDecode" in head else body


def page_count(pdf: bytes) -> int:
    """Return the number of pages."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def _fonts(pdf: bytes, streams: dict[int, bytes]) -> dict[bytes, dict[int, str]]:
    objects = dict(re.findall(rb"(\d+) 0 obj\s*(<<.*?)\s*endobj", pdf, re.DOTALL))
    found: dict[bytes, dict[int, str]] = {}
    for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", pdf):
        unicode = re.search(rb"/ToUnicode (\d+) 0 R", objects[number])
        assert unicode is not None
        found[name] = {
            int(glyph, 16): bytes.fromhex(letters.decode()).decode("utf-16-be")
            for glyph, letters in _PAIR.findall(streams[int(unicode.group(1))])
        }
    return found


def _text(content: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    letters: list[str] = []
    font: dict[int, str] = {}
    replaced = False
    place = 0
    while token := _TOKEN.search(content, place):
        name, literal, actual, end = token.groups()
        place = token.end()
        if name:
            font = fonts[name]
        elif actual:
            letters.append(bytes.fromhex(actual.decode()).decode("utf-16-be").removeprefix("\ufeff"))
            replaced = True
        elif end:
            replaced = False
        elif literal:
            place, raw = _string(content, place)
            glyphs = [int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2)]
            letters += [] if replaced else [font.get(glyph, "") for glyph in glyphs]
    return re.sub(r"[\s\u200b]+", "", "".join(letters))


def _string(content: bytes, start: int) -> tuple[int, bytes]:
    """Return the end of a literal string that begins before `start`, and its bytes; parentheses may nest."""
    depth, place = 1, start
    while depth:
        found = _PARENTHESIS.search(content, place)
        assert found is not None
        depth += {b"(": 1, b")": -1}.get(found.group(), 0)
        place = found.end()
    return place, _ESCAPE.sub(_unescaped, content[start : place - 1])


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found.group(1)
    if code[:1].isdigit():
        return bytes([int(code, 8)])
    return _NAMED.get(code, code)
