"""``batch``, ``counts``, ``report``, ``serve`` and ``demo``: one study through all of them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from cytorecon.cli import demo as demo_module
from cytorecon.cli import main
from cytorecon.cli.batch import remarks_of
from cytorecon.errors import Issue, Severity
from cytorecon.store import StudyStore
from cytorecon.study import StudyResult
from tests.builders import study_result


@pytest.fixture(scope="session")
def study(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the place of a study made of the small cohort."""
    place = str(tmp_path_factory.mktemp("batch") / "study")
    assert main(["batch", str(cohort / "manifest.csv"), "--out", place, "--jobs", "1"]) == 0
    return place


def counts_of(study: str, file: Path) -> bytes:
    assert main(["counts", study, "--out", str(file)]) == 0
    return file.read_bytes()


def test_counts_are_those_of_the_store_and_reproducible(study: str, tmp_path: Path) -> None:
    text = counts_of(study, tmp_path / "a.csv")
    assert text == counts_of(study, tmp_path / "b.csv")
    rows = list(csv.DictReader(io.StringIO(text.decode())))
    with StudyStore.open(study) as store:
        result = store.result()
    stored = {
        (outcome.tube, count.population): count.events for outcome in result.tubes for count in outcome.counts
    }
    shown = {(row["tube"], row["population"]): int(row["events"]) if row["events"] else None for row in rows}
    assert shown == stored
    assert len({row["tube"] for row in rows}) == 4


def test_a_second_run_analyses_nothing_again(cohort: Path, study: str, tmp_path: Path) -> None:
    before = counts_of(study, tmp_path / "before.csv")
    with StudyStore.open(study) as store:
        saved = [entry for entry in store.history() if entry.what == "tube_saved"]
    assert main(["batch", str(cohort / "manifest.csv"), "--out", study, "--jobs", "1"]) == 0
    with StudyStore.open(study) as store:
        assert [entry for entry in store.history() if entry.what == "tube_saved"] == saved
    assert len(saved) == 4
    assert counts_of(study, tmp_path / "after.csv") == before


