"""``db`` and ``audit``: a study kept for years."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cytorecon.cli import main
from cytorecon.store import StudyStore
from tests.store.examples import SETTINGS, STUDY, TUBES, result_of
from tests.store.old_studies import make_old
from tests.store.test_overrides import record


@pytest.fixture
def study(tmp_path: Path) -> str:
    """Return the place of a small study."""
    place = str(tmp_path / "study")
    with StudyStore.create(place, STUDY, SETTINGS, software_version="0.1.0") as store:
        store.save_tube(TUBES[0], result_of("P02/d30/1"))
    return place


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command; return its exit code and what it printed."""
    capsys.readouterr()
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def head_of(capsys: pytest.CaptureFixture[str], study: str) -> str:
    code, out, _ = said(capsys, "audit", "verify", study, "--json")
    assert code == 0
    return str(json.loads(out)["head"])


def test_upgrade(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "old"
    make_old(str(place), 2)
    copy = place / "study-before-schema-4.sqlite"
    assert said(capsys, "db", "upgrade", str(place), "--by", "AB") == (
        0,
        "Upgraded from schema 2 to 4.\n",
        f"The database as it was: {copy}\n",
    )
    assert copy.exists()
    assert said(capsys, "db", "upgrade", str(place)) == (0, "The study is up to date: schema 4.\n", "")
    assert json.loads(said(capsys, "db", "upgrade", str(place), "--json")[1]) == {
        "before": 4, "after": 4, "copy": None,
    }  # fmt: skip
    with StudyStore.open(place) as store:
        assert store.history()[-1].who == "AB"


def test_verify_and_export(study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = head_of(capsys, study)
    with StudyStore.open(study) as store:
        store.set_settings("{}")
    now = head_of(capsys, study)
    assert said(capsys, "audit", "verify", study, "--head", head) == (
        0,
        f"3 lines fit. Head: {now}\n",
        "1 lines were added since the given head.\n",
    )
    out = tmp_path / "history.jsonl"
    assert said(capsys, "audit", "export", study, "--out", str(out)) == (
        0, f"3 lines fit. Head: {now}\n", "",
    )  # fmt: skip
    assert json.loads(out.read_text(encoding="utf-8").splitlines()[-1]) == {"head": now, "lines": 3}
    with closing(sqlite3.connect(Path(study) / "study.sqlite")) as connection:
        connection.execute("DROP TRIGGER history_no_update")
        connection.execute("UPDATE history SET who = 'AB' WHERE revision = 2")
        connection.commit()
    code, _, err = said(capsys, "audit", "verify", study)
    assert code == 1
    assert err.startswith(f"error: {study}, line 2: The history was changed after it was written.")


def test_erase(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("db", "erase", study, "P02", "--by", "EF", "--why", "asked by letter")
    said_once = "Erased: 1 tubes, 0 files, details of 1 lines of the history.\n"
    assert said(capsys, *words) == (0, said_once, "")
    code, out, err = said(capsys, "audit", "verify", study)
    assert (code, out[:11]) == (0, "3 lines fit")
    assert err == "1 lines lost their details when a patient was erased.\n"
    code, out, _ = said(capsys, *words, "--json")
    assert json.loads(out) == {
        "tubes": 0, "lines": 0, "files": 0, "still_named": [], "copies": [], "swept": True,
    }  # fmt: skip


def test_what_an_erasure_could_not_reach_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "old"
    make_old(str(place), 2)
    assert main(["db", "upgrade", str(place)]) == 0
    with StudyStore.open(place) as store:
        of_all = record(0.5).model_copy(update={"scope": "template", "target": "", "why": "see P02/d30/1"})
        store.add_override(of_all)
        with store._engine.begin() as connection:
            connection.exec_driver_sql("SELECT * FROM study").fetchall()
            code, _, err = said(capsys, "db", "erase", str(place), "P02", "--by", "EF", "--why", "asked")
    assert code == 0
    assert err.splitlines() == [
        "A text in the table overrides still names the patient.",
        f"May still hold the patient: {place / 'study-before-schema-4.sqlite'}",
        "The space was not overwritten: another program reads the study. Close it and run this again.",
    ]


def test_backup_restore_and_copy(study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = head_of(capsys, study)
    file, one, two = (str(tmp_path / name) for name in ("study.zip", "one", "two"))
    words = f"13 rows and 0 files. Head: {head}\n"
    assert said(capsys, "db", "backup", study, "--out", file) == (0, words, "")
    words = f"13 rows and 0 files, the same on both sides. Head: {head}\n"
    assert said(capsys, "db", "restore", file, "--to", one) == (0, words, "")
    assert said(capsys, "db", "copy", study, "--to", two) == (0, words, "")
    for place in (one, two):
        assert head_of(capsys, place) == head
    code, _, err = said(capsys, "db", "restore", file, "--to", one)
    assert code == 1
    assert err.startswith(f"error: {one}: There is a study here already; it was left as it is.")
