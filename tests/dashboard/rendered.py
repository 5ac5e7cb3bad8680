"""Look into a layout without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dash.development.base_component import Component


def parts(node: object) -> Iterator[Component]:
    """Yield every component of a layout."""
    if isinstance(node, list | tuple):
        for child in node:
            yield from parts(child)
    elif isinstance(node, Component):
        yield node
        for name in ("children", "label", "description", "title"):
            yield from parts(getattr(node, name, None))


def text(node: object) -> str:
    """Return all texts of a layout, separated by spaces."""
    words: list[str] = []

    def collect(item: object) -> None:
        if isinstance(item, str | int | float) and not isinstance(item, bool):
            words.append(str(item))
        elif isinstance(item, list | tuple):
            for child in item:
                collect(child)
        elif isinstance(item, Component):
            for name in ("title", "label", "description", "children"):
                collect(getattr(item, name, None))

    collect(node)
    return " ".join(words)


def by_id(node: object, name: str) -> Any:  # noqa: ANN401 - its properties depend on its type
    """Return the component with this id."""
    return next(part for part in parts(node) if getattr(part, "id", None) == name)


def of_type(node: object, kind: str) -> list[Any]:
    """Return the components of this type, e.g. ``Graph``."""
    return [part for part in parts(node) if type(part).__name__ == kind]
