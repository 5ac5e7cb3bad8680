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
    *remarks, look, place_line = captured.err.splitlines()
    assert look == "4 of 4 tubes need a look; see the report or the dashboard."
    assert place_line == f"Study: {place}"
    assert remarks[0] == (
        "info: patients: There is no patients sheet: age, sex and programme are unknown, so no reference "
        "range applies. Put a patients.csv beside the manifest."
    )
    assert all(line.startswith(("info: ", "warning: ")) for line in remarks)
    assert len(json.loads(captured.out)) == 4


def sheet_of(cohort: Path, folder: Path, rows: slice) -> Path:
    """Write a sheet of some of the cohort's rows, with its own copies of their files."""
    header, *lines = (cohort / "manifest.csv").read_text().splitlines()
    if not (folder / "fcs").exists():
        shutil.copytree(cohort / "fcs", folder / "fcs")
    sheet = folder / "manifest.csv"
    sheet.write_text("\n".join([header, *lines[rows]]) + "\n")
    return sheet


def test_tubes_without_a_result_are_not_said_to_need_no_look(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = sheet_of(cohort, tmp_path, slice(2))
    right = sheet.read_text()
    sheet.write_text(right.replace("tbnk", "leukocyte_differential"))
    assert main(["batch", str(sheet), "--out", str(tmp_path / "wrong")]) == 1
    said = capsys.readouterr().err
    assert "2 of 2 tubes have no result; the reasons are listed below.\n" in said
    assert "need a look" not in said
    assert said.count("Another panel fits: tbnk.\n") == 2
    sheet.write_text(right.replace("tbnk", "leukocyte_differential", 1))
    assert main(["batch", str(sheet), "--out", str(tmp_path / "mixed")]) == 2
    said = capsys.readouterr().err
    assert "1 of 1 tubes with a result need a look; see the report or the dashboard.\n" in said
    assert "1 of 2 tubes have no result; the reasons are listed below.\n" in said


def test_tubes_that_need_a_look_are_counted(
    cohort: Path, study: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["batch", str(cohort / "manifest.csv"), "--out", study, "--jobs", "1"]
    assert main(words) == 0
    captured = capsys.readouterr()
    header, *rows = [line.split("  ") for line in captured.out.splitlines() if line.strip()]
    assert [name.strip() for name in header if name.strip()][-2:] == ["needs a look", "remark"]
    assert len([row for row in rows if any("few tubes to learn from" in cell for cell in row)]) == 4
    assert "4 of 4 tubes need a look; see the report or the dashboard." in captured.err.splitlines()
    assert main([*words, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    with StudyStore.open(study) as store:
        outcomes = {outcome.tube: outcome for outcome in store.result(plots=False).tubes}
    for row in shown:
        flagged = [count.review for count in outcomes[row["tube"]].counts if count.review]
        assert row["needs_a_look"] == len(flagged) > 0
        assert row["review"] == sorted({code for codes in flagged for code in codes})
        assert row["kept"] == ""


def test_files_that_are_offline_are_named_and_cost_nothing(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet, place = sheet_of(cohort, tmp_path, slice(None)), str(tmp_path / "study")
    words = ["batch", str(sheet), "--out", place, "--jobs", "1"]
    assert main(words) == 0
    before = counts_of(place, tmp_path / "before.csv")
    (tmp_path / "fcs").rename(tmp_path / "away")
    capsys.readouterr()
    assert main(words) == 2
    captured = capsys.readouterr()
    kept = (
        "Kept from an earlier run; its file cannot be read now: Manifest row {0}: There is no such file. "
        "Check the name and the folder."
    )
    shown = [line for line in captured.out.splitlines() if "  kept  " in line]
    assert [kept.format(row) in line for row, line in enumerate(shown, start=2)] == [True] * 4
    failed = [line for line in captured.err.splitlines() if line.startswith("failed: ")]
    assert [line.partition("/1: ")[2] for line in failed] == [kept.format(row) for row in range(2, 6)]
    assert counts_of(place, tmp_path / "after.csv") == before
    assert main([*words, "--json"]) == 2
    assert {row["status"] for row in json.loads(capsys.readouterr().out)} == {"done"}


def test_tubes_that_are_not_listed_stay_unless_told_otherwise(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(tmp_path / "study")
    words = ["batch", str(tmp_path / "manifest.csv"), "--out", place, "--jobs", "1", "--json"]
    sheet_of(cohort, tmp_path, slice(2))
    assert main(words) == 0
    known = {row["tube"] for row in json.loads(capsys.readouterr().out)}
    sheet_of(cohort, tmp_path, slice(2, None))
    assert main(words) == 0
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)) == 4
    assert (
        f"info: manifest: 2 tubes of an earlier sheet are not in this one and stay as they are: "
        f"{', '.join(sorted(known, key=lambda name: int(name.split('/d')[1].split('/')[0])))}. "
        "To take them out, run the batch with --remove-missing."
    ) in captured.err.splitlines()
    assert main([*words, "--remove-missing"]) == 0
    left = {row["tube"] for row in json.loads(capsys.readouterr().out)}
    assert len(left) == 2
    assert not left & known


def test_a_draw_in_the_future_is_a_problem(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "manifest.csv"
    file = min((cohort / "fcs").iterdir()).as_posix()
    sheet.write_text(f"file,patient,sample_date,anchor_date\n{file},P01,2099-01-02,2099-01-01\n")
    assert main(["batch", str(sheet), "--out", str(tmp_path / "study")]) == 1
    assert "manifest row 2, column sample_date: The sample is drawn in the future." in capsys.readouterr().err
    assert not (tmp_path / "study").exists()


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
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(
        "cytorecon.cli.serve.serve_dashboard",
        lambda location, *, host, port, allow_hosts, blobs, jobs, references: calls.append(
            (location, host, port, list(allow_hosts), blobs, jobs)
        ),
    )
    words = ["serve", study, "--host", "127.0.0.2", "--port", "8123", "--jobs", "3", "--blobs", "files"]
    assert main([*words, "--allow-host", "a.example", "--allow-host", "b.example"]) == 0
    monkeypatch.setenv("CYTORECON_ALLOW_HOST", "c.example d.example")
    assert main(words) == 0
    assert calls == [
        (study, "127.0.0.2", 8123, ["a.example", "b.example"], "files", 3),
        (study, "127.0.0.2", 8123, ["c.example", "d.example"], "files", 3),
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
