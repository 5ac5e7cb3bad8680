"""How far uploads are: queued, running, done, failed, cancelled; after a reload and for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from dash import Dash, no_update
from dash._callback_context import context_value
from dash._utils import AttributeDict

from cytorecon.errors import CytoreconError
from cytorecon.jobs.model import Job, Outcome, Request, State
from cytorecon.study.model import Tube
from dashboard.callbacks.upload import cancel_or_retry, look_after
from dashboard.pages.worklist import layout
from dashboard.services.study import StudyService, current_study
from dashboard.services.upload_jobs import (
    UploadState,
    cancel_upload,
    find_upload,
    retry_upload,
    uploads_on_their_way,
)
from dashboard.services.uploads import upload
from tests.dashboard.analysis import InstantDesk, uploaded
from tests.dashboard.rendered import by_id, text
from tests.dashboard.test_uploads import FORM, data_url

TUBE = Tube(tube="P01/d400/1", patient="P01", day=400)
REASON = Outcome(done=False, message="No CD3. Say which channel it is with --map CD3=CHANNEL.")


def job(state: State, *, file: str = "ab" * 32, stage: str = "", name: str = "ingest-7") -> Job:
    request = Request(kind="ingest", tube=TUBE, file_sha256=file)
    outcome = REASON if state == "failed" else None
    return Job(id=name, request=request, state=state, stage=stage, outcome=outcome)


def desk_of(service: StudyService) -> InstantDesk:
    assert isinstance(service.desk, InstantDesk)
    return service.desk


@pytest.fixture
def on_page(app: Dash) -> Iterator[StudyService]:
    """The study of a running dashboard, in a request."""
    with app.server.test_request_context():
        yield current_study()


@pytest.mark.parametrize(
    ("state", "stage", "message"),
    [
        ("queued", "", "It waits for a worker."),
        ("running", "gating", "gating"),
        ("failed", "", "No CD3. Ask the person who runs the batch to give --map CD3=CHANNEL."),
    ],
)
def test_what_is_on_its_way_is_listed(service: StudyService, state: State, stage: str, message: str) -> None:
    desk_of(service).put(job(state, stage=stage))
    assert uploads_on_their_way(service) == (UploadState("ingest-7", "P01/d400/1", "P01", state, message),)


def test_what_is_done_or_cancelled_is_not_on_its_way(service: StudyService) -> None:
    uploaded(service, FORM)
    desk_of(service).put(job("cancelled"))
    desk_of(service).put(job("done", name="report-1").model_copy(update={"request": Request(kind="report")}))
    assert uploads_on_their_way(service) == ()


def test_a_failed_file_that_came_again_is_not_listed(service: StudyService) -> None:
    uploaded(service, FORM)
    (file, *_) = set(service.store.done().values())
    desk_of(service).put(job("failed", file=file))
    assert uploads_on_their_way(service) == ()


def test_the_newest_failures_are_listed(service: StudyService) -> None:
    for number in range(15):
        desk_of(service).put(job("failed", name=f"ingest-{number}", file=f"{number:064x}"))
    assert [state.job for state in uploads_on_their_way(service)] == [f"ingest-{n}" for n in range(5, 15)]


def test_a_file_that_waits_is_told_and_takes_its_name(service: StudyService) -> None:
    first = upload(service, FORM).job
    assert first is not None
    service.store.remove_tube(first.request.subject, reason="as if it was not stored yet")
    desk_of(service).put(first.model_copy(update={"state": "running", "outcome": None}))
    assert upload(service, FORM).problems == (
        ("contents", "This file is being analysed already: tube P01/d400/1."),
    )
    desk_of(service).put(job("queued", file="cd" * 32).model_copy(update={"id": "ingest-8"}))
    other = replace(FORM, day=400, contents=data_url(b"FCS3.1 other"))
    assert uploaded(service, other).tube == "P01/d400/2"


def test_a_job_is_found_by_the_name_of_its_first_attempt(service: StudyService) -> None:
    desk_of(service).put(job("queued", name="ingest-7-2"))
    found = find_upload(service, "ingest-7")
    assert found is not None
    assert found.job == "ingest-7-2"
    assert find_upload(service, "ingest-8") is None


def test_a_tube_that_went_with_its_patient_is_told(service: StudyService) -> None:
    done = job("done").model_copy(update={"outcome": Outcome(done=True, message="", tube="P77/d1/1")})
    desk_of(service).put(done)
    found = find_upload(service, "ingest-7")
    assert found is not None
    assert found.message == "It was analysed, and taken out of the study since."


def test_an_upload_is_cancelled_and_tried_again(service: StudyService) -> None:
    desk_of(service).put(job("queued"))
    assert cancel_upload(service, "ingest-7") == "The analysis was cancelled."
    assert uploads_on_their_way(service) == ()
    assert retry_upload(service, "ingest-7") == "It is analysed again."
    assert [state.state for state in uploads_on_their_way(service)] == ["queued"]


def test_what_cannot_be_cancelled_any_more_is_said(
    service: StudyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(_desk: InstantDesk, _name: str) -> Job:
        raise CytoreconError("This job cannot be cancelled.", found="a job that is done")

    monkeypatch.setattr(InstantDesk, "cancel", too_late)
    monkeypatch.setattr(InstantDesk, "retry", too_late)
    words = "This job cannot be cancelled. Found: a job that is done."
    assert cancel_upload(service, "ingest-7") == retry_upload(service, "ingest-7") == words


def test_a_page_that_is_loaded_again_shows_what_is_on_its_way_and_keeps_asking(on_page: StudyService) -> None:
    assert by_id(layout(), "upload-poll").disabled is True
    desk_of(on_page).put(job("running", stage="gating"))
    page = layout()
    assert by_id(page, "upload-poll").disabled is False
    assert text(by_id(page, "uploads-list")) == "Uploads P01/d400/1 being analysed: gating Cancel"


def test_the_page_asks_until_nothing_is_on_its_way(on_page: StudyService) -> None:
    revision = on_page.store.revision()
    desk_of(on_page).put(job("queued"))
    message, listed, changed, is_over = look_after(1, "ingest-7", revision)
    assert text(message) == (
        "Queued P01/d400/1: It waits for a worker. You can go on; the page may be closed."
    )
    assert "Cancel" in text(listed)
    assert (changed, is_over) == (no_update, False)
    desk_of(on_page).put(job("cancelled"))
    message, _, _, is_over = look_after(2, "ingest-7", revision)
    assert (text(message), is_over) == ("Cancelled P01/d400/1 was not stored.", True)
    state = uploaded(on_page, FORM)
    message, listed, changed, is_over = look_after(3, state.job, revision)
    assert text(message).startswith("Analysed and stored P01/d400/1: 293,212 events")
    assert "Remove" in text(listed)
    assert (changed, is_over) == (on_page.store.revision(), True)
    assert look_after(4, None, on_page.store.revision())[0] is no_update


def test_the_buttons_of_the_list(on_page: StudyService) -> None:
    desk_of(on_page).put(job("queued"))
    pressed = {"prop_id": '{"job":"ingest-7","type":"cancel-upload"}.n_clicks'}
    token = context_value.set(AttributeDict(triggered_inputs=[pressed]))
    try:
        message, listed, is_over = cancel_or_retry([1], [])
        assert (message, is_over) == ("The analysis was cancelled.", False)
        assert "Cancel" not in text(listed)
        assert cancel_or_retry([None], [None]) == (no_update, no_update, no_update)
        context_value.set(
            AttributeDict(triggered_inputs=[{"prop_id": '{"job":"ingest-7","type":"retry-upload"}.n_clicks'}])
        )
        assert cancel_or_retry([], [1])[0] == "It is analysed again."
    finally:
        context_value.reset(token)
