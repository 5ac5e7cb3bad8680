"""Sections beside a patient's counts: the programme, readouts, due tests."""

from __future__ import annotations

from dash import html

from dashboard.components.basics import Child, data_table, section, unbroken
from dashboard.services.besides import Besides


def besides_sections(shown: Besides) -> list[html.Section]:
    """Return the sections that have something to show."""
    found = []
    if shown.programme is not None:
        ratios: list[Child] = [
            html.Li([html.B(name), f": {value}"]) for name, value in shown.programme.ratios
        ]
        found.append(
            section(
                "What this programme looks at",
                html.P(unbroken(f"{shown.programme.clock} {shown.programme.text}")),
                html.Ul(ratios, className="small") if ratios else None,
                html.P(shown.programme.source, className="caption"),
            )
        )
    if shown.readouts:
        head = ("Readout", "Latest", "Day", "Remark", "Earlier (day: value)")
        body = [(row.name, row.latest, row.day, row.remark, row.earlier) for row in shown.readouts]
        table = data_table("Readouts from outside of the cytometer", head, body, numeric=range(1, 3))
        found.append(section("From outside of the cytometer", table))
    if shown.due:
        rows = [(row.test, row.when, row.because) for row in shown.due]
        found.append(
            section(
                "Due by a published schedule",
                data_table("Tests that are due", ("Test", "Due", "Because"), rows, numeric=range(0)),
                html.P(f"{shown.due[0].source}. It is no advice; a day may lie ahead.", className="caption"),
            )
        )
    return found
