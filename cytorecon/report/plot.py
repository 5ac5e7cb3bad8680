"""A figure as data that a page carries; ``assets/report.js`` draws it."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Plot:
    """One figure of a page.

    Parameters
    ----------
    name : str
        Identifier within the page.
    title, caption : str
        For people.
    height_px : int
        Height of the figure.
    json : Markup
        The figure for a ``<script type="application/json">``.
    """

    name: str
    title: str
    caption: str
    height_px: int
    json: Markup


def plot(figure: go.Figure, *, name: str, title: str, caption: str = "") -> Plot:
    """Return `figure` ready to be put into a page.

    Parameters
    ----------
    figure : Figure
        With a height.
    name, title, caption : str
        See :class:`Plot`.
    """
    return Plot(name, title, caption, int(figure.layout.height), script_json(figure.to_json(validate=False)))


def script_json(text: str) -> Markup:
    r"""Return JSON that cannot end the ``<script>`` it stands in, whatever its strings hold.

    Examples
    --------
    >>> print(script_json('"</script><b>&"'))
    "\u003c/script\u003e\u003cb\u003e\u0026"
    """
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - no character that HTML gives a meaning is left
