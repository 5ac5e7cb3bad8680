"""``jobs``: list, cancel, try again, ask for a report, fetch it."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from cytorecon.cli import main
from cytorecon.cli.jobs import fetch
from cytorecon.cli.work import zipped
from cytorecon.errors import CytoreconError
from cytorecon.jobs.model import Job, Outcome, Request
from cytorecon.jobs.queue import JobQueue
from cytorecon.store.remote_blobs import open_blobs
from tests.dashboard.studies import save_study


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_study(tmp_path_factory.mktemp("saved") / "study")


@pytest.fixture
def study(saved: Path, tmp_path: Path) -> str:
    return str(shutil.copytree(saved, tmp_path / "study"))


def listed(study: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    capsys.readouterr()
    assert main(["jobs", study, "--json"]) == 0
    rows: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return rows


def test_a_study_without_jobs_is_not_given_a_database_of_them(
    study: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listed(study, capsys) == []
    assert not (Path(study) / "jobs.sqlite").exists()


def test_a_report_is_asked_for_cancelled_and_asked_for_again(
    study: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["jobs", study, "report", "--format", "pdf"]) == 0
    said = capsys.readouterr()
    name = said.out.strip()
    assert said.err == "A worker does it; see: cytorecon jobs STUDY.\n"
    row = {"job": name, "state": "queued", "about": "report pdf", "message": ""}
    assert listed(study, capsys) == [row]
    assert main(["jobs", study, "report", "--format", "pdf"]) == 0
    assert listed(study, capsys) == [row]
    assert main(["jobs", study, "cancel", name]) == 0
    assert listed(study, capsys) == [row | {"state": "cancelled"}]
    assert main(["jobs", study, "retry", name, "--json"]) == 0
    assert listed(study, capsys) == [row | {"job": f"{name}-2"}]
    assert main(["jobs", study]) == 0
    assert f"{name}-2   queued   report pdf" in capsys.readouterr().out


def test_an_export_of_a_study_that_changed_is_another_job(
    study: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from cytorecon.store import StudyStore

    assert main(["jobs", study, "export", "--format", "csv,fhir"]) == 0
    with StudyStore.open(study) as store:
        store.set_settings('{"other": 1}')
    assert main(["jobs", study, "export", "--format", "csv,fhir"]) == 0
    assert [row["about"] for row in listed(study, capsys)] == ["export csv fhir"] * 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show"], "show is none of list, cancel, retry, fetch, report, export."),
        (["cancel"], "Name the job with cancel."),
        (["list", "x"], "No job is named with list."),
        (["fetch", "x"], "--out FILE.zip goes with fetch."),
        (["list", "--out", "x.zip"], "--out FILE.zip goes with fetch."),
    ],
)
def test_wrong_usage(study: str, words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs", study, *words]) == 1
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_a_job_that_is_not_there_is_said(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs", study, "cancel", "report-1"]) == 1
    assert capsys.readouterr().err == (
        "error: job: There is no such job. Found: report-1. Allowed: see: cytorecon jobs STUDY.\n"
    )


def test_what_a_job_has_made_is_fetched_once(study: str, tmp_path: Path) -> None:
    made = tmp_path / "made.zip"
    made.write_bytes(zipped({"a.csv": b"1", "b/c.csv": b"2"}))
    sha256 = open_blobs(study).put(made, ".zip")
    request = Request(kind="export", formats=("csv",))
    outcome = Outcome(done=True, message="2 files", blob_sha256=sha256)
    job = Job(id="export-1", request=request, state="done", outcome=outcome)
    out = tmp_path / "out.zip"
    fetch(study, "", job, out)
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == ["a.csv", "b/c.csv"]
    with pytest.raises(CytoreconError) as caught:
        fetch(study, "", job, out)
    assert str(caught.value) == f"{out}, --out: There is a file of this name already."
    with pytest.raises(CytoreconError) as caught:
        fetch(study, "", job.model_copy(update={"state": "queued", "outcome": None}), out)
    assert str(caught.value) == (
        "job export-1: This job has made nothing to fetch. Found: export, queued. "
        "Allowed: a report or an export that is done."
    )


def test_fetch_finds_the_job(study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with JobQueue(study) as queue:
        job = queue.submit(Request(kind="report", formats=("html",)), "k" * 16)
    assert main(["jobs", study, "fetch", job.id, "--out", str(tmp_path / "x.zip")]) == 1
    assert capsys.readouterr().err == (
        f"error: job {job.id}: This job has made nothing to fetch. Found: report, queued. "
        "Allowed: a report or an export that is done.\n"
    )
