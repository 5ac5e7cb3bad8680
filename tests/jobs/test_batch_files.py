"""Files of a batch are kept: a worker analyses its tubes again and gets the numbers of the batch."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from cytorecon import __version__
from cytorecon.cli import main
from cytorecon.cli.work import perform
from cytorecon.errors import StoreError
from cytorecon.fcs.spillover import spillover_text
from cytorecon.jobs import run_batch
from cytorecon.jobs.batch import analyse
from cytorecon.jobs.keeping import NOT_KEPT, Files, place_of
from cytorecon.jobs.model import Request
from cytorecon.jobs.queue import JobQueue
from cytorecon.jobs.uploads import read_kept, regate_requests
from cytorecon.pipeline import AnalysisSettings, plan_study
from cytorecon.pipeline.source import Source
from cytorecon.pipeline.study import no_progress
from cytorecon.running import Answer, Failure, Item, in_turn
from cytorecon.simulate import simulate_tube, tube_spec
from cytorecon.store import KeptFile, StudyApprovals, StudyStore, users
from cytorecon.store.blobs import FolderBlobs
from cytorecon.store.remote_blobs import open_blobs
from cytorecon.study import load_study
from cytorecon.study.result import StudyResult
from tests.cli.test_canary import BLOOD
from tests.fcs.fcs_bytes import fcs_bytes
from tests.jobs.errands import errand_of
from tests.jobs.lab import NAME, tube_bytes

WORDS = "four words and a number 7"
DECISION = ["--template", "tbnk", "--by", "AB", "--why", "stain failed"]


def file_with_a_name(seed: int, *, integers: bool) -> bytes:
    """Return integers with gains, or floats of which a channel has no range; their matrix is in SPILL."""
    made = simulate_tube(tube_spec(concentrations=BLOOD, events=1000), seed=seed)
    labels = {f"$P{number}S": text for number, text in enumerate(made.marker_texts, start=1) if text}
    keywords = {**labels, "SPILL": spillover_text(made.spillover), "$OP": NAME, "$TIMESTEP": "0.01"}
    if not integers:
        return fcs_bytes(made.events, made.channel_names, keywords={**keywords, "$P3R": "0"})
    gains = {f"$P{number}G": "2" for number in range(1, len(made.channel_names) + 1)}
    events = np.clip(np.asarray(made.events), 0, 262_143).round()
    return fcs_bytes(events, made.channel_names, datatype="I", keywords={**keywords, **gains})


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a sheet of three tubes and their study, made by two processes."""
    folder = tmp_path_factory.mktemp("lab")
    files = {
        "a": tube_bytes(5),
        "b": file_with_a_name(6, integers=False),
        "c": file_with_a_name(7, integers=True),
    }
    for name, content in files.items():
        (folder / f"{name} {NAME}.fcs").write_bytes(content)
    rows = [f"{name} {NAME}.fcs,P01,{day}" for name, day in (("a", 30), ("b", 60), ("c", 100))]
    (folder / "manifest.csv").write_text("\n".join(["file,patient,day", *rows]) + "\n", encoding="utf-8")
    run_batch(folder / "manifest.csv", folder / "study", jobs=2)
    return folder


@pytest.fixture
def study(lab: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(lab / "study", tmp_path / "study"))


def remarks(result: StudyResult) -> list[str]:
    return [str(issue) for issue in result.study.issues if issue.code == NOT_KEPT]


def kept(study: Path) -> list[Path]:
    return sorted((study / "blobs").glob("??/*"))


def test_what_is_kept_is_the_sample_that_was_analysed(lab: Path, study: Path) -> None:
    sheet = load_study(lab / "manifest.csv")
    with StudyStore.open(study) as store:
        for tube in sheet.tubes:
            assert tube.path is not None
            came = Source(tube.tube, None, tube.path).read()  # type: ignore[arg-type]  # no template is needed
            again = read_kept(store, open_blobs(study), came.sample.sha256)
            np.testing.assert_array_equal(again.sample.events, came.sample.events)
            assert again.sample.channels == came.sample.channels
            assert again.sample.issues == came.sample.issues
            assert again.sample.sha256 == came.sample.sha256
            assert again.sample.spillover is not None
            assert came.sample.spillover is not None
            assert again.sample.spillover.source == came.sample.spillover.source
            np.testing.assert_array_equal(again.sample.spillover.matrix, came.sample.spillover.matrix)
            assert (again.removed, again.written) == (came.removed, came.written)


def test_no_name_reaches_the_disk(study: Path) -> None:
    assert len(kept(study)) == 3
    for path in (path for path in study.rglob("*") if path.is_file()):
        assert NAME.encode() not in path.read_bytes(), path
        assert NAME not in path.name


