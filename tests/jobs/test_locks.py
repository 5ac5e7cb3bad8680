"""Results that are locked stay as they are, and every door says so in words."""

from __future__ import annotations

import base64
import csv
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cytorecon import __version__
from cytorecon.cli import main
from cytorecon.cli.work import perform
from cytorecon.errors import CytoreconError
from cytorecon.jobs import Shard, add_tube, run_batch, run_shard
from cytorecon.jobs.desk import JobDesk
from cytorecon.jobs.model import Request
from cytorecon.jobs.queue import JobQueue
from cytorecon.store import LockedError, StudyApprovals, StudyLocks, StudyStore, verify_history
from cytorecon.study.model import Patient, Tube
from dashboard.services.patients import patient_view
from dashboard.services.selection import TrajectorySelection
from dashboard.services.study import StudyService
from dashboard.services.upload_checks import UploadForm
from dashboard.services.uploads import upload
from tests.jobs.errands import errand_of
from tests.jobs.lab import tube_bytes

WORDS = ["--by", "AB", "--why", "reported"]
BY = "locked by AB since <time>: reported"
HINT = "To change them, first: cytorecon unlock STUDY P01 --by INITIALS --why TEXT."


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with sheets of two patients, three tubes, and their study."""
    folder = tmp_path_factory.mktemp("lab")
    for seed, name in enumerate("abcd", start=5):
        (folder / f"{name}.fcs").write_bytes(tube_bytes(seed))
    manifest(folder, "a.fcs P01 30", "b.fcs P01 60", "c.fcs P02 30")
    write(folder / "patients.csv", [("patient", "age_years"), ("P01", "7"), ("P02", "8")])
    write(folder / "events.csv", [("patient", "start_day", "kind"), ("P01", "40", "relapse")])
    study(folder, folder / "study")
    return folder


def manifest(folder: Path, *rows: str, beads: int = 50_000) -> None:
    """Write a sheet; a row is file, patient and day."""
    cells = [(*row.split(), str(beads)) for row in rows]
    write(folder / "manifest.csv", [("file", "patient", "day", "beads_per_tube"), *cells])


def write(path: Path, rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def study(folder: Path, out: Path, **options: bool) -> object:
    sheets = {"patients": folder / "patients.csv", "events": folder / "events.csv"}
    return run_batch(folder / "manifest.csv", out, **sheets, **options)  # type: ignore[arg-type]


@pytest.fixture
def lab(made: Path, tmp_path: Path) -> Path:
    """Return a copy of the lab in which P01 is locked."""
    folder = Path(shutil.copytree(made, tmp_path / "lab"))
    assert main(["lock", str(folder / "study"), "P01", *WORDS]) == 0
    return folder


@pytest.fixture
def store(lab: Path) -> Iterator[StudyStore]:
    with StudyStore.open(lab / "study") as store:
        yield store


def without_time(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:]+\+00:00", "<time>", text)


def state_of(store: StudyStore, patient: str) -> tuple[object, ...]:
    """Return all that the study says of a patient."""
    result = store.result()
    own = [tube for tube in result.study.tubes if tube.patient == patient]
    return (
        [tube.model_copy(update={"row": 0}) for tube in own],
        [result.tube(tube.tube) for tube in own],
        result.study.patient(patient),
        [event for event in result.study.events if event.patient == patient],
    )


def test_it_stands_in_the_history_and_in_the_approvals(
    lab: Path, store: StudyStore, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(lab / "study")
    assert (store.history()[-1].what, store.history()[-1].who, store.history()[-1].reason) == (
        "locked", "AB", "reported",
    )  # fmt: skip
    assert without_time(store.locks()["P01"].words) == BY
    assert store.result().locked == ("P01",)
    capsys.readouterr()
    assert main(["approvals", place]) == 0
    assert "by AB since" in capsys.readouterr().out
    assert main(["unlock", place, "P01", "--by", "CD", "--why", "new beads"]) == 0
    assert capsys.readouterr().out == "P01: not locked any more\n"
    assert (store.history()[-1].what, store.history()[-1].who) == ("unlocked", "CD")
    assert store.locks() == {}
    verify_history(place)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda locks: locks.lock("P01", by="AB", why="x"), "The results are locked already; nothing was"),
        (lambda locks: locks.lock("P09", by="AB", why="x"), "The study has no such patient; nothing was"),
        (lambda locks: locks.unlock("P02", by="AB", why="x"), "The results are not locked; nothing was"),
        (lambda locks: locks.unlock("P01", by="AB", why=" "), "A lock, and its end, need a reason; nothing"),
        (lambda locks: locks.lock("P02", by="a@b.org", why="x"), "by: It must be said who does it"),
    ],
)
def test_what_cannot_be_locked(lab: Path, action: Callable[[StudyLocks], object], message: str) -> None:
    with StudyLocks.open(lab / "study") as locks:
        before = locks.locks()
        with pytest.raises(CytoreconError) as caught:
            action(locks)
        assert message in str(caught.value)
        assert locks.locks() == before
    with StudyStore.open(lab / "study") as store:
        assert sum(entry.what in ("locked", "unlocked") for entry in store.history()) == 1


def test_a_batch_leaves_a_locked_patient_alone_and_counts_the_tubes(
    lab: Path, store: StudyStore, capsys: pytest.CaptureFixture[str]
) -> None:
    before = state_of(store, "P01")
    manifest(lab, "a.fcs P01 30", "b.fcs P01 60", "c.fcs P02 30", beads=25_000)
    write(lab / "patients.csv", [("patient", "age_years"), ("P01", "70"), ("P02", "80")])
    write(
        lab / "events.csv",
        [("patient", "start_day", "kind"), ("P01", "50", "relapse"), ("P02", "50", "relapse")],
    )
    other = state_of(store, "P02")
    words = ["batch", str(lab / "manifest.csv"), "--out", str(lab / "study"), "--relearn"]
    sheets = ["--patients", str(lab / "patients.csv"), "--events", str(lab / "events.csv")]
    capsys.readouterr()
    assert main([*words, *sheets]) == 0
    said = without_time(capsys.readouterr().err)
    assert "locked: 2\n" in said
    assert (
        f"info: patient P01: Everything stays as it is: {BY}. "
        "To change it, first: cytorecon unlock STUDY P01 --by INITIALS --why TEXT.\n"
    ) in said
    assert state_of(store, "P01") == before
    assert state_of(store, "P02") != other
    assert store.study().patient("P02").age_years == 80
    assert "locked" not in " ".join(map(str, store.study().issues))


def test_a_locked_tube_teaches_its_batch(lab: Path, made: Path, store: StudyStore, tmp_path: Path) -> None:
    open_study = Path(shutil.copytree(made / "study", tmp_path / "open"))
    study(lab, lab / "study", relearn=True)
    study(lab, open_study, relearn=True)
    with StudyStore.open(open_study) as other:
        assert other.settings() == store.settings()
        assert other.tube_result("P02/d30/1") == store.tube_result("P02/d30/1")


def test_a_sheet_without_a_locked_patient_and_remove_missing_take_nothing(
    lab: Path, store: StudyStore
) -> None:
    before = state_of(store, "P01")
    write(
        lab / "manifest.csv", [("file", "patient", "day", "beads_per_tube"), ("c.fcs", "P02", "30", "50000")]
    )
    write(lab / "patients.csv", [("patient", "age_years"), ("P02", "8")])
    write(lab / "events.csv", [("patient", "start_day", "kind"), ("P02", "50", "relapse")])
    study(lab, lab / "study", remove_missing=True)
    assert state_of(store, "P01") == before


def test_new_files_of_a_locked_patient_and_moved_ones_are_left_out_and_told(
    lab: Path, store: StudyStore, capsys: pytest.CaptureFixture[str]
) -> None:
    before = state_of(store, "P01")
    manifest(lab, "a.fcs P02 30", "d.fcs P01 100", "c.fcs P02 30")
    capsys.readouterr()
    assert main(["batch", str(lab / "manifest.csv"), "--out", str(lab / "study")]) == 2
    said = without_time(capsys.readouterr().err)
    assert f"Its file is tube P01/d30/1, and patient P01 is {BY}. The row is left out." in said
    assert f"It is new, and patient P01 is {BY}. The row is left out." in said
    assert state_of(store, "P01") == before
    assert [tube.tube for tube in store.study().tubes if tube.patient == "P02"] == ["P02/d30/1"]


def test_a_lock_that_comes_while_a_batch_runs_holds(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Path(shutil.copytree(made, tmp_path / "lab"))
    save = StudyStore.save_tube

    def locked_first(self: StudyStore, tube: Tube, *others: object, **named: object) -> None:
        if tube.tube == "P01/d30/1":
            with StudyLocks.open(place / "study") as locks:
                locks.lock("P01", by="AB", why="reported")
        save(self, tube, *others, **named)  # type: ignore[arg-type]

    with StudyStore.open(place / "study") as store:
        before = store.tube_result("P01/d30/1")
        monkeypatch.setattr(StudyStore, "save_tube", locked_first)
        manifest(place, "a.fcs P01 30", "c.fcs P02 30", beads=25_000)
        result = run_batch(place / "manifest.csv", place / "study")
        assert store.tube_result("P01/d30/1") == before
        assert result.locked == ("P01",)
        assert {issue.severity.value for issue in result.study.issues} <= {"info", "warning"}


def test_a_shard_leaves_a_locked_patient_alone(lab: Path, store: StudyStore) -> None:
    before = state_of(store, "P01")
    assert (
        main(["override", "add", str(lab / "study"), "CD19", "--template", "tbnk", "--exclude", *WORDS]) == 0
    )
    result = run_shard(lab / "manifest.csv", lab / "study", Shard(1, 1))
    assert [tube.tube for tube in result.tubes] == ["P02/d30/1"]
    assert state_of(store, "P01") == before


def doors(store: StudyStore, lab: Path) -> dict[str, Callable[[], object]]:
    tube = Tube(tube="P01/d100/1", patient="P01", day=100)
    one = "P01/d30/1"
    return {
        "tube": lambda: store.save_tube(store.study().tubes[0], store.tube_result(one)),
        "upload": lambda: add_tube(store, lab / "d.fcs", tube),
        "desk": lambda: JobDesk(store, lab / "study").take(lab / "d.fcs", Request(kind="ingest", tube=tube)),
        "facts": lambda: store.save_patient(Patient(patient="P01", age_years=1.0)),
        "completion": lambda: store.complete_patient(Patient(patient="P01", cmv="positive")),
        "removal": lambda: store.remove_tube(one, reason="clotted"),
    }


@pytest.mark.parametrize("door", ["tube", "upload", "desk", "facts", "completion", "removal"])
def test_each_door_says_it_in_words(store: StudyStore, lab: Path, door: str) -> None:
    before, revision = state_of(store, "P01"), store.revision()
    with pytest.raises(LockedError) as caught:
        doors(store, lab)[door]()
    assert without_time(str(caught.value)) == (
        f"{lab / 'study'}, patient P01: The results of this patient are locked; nothing was changed. "
        f"Found: {BY}. Allowed: a patient whose results are not locked. {HINT}"
    )
    assert state_of(store, "P01") == before
    assert store.revision() == revision


def test_a_worker_says_it(lab: Path, made: Path, tmp_path: Path) -> None:
    place = Path(shutil.copytree(made / "study", tmp_path / "study"))
    tube = Tube(tube="P01/d100/1", patient="P01", day=100)
    with StudyStore.open(place) as store:
        JobDesk(store, place).take(made / "d.fcs", Request(kind="ingest", tube=tube))
        words = ["override", "add", str(place), "CD19", "--exclude", "--tube", "P01/d30/1", *WORDS]
        assert main(words) == 0
        assert main(["lock", str(place), "P01", *WORDS]) == 0
        before = state_of(store, "P01")
        with JobQueue(place) as queue:
            for job in queue.jobs():
                outcome = perform(errand_of(place, job), lambda _stage: None)
                assert not outcome.done
                assert without_time(outcome.message) == (
                    "patient P01: The results of this patient are locked; nothing was changed. "
                    f"Found: {BY}. Allowed: a patient whose results are not locked. {HINT}"
                )
        assert state_of(store, "P01") == before


def test_a_decision_about_a_tube_is_refused_and_one_for_all_spares_it(
    lab: Path, store: StudyStore, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(lab / "study")
    assert main(["override", "add", place, "CD19", "--exclude", "--tube", "P01/d30/1", *WORDS]) == 1
    assert f"Found: {BY}" in without_time(capsys.readouterr().err)
    assert store.overrides() == ()
    assert main(["override", "add", place, "CD19", "--exclude", "--template", "tbnk", *WORDS]) == 0
    said = capsys.readouterr().err
    assert "Tubes of locked patients stay as they are: P01.\n" in said
    assert "A worker analyses P02/d30/1 again" in said


def test_report_and_dashboard_show_a_small_sign(lab: Path, store: StudyStore, tmp_path: Path) -> None:
    assert main(["report", str(lab / "study"), "--patient", "P01", "--out", str(tmp_path / "r")]) == 0
    (sheet,) = (tmp_path / "r").glob("*P01*.html")
    assert "Draft: not approved · locked" in sheet.read_text(encoding="utf-8")
    service = StudyService(store, JobDesk(store, lab / "study"))
    snapshot = service.snapshot()
    headings = [
        patient_view(snapshot, TrajectorySelection(patient=patient)).heading for patient in ("P01", "P02")
    ]
    assert [heading.endswith("· locked") for heading in headings] == [True, False]
    contents = base64.b64encode((lab / "d.fcs").read_bytes()).decode()
    form = UploadForm(contents=f"data:application/octet-stream;base64,{contents}", patient="P01", day=100)
    ((_, problem),) = upload(service, form).problems
    assert "The results of this patient are locked; nothing was changed." in problem
    assert str(lab) not in problem


def test_a_signature_stands_on_while_the_patient_is_locked(lab: Path) -> None:
    with StudyApprovals.open(lab / "study") as approvals:
        before = {one.patient: one.now.sha256 for one in approvals.states(software_version=__version__)}
        write(lab / "patients.csv", [("patient", "age_years"), ("P01", "70"), ("P02", "8")])
        study(lab, lab / "study")
        after = {one.patient: one.now.sha256 for one in approvals.states(software_version=__version__)}
    assert after["P01"] == before["P01"]


def test_a_locked_patient_can_be_erased(lab: Path, store: StudyStore) -> None:
    assert main(["db", "erase", str(lab / "study"), "P01", "--by", "AB", "--why", "asked by letter"]) == 0
    assert store.locks() == {}
    assert {tube.patient for tube in store.study().tubes} == {"P02"}


def test_an_old_sheet_leaves_an_erased_patient_out(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(made, tmp_path / "lab"))
    place = folder / "study"
    assert main(["db", "erase", str(place), "P01", "--by", "EF", "--why", "asked by letter"]) == 0
    words = ["batch", str(folder / "manifest.csv"), "--out", str(place)]
    capsys.readouterr()
    assert main(words) == 2
    failed = [line for line in capsys.readouterr().err.splitlines() if line.startswith("failed: ")]
    assert failed == [
        f"failed: manifest row {row}: Patient P01 was erased on request. What the sheets say of the patient "
        "is left out. Take it out of the sheets. If consent was given anew: cytorecon batch MANIFEST "
        "--out STUDY --consent-anew P01; the history tells it."
        for row in (2, 3)
    ]
    run_shard(folder / "manifest.csv", place, Shard(1, 1))
    with StudyStore.open(place) as store:
        assert [patient.patient for patient in store.study().patients] == ["P02"]
        with pytest.raises(CytoreconError, match="This patient was erased on request"):
            doors(store, folder)["desk"]()
    assert main([*words, "--consent-anew", "P01"]) == 0
    with StudyStore.open(place) as store:
        assert {tube.patient for tube in store.study().tubes} == {"P01", "P02"}
        assert "P01/d30/1" in store.done()
    verify_history(place)
