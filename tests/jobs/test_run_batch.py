"""A batch into a stored study: resumed, extended, with bad files among good ones."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from cytorecon.jobs import add_tube, run_batch
from cytorecon.simulate import simulate_cohort, write_cohort
from cytorecon.store import StudyStore
from cytorecon.study import csv_text, tidy_counts
from cytorecon.study.model import Tube


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a simulated cohort of two patients and three visits."""
    folder = tmp_path_factory.mktemp("cohort") / "c"
    write_cohort(simulate_cohort(patients=2, visits=3, events=6000, seed=11), folder)
    return folder


def edited(cohort: Path, out: Path, rows: int | None = None, **cells: str) -> Path:
    """Copy the cohort's sheet beside its files, with `rows` rows, and the first row's `cells` changed."""
    with (cohort / "manifest.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))[:rows]
    table[0].update(cells)
    for row in table:
        row["file"] = str(
            (cohort / row["file"]).resolve() if not Path(row["file"]).is_absolute() else row["file"]
        )
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return out


def test_a_second_run_analyses_nothing_and_says_the_same(cohort: Path, tmp_path: Path) -> None:
    first = run_batch(cohort / "manifest.csv", tmp_path / "study")
    with StudyStore.open(tmp_path / "study") as store:
        revision = store.revision()
    stages: set[str] = set()
    second = run_batch(
        cohort / "manifest.csv", tmp_path / "study", progress=lambda stage, _done, _all: stages.add(stage)
    )
    assert csv_text(tidy_counts(first)) == csv_text(tidy_counts(second))
    assert stages == {"reading"}
    with StudyStore.open(tmp_path / "study") as store:
        assert {entry.what for entry in store.history() if entry.revision > revision} <= {"sheet_replaced"}


def test_the_number_of_processes_changes_no_number(cohort: Path, tmp_path: Path) -> None:
    one = run_batch(cohort / "manifest.csv", tmp_path / "one", jobs=1)
    two = run_batch(cohort / "manifest.csv", tmp_path / "two", jobs=2)
    assert csv_text(tidy_counts(one)) == csv_text(tidy_counts(two))


def test_a_tube_added_later_changes_no_number_given_out(tmp_path: Path) -> None:
    cohort = tmp_path / "nine"
    write_cohort(simulate_cohort(patients=3, visits=3, events=3000, seed=8), cohort)
    before = run_batch(edited(cohort, tmp_path / "a.csv", rows=8), tmp_path / "study")
    after = run_batch(edited(cohort, tmp_path / "a.csv"), tmp_path / "study")
    assert len(after.tubes) == len(before.tubes) + 1 == 9
    known = {result.tube for result in before.tubes}
    table = tidy_counts(after)
    assert csv_text(table[table["tube"].isin(known)]) == csv_text(tidy_counts(before))


def test_another_bead_count_is_counted_anew(cohort: Path, tmp_path: Path) -> None:
    def first_cd3(beads: str) -> float:
        result = run_batch(edited(cohort, tmp_path / "a.csv", beads_per_tube=beads), tmp_path / "study")
        table = tidy_counts(result)
        row = table[(table["tube"] == result.tubes[0].tube) & (table["population"] == "leukocytes")]
        return float(row["cells_per_ul"].iloc[0])

    assert first_cd3("100000") == pytest.approx(2 * first_cd3("50000"))


def test_bad_files_fail_alone_and_say_why_without_a_file_name(cohort: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cohort"
    shutil.copytree(cohort, folder)
    files = sorted((folder / "fcs").iterdir())
    files[0].unlink()
    files[1].write_text("a,b\n1,2\n", encoding="utf-8")
    files[2].write_bytes(files[2].read_bytes()[:20000])
    files[3].write_bytes(files[4].read_bytes())
    result = run_batch(folder / "manifest.csv", tmp_path / "study")
    errors = {outcome.tube: outcome.error for outcome in result.tubes}
    good = [outcome.tube for outcome in result.tubes if outcome.status == "done"]
    assert len(good) == 2
    said = [error for error in errors.values() if error]
    assert said[0] == "There is no such file. Check the name and the folder."
    assert said[1].startswith("This is not an FCS file. Found: it looks like ")
    assert "ends" in said[2] or "cut" in said[2] or "truncated" in said[2]
    assert said[3].startswith("Its file holds the same bytes as that of tube ")
    assert not any(file.name in error for error in said for file in files)


def test_an_upload_is_gated_with_what_the_study_froze(cohort: Path, tmp_path: Path) -> None:
    result = run_batch(cohort / "manifest.csv", tmp_path / "study")
    known = result.study.tubes[-1]
    with (cohort / "manifest.csv").open(encoding="utf-8", newline="") as file:
        path = cohort / list(csv.DictReader(file))[-1]["file"]
    with StudyStore.open(tmp_path / "study") as store:
        settings = store.settings()
        again = known.model_copy(update={"tube": "NEW/d30/1", "patient": "NEW", "day": 30, "row": 0})
        added = add_tube(store, path, again)
        assert store.settings() == settings
        assert added.counts == result.tube(known.tube).counts
        assert store.tube_result("NEW/d30/1").counts == added.counts


def test_a_file_that_cannot_be_added_leaves_the_study_as_it_was(cohort: Path, tmp_path: Path) -> None:
    run_batch(edited(cohort, tmp_path / "a.csv", rows=1), tmp_path / "study")
    bad = tmp_path / "bad.fcs"
    bad.write_text("no", encoding="utf-8")
    with StudyStore.open(tmp_path / "study") as store:
        revision = store.revision()
        added = add_tube(store, bad, Tube(tube="X/d1/1", patient="X", day=1))
        assert added.status == "failed"
        assert store.revision() == revision


def test_an_upload_that_the_sheet_lists_again_is_counted_once(cohort: Path, tmp_path: Path) -> None:
    run_batch(edited(cohort, tmp_path / "a.csv", rows=1), tmp_path / "study")
    with (cohort / "manifest.csv").open(encoding="utf-8", newline="") as file:
        second = list(csv.DictReader(file))[1]
    day = int(second["day"])
    upload = Tube(tube=f"{second['patient']}/d{day}/1", patient=second["patient"], day=day)
    with StudyStore.open(tmp_path / "study") as store:
        add_tube(store, cohort / second["file"], upload)
        uploaded = store.tube_result(upload.tube)
    whole = run_batch(edited(cohort, tmp_path / "a.csv"), tmp_path / "study")
    assert len(whole.tubes) == len({outcome.provenance.file_sha256 for outcome in whole.tubes}) == 6
    assert whole.study.tubes[-1] == upload
    with StudyStore.open(tmp_path / "study") as store:
        assert store.tube_result(upload.tube) == uploaded
    (error,) = [str(issue) for issue in whole.study.issues if issue.code == "study.listed_again"]
    assert error.startswith(
        f"error: manifest row 3: Its file was uploaded as tube {upload.tube}, which says otherwise: "
        f"beads_per_tube ({second['beads_per_tube']} here, nothing there), "
    )


def test_another_file_of_an_uploaded_visit_is_a_second_tube(cohort: Path, tmp_path: Path) -> None:
    with (cohort / "manifest.csv").open(encoding="utf-8", newline="") as file:
        first, second, *_ = csv.DictReader(file)
    run_batch(edited(cohort, tmp_path / "a.csv", rows=1), tmp_path / "study")
    upload = Tube(tube=f"{first['patient']}/d{second['day']}/1", patient="P01", day=int(second["day"]))
    with StudyStore.open(tmp_path / "study") as store:
        add_tube(store, max((cohort / "fcs").iterdir()), upload)
        uploaded = store.tube_result(upload.tube)
    result = run_batch(edited(cohort, tmp_path / "a.csv", rows=2), tmp_path / "study")
    assert [tube.tube for tube in result.study.tubes] == [
        f"P01/d{first['day']}/1",
        f"P01/d{second['day']}/2",
        upload.tube,
    ]
    assert {outcome.status for outcome in result.tubes} == {"done"}
    with StudyStore.open(tmp_path / "study") as store:
        assert store.tube_result(upload.tube) == uploaded
