"""Starting the dashboard by name."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from cytorecon.cli.dashboard_server import dashboard_package, serve_dashboard
from cytorecon.errors import CytoreconError
from cytorecon.knowledge.references import load_references


def test_calls_serve_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, str, int, tuple[str, ...], str, object]] = []
    package = ModuleType("dashboard")
    package.serve = lambda location, *, host, port, allow_hosts, blobs, references: calls.append(  # type: ignore[attr-defined]  # a stand-in
        (location, host, port, tuple(allow_hosts), blobs, references)
    )
    monkeypatch.setitem(sys.modules, "dashboard", package)
    own, names = load_references(), ["flow.lab.example"]
    serve_dashboard(
        "study", host="127.0.0.1", port=8050, allow_hosts=names, blobs="b", jobs=0, references=own
    )
    assert calls == [("study", "127.0.0.1", 8050, ("flow.lab.example",), "b", own)]


def test_another_package_of_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("dashboard")
    package.__file__ = "elsewhere/dashboard.py"
    monkeypatch.setitem(sys.modules, "dashboard", package)
    with pytest.raises(CytoreconError) as caught:
        dashboard_package()
    assert str(caught.value) == (
        "package 'dashboard': Another package has taken the name of cytorecon's web interface. "
        "Found: elsewhere/dashboard.py. "
        "Install cytorecon into an environment of its own, and start it from another folder."
    )


def test_no_package_of_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dashboard", None)
    with pytest.raises(CytoreconError) as caught:
        dashboard_package()
    assert (
        str(caught.value)
        == "package 'dashboard': The web interface is not installed. Install cytorecon again."
    )


def test_a_library_the_package_lacks_is_not_taken_for_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> ModuleType:
        raise ModuleNotFoundError("No module named 'waitress'", name="waitress")

    monkeypatch.setattr("cytorecon.cli.dashboard_server.importlib.import_module", import_module)
    with pytest.raises(ModuleNotFoundError, match="No module named 'waitress'"):
        dashboard_package()
