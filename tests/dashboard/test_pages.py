"""The pages: every address gives a layout, with words where there is nothing to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dash import Dash, html

from cytorecon.store import StudyStore
from cytorecon.study.model import Patient, Study, Tube
from dashboard import ids
from dashboard.app import create_app
from dashboard.pages import cohort, gates, patient, worklist
from tests.builders import FAILED_TUBE, tube, tube_result
from tests.dashboard.analysis import UPLOADED, instant
from tests.dashboard.rendered import by_id, of_type, parts, text

Layout = Callable[..., html.Div]
LAYOUTS: list[Layout] = [worklist.layout, gates.layout, patient.layout, cohort.layout]


@pytest.fixture(scope="module")
def app_to_read(saved_study: Path) -> Dash:
    return create_app(saved_study, desk=instant())


@pytest.fixture
def request_context(app_to_read: Dash) -> Iterator[None]:
    with app_to_read.server.test_request_context():
        yield


def dashboard_of(study: Study, location: Path, *analysed: Tube) -> Dash:
    with StudyStore.create(location, study, "{}", software_version="0.1.0") as store:
        for own in analysed:
            store.save_tube(own, tube_result(own, UPLOADED))
    return create_app(location, desk=instant())


@pytest.mark.usefixtures("request_context")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_page_ignores_parameters_it_does_not_know(layout: Layout) -> None:
    assert isinstance(layout(utm_source="mail", measure="bogus"), html.Div)


def test_every_page_shows_what_it_is_and_for_what_it_may_be_used(app_to_read: Dash) -> None:
    words = text(app_to_read.layout)
    assert "RESEARCH USE ONLY" in words
    assert "Study  Hand-made example" in words
    assert "version 0.1.0" in words
    assert "Skip to content" in words


@pytest.mark.usefixtures("request_context")
@pytest.mark.parametrize("layout", [gates.layout, patient.layout, cohort.layout])
def test_every_figure_has_a_text_alternative_and_a_table_on_the_page(layout: Layout) -> None:
    page = layout()
    assert of_type(page, "Graph")
    for part in parts(page):
        if getattr(part, "role", None) == "img":
            assert len(str(getattr(part, "aria-label"))) > 30
    assert len(of_type(page, "Table")) >= 1
    assert all(of_type(table, "Caption") for table in of_type(page, "Table"))


@pytest.mark.usefixtures("request_context")
def test_the_worklist_is_filtered_as_the_url_says() -> None:
    page = worklist.layout(search="cut", patient="P02,P77", status="failed")
    assert [row["tube"] for row in by_id(page, ids.WORKLIST_GRID).rowData] == [FAILED_TUBE]
    assert by_id(page, ids.WORKLIST_PATIENTS).value == ["P02"]
    assert by_id(page, ids.WORKLIST_STATUS).value == "failed"
    assert by_id(page, ids.WORKLIST_GRID).dashGridOptions["quickFilterText"] == "cut"
    assert len(by_id(worklist.layout(status="bogus"), ids.WORKLIST_GRID).rowData) == 18


@pytest.mark.usefixtures("request_context")
def test_the_upload_says_its_limit() -> None:
    assert "Up to 25 MB." in text(worklist.layout())


@pytest.mark.usefixtures("request_context")
def test_the_upload_hides_no_file_for_its_name() -> None:
    (upload,) = of_type(worklist.layout(), "Upload")
    assert not hasattr(upload, "accept")


@pytest.mark.usefixtures("request_context")
def test_gates_of_a_failed_tube_are_its_message() -> None:
    words = text(gates.layout(tube=FAILED_TUBE))
    assert "✕ P02/d60/1: failed" in words
    assert "The file ends before its data do." in words


@pytest.mark.usefixtures("request_context")
def test_gates_of_a_tube_that_is_not_there() -> None:
    assert "There is no tube P09/d1/1 in this study." in text(gates.layout(tube="P09/d1/1"))


@pytest.mark.usefixtures("request_context")
def test_gates_show_the_picture_that_is_asked_for() -> None:
    page = gates.layout(tube="P02/d180/1", gate="CD19")
    (graph,) = of_type(page, "Graph")
    assert "Not evaluable" in graph.figure.layout.annotations[0].text
    links = [link.href for link in of_type(page, "Link")]
    assert "/gates?tube=P02/d180/1&gate=CD3" in links


@pytest.mark.usefixtures("request_context")
def test_gates_lead_to_the_patient_of_the_tube() -> None:
    links = {link.children: link.href for link in of_type(gates.layout(tube="P02/d180/1"), "Link")}
    assert links["Trajectory of P02"] == "/patient?patient=P02"


@pytest.mark.usefixtures("request_context")
@pytest.mark.parametrize("layout", [gates.layout, patient.layout, cohort.layout])
def test_what_an_interval_holds_is_said_where_there_is_one(layout: Layout) -> None:
    assert "hold counting and gate error, and those of volumes that the sheet states" in text(layout())


@pytest.mark.usefixtures("request_context")
def test_milestones_have_their_status_and_our_reading() -> None:
    words = text(patient.layout(patient="P01"))
    assert "★ in time" in words
    assert "▲ Rests on a flagged tube: day 180 (count method changed)." in words
    assert "Our reading: The sources name a value, not a confirmation" in words


@pytest.mark.usefixtures("request_context")
def test_a_patient_that_is_not_there() -> None:
    words = text(patient.layout(patient="P77"))
    assert "There is no patient P77 in this study." in words
    assert "Patients: P01, P02, P03." in words


@pytest.mark.usefixtures("request_context")
def test_the_patient_page_is_drawn_as_the_url_says() -> None:
    page = patient.layout(
        patient="P02", measure="percent_of_lymphocytes", time="linear", populations="CD4_T,B"
    )
    assert by_id(page, ids.PATIENT_MEASURE).value == "percent_of_lymphocytes"
    assert by_id(page, ids.PATIENT_POPULATIONS).value == ["CD4_T", "B"]
    assert by_id(page, ids.PATIENT_TIME).value == "linear"
    assert "yaxis3" in by_id(page, "patient-figure").figure.layout
    assert "yaxis4" not in by_id(page, "patient-figure").figure.layout


def test_one_visit_is_a_point_and_is_said_to_be_no_trajectory(tmp_path: Path) -> None:
    own = tube("P01", 30)
    app = dashboard_of(Study(name="one", patients=(Patient(patient="P01"),), tubes=(own,)), tmp_path, own)
    with app.server.test_request_context():
        words = text(patient.layout())
    assert "One visit only: a trajectory needs 2." in words


def test_an_empty_study_says_what_to_do(tmp_path: Path) -> None:
    app = dashboard_of(Study(name="empty", patients=(), tubes=()), tmp_path)
    with app.server.test_request_context():
        assert "No tubes yet" in text(worklist.layout())
        assert "No tubes yet" in text(gates.layout())
        assert "No patients yet" in text(patient.layout())
        assert "No results yet" in text(cohort.layout())


def test_a_study_that_was_not_analysed_yet_says_so(tmp_path: Path) -> None:
    own = tube("P01", 30)
    app = dashboard_of(Study(name="new", patients=(Patient(patient="P01"),), tubes=(own,)), tmp_path)
    with app.server.test_request_context():
        assert "This tube has not been analysed yet." in text(gates.layout())
        assert "None of this patient's tubes has a result." in text(patient.layout())


def test_two_dashboards_in_one_process_keep_their_studies_apart(saved_study: Path, tmp_path: Path) -> None:
    first = create_app(saved_study, desk=instant())
    second = dashboard_of(Study(name="empty", patients=(), tubes=()), tmp_path)
    with first.server.test_request_context():
        assert "18 tubes of 3 patients" in text(worklist.layout())
    with second.server.test_request_context():
        assert "0 tubes of 0 patients" in text(worklist.layout())
