"""Requests that no page of ours sends."""

from __future__ import annotations

import json
import logging

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.security.answers import log_error

CALLBACK = "/_dash-update-component"
OPEN = {
    "output": "upload-drawer.opened",
    "outputs": {"id": "upload-drawer", "property": "opened"},
    "changedPropIds": ["upload-open.n_clicks"],
    "inputs": [{"id": "upload-open", "property": "n_clicks", "value": 1}],
}


@pytest.fixture
def client(app: Dash) -> FlaskClient:
    made: FlaskClient = app.server.test_client()
    return made


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "{}",
        "null",
        '"Maria Muster"',
        '{"output": "Maria.Muster"}',
        json.dumps({**OPEN, "outputs": 5}),
        json.dumps({**OPEN, "inputs": []}),
        json.dumps({**OPEN, "output": "nope.children", "outputs": {"id": "nope", "property": "children"}}),
    ],
)
def test_a_malformed_callback_is_refused_and_leaves_no_trace(
    client: FlaskClient, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.post(CALLBACK, data=body, content_type="application/json")
    assert (answer.status_code, answer.text) == (
        400,
        "This is not a request of a page of the dashboard. Reload the page.\n",
    )
    assert "Traceback" not in caplog.text
    assert "Maria" not in caplog.text


@pytest.mark.parametrize("body", ["", "{"])
def test_what_is_no_json_is_refused(client: FlaskClient, body: str) -> None:
    assert client.post(CALLBACK, data=body, content_type="application/json").status_code == 400


def test_a_callback_as_our_pages_send_it_is_answered(client: FlaskClient) -> None:
    answer = client.post(CALLBACK, json=OPEN)
    assert answer.status_code == 200
    assert json.loads(answer.text)["response"] == {"upload-drawer": {"opened": True}}


@pytest.mark.parametrize("path", ["dash/nope.js", "../x", "dash/dcc/../../x.js", "nope/nope.js"])
def test_a_script_that_is_not_there_is_not_found(
    client: FlaskClient, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get(f"/_dash-component-suites/{path}")
    assert (answer.status_code, answer.text) == (404, "There is no such file.\n")
    assert "Traceback" not in caplog.text


def test_any_other_error_is_told_without_its_words(
    app: Dash, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> str:
        raise KeyError("Maria Muster")

    monkeypatch.setitem(app.server.view_functions, "/_dash-layout", fail)
    with caplog.at_level(logging.ERROR, logger="dashboard"):
        answer = app.server.test_client().get("/_dash-layout")
    assert (answer.status_code, answer.text) == (500, "The server could not answer. Look in its log.\n")
    assert "A request failed. KeyError" in caplog.text
    assert "test_answers.py" in caplog.text
    assert "Maria" not in caplog.text.replace('raise KeyError("Maria Muster")', "")


def test_the_log_says_where_and_which_kind(caplog: pytest.LogCaptureFixture) -> None:
    typed = "Maria"
    try:
        int(typed)
    except ValueError as error:
        log_error("A callback failed.", error)
    assert "A callback failed. ValueError" in caplog.text
    assert "int(typed)" in caplog.text
    assert "Maria" not in caplog.text
