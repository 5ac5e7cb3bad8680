"""The form for what is not known about a patient."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html

from cytorecon.knowledge.programmes import UNKNOWN_PROGRAMME, load_programmes
from cytorecon.study.model import Patient
from dashboard import ids
from dashboard.components.basics import Child, section, with_aria
from dashboard.components.upload_form import choice_input, number_input
from dashboard.services.completion import SEROLOGIES, unknown_facts
from dashboard.services.upload_checks import SEXES


def completion_form(patient: Patient) -> Child:
    """Return the form, with the fields of what is not known; nothing when all is known.

    The other fields are there too, hidden and empty: the callback asks for all of them.
    """
    unknown = unknown_facts(patient)
    if not unknown:
        return None
    programmes = [
        (row.programme, row.name)
        for row in load_programmes().programmes
        if row.programme != UNKNOWN_PROGRAMME
    ]
    sexes = [(sex, sex) for sex in SEXES[1:]]
    serologies = [(serology, serology) for serology in SEROLOGIES[1:]]
    fields = {
        "age": number_input(ids.COMPLETE_AGE, "Age", "years, on day 0"),
        "sex": choice_input(ids.COMPLETE_SEX, "Sex", "as for reference ranges", sexes),
        "programme": choice_input(ids.COMPLETE_PROGRAMME, "Programme", "what day 0 is", programmes),
        "cmv": choice_input(ids.COMPLETE_CMV, "CMV antibodies", "of the recipient", serologies),
    }
    return section(
        "Not known yet",
        html.Div(
            "Reference ranges need the age, some of them CMV antibodies, milestones the programme. "
            "What is stored here stays; a sheet that says otherwise wins at the next batch.",
            className="muted small",
        ),
        html.Div(
            [html.Div(field, hidden=name not in unknown) for name, field in fields.items()],
            className="form-row",
        ),
        dmc.Button("Save", id=ids.COMPLETE_SAVE, size="xs", variant="default"),
        with_aria(html.Div(id=ids.COMPLETE_MESSAGE, className="caution small"), live="polite"),
    )
