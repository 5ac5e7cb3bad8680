"""``cytorecon doctor``."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from cytorecon.cli import main
from cytorecon.cli.doctor import Check, all_checks, attempt, browser, library, of_place, postgresql, sqlite
from cytorecon.errors import KnowledgeError
from cytorecon.store import StudyStore, sqlite_issues
from tests.store.examples import SETTINGS, STUDY
from tests.store.old_studies import make_old


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


def test_a_version_of_sqlite_that_can_lose_a_change_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = sqlite_issues((3, 51, 3))
    monkeypatch.setattr("cytorecon.store.sqlite_issues", lambda: good)
    assert sqlite() == Check("SQLite", "ok", sqlite3.sqlite_version)
    bad = sqlite_issues((3, 40, 1))
    monkeypatch.setattr("cytorecon.store.sqlite_issues", lambda: bad)
    assert main(["doctor", "--json"]) == 0
    found = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert found["SQLite"] == {
        "name": "SQLite",
        "status": "warning",
        "detail": "warning: SQLite 3.40.1: This version can, very rarely, lose a change when two programs "
        "write a study at once. Use SQLite 3.51.3 or newer, or let one program at a time write the study.",
    }


def test_the_place_of_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local = Check("place", "ok", "no network share that is known")
    place = tmp_path / "study"
    assert list(of_place(str(place))) == [local, Check("study", "ok", "none there yet")]
    with StudyStore.create(place, STUDY, SETTINGS, software_version="0.1.0"):
        pass
    assert list(of_place(str(place))) == [local, Check("study", "ok", "can be opened")]
    make_old(str(tmp_path / "old"), 3)
    assert (
        list(of_place(str(tmp_path / "old")))[1].detail == "of an older version: cytorecon db upgrade STUDY"
    )
    monkeypatch.setattr("cytorecon.store.folder.network_filesystem_of", lambda path: "nfs4")
    shared, opened = of_place(str(place))
    assert shared == Check("place", "failed", "a network share (nfs4); keep the study on a local disk")
    assert opened.status == "failed"


def test_a_study_in_postgresql_has_no_folder_to_look_at() -> None:
    (opened,) = of_place("postgresql+psycopg://lab@localhost:1/study")
    assert (opened.name, opened.status) == ("study", "failed")
