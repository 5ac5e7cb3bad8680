"""The declared list of sections."""

from __future__ import annotations

from importlib import resources
from typing import get_args

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.milestones import load_milestone_rules
from cytorecon.knowledge.populations import load_populations
from cytorecon.report import sections
from cytorecon.report.environment import environment
from cytorecon.report.sections import (
    PatientSection,
    SheetSection,
    StudySection,
    TubeSection,
    load_report_spec,
)


def test_the_names_in_the_list_exist() -> None:
    spec = load_report_spec()
    known = load_populations()
    named = (
        *spec.populations,
        *spec.overview_populations,
        *spec.headline_populations,
        *spec.cohort_populations,
    )
    assert [name for name in named if known.find(name) is None] == []
    rules = {rule.milestone for rule in load_milestone_rules().milestones}
    assert set(spec.milestone_figures) <= rules


@pytest.mark.parametrize(
    ("page", "names"),
    [("study", StudySection), ("patient", PatientSection), ("sheet", SheetSection), ("tube", TubeSection)],
)
def test_each_section_has_its_template_and_each_template_its_section(page: str, names: object) -> None:
    found = {name for name in environment().list_templates() if name.startswith(f"{page}/")}
    assert found == {f"{page}/{name}.html.j2" for name in get_args(names)}


def test_the_layout_of_the_pdf_knows_every_section() -> None:
    layout = resources.files("cytorecon.report").joinpath("templates", "patient_sheet.typ")
    text = layout.read_text(encoding="utf-8")
    for name in get_args(SheetSection):
        assert f"{name}: {name}" in text, name


def packaged() -> str:
    return resources.files("cytorecon.knowledge").joinpath("report.yaml").read_text(encoding="utf-8")


def error_of(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> str:
    """Return the message when `old` in the packaged file reads `new`."""
    import yaml

    text = packaged()
    assert old in text
    monkeypatch.setattr(sections, "read_yaml", lambda name: yaml.safe_load(text.replace(old, new, 1)))
    with pytest.raises(KnowledgeError) as caught:
        load_report_spec()
    return str(caught.value)


def test_a_section_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert error_of(monkeypatch, "section: facts", "section: failed") == (
        "report.yaml, study_page: A section is listed twice. Found: failed."
    )


def test_an_unknown_section(monkeypatch: pytest.MonkeyPatch) -> None:
    assert error_of(monkeypatch, "section: facts", "section: weather") == (
        "report.yaml, study_page.0.section: 1 field cannot be used. Found: 'weather'. "
        "Allowed: Input should be 'facts', 'patients', 'failed', 'cohort', 'milestones', 'times', "
        "'landmark', 'comparison', 'areas', 'alike', 'review', 'left_out', 'sheet_remarks', 'downloads' "
        "or 'reading'."
    )


def test_a_field_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert error_of(monkeypatch, "overview_columns: 4", "overview_columns: 4\noverview_colums: 5") == (
        "report.yaml, overview_colums: 1 field cannot be used. Found: 5. Allowed: no field of this name."
    )
