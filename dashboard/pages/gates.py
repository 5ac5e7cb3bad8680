"""Gates: how one tube was gated, with a density image of each gate."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from cytorecon.results import TubeResult
from cytorecon.study.model import Tube
from dashboard import ids
from dashboard.components.basics import empty_state, page_head
from dashboard.components.gates_view import gates_content
from dashboard.services.decisions import decision_rows, decision_view
from dashboard.services.gates import chosen_gate
from dashboard.services.regating import regate_progress
from dashboard.services.selection import query_string
from dashboard.services.study import StudyService, current_study


def layout(tube: str | None = None, gate: str | None = None, **_unknown: str) -> html.Div:
    """Return the gates of one tube.

    Parameters
    ----------
    tube, gate : str or None
        As they stand in the URL; the first tube, and what needs a look in it, when absent.
    """
    service = current_study()
    study = service.snapshot().study
    names = [known.tube for known in study.tubes]
    wanted = tube or (names[0] if names else "")
    chosen = next((known for known in study.tubes if known.tube == wanted), None)
    groups = [
        {
            "group": patient.patient,
            "items": [known.tube for known in study.tubes if known.patient == patient.patient],
        }
        for patient in study.patients
    ]
    selector = dmc.Select(
        id=ids.GATES_TUBE,
        data=[group for group in groups if group["items"]],
        value=wanted or None,
        searchable=True,
        allowDeselect=False,
        w=220,
        size="sm",
        **{"aria-label": "Tube"},
    )
    if chosen is None:
        hint = "Choose a tube in the list above." if names else "Analyse a file first: see the worklist."
        content = empty_state(f"There is no tube {wanted} in this study." if wanted else "No tubes yet", hint)
    else:
        content = _content(service, service.store.tube_result(chosen.tube), gate or "")
    return html.Div(
        [
            dcc.Location(id=ids.GATES_URL, refresh="callback-nav"),
            page_head(
                "Gates", *_patient_link(chosen), selector, subtitle=_subtitle(wanted if chosen else "")
            ),
            html.Div(content, id=ids.GATES_CONTENT),
        ]
    )


def _content(service: StudyService, result: TubeResult, gate: str) -> html.Div:
    if result.status == "failed":
        return gates_content(result, gate)
    chosen = chosen_gate(result, gate)
    view = decision_view(service, result, chosen) if chosen is not None else None
    return gates_content(
        result, gate, view, decision_rows(service, result), regate_progress(service, result.tube)
    )


def _patient_link(tube: Tube | None) -> tuple[Component, ...]:
    if tube is None:
        return ()
    address = "/patient" + query_string({"patient": tube.patient})
    return (dcc.Link(f"Trajectory of {tube.patient}", href=address, className="page-link"),)


def _subtitle(tube: str) -> str:
    return f"How tube {tube} was gated" if tube else "How a tube was gated"