def test_a_worker_gives_the_numbers_that_the_batch_would(lab: Path, study: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(study, tmp_path / "other"))
    before = StudyStore.open(study).result()
    for words in (["CD19", "--exclude"], ["CD4", "--threshold", "0.45", "--tube", "P01/d100/1"]):
        given = [word for word in DECISION if words[0] == "CD19" or word not in ("--template", "tbnk")]
        for place in (study, other):
            assert main(["override", "add", str(place), *words, *given]) == 0
    with JobQueue(study) as queue:
        jobs = queue.jobs()
    assert [job.request.subject for job in jobs] == ["P01/d30/1", "P01/d60/1", "P01/d100/1", "P01/d100/1"]
    for job in jobs:
        assert perform(errand_of(study, job), lambda _stage: None).done
    run_batch(lab / "manifest.csv", other)
    with StudyStore.open(study) as one, StudyStore.open(other) as two:
        after = one.result()
        assert after.tubes == two.result().tubes
    assert [tube.tube for tube in after.tubes if tube == before.tube(tube.tube)] == []


def test_a_batch_that_goes_on_has_nothing_to_do_after_a_worker(lab: Path, study: Path) -> None:
    assert main(["override", "add", str(study), "CD19", "--exclude", *DECISION]) == 0
    with JobQueue(study) as queue:
        for job in queue.jobs():
            perform(errand_of(study, job), lambda _stage: None)
    with StudyStore.open(study) as store:
        before = [entry for entry in store.history() if entry.tube]
        run_batch(lab / "manifest.csv", study)
        assert [entry for entry in store.history() if entry.tube] == before


def test_files_are_not_kept_when_nobody_wants_it_and_kept_later(lab: Path, tmp_path: Path) -> None:
    result = run_batch(lab / "manifest.csv", tmp_path / "study", keep_files=False)
    assert kept(tmp_path / "study") == []
    (said,) = remarks(result)
    assert said == (
        "info: batch: The files of the tubes are not kept, as --no-keep-files asks. "
        "After a decision about a gate a batch with the same sheet analyses them again."
    )
    assert remarks(run_batch(lab / "manifest.csv", tmp_path / "study")) == []
    assert len(kept(tmp_path / "study")) == 3
    with StudyStore.open(tmp_path / "study") as store:
        saved = [entry for entry in store.history() if entry.tube]
        assert len(saved) == 3


def test_a_machine_that_does_not_see_the_place_leaves_it_to_the_one_that_runs_the_batch(
    lab: Path, tmp_path: Path
) -> None:
    def elsewhere(
        work: Callable[[Item], Answer], items: Iterable[Item], /
    ) -> Iterator[tuple[Item, Answer | Failure]]:
        assert isinstance(work, partial)
        place = work.keywords["place"]
        there = partial(work.func, **work.keywords | {"place": replace(place, mark="another folder")})
        return iter(in_turn(there, items))

    sheet = load_study(lab / "manifest.csv")
    study = tmp_path / "study"
    settings = AnalysisSettings(software_version="0.1.0")
    with StudyStore.create(study, sheet, settings.model_dump_json(), software_version="0.1.0") as store:
        plan = plan_study(sheet, known=settings)
        files = Files(place_of(study, ""), asked_for=True)
        said = analyse(store, sheet.tubes, plan, files, each=elsewhere, progress=no_progress)
    assert said == ()
    assert len(kept(study)) == 3


def test_a_place_that_cannot_be_written_stops_the_batch_before_it_begins(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "blobs").write_text("in the way")
    with pytest.raises(StoreError) as caught:
        run_batch(lab / "manifest.csv", tmp_path / "study")
    assert caught.value.message == "The place for files cannot be used."
    (tmp_path / "study" / "blobs").unlink()
    run_batch(lab / "manifest.csv", tmp_path / "study")
    assert len(kept(tmp_path / "study")) == 3


