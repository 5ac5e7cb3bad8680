"""Callbacks, called as the functions they are."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import pytest
from dash import Dash, no_update
from dash._callback_context import context_value
from dash._utils import AttributeDict
from dash.exceptions import PreventUpdate

from dashboard import ids
from dashboard.callbacks.cohort import show_cohort
from dashboard.callbacks.navigation import (
    download_cohort,
    download_patient,
    gates_search,
    links_of_patient,
)
from dashboard.callbacks.patient import show_patient
from dashboard.callbacks.upload import (
    list_uploads,
    open_drawer,
    remove_or_restore,
    tell_file,
    tell_patient,
)
from dashboard.callbacks.worklist import filter_worklist, open_gates
from dashboard.services.study import current_study
from tests.builders import FAILED_TUBE
from tests.dashboard.rendered import by_id, of_type, text
from tests.dashboard.uploading import BEADS, press_analyse

FCS = "data:;base64," + base64.b64encode(b"FCS3.1 whatever").decode()
BROKEN = "data:;base64," + base64.b64encode(b"FCS3.1 broken").decode()

Trigger = Callable[[str], None]


@pytest.fixture(autouse=True)
def request_context(app: Dash) -> Iterator[None]:
    with app.server.test_request_context():
        yield


@pytest.fixture
def trigger() -> Iterator[Trigger]:
    """Say which control was used, as Dash does."""
    token = context_value.set(AttributeDict(triggered_inputs=[]))

    def used(prop_id: str) -> None:
        context_value.set(AttributeDict(triggered_inputs=[{"prop_id": prop_id}]))

    yield used
    context_value.reset(token)


@pytest.mark.parametrize(
    ("search", "links"),
    [
        ("?tube=P02/d30/1&gate=CD3", ("/patient?patient=P02", "/gates?tube=P02/d30/1")),
        ("?patient=P02&time=linear", ("/patient?patient=P02", "/gates?tube=P02/d365/1")),
        ("?tube=P09/d1/1", ("/patient", "/gates")),
        ("", ("/patient", "/gates")),
        (None, ("/patient", "/gates")),
    ],
)
def test_the_navigation_keeps_the_patient(search: str | None, links: tuple[str, str]) -> None:
    assert links_of_patient(search) == links


def test_a_control_of_the_patient_page_redraws_it_and_writes_the_url(trigger: Trigger) -> None:
    trigger(f"{ids.PATIENT_TIME}.value")
    content, heading, search, patient, *_, populations, _ = show_patient(
        "", "P02", "cells_per_ul", "linear", ["CD4_T"], True, "/patient"
    )
    assert heading == "P02 · recovery after HCT"
    assert search == "?patient=P02&measure=cells_per_ul&time=linear&populations=CD4_T"
    assert (patient, populations) == ("P02", ["CD4_T"])
    assert by_id(content, "patient-figure").figure.layout.xaxis.range[1] > 365


def test_another_measure_starts_with_its_usual_populations(trigger: Trigger) -> None:
    trigger(f"{ids.PATIENT_MEASURE}.value")
    *_, populations, _ = show_patient("", "P02", "percent_of_leukocytes", "sqrt", ["CD4_T"], True, "/patient")
    assert populations[:2] == ["lymphocytes", "granulocytes"]
    trigger(f"{ids.COHORT_MEASURE}.value")
    _, search, *_ = show_cohort("", "ratio", "sqrt", ["CD4_T"], "P01", "cd4_200", "/cohort")
    assert search == "?patient=P01&measure=ratio&time=sqrt&populations=CD4_CD8_ratio&milestone=cd4_200"


def test_the_url_sets_the_controls_and_is_left_as_it_is(trigger: Trigger) -> None:
    trigger(f"{ids.PATIENT_URL}.search")
    _, heading, search, patient, _, measure, time, *_ = show_patient(
        "?patient=P03&time=linear", "P01", "cells_per_ul", "sqrt", ["B"], True, "/patient"
    )
    assert (heading, search, patient, time) == ("P03 · recovery after HCT", no_update, "P03", "linear")
    assert measure == "cells_per_ul"
    trigger(f"{ids.COHORT_URL}.search")
    _, search, *_, highlight, _ = show_cohort(
        "?patient=P03", "cells_per_ul", "sqrt", ["B"], None, "cd4_200", "/cohort"
    )
    assert (search, highlight) == (no_update, "P03")


@pytest.mark.parametrize(
    ("search", "pathname"),
    [
        ("?patient=P01&populations=B", "/patient"),  # what the controls show already
        ("", "/cohort"),  # on the way to another page
        ("?patient=P77", "/patient"),  # the page says that there is no such patient
    ],
)
def test_a_url_that_changes_nothing_draws_nothing(trigger: Trigger, search: str, pathname: str) -> None:
    trigger(f"{ids.PATIENT_URL}.search")
    with pytest.raises(PreventUpdate):
        show_patient(search, "P01", "cells_per_ul", "sqrt", ["B"], True, pathname)


def test_a_cohort_that_is_shown_already_is_not_drawn_again(trigger: Trigger) -> None:
    trigger(f"{ids.COHORT_URL}.search")
    for search, pathname in (("?populations=B&milestone=cd4_200", "/cohort"), ("", "/")):
        with pytest.raises(PreventUpdate):
            show_cohort(search, "cells_per_ul", "sqrt", ["B"], None, "cd4_200", pathname)


def test_a_chosen_tube_is_in_the_url() -> None:
    assert gates_search("P01/d30/1") == "?tube=P01/d30/1"
    assert gates_search(None) is no_update


def test_downloads_are_named_by_pseudonym() -> None:
    sent = download_patient(1, "P02")
    assert isinstance(sent, dict)
    assert sent["filename"] == "trajectory_P02.csv"
    assert str(sent["content"]).startswith("patient,days_after_transplant,")
    assert download_patient(None, "P02") is no_update
    assert download_cohort(None) is no_update
    whole = download_cohort(1)
    assert isinstance(whole, dict)
    assert str(whole["content"]).startswith("window,target_day,")


def test_filters_give_rows_summary_and_url() -> None:
    rows, options, summary, search = filter_worklist("cut", ["P02"], "failed", 0)
    assert [row["tube"] for row in rows] == [FAILED_TUBE]
    assert options.to_plotly_json()["operations"][0]["params"]["value"] == "cut"
    assert summary == "18 tubes of 3 patients · 2 to look at · 1 failed"
    assert search == "?search=cut&patient=P02&status=failed"


def test_a_click_on_a_row_opens_its_gates_and_the_link_does_it_itself() -> None:
    assert open_gates({"colId": "events", "rowId": "P01/d30/1"}, None) == "/gates?tube=P01/d30/1"
    assert open_gates({"colId": "tube", "rowId": "P01/d30/1"}, None) is no_update
    assert open_gates(None, None) is no_update


def test_the_drawer_opens_on_a_click_only() -> None:
    assert open_drawer(1) is True
    assert open_drawer(None) is no_update


def test_a_chosen_file_is_checked_at_once() -> None:
    assert tell_file(None) == ""
    assert tell_file(FCS).startswith("● File ready")
    assert tell_file("data:;base64,AAAA").startswith("✕ This is not an FCS file")
    archive = "data:;base64," + base64.b64encode(b"PK\x03\x04 and so on").decode()
    assert tell_file(archive).startswith("✕ This is a zip archive, which is not unpacked here.")


def test_an_analysis_is_stored_and_told() -> None:
    message, file_state, contents, revision, job, poll_off, *errors = press_analyse(
        FCS, patient=" P01 ", day=400, visit="", lymphocytes_cells_per_ul="", **BEADS
    )
    assert "P01/d400/1" in text(message)
    assert [link.href for link in of_type(message, "Link")] == [
        "/gates?tube=P01/d400/1",
        "/patient?patient=P01",
    ]
    assert (file_state, contents, job, poll_off, set(errors)) == ("", None, "ingest-0", False, {None})
    assert revision == current_study().store.revision()


def test_mistakes_are_told_at_their_fields() -> None:
    message, file_state, _, revision, _, _, *errors = press_analyse(
        None, patient="", panel="tbnk", beads_per_tube=50_000
    )
    assert text(message) == "Nothing was stored Check the marked fields."
    assert file_state == "Choose an FCS file."
    assert revision is no_update
    assert [error is not None for error in errors] == [
        *(False, True, True, False, False, True, False, False),
        *(False, False, False, False),
        *(False, False, False, False),
    ]


def test_a_name_in_a_field_for_numbers_is_a_mistake_that_nobody_quotes() -> None:
    message, file_state, _, revision, _, _, *errors = press_analyse(
        FCS, patient="P99", panel="tbnk", wbc_cells_per_ul="-", wbc_cv_percent="40",
        lymphocytes_cv_percent="51", visit="Maria", day="Maria", beads_per_tube="Maria",
        blood_volume_ul="Maria", lymphocytes_cells_per_ul="Maria",
        age_years="Maria", pipetting_cv_percent="Maria",
    )  # fmt: skip
    assert text(message) == "Nothing was stored Check the marked fields."
    assert revision is no_update
    assert [error is not None for error in errors] == [
        *(True, False, True, False, True, True, True, True),
        *(True, False, False, False),
        *(True, False, False, True),
    ]
    assert file_state == tell_file(FCS)  # it stays chosen
    assert file_state.startswith("● File ready")
    assert "Maria" not in " ".join(str(error) for error in errors)


def test_a_new_patient_is_asked_for_what_a_known_one_is_not() -> None:
    assert tell_patient("P01", 0) == (
        (
            "P01 is in this study: 34 years on day 0, female, allogeneic stem-cell transplantation, "
            "CMV not known. Fill it in on the patient page."
        ),
        True,
    )
    assert tell_patient("P9", 0) == ("", False)
    assert tell_patient(None, 0) == ("", True)
    press_analyse(
        FCS, patient="P99", day=30, panel="tbnk", age_years=0.75, sex="female", programme="scid_hsct", by="AB"
    )
    known, hidden = tell_patient(" P99 ", 1)
    assert hidden
    assert known == (
        "P99 is in this study: 9 months on day 0, female, transplantation for severe combined "
        "immunodeficiency, CMV not known. Fill it in on the patient page."
    )


def test_when_only_the_file_is_wrong_the_message_says_so() -> None:
    message, *_ = press_analyse(None, patient="P01", day=3, panel="tbnk")
    assert text(message) == "Nothing was stored Choose an FCS file."


def test_a_file_that_cannot_be_analysed_is_told_with_its_reason() -> None:
    before = current_study().store.revision()
    message, _, _, revision, *_ = press_analyse(BROKEN, patient="P01", day=3, panel="tbnk")
    assert text(message) == "Nothing was stored The file ends before its data do."
    assert revision == before


def test_an_upload_is_listed_removed_and_restored(trigger: Trigger) -> None:
    press_analyse(FCS, patient="P99", day=400, panel="tbnk")
    listed, patients = list_uploads(1)
    assert "P99/d400/1" in text(listed)
    assert patients == ["P01", "P02", "P03", "P99"]
    trigger('{"tube":"P99/d400/1","type":"remove-upload"}.n_clicks')
    message, revision = remove_or_restore([1], [])
    assert message == "P99/d400/1 was removed. It can be restored."
    assert revision == current_study().store.revision()
    assert "Restore" in text(list_uploads(2)[0])
    trigger('{"tube":"P99/d400/1","type":"restore-upload"}.n_clicks')
    assert remove_or_restore([], [1])[0] == "P99/d400/1 was restored."


def test_buttons_that_were_only_drawn_do_nothing(trigger: Trigger) -> None:
    trigger('{"tube":"P01/d400/1","type":"remove-upload"}.n_clicks')
    assert remove_or_restore([None], [None]) == (no_update, no_update)