def test_bad_rows_are_named_and_the_others_analysed(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *rows = (cohort / "manifest.csv").read_text().splitlines()
    rows = [row.replace("fcs/", f"{cohort.as_posix()}/fcs/", 1) for row in rows]
    rows[1] = rows[1].replace(".fcs", "_missing.fcs", 1)
    (tmp_path / "manifest.csv").write_text("\n".join([header, *rows, rows[0]]) + "\n")
    for sheet in ("patients.csv", "events.csv"):
        (tmp_path / sheet).write_bytes((cohort / sheet).read_bytes())
    place = str(tmp_path / "study")
    words = ["batch", str(tmp_path / "manifest.csv"), "--out", place, "--jobs", "1", "--json"]
    assert main(words) == 2
    captured = capsys.readouterr()
    failed = [line for line in captured.err.splitlines() if line.startswith("failed: ")]
    assert len(failed) >= 2
    done = [row["tube"] for row in json.loads(captured.out) if row["status"] == "done"]
    assert len(done) >= 2


def test_warnings_are_told_and_are_no_failure(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *rows = (cohort / "manifest.csv").read_text().splitlines()
    rows = [row.replace("fcs/", f"{cohort.as_posix()}/fcs/", 1) for row in rows]
    (tmp_path / "manifest.csv").write_text("\n".join([header, *rows]) + "\n")
    place = str(tmp_path / "study")
    assert main(["batch", str(tmp_path / "manifest.csv"), "--out", place, "--json"]) == 0
    captured = capsys.readouterr()
    remarks = [line for line in captured.err.splitlines() if not line.startswith("Study: ")]
    assert remarks[0] == (
        "info: patients: There is no patients sheet: age, sex and programme are unknown, so no reference "
        "range applies. Put a patients.csv beside the manifest."
    )
    assert all(line.startswith(("info: ", "warning: ")) for line in remarks)
    assert len(json.loads(captured.out)) == 4


def test_what_holds_for_a_batch_is_told_once() -> None:
    note = Issue("batch.assumption", Severity.INFO, "scales", "Taken as logicle.")
    own = Issue("quality.margin", Severity.WARNING, "FITC-A", "Full.")
    row = Issue("sheet.row", Severity.ERROR, "row 3", "No day.")
    made = study_result()
    tubes = tuple(outcome.model_copy(update={"issues": (own, note)}) for outcome in made.tubes)
    study = made.study.model_copy(update={"issues": (row, own)})
    result = StudyResult(study=study, tubes=tubes)
    assert list(remarks_of(result)) == ["warning: FITC-A: Full.", "info: scales: Taken as logicle."]


def test_a_study_has_the_name_it_was_given(cohort: Path, tmp_path: Path) -> None:
    def named(*words: str) -> str:
        place = str(tmp_path / "study")
        assert main(["batch", str(cohort / "manifest.csv"), "--out", place, *words]) == 0
        with StudyStore.open(place) as store:
            return store.study().name

    assert named() == "study"
    assert named("--name", " HSCT 2031 µ ") == "HSCT 2031 µ"
    assert named() == "HSCT 2031 µ"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[2J", "x" * 81])
def test_what_is_no_name_of_a_study(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "no.csv", "--out", str(tmp_path / "study"), "--name", name]) == 1
    assert "A name has 1 to 80 characters and one line." in capsys.readouterr().err
    assert not (tmp_path / "study").exists()


def test_a_sheet_without_a_needed_column_is_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.csv").write_text("path,who\na.fcs,P01\n")
    assert main(["batch", str(tmp_path / "manifest.csv"), "--out", str(tmp_path / "study")]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("error: ")
    assert "file" in shown
    assert not (tmp_path / "study").exists()


def test_report_is_written_and_named(study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "report"
    assert main(["report", study, "--out", str(out)]) == 0
    assert capsys.readouterr().err == f"Report: {out / 'index.html'}\n"
    assert (out / "index.html").is_file()
    assert (out / "counts.csv").read_bytes() == counts_of(study, tmp_path / "counts.csv")


@pytest.mark.parametrize("words", [["counts"], ["report"]])
def test_no_study_there(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "nowhere"
    assert main([*words, str(missing), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.startswith(f"error: {missing}")
    assert not missing.exists()


def test_serve_opens_the_study_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(tmp_path / "nowhere")]) == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'nowhere'}")


def test_serve_hands_place_port_and_names_on(study: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, str, int, list[str]]] = []
    monkeypatch.setattr(
        "cytorecon.cli.serve.serve_dashboard",
        lambda location, *, host, port, allow_hosts: calls.append((location, host, port, list(allow_hosts))),
    )
    words = ["serve", study, "--host", "127.0.0.2", "--port", "8123"]
    assert main([*words, "--allow-host", "a.example", "--allow-host", "b.example"]) == 0
    monkeypatch.setenv("CYTORECON_ALLOW_HOST", "c.example d.example")
    assert main(words) == 0
    assert calls == [
        (study, "127.0.0.2", 8123, ["a.example", "b.example"]),
        (study, "127.0.0.2", 8123, ["c.example", "d.example"]),
    ]


def test_demo_goes_from_files_to_the_dashboard(
    cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[tuple[str, str, int]] = []
    monkeypatch.setattr(demo_module, "SAMPLE_DATA", cohort)
    monkeypatch.setattr(
        demo_module, "serve_dashboard",
        lambda location, *, host, port: served.append((location, host, port)),
    )  # fmt: skip
    out = tmp_path / "demo"
    assert main(["demo", "--out", str(out), "--port", "8124", "--jobs", "1"]) == 0
    assert served == [(str(out / "study"), "127.0.0.1", 8124)]
    assert (out / "report" / "index.html").is_file()


def test_demo_can_stop_after_the_report(
    cohort: Path, study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_serving(location: str, *, host: str, port: int) -> None:
        raise AssertionError("served")

    # The study of an earlier run is continued.
    shutil.copytree(study, tmp_path / "study")
    monkeypatch.setattr(demo_module, "SAMPLE_DATA", cohort)
    monkeypatch.setattr(demo_module, "serve_dashboard", no_serving)
    assert main(["demo", "--out", str(tmp_path), "--no-serve", "--jobs", "1"]) == 0
    assert (tmp_path / "report" / "index.html").is_file()


def test_demo_without_sample_data_simulates_a_cohort_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_module, "SAMPLE_DATA", tmp_path / "none")
    manifest = tmp_path / "out" / "cohort" / "manifest.csv"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("made earlier")
    assert demo_module.sample_manifest(tmp_path / "out") == manifest
