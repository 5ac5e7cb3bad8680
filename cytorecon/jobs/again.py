"""Analyse tubes of a study again from their files, beside the study, to see whether the same comes out."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from cytorecon import __version__
from cytorecon.jobs.batch import run_batch
from cytorecon.jobs.uploads import gated_again, read_kept
from cytorecon.results import TubeResult
from cytorecon.store import StudyStore
from cytorecon.store.blobs import Blobs
from cytorecon.study.assay import with_assay_checks
from cytorecon.study.result import StudyResult


@dataclass(frozen=True, slots=True)
class Again:
    """A study with the results of a new analysis, as far as its files were at hand.

    Parameters
    ----------
    result : StudyResult
        With new results where there are some, else with those that are stored.
    tubes : frozenset of str
        Tubes that have a new result.
    """

    result: StudyResult
    tubes: frozenset[str]


def analyse_again(store: StudyStore, manifest: Path, *, jobs: int = 1) -> Again:
    """Analyse the files of a sample sheet with the settings and decisions of a study, and store nothing.

    Files are known by their content, so a sheet with other names and rows will do.

    Parameters
    ----------
    store : StudyStore
        The study; it is read only.
    manifest : Path
        Sample sheet that lists the files.
    jobs : int
        Processes.

    Raises
    ------
    StudyError
        If the sheet cannot be used.
    """
    stored = store.result(plots=False)
    with tempfile.TemporaryDirectory(prefix="cytorecon-again-") as folder:
        place = Path(folder) / "study"
        with StudyStore.create(
            place, stored.study, store.settings(), software_version=__version__
        ) as workspace:
            for record in store.overrides():
                workspace.add_override(record)
        made = run_batch(manifest, place, keep_files=False, jobs=jobs)
    by_file = {outcome.provenance.file_sha256: outcome for outcome in made.tubes if outcome.status == "done"}
    new = {tube.tube: found for tube in stored.tubes if (found := by_file.get(tube.provenance.file_sha256))}
    tubes = tuple(_as(tube.tube, new.get(tube.tube, tube)) for tube in stored.tubes)
    return Again(stored.model_copy(update={"tubes": tubes}), frozenset(new))


def analyse_kept(store: StudyStore, blobs: Blobs, patient: str) -> Again:
    """Analyse the files of a patient that the study keeps with its settings and decisions, and store nothing.

    Parameters
    ----------
    store : StudyStore
        The study; it is read only.
    blobs : Blobs
        The place of its files.
    patient : str
        Pseudonym; results of others stay as they are stored.

    Raises
    ------
    StoreError
        If a file was changed on its disk.
    """
    study = store.study()
    tubes: dict[str, TubeResult] = {}
    new = set()
    for tube in study.tubes:
        result = store.tube_result(tube.tube)
        file_sha256 = result.provenance.file_sha256
        if tube.patient == patient and store.kept_file(file_sha256, tube.dataset) is not None:
            again, _ = gated_again(store, read_kept(store, blobs, file_sha256, tube.dataset), tube)
            if again.status == "done":
                result = again
                new.add(tube.tube)
        tubes[tube.tube] = result.model_copy(update={"plots": ()})
    whole = StudyResult(study=study, tubes=tuple(tubes.values()))
    return Again(with_assay_checks(whole), frozenset(new))


def _as(tube: str, result: TubeResult) -> TubeResult:
    return result.model_copy(update={"tube": tube})
