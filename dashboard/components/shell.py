"""The frame around every page: brand, study, version, navigation and the place for errors."""

from __future__ import annotations

from typing import Final

import dash
import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import ids

#: (path, name) of the pages in the order of the navigation.
PAGES: Final = (
    ("/", "Worklist"),
    ("/gates", "Gates"),
    ("/patient", "Patient"),
    ("/cohort", "Cohort"),
)
RESEARCH_USE: Final = "RESEARCH USE ONLY"
_THEME: Final = {
    "primaryColor": "blue",
    "defaultRadius": "sm",
    "fontFamily": "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif",
}


def shell(study_name: str, version: str) -> dmc.MantineProvider:
    """Return the layout of the application.

    Parameters
    ----------
    study_name : str
        Name of the study that is served.
    version : str
        Version of the software.
    """
    return dmc.MantineProvider(
        theme=_THEME,
        forceColorScheme="light",
        children=[
            html.A("Skip to content", href="#main", className="skip-link"),
            dcc.Store(id=ids.STUDY_CHANGED, data=0),
            dcc.Location(id=ids.ADDRESS, refresh=False),
            dmc.AppShell(
                header={"height": 58},
                navbar={"width": 168, "breakpoint": "sm"},
                padding="md",
                children=[
                    dmc.AppShellHeader(_header(study_name, version), px="md"),
                    dmc.AppShellNavbar(_navigation(), p="xs", **{"aria-label": "Pages"}),
                    dmc.AppShellMain(
                        html.Div(
                            [html.Div(id=ids.ERROR, role="alert"), dash.page_container],
                            id="main",
                            tabIndex=-1,
                            className="content",
                        )
                    ),
                ],
            ),
        ],
    )


def _header(study_name: str, version: str) -> dmc.Group:
    return dmc.Group(
        h="100%",
        justify="space-between",
        wrap="nowrap",
        children=[
            dmc.Group(
                gap="sm",
                wrap="nowrap",
                children=[
                    html.A("cytorecon", href="/", className="brand"),
                    html.Span(RESEARCH_USE, className="research-mark"),
                ],
            ),
            dmc.Group(
                gap="lg",
                wrap="nowrap",
                children=[
                    html.Span([html.Span("Study ", className="muted"), study_name], className="study-name"),
                    html.Span(f"version {version}", className="muted"),
                ],
            ),
        ],
    )


def _navigation() -> list[dmc.NavLink]:
    return [
        dmc.NavLink(id=f"{ids.NAVIGATION}{path}", label=name, href=path, active="exact", variant="light")
        for path, name in PAGES
    ]


def error_alert(message: str) -> dmc.Alert:
    """Return an error for people: what happened and what to try."""
    return dmc.Alert(message, title="This did not work", color="red", withCloseButton=True, mb="md")