def test_a_disk_that_fills_up_stops_the_batch_and_the_next_one_goes_on(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = FolderBlobs.put
    puts: list[Path] = []

    def full(self: FolderBlobs, source: Path, suffix: str = ".fcs") -> str:
        puts.append(source)
        if len(puts) > 1:
            raise StoreError("The disk is full; nothing was changed.")
        return put(self, source, suffix)

    monkeypatch.setattr(FolderBlobs, "put", full)
    with pytest.raises(StoreError, match="The disk is full"):
        run_batch(lab / "manifest.csv", tmp_path / "study")
    monkeypatch.undo()
    with StudyStore.open(tmp_path / "study") as store:
        assert len(store.done()) == 1
    result = run_batch(lab / "manifest.csv", tmp_path / "study")
    assert {tube.status for tube in result.tubes} == {"done"}
    assert len(kept(tmp_path / "study")) == 3


def test_a_file_that_was_changed_on_its_disk_is_told_and_stops_nobody(lab: Path, tmp_path: Path) -> None:
    run_batch(lab / "manifest.csv", tmp_path / "study")
    first = kept(tmp_path / "study")[0]
    first.write_bytes(b"flipped")
    # the same blob without its row, as after a copy of the database alone
    shutil.copytree(tmp_path / "study" / "blobs", tmp_path / "again" / "blobs")
    result = run_batch(lab / "manifest.csv", tmp_path / "again")
    (said,) = remarks(result)
    assert said.startswith("warning: batch: The file of 1 tube is not kept: P01/d")
    assert "A kept file was changed on its disk; it is not used." in said
    assert {tube.status for tube in result.tubes} == {"done"}


def test_a_tube_whose_file_was_replaced_meanwhile_is_left_alone(study: Path) -> None:
    with StudyStore.open(study) as store:
        (tube, *_) = store.study().tubes
        store.keep_file(KeptFile(file_sha256="ab" * 32, blob_sha256="cd" * 32))
        request = Request(kind="regate", tube=tube, file_sha256="ab" * 32)
    with JobQueue(study) as queue:
        job = queue.submit(request, "0" * 16)
    outcome = perform(errand_of(study, job), lambda _stage: None)
    assert outcome.message == "The study has no such tube any more, or another file for it."


def test_a_tube_of_scales_that_are_gone_is_left_to_a_batch(study: Path) -> None:
    with StudyStore.open(study) as store:
        empty = AnalysisSettings.from_json(store.settings()).model_copy(update={"batches": {}})
        (tube, *_) = store.study().tubes
        request = Request(
            kind="regate", tube=tube, file_sha256=store.tube_result(tube.tube).provenance.file_sha256
        )
        before = store.tube_result(tube.tube)
        assert main(["override", "add", str(study), "CD19", "--exclude", *DECISION]) == 0
        store.set_settings(empty.model_dump_json())
        requests, without = regate_requests(store, store.overrides()[0])
        assert requests == []
        assert without == ["P01/d30/1", "P01/d60/1", "P01/d100/1"]
        with JobQueue(study) as queue:
            job = queue.submit(request, "1" * 16)
        outcome = perform(errand_of(study, job), lambda _stage: None)
        assert outcome.message == (
            "The study has no scales and priors for it by now: its template has changed, or is a file of "
            "your own. A batch with its sheet analyses it again."
        )
        assert store.tube_result(tube.tube) == before


def test_who_runs_a_batch_stands_in_the_history(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CYTORECON_BY", "CD")
    command = ["batch", str(lab / "manifest.csv"), "--out", str(tmp_path / "study"), "--no-keep-files"]
    assert main(command) == 0
    with StudyStore.open(tmp_path / "study") as store:
        assert {entry.who for entry in store.history()} == {"CD"}
        assert main([*command, "--by", "AB", "--name", "other"]) == 0
        assert store.history()[-1].who == "AB"
    capsys.readouterr()
    assert main([*command, "--by", "ab@example.org"]) == 1
    assert (
        capsys.readouterr()
        .err.strip()
        .endswith("by: It must be said who does it. Allowed: initials, 1 to 12 characters, no e-mail.")
    )


def test_signed_results_are_reproduced_from_the_kept_files(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from argon2 import PasswordHasher

    monkeypatch.setattr(users, "PasswordHasher", lambda: PasswordHasher(1, 8, 1))
    with StudyApprovals.open(study) as approvals:
        approvals.save_user("CD", "approver", WORDS)
        (state,) = approvals.states(software_version=__version__)
        approvals.sign({"P01": state.now.sha256}, by="CD", password=WORDS, software_version=__version__)
    command = ["reproduce", str(study), "--patient", "P01", "--kept-files"]
    capsys.readouterr()
    assert main(command) == 0
    captured = capsys.readouterr()
    assert captured.out == f"The same as signed: {state.now.sha256}\n"
    assert captured.err == "3 of 3 tubes were analysed again.\n"
    with StudyStore.open(study) as store:
        revision = store.revision()
        (first, *_) = store.study().tubes
        store.save_tube(first, store.tube_result(first.tube).model_copy(update={"counts": ()}))
        # what is stored differs by now, and what comes of the files does not
        assert main(["reproduce", str(study), "--patient", "P01"]) == 1
        assert main(command) == 0
        assert store.revision() == revision + 1
