"""Small parts that several pages share: headings, empty states, cards, tables, figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from cytorecon.study.given import Basis
from dashboard.services.patients import Card

_TONES: Final = {"good": "teal", "watch": "orange", "plain": "gray"}
_FIGURE_CONFIG: Final[Any] = {
    "displaylogo": False,
    "responsive": True,
    "scrollZoom": False,
    # named one by one: a newer plotly must not bring a button that sends the figure elsewhere
    "modeBarButtons": [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
    "toImageButtonOptions": {"format": "svg"},
}

#: So often the page asks how far an analysis is, ms. While it waits for an answer it does not ask again:
#: the browser drops answers to questions that were asked anew, and a slow server would never be heard.
TICK_MS: Final = 1000
WAITING_MS: Final = 3_600_000
_NO_CHANGES: Final[Mapping[str, object]] = {}

#: Stands wherever a 95 % interval does.
INTERVAL_NOTE: Final = (
    "Intervals (95 %) hold counting and gate error, and those of volumes that the sheet states, "
    "not staining or the draw itself."
)

_GIVEN_NOTE: Final = (
    "Intervals (95 %) are those of the table of counts, which were given and not made here; a value without "
    "one has none."
)


def interval_note(basis: Basis) -> str:
    """Return what the 95 % intervals of numbers that rest on `basis` hold."""
    if basis == "gated":
        return INTERVAL_NOTE
    if basis == "given":
        return _GIVEN_NOTE
    return f"{INTERVAL_NOTE} Of tubes that were given as a table: {_GIVEN_NOTE}"


#: Stands wherever a table gives results below the LLOQ beside their intervals.
LLOQ_NOTE: Final = (
    "< and a number: fewer cells than can be counted reliably in this tube (that number is its LLOQ), so "
    "none is given; the interval is what the few events allow, and may reach above the LLOQ."
)

Child = Component | str | None


Labelled = TypeVar("Labelled", bound=Component)


def with_aria(component: Labelled, **attributes: str) -> Labelled:
    """Return `component` with ARIA attributes, e.g. ``label="Patients"`` for ``aria-label``."""
    for name, value in attributes.items():
        setattr(component, f"aria-{name}", value)
    return component


def page_head(title: Child, *controls: Component, subtitle: Child = None) -> html.Div:
    """Return the heading of a page with its controls on the right."""
    heading: list[Child] = [html.H1(title, className="page-title")]
    if subtitle is not None:
        heading.append(html.Div(subtitle, className="page-subtitle"))
    return html.Div(
        [html.Div(heading), html.Div(list(controls), className="page-controls")], className="page-head"
    )


def empty_state(title: str, hint: str) -> html.Div:
    """Return a calm sentence where there is nothing to show, and what to do about it."""
    return html.Div(
        [html.Div(title, className="empty-title"), html.Div(hint, className="muted")],
        className="panel empty-state",
        role="status",
    )


def section(title: str, *children: Child, aside: Child = None) -> html.Section:
    """Return a titled card of a page."""
    head = html.Div([html.H2(title, className="section-title"), aside], className="section-head")
    return html.Section([head, *children], className="panel")


def deferred(name: str, asked: str, about: str | list[str]) -> html.Div:
    """Return the place of a part that takes a moment: a callback fills it after the page is shown.

    Parameters
    ----------
    name : str
        Identifier of the place.
    asked : str
        Identifier of the store that says what is wanted.
    about : str or list of str
        What is wanted.
    """
    waiting = html.Div("Computing …", className="panel muted", role="status")
    return html.Div([dcc.Store(id=asked, data=about), html.Div(waiting, id=name)])


def summary_cards(cards: Sequence[Card]) -> html.Div:
    """Return summary cards in one row."""
    return html.Div([_card(card) for card in cards], className="cards")


def _card(card: Card) -> html.Div:
    badge = dmc.Badge(
        card.note,
        color=_TONES[card.tone],
        variant="light",
        size="sm",
        tt="none",
        # a note is read whole, on two lines if need be
        styles={"root": {"height": "auto"}, "label": {"whiteSpace": "normal", "overflow": "visible"}},
    )
    note = badge if card.note and card.tone != "plain" else html.Div(card.note, className="muted small")
    return html.Div(
        [html.Div(card.title, className="card-title"), html.Div(card.value, className="card-value"), note],
        className="panel card",
    )


def figure_graph(
    figure: go.Figure, *, name: str, label: str, changes: Mapping[str, object] = _NO_CHANGES
) -> html.Div:
    """Return a figure with a text alternative.

    Parameters
    ----------
    figure : Figure
        Its height is kept, its width follows the page.
    name : str
        Identifier of the graph.
    label : str
        What the figure shows, for screen readers; its numbers are in the table beside it.
    changes : mapping, optional
        Settings of plotly that let people change something in the figure.
    """
    config: Any = {**_FIGURE_CONFIG, **changes}
    graph = dcc.Graph(id=name, figure=figure, config=config, style={"height": figure.layout.height})
    return with_aria(html.Div(graph, role="group" if changes else "img"), label=label)


def data_table(
    caption: str,
    head: Sequence[str],
    rows: Sequence[Sequence[Child]],
    *,
    numeric: range,
    compact: bool = False,
) -> html.Div:
    """Return a plain table.

    Parameters
    ----------
    caption : str
        What the table shows, read out by screen readers.
    head : sequence of str
        Column titles.
    rows : sequence of sequences
        Cells; the first of each row is its heading.
    numeric : range
        Columns that are aligned to the right.
    compact : bool
        Keep every cell but the last of a row on one line.
    """

    def look(column: int) -> str:
        return "numeric" if column in numeric else ""

    body = [
        html.Tr(
            [
                html.Th(cell, scope="row") if column == 0 else html.Td(cell, className=look(column))
                for column, cell in enumerate(row)
            ]
        )
        for row in rows
    ]
    titles = html.Tr(
        [html.Th(title, scope="col", className=look(column)) for column, title in enumerate(head)]
    )
    table = html.Table(
        [html.Caption(caption, className="visually-hidden"), html.Thead(titles), html.Tbody(body)],
        className="data-table compact" if compact else "data-table",
    )
    return with_aria(html.Div(table, className="table-scroll", tabIndex=0, role="region"), label=caption)


def unbroken(text: str) -> str:
    """Return text in which no line ends before or after the slash of ``200/µL`` (word joiners)."""
    return text.replace("/µL", "\u2060/\u2060µL")


def csv_button(name: str, what: str) -> dmc.Button:
    """Return the button that downloads the numbers of a page."""
    button = dmc.Button("Download CSV", id=name, variant="default", size="xs")
    return with_aria(button, label=f"Download {what} as CSV")
