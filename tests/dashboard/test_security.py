"""Requests that another site makes the reader's browser send are refused."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from dash import Dash
from werkzeug.test import TestResponse

from cytorecon.errors import CytoreconError
from dashboard.app import create_app
from dashboard.security.names import Authority, authority_of, host_names
from tests.dashboard.analysis import instant

UPDATE = "/_dash-update-component"
FOREIGN = (
    "The dashboard takes no changes from pages of another site. Open the dashboard itself and try again; "
    "behind a proxy, start it with --allow-host and the name that people type.\n"
)
BODY = {
    "output": ".._pages_content.children..._pages_store.data..",
    "outputs": [
        {"id": "_pages_content", "property": "children"},
        {"id": "_pages_store", "property": "data"},
    ],
    "inputs": [
        {"id": "_pages_location", "property": "pathname", "value": "/patient"},
        {"id": "_pages_location", "property": "search", "value": "?patient=P77"},
    ],
    "changedPropIds": ["_pages_location.search"],
}


@pytest.fixture(scope="module")
def local(saved_study: Path) -> Dash:
    return create_app(saved_study, desk=instant())


@pytest.fixture(scope="module")
def proxied(saved_study: Path) -> Dash:
    return create_app(
        saved_study, desk=instant(), host="192.0.2.7", allow_hosts=["Flow.Lab.Example", "fd00::5"]
    )


def get(app: Dash, host: str) -> TestResponse:
    answer: TestResponse = app.server.test_client().get("/", headers={"Host": host})
    return answer


def post(app: Dash, headers: Mapping[str, str]) -> TestResponse:
    app.server.test_client().get("/")
    answer: TestResponse = app.server.test_client().post(UPDATE, json=BODY, headers=headers)
    return answer


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8050", "localhost:8050", "LOCALHOST.:1", "[::1]:8050", "[0:0:0:0:0:0:0:1]"],
)
def test_this_computer_may_ask(local: Dash, host: str) -> None:
    assert get(local, host).status_code == 200


@pytest.mark.parametrize(
    "host", ["rebound.example", "localhost.rebound.example:8050", "192.0.2.7:8050", "[::2]:8050", "0.0.0.0"]
)
def test_a_name_that_is_not_ours_is_refused(local: Dash, host: str) -> None:
    answer = get(local, host)
    named = authority_of(host)
    assert named is not None
    name = str(named._replace(port=None))
    assert answer.status_code == 400
    assert answer.text == (
        f"The dashboard does not go by the name {name}. Allowed: 127.0.0.1, [::1], localhost. "
        f"If people are to reach it under that name, start it with --allow-host {name}.\n"
    )
    assert answer.mimetype == "text/plain"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("host", ["", "<script>", "user@127.0.0.1", "127.0.0.1:port", "[::1", "a b"])
def test_what_is_no_name_is_refused_and_not_repeated(local: Dash, host: str) -> None:
    answer = get(local, host)
    assert answer.status_code == 400
    assert answer.text == (
        "The request does not say which host it is for. Allowed: 127.0.0.1, [::1], localhost.\n"
    )


def test_assets_and_layout_are_behind_the_same_door(local: Dash) -> None:
    client = local.server.test_client()
    for address in ("/_dash-layout", "/_dash-dependencies", "/assets/upload_limit.js"):
        with client.get(address) as own, client.get(address, headers={"Host": "rebound.example"}) as foreign:
            assert (own.status_code, foreign.status_code) == (200, 400)


@pytest.mark.parametrize("origin", [None, "http://127.0.0.1:8050"])
def test_our_own_page_and_programs_may_change(local: Dash, origin: str | None) -> None:
    headers = {"Host": "127.0.0.1:8050"} | ({"Origin": origin} if origin else {})
    answer = post(local, headers)
    assert answer.status_code == 200
    assert "There is no patient P77 in this study." in answer.text


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:3000",
        "https://localhost:8050",
        "ftp://127.0.0.1:8050",
        "http://127.0.0.1:8050.evil.example",
        "http://127.0.0.1:8050@evil.example",
        "http://127.0.0.1:8050/",
        "http://[::1:8050",
    ],
)
def test_a_page_of_another_site_changes_nothing(local: Dash, origin: str) -> None:
    answer = post(local, {"Host": "127.0.0.1:8050", "Origin": origin})
    assert (answer.status_code, answer.text) == (403, FOREIGN)


def test_a_page_of_another_site_may_link_to_us(local: Dash) -> None:
    headers = {"Host": "127.0.0.1:8050", "Origin": "http://evil.example"}
    answer = local.server.test_client().get("/", headers=headers)
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_names_that_the_user_gave(proxied: Dash) -> None:
    for host in ("192.0.2.7:8050", "flow.lab.example", "FLOW.lab.example:443", "[fd00::5]:8050", "localhost"):
        assert get(proxied, host).status_code == 200
    assert get(proxied, "lab.example").status_code == 400


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("192.0.2.7:8050", "http://192.0.2.7:8050", 200),
        ("192.0.2.7:8050", "http://192.0.2.7", 403),  # another server of the same computer
        ("flow.lab.example", "https://flow.lab.example", 200),
        ("127.0.0.1:8050", "https://flow.lab.example", 200),  # a proxy that writes its own Host
        ("127.0.0.1:8050", "https://flow.lab.example:8443", 403),
        ("flow.lab.example:8443", "https://flow.lab.example:8443", 200),
        ("127.0.0.1:8050", "https://other.lab.example", 403),
    ],
)
def test_changes_through_a_proxy(proxied: Dash, host: str, origin: str, status: int) -> None:
    assert post(proxied, {"Host": host, "Origin": origin}).status_code == status


@pytest.mark.parametrize("name", ["http://flow.lab.example", "flow.lab.example:80", "", "a b", "[::1]:80"])
def test_what_is_no_name_cannot_be_allowed(name: str) -> None:
    with pytest.raises(CytoreconError) as caught:
        host_names([name])
    assert str(caught.value) == (
        "--allow-host: This is not the name of a host."
        + (f" Found: {name}." if name else "")
        + " Allowed: a name or address without http:// and without port, e.g. flow.lab.example."
    )


def test_an_authority_as_it_is_written() -> None:
    assert authority_of("[1:2]:80") is None
    assert str(Authority("::1", 80)) == "[::1]:80"
    assert str(Authority("localhost", None)) == "localhost"


@pytest.fixture
def address(saved_study: Path) -> Iterator[tuple[str, int]]:
    """Run ``cytorecon serve`` on a free port; give host and port as it prints them."""
    command = [sys.executable, "-m", "cytorecon", "serve", str(saved_study), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            assert said.startswith("cytorecon dashboard on http://127.0.0.1:")
            yield "127.0.0.1", int(said.split(":")[2].split("/")[0])
        finally:
            process.kill()


def ask(address: tuple[str, int], method: str, path: str, headers: Mapping[str, str]) -> tuple[int, str]:
    connection = http.client.HTTPConnection(*address, timeout=60)
    try:
        body = json.dumps(BODY) if method == "POST" else None
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_real_server_tells_its_port_and_keeps_the_door(address: tuple[str, int]) -> None:
    own = f"{address[0]}:{address[1]}"
    assert address[1] > 0
    assert ask(address, "GET", "/", {})[0] == 200
    assert ask(address, "GET", "/", {"Host": "rebound.example"})[0] == 400
    status, text = ask(address, "POST", UPDATE, {"Origin": f"http://{own}"})
    assert status == 200
    assert "There is no patient P77 in this study." in text
    assert ask(address, "POST", UPDATE, {"Origin": "http://evil.example"}) == (403, FOREIGN)
