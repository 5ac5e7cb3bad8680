"""Read a report page back: its text, its tables, its figures."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

_VOID = {"meta", "link", "br", "img", "input", "hr"}
#: Tags that do not begin a new line or cell.
_INLINE = {"a", "b", "span", "strong"}


@dataclass
class Page:
    """What a reader finds on a page."""

    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)

    @property
    def text(self) -> str:
        """All text of the page."""
        return " ".join(self.texts.values())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.page.tags.add(tag)
        self.page.attributes |= set(values)
        if "id" in values:
            self.page.ids.append(values["id"])
        if tag == "a":
            self.page.links.append(values["href"])
        self.page.loaded += [values[name] for name in ("src",) if name in values]
        if tag == "link":
            self.page.loaded.append(values["href"])
        if tag == "table":
            self.page.tables.append([])
        if tag == "tr":
            self.page.tables[-1].append([])
        if tag in ("td", "th"):
            self.page.tables[-1][-1].append("")
        if tag not in _VOID:
            self.open.append((tag, values.get("id", "")))
        self._separate(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        opened, _ = self.open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"
        self._separate(tag)

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self.open]
        if tags and tags[-1] == "script":
            if data.strip():
                self.page.figures[self.open[-1][1]] = json.loads(data)
            return
        self._add(data)

    def _separate(self, tag: str) -> None:
        if tag not in _INLINE:
            self._add(" ")

    def _add(self, data: str) -> None:
        section = next((name for tag, name in reversed(self.open) if tag == "section"), "")
        self.page.texts[section] = _joined(self.page.texts.get(section, ""), data)
        if {"td", "th"} & {tag for tag, _ in self.open}:
            cells = self.page.tables[-1][-1]
            cells[-1] = _joined(cells[-1], data)


def _joined(text: str, more: str) -> str:
    return re.sub(r"\s+", " ", text + more)


def read_page(path: Path) -> Page:
    """Return the content of a page; a tag that is not closed fails the test."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    assert reader.open == []
    page = reader.page
    page.texts = {name: text.strip() for name, text in page.texts.items()}
    page.tables = [[[cell.strip() for cell in row] for row in rows] for rows in page.tables]
    return page
