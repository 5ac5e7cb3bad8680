"""The application as a server: headers, limits, errors, ports."""

from __future__ import annotations

import base64
import errno
import hashlib
import logging
import re
import socket
from pathlib import Path

import pytest
from dash import Dash

from cytorecon.errors import CytoreconError, StoreError
from dashboard import serve
from dashboard.app import create_app
from dashboard.services.upload_checks import LIMIT_BYTES
from tests.dashboard.analysis import instant

ASSETS = Path(__file__).resolve().parents[2] / "dashboard" / "assets"


@pytest.fixture(scope="module")
def app_to_read(saved_study: Path) -> Dash:
    return create_app(saved_study, desk=instant())


def test_every_inline_script_has_its_hash_in_the_policy(app_to_read: Dash) -> None:
    answer = app_to_read.server.test_client().get("/patient")
    policy = answer.headers["Content-Security-Policy"]
    page = re.sub(r"<!--.*?-->", "", answer.text, flags=re.DOTALL)
    script_tag = r"<script(?: id=\"_dash-renderer\"[^>]*)?>(.*?)</script>"
    inline = re.findall(script_tag, page, flags=re.DOTALL)
    assert len(inline) == 2
    for script in inline:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "default-src 'self'" in policy
    assert "unsafe-eval" not in policy


def test_nothing_is_loaded_from_elsewhere(app_to_read: Dash) -> None:
    page = app_to_read.server.test_client().get("/").text
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page) == []


def test_patient_data_is_not_kept_by_browsers(app_to_read: Dash) -> None:
    client = app_to_read.server.test_client()
    for address in ("/", "/_dash-layout"):
        headers = client.get(address).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_a_request_larger_than_an_upload_is_refused(app_to_read: Dash) -> None:
    body = b"x" * (LIMIT_BYTES * 4 // 3 + 1_000_001)
    answer = app_to_read.server.test_client().post(
        "/_dash-update-component", data=body, content_type="application/json"
    )
    assert answer.status_code == 413


def test_no_tools_are_offered_to_language_models(app_to_read: Dash) -> None:
    assert not [rule.rule for rule in app_to_read.server.url_map.iter_rules() if "mcp" in rule.rule]


def test_the_browser_knows_the_same_upload_limit() -> None:
    script = (ASSETS / "upload_limit.js").read_text(encoding="utf-8")
    assert f"const LIMIT_BYTES = {LIMIT_BYTES};" in script


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        create_app(tmp_path, desk=instant())


def call(app: Dash, search: str) -> str:
    """Ask for a page as the browser does and return the answer."""
    body = {
        "output": ".._pages_content.children..._pages_store.data..",
        "outputs": [
            {"id": "_pages_content", "property": "children"},
            {"id": "_pages_store", "property": "data"},
        ],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": "/patient"},
            {"id": "_pages_location", "property": "search", "value": search},
        ],
        "changedPropIds": ["_pages_location.search"],
    }
    app.server.test_client().get("/")
    return str(app.server.test_client().post("/_dash-update-component", json=body).text)


def test_the_browser_gets_the_page_it_asks_for(app_to_read: Dash) -> None:
    assert "There is no patient P77 in this study." in call(app_to_read, "?patient=P77")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StoreError("The study is locked.", hint="Try again."), "The study is locked. Try again."),
        (
            ZeroDivisionError("secret detail"),
            "The server could not answer. Reload the page; if it happens again, look in the server's log.",
        ),
    ],
)
def test_an_error_becomes_a_message_and_never_a_traceback(
    app: Dash, error: Exception, told: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("dashboard.services.study.StudyService.snapshot", lambda _self: fail())
    with caplog.at_level(logging.CRITICAL, logger="dashboard"):
        answer = call(app, "?patient=P01")
    assert told.replace("'", "\\u0027") in answer or told in answer
    assert "secret detail" not in answer
    assert "Traceback" not in answer


def test_a_taken_port_is_told_with_a_way_out(saved_study: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CytoreconError) as caught:
            serve(saved_study, port=port)
    assert str(caught.value) == (
        f"127.0.0.1:{port}: The dashboard cannot listen here. Found: Address already in use. "
        "Is another dashboard running? Choose another port, e.g. --port 8051."
    )


def test_an_address_nobody_has_is_told(saved_study: Path) -> None:
    with pytest.raises(CytoreconError) as caught:
        serve(saved_study, host="no-such-host.invalid", port=8050)
    assert str(caught.value) == (
        "no-such-host.invalid:8050: The dashboard cannot listen here: there is no such address. "
        "Use 127.0.0.1, or an address of this computer."
    )


def test_an_address_of_another_computer_is_told(saved_study: Path) -> None:
    with pytest.raises(CytoreconError) as caught:
        serve(saved_study, host="192.0.2.1", port=8050)
    assert str(caught.value) == (
        "192.0.2.1:8050: The dashboard cannot listen here. Found: Cannot assign requested address. "
        "Use 127.0.0.1, or an address of this computer."
    )


def test_a_port_of_the_system_is_told(saved_study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("dashboard.app.server.socket.create_server", refuse)
    with pytest.raises(CytoreconError) as caught:
        serve(saved_study, host="::1", port=80)
    assert str(caught.value) == (
        "[::1]:80: The dashboard cannot listen here. Found: Permission denied. "
        "This user may not open that port; choose one above 1023, e.g. --port 8050."
    )


class FakeServer:
    """Stands in for waitress: it is asked to run and returns."""

    ran = 0

    def run(self) -> None:
        FakeServer.ran += 1


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_an_address_others_can_reach_is_warned_of(
    saved_study: Path,
    host: str,
    warned: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("dashboard.app.server.waitress.create_server", lambda *_, **__: FakeServer())
    swept: list[int] = []
    monkeypatch.setattr("dashboard.app.server.sweep", lambda: swept.append(1))
    serve(saved_study, host=host, port=0)
    assert swept == [1]  # what a killed server left
    told = capsys.readouterr().err
    warning = (
        "Warning: 0.0.0.0 can be reached from other computers, and the dashboard has no login: "
        "whoever reaches it sees the study. Use 127.0.0.1 unless your network protects it.\n"
    )
    assert (warning in told) == warned
    found = re.search(rf"cytorecon dashboard on http://{host}:(\d+)/ \(stop with Ctrl-C\)\n$", told)
    assert found is not None
    assert int(found[1]) > 0
