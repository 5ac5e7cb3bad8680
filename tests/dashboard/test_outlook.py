"""Where a patient stands, what to expect, the statistics of the cohort, and the second band."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dash import Dash
from dash.exceptions import PreventUpdate

from cytorecon.event_free import event_free_patients
from cytorecon.report.outlook import outlook_view
from cytorecon.report.tables import study_tables
from cytorecon.study.model import ClinicalEvent
from cytorecon.study.result import StudyResult
from dashboard import ids
from dashboard.callbacks.deferred import show_answers, show_outlook
from dashboard.components.answers_view import answers_sections
from dashboard.components.outlook_view import outlook_sections
from dashboard.services.answers import cohort_answers
from dashboard.services.outlooks import patient_outlook
from dashboard.services.patients import band_label, patient_view
from dashboard.services.selection import TrajectorySelection, selection_in_url
from dashboard.services.study import Snapshot, StudyService
from tests.cohort.made import made_cohort
from tests.dashboard.rendered import by_id, of_type, text


@pytest.fixture(scope="module")
def many() -> Snapshot:
    """Return 60 patients; six of the living were seen up to day 120 only."""
    whole = made_cohort(60, seed=3).result
    died = {event.patient for event in whole.study.events}
    living = [patient.patient for patient in whole.study.patients if patient.patient not in died]
    tubes = tuple(tube for tube in whole.study.tubes if tube.patient not in living[:6] or tube.day < 120)
    study = whole.study.model_copy(update={"tubes": tubes})
    return Snapshot(1, StudyResult(study=study, tubes=tuple(whole.tube(one.tube) for one in tubes)), ())


def waiting(snapshot: Snapshot) -> str:
    """Return the first patient who lives and was not seen to the end."""
    died = {event.patient for event in snapshot.study.events}
    last = {tube.patient: tube.day for tube in snapshot.study.tubes}
    return next(patient for patient, day in last.items() if day < 120 and patient not in died)


def test_the_outlook_has_the_numbers_of_the_report(many: Snapshot) -> None:
    patient = waiting(many)
    tables = study_tables(many.result)
    titles = {name: rule.title for name, rule in tables.rules.items()}
    found = patient_outlook(many, patient)
    assert found.outlook == outlook_view(tables.outlook.of(patient), titles)
    assert found.outlook.visits
    words = text(outlook_sections(found))
    for row in found.outlook.visits:
        assert row.cells[0].value in words
        assert row.cells[0].patients in words
    assert found.outlook.rests_on[0][1] in words


def test_models_are_fitted_once_for_all_patients(many: Snapshot) -> None:
    assert many.recovery is many.recovery
    assert {patient for patient, _ in many.recovery.models} == set(many.patients)
    assert {patient for patient, _ in many.recovery.of("P001").models} == {"P001"}


def test_the_profile_is_an_image_with_a_table_beside_it(many: Snapshot) -> None:
    sections = outlook_sections(patient_outlook(many, "P000"))
    image = by_id(sections, "patient-profile")
    assert image.src.startswith("data:image/svg+xml;utf8,%3Csvg")
    assert image.alt == "Immune profile; the same as a table follows."
    assert "CD4 T, cells/µL" in text(sections)


def test_few_patients_get_reasons_in_words(read_only: StudyService) -> None:
    words = text(outlook_sections(patient_outlook(read_only.snapshot(), "P01")))
    assert "No forecast" in words
    assert "not enough patients to pool: 2 of allogeneic stem-cell transplantation" in words
    found = answers_sections(cohort_answers(read_only.snapshot(), "cd4_200"))
    assert of_type(found, "Graph") == []
    for said in (
        "fewer than 5 patients",
        "No survival is given: fewer than 5 patients in one of the two groups.",
        "Not compared: no two groups of the sheet have at least 5 patients.",
        "There are too few patients or columns for a map.",
    ):
        assert said in text(found)


def test_a_study_without_a_milestone_says_so(read_only: StudyService) -> None:
    words = text(answers_sections(cohort_answers(read_only.snapshot(), "")))
    assert "No milestone applies to the patients of this study." in words


def test_the_cohort_has_curves_groups_and_survival(many: Snapshot) -> None:
    found = cohort_answers(many, "cd4_200")
    assert found.figure is not None
    assert [trace.name for trace in found.figure.data if trace.showlegend is None] == [
        "reached the milestone", "first: death", "reached it, as if nothing competed",
    ]  # fmt: skip
    assert [group.by for group in found.groups] == ["sex"]
    assert {row[1] for row in found.groups[0].times.rows} == {"female", "male"}
    assert found.landmark.rows or found.landmark_small
    graphs = {graph.id for graph in of_type(answers_sections(found), "Graph")}
    assert {"incidence-figure", "group-figure-sex"} <= graphs


def test_the_second_band_is_of_event_free_patients_and_can_be_switched_off(many: Snapshot) -> None:
    label = f"event-free recipients of this study, n = {len(event_free_patients(many.study))}"
    assert band_label(many) == label
    shown = patient_view(many, TrajectorySelection(patient="P000"))
    hidden = patient_view(many, TrajectorySelection(patient="P000", band=False))
    assert f"Second band: {label}" in shown.caption
    assert "Second band" not in hidden.caption
    assert "own_band" in {trace.legendgroup for trace in shown.figure.data}
    assert "own_band" not in {trace.legendgroup for trace in hidden.figure.data}
    assert hidden.selection.search.endswith("band=off")
    assert selection_in_url(hidden.selection.search) == hidden.selection
    assert selection_in_url(shown.selection.search) == shown.selection


def test_without_a_band_the_page_says_why(read_only: StudyService, many: Snapshot) -> None:
    few = patient_view(read_only.snapshot(), TrajectorySelection(patient="P01"))
    assert "No band of event-free recipients of this study: of fewer than 5 it is known." in few.caption
    study = many.study.model_copy(update={"events": ()})
    silent = Snapshot(1, many.result.model_copy(update={"study": study}), ())
    view = patient_view(silent, TrajectorySelection(patient="P000"))
    assert "No band of event-free recipients of this study: the sheet lists no events." in view.caption
    assert band_label(silent) == ""


def test_death_ends_the_forecast(many: Snapshot) -> None:
    died = next(event for event in many.study.events if event.kind == "death")
    assert isinstance(died, ClinicalEvent)
    words = text(outlook_sections(patient_outlook(many, died.patient)))
    assert f"death on day {died.start_day} ended the clock" in words


class TestCallbacks:
    @pytest.fixture(autouse=True)
    def request_context(self, app: Dash) -> Iterator[None]:
        with app.server.test_request_context():
            yield

    def test_parts_that_take_a_moment_come_for_what_the_page_asks(self) -> None:
        assert "Where the patient stands" in text(show_outlook("P02"))
        assert "CD4 T above 200/µL, confirmed" in text(show_answers(["cd4_200", ""]))

    def test_nobody_is_asked_about(self) -> None:
        with pytest.raises(PreventUpdate):
            show_outlook("P99")
        with pytest.raises(PreventUpdate):
            show_answers(None)

    def test_pages_ask_for_them(self, app: Dash) -> None:
        names = {key.split(".")[0] for key in app.callback_map}
        assert {ids.PATIENT_OUTLOOK, ids.COHORT_ANSWERS} <= names
