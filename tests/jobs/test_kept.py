"""What an earlier run has found is not lost: files offline, rows with problems, sheets of new tubes only."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cytorecon.errors import StoreError
from cytorecon.jobs import add_tube, run_batch
from cytorecon.pipeline import analyze_tubes
from cytorecon.simulate import simulate_cohort, write_cohort
from cytorecon.store import KEPT, StudyStore
from cytorecon.study import StudyResult, csv_text, tidy_counts
from cytorecon.study.model import Study, Tube

HEADER = "file,patient,day,beads_per_tube,blood_volume_ul"
OFFLINE = "There is no such file. Check the name and the folder."


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the files of a simulated cohort, one per patient."""
    folder = tmp_path_factory.mktemp("cohort") / "c"
    write_cohort(simulate_cohort(patients=4, visits=1, events=3000, seed=51), folder)
    return sorted((folder / "fcs").iterdir())


class Lab:
    """A folder with files t0.fcs … and a sheet that says what a test writes."""

    def __init__(self, folder: Path, made: list[Path]) -> None:
        self.folder = folder
        (folder / "fcs").mkdir()
        for number, file in enumerate(made):
            shutil.copy(file, self.file(number))

    def file(self, number: int) -> Path:
        return self.folder / "fcs" / f"t{number}.fcs"

    def row(self, number: int, patient: str = "", day: str = "30", beads: str = "50000") -> str:
        return f"fcs/t{number}.fcs,{patient or f'P{number}'},{day},{beads},50"

    def run(self, *rows: str, remove_missing: bool = False) -> StudyResult:
        sheet = self.folder / "manifest.csv"
        sheet.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
        return run_batch(sheet, self.folder / "study", remove_missing=remove_missing)

    def store(self) -> StudyStore:
        return StudyStore.open(self.folder / "study")


@pytest.fixture
def lab(tmp_path: Path, made: list[Path]) -> Lab:
    return Lab(tmp_path, made)


def kept(result: StudyResult) -> dict[str, str]:
    return {issue.subject: issue.message for issue in result.study.issues if issue.code == KEPT}


def numbers(result: StudyResult) -> str:
    return csv_text(tidy_counts(result))


def test_files_that_are_offline_cost_nothing(lab: Lab) -> None:
    rows = [lab.row(number) for number in range(3)]
    before = lab.run(*rows)
    (lab.folder / "fcs").rename(lab.folder / "away")
    offline = lab.run(*rows)
    assert numbers(offline) == numbers(before)
    assert kept(offline) == {
        f"P{number}/d30/1": (
            f"Kept from an earlier run; its file cannot be read now: Manifest row {number + 2}: {OFFLINE}"
        )
        for number in range(3)
    }
    (lab.folder / "away").rename(lab.folder / "fcs")
    again = lab.run(*rows)
    assert numbers(again) == numbers(before)
    assert kept(again) == {}


def test_a_file_that_is_broken_now_costs_nothing(lab: Lab) -> None:
    before = lab.run(lab.row(0), lab.row(1))
    lab.file(1).write_bytes(lab.file(1).read_bytes()[:20_000])
    after = lab.run(lab.row(0), lab.row(1))
    assert numbers(after) == numbers(before)
    assert kept(after)["P1/d30/1"].startswith(
        "Kept from an earlier run; it cannot be analysed now: Manifest row 3: "
    )


def test_what_a_row_says_anew_waits_until_its_file_can_be_read(lab: Lab) -> None:
    before = lab.run(lab.row(0), lab.row(1))
    lab.file(1).rename(lab.folder / "late.fcs")
    offline = lab.run(lab.row(0), lab.row(1, beads="100000"))
    assert numbers(offline) == numbers(before)
    assert offline.study.tubes[1].beads_per_tube == 50_000
    assert kept(offline)["P1/d30/1"] == (
        "Kept from an earlier run; its file cannot be read now: "
        f"Manifest row 3: {OFFLINE} What its row says anew holds once it can."
    )
    (lab.folder / "late.fcs").rename(lab.file(1))
    after = lab.run(lab.row(0), lab.row(1, beads="100000"))
    assert after.study.tubes[1].beads_per_tube == 100_000
    assert kept(after) == {}
    assert numbers(after) != numbers(before)


def test_a_sheet_of_new_tubes_adds_them(lab: Lab) -> None:
    before = lab.run(lab.row(0), lab.row(1))
    after = lab.run(lab.row(2))
    assert [tube.tube for tube in after.study.tubes] == ["P2/d30/1", "P0/d30/1", "P1/d30/1"]
    assert {outcome.status for outcome in after.tubes} == {"done"}
    table = tidy_counts(after)
    assert csv_text(table[table["patient"] != "P2"]) == numbers(before)
    (remark,) = [issue for issue in after.study.issues if issue.code == "study.not_listed"]
    assert remark.message == (
        "2 tubes of an earlier sheet are not in this one and stay as they are: P0/d30/1, P1/d30/1."
    )
    fewer = lab.run(lab.row(2), remove_missing=True)
    assert [tube.tube for tube in fewer.study.tubes] == ["P2/d30/1"]
    with lab.store() as store:
        assert {entry.reason for entry in store.history() if entry.what == "tube_removed"} == {
            "not in the sample sheet any more, removed with --remove-missing"
        }


