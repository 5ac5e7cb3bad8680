"""A figure in the making: parts are collected and handed to plotly once.

``Figure.add_annotation`` copies and validates everything that is already there, so a page of small
multiples would take seconds; made at once it takes tens of milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import plotly.graph_objects as go

from cytorecon.figures.harmless import harmless


@dataclass(slots=True)
class Drawing:
    """Traces, shapes, annotations and layout of one figure, as plotly names them.

    Examples
    --------
    >>> drawing = Drawing({"height": 300})
    >>> drawing.scatter(x=[1, 2], y=[3, 4])
    >>> drawing.note(text="hello", x=1, y=3)
    >>> figure = drawing.figure()
    >>> len(figure.data), figure.layout.annotations[0].text
    (1, 'hello')
    """

    layout: dict[str, object] = field(default_factory=dict)
    _traces: list[Mapping[str, object]] = field(default_factory=list)
    _shapes: list[Mapping[str, object]] = field(default_factory=list)
    _notes: list[Mapping[str, object]] = field(default_factory=list)

    def scatter(self, **trace: object) -> None:
        """Add a scatter trace."""
        self._traces.append({"type": "scatter", **trace})

    def bar(self, **trace: object) -> None:
        """Add a bar trace."""
        self._traces.append({"type": "bar", **trace})

    def shape(self, **shape: object) -> None:
        """Add a shape."""
        self._shapes.append(shape)

    def note(self, **annotation: object) -> None:
        """Add a text without an arrow."""
        self._notes.append({"showarrow": False, **annotation})

    def figure(self) -> go.Figure:
        """Return the figure; plotly checks names and values, and no text is a foreign tag."""
        layout = {**self.layout, "shapes": self._shapes, "annotations": self._notes}
        return go.Figure(data=harmless(self._traces), layout=harmless(layout))
