"""``cytorecon doctor``."""

from __future__ import annotations

import pytest

from cytorecon.cli import main
from cytorecon.cli.doctor import Check, all_checks, attempt, browser, library, postgresql
from cytorecon.errors import KnowledgeError


def test_everything_needed_is_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert [check for check in all_checks() if check.status == "failed"] == []
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "knowledge files" in shown
    assert "tbnk" in shown


def test_a_failed_check_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cytorecon.cli.doctor.LIBRARIES", ("no-such-library",))
    assert main(["doctor"]) == 1
    line = next(line for line in capsys.readouterr().out.splitlines() if "no-such-library" in line)
    assert line.rstrip().split(maxsplit=2)[1:] == ["failed", "not installed; install cytorecon again"]


def test_an_error_becomes_a_failed_check() -> None:
    def work() -> str:
        raise KnowledgeError("The file has no header.", subject="markers.csv")

    assert attempt("knowledge", work) == Check("knowledge", "failed", "markers.csv: The file has no header.")


def test_a_library() -> None:
    assert library("typer").status == "ok"


def test_optional_parts_may_be_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cytorecon.cli.doctor.util.find_spec", lambda name: None)
    monkeypatch.setattr("cytorecon.cli.doctor.shutil.which", lambda name: None)
    assert postgresql() == Check(
        "PostgreSQL driver", "absent", "studies are kept in folders; else: the extra 'postgres'"
    )
    assert browser() == Check("Chromium", "absent", "needed by the browser tests only")