@pytest.mark.parametrize("remove_missing", [False, True])
def test_a_slip_in_a_row_of_a_known_tube_costs_nothing(lab: Lab, remove_missing: bool) -> None:
    before = lab.run(lab.row(0), lab.row(1))
    after = lab.run(lab.row(0), lab.row(1, day="thirty"), remove_missing=remove_missing)
    assert numbers(after) == numbers(before)
    assert kept(after) == {
        "P1/d30/1": "Kept from an earlier run; manifest row 3, which is its row, is left out because of a "
        "problem."
    }
    assert any(str(issue).startswith("error: manifest row 3, column day:") for issue in after.study.issues)
    with lab.store() as store:
        assert "tube_removed" not in {entry.what for entry in store.history()}


def test_a_row_that_was_corrected_moves_its_tube(lab: Lab) -> None:
    lab.run(lab.row(0), lab.row(1, patient="P9", day="31"))
    after = lab.run(lab.row(0), lab.row(1))
    assert [tube.tube for tube in after.study.tubes] == ["P0/d30/1", "P1/d30/1"]
    assert [patient.patient for patient in after.study.patients] == ["P0", "P1"]
    with lab.store() as store:
        (entry,) = [entry for entry in store.history() if entry.what == "tube_removed"]
    assert (entry.tube, entry.reason) == ("P9/d31/1", "its file is counted as tube P1/d30/1")


def test_a_corrected_row_whose_file_is_offline_does_not_lose_the_tube(lab: Lab) -> None:
    before = lab.run(lab.row(0), lab.row(1, day="31"))
    lab.file(1).rename(lab.folder / "late.fcs")
    offline = lab.run(lab.row(0), lab.row(1))
    assert numbers(offline) == numbers(before)
    assert [outcome.error for outcome in offline.tubes if outcome.status == "failed"] == [
        f"Manifest row 3: {OFFLINE}"
    ]
    (lab.folder / "late.fcs").rename(lab.file(1))
    after = lab.run(lab.row(0), lab.row(1))
    assert [tube.tube for tube in after.study.tubes] == ["P0/d30/1", "P1/d30/1"]


def test_an_upload_that_comes_while_the_batch_analyses_its_file_is_counted_once(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.run(lab.row(0))
    analyze = analyze_tubes
    upload = Tube(tube="P7/d14/1", patient="P7", day=14)

    def interrupted(*args: object, **named: object) -> object:
        with lab.store() as store:
            add_tube(store, lab.file(1), upload)
        return analyze(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("cytorecon.jobs.batch.analyze_tubes", interrupted)
    during = lab.run(lab.row(0), lab.row(1))
    monkeypatch.undo()
    assert during.tube("P1/d30/1").error == (
        "Manifest row 3: Its file was uploaded as tube P7/d14/1 meanwhile and is counted once."
    )
    with lab.store() as store:
        digests = list(store.done().values())
        assert len(digests) == len(set(digests)) == 2
    after = lab.run(lab.row(0), lab.row(1))
    assert [tube.tube for tube in after.study.tubes] == ["P0/d30/1", "P7/d14/1"]


def test_an_upload_of_a_small_batch_follows_the_sheet_that_lists_it(lab: Lab) -> None:
    """Its name and what its form said stay; its numbers are those of the batch."""
    lab.run(lab.row(0), lab.row(1))
    upload = Tube(
        tube="P2/d30/1", patient="P2", day=30, visit="urgent", beads_per_tube=50_000, blood_volume_ul=50
    )
    with lab.store() as store:
        add_tube(store, lab.file(2), upload)
    after = lab.run(*(lab.row(number) for number in range(4)))
    assert after.study.tubes[-1] == upload
    assert len({outcome.provenance.prior_sha256 for outcome in after.tubes}) == 1
    with lab.store() as store:
        (entry,) = [entry for entry in store.history() if entry.reason.startswith("analysed again")]
        assert (entry.tube, entry.reason) == (
            "P2/d30/1",
            "analysed again from the file that the sheet lists",
        )
        revision = len([entry for entry in store.history() if entry.what == "tube_saved"])
    lab.run(*(lab.row(number) for number in range(4)))
    with lab.store() as store:
        assert len([entry for entry in store.history() if entry.what == "tube_saved"]) == revision


def test_the_second_of_two_first_batches_stops_before_it_changes_anything(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.run(lab.row(0))
    with lab.store() as store:
        revision = store.revision()
    answers = iter([False, True])
    monkeypatch.setattr(StudyStore, "exists", staticmethod(lambda _out: next(answers)))
    with pytest.raises(StoreError) as caught:
        lab.run(lab.row(1))
    assert str(caught.value) == (
        f"{lab.folder / 'study'}: Another batch has made a study here meanwhile; this one stops and "
        "has changed nothing. Start it again when the other one is done: its tubes are added then."
    )
    with lab.store() as store:
        assert store.revision() == revision


def test_kept_tubes_of_an_earlier_way_to_look_are_named(lab: Lab) -> None:
    lab.run(lab.row(0))
    after = lab.run(*(lab.row(number) for number in (1, 2, 3)))
    (remark,) = [issue for issue in after.study.issues if issue.code == "batch.left_behind"]
    assert str(remark) == (
        "warning: batch: 1 of the kept tubes were analysed with scales and priors that the batch has learned "
        "anew since: P0/d30/1. List them with a file that can be read, to have all tubes analysed alike."
    )


def test_what_is_known_of_a_sheet_only_while_it_is_read_is_not_written() -> None:
    written = Study(name="s", patients=(), tubes=(), lists_events=False).model_dump()
    assert written.keys() == {"name", "patients", "tubes", "events", "readouts", "issues"}
