"""Keep the file of an upload, and analyse a file that is kept.

A tube that is analysed again, whether it came by upload or by a sheet, gets the scales and prior of its
batch as they are frozen: the numbers that the batch itself would give it with the same decisions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from cytorecon.errors import CytoreconError, StoreError
from cytorecon.gating.overrides import Override, concerning
from cytorecon.intake import Cleaned, private_folder, read_again, receive
from cytorecon.intake.answer import Refusal
from cytorecon.jobs.addition import analyse_with
from cytorecon.jobs.done import batch_of_result
from cytorecon.jobs.model import Outcome, Request, job_key
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import AnalysisSettings, analyze_addition
from cytorecon.results import Provenance, TubeResult
from cytorecon.store import FileCountedError, KeptFile, StudyStore, Work, WorkOutdatedError, WorkStoredError
from cytorecon.store.blobs import Blobs
from cytorecon.store.checks import NameTakenError
from cytorecon.store.uploads import with_known_facts
from cytorecon.study.model import Study, Tube

#: Called with what is being done.
Told = Callable[[str], None]


def keep_upload(store: StudyStore, blobs: Blobs, path: Path, dataset: int | None = None) -> KeptFile:
    """Read an upload in quarantine and keep it without names and dates.

    The file is on the disk before the study knows of it, so that what the study knows is there.

    Parameters
    ----------
    store, blobs : StudyStore, Blobs
        The study, and the place of its files.
    path : Path
        The file as it came; nothing of it is kept but what :func:`~cytorecon.intake.receive` lets in.
    dataset : int, optional
        Which data set.

    Raises
    ------
    FcsError
        If it cannot be read.
    StoreError
        If it cannot be kept.
    """
    with private_folder() as folder:
        clean_file = folder / "clean.fcs"
        try:
            cleaned = receive(path, dataset=dataset, keep=clean_file)
        except CytoreconError as error:  # what the file is called here says nothing to whom sent it
            raise Refusal.of(error).model_copy(update={"subject": ""}).error() from None
        kept = KeptFile(
            file_sha256=cleaned.sample.sha256,
            dataset=dataset,
            blob_sha256=blobs.put(clean_file),
            issues=cleaned.sample.issues,
            removed=cleaned.removed,
            written=cleaned.written,
        )
    store.keep_file(kept)
    return kept


def read_kept(store: StudyStore, blobs: Blobs, file_sha256: str, dataset: int | None = None) -> Cleaned:
    """Return the sample of a kept file, as it was when the file came.

    Raises
    ------
    StoreError
        If it is not kept, or was changed on its disk.
    """
    kept = store.kept_file(file_sha256, dataset)
    if kept is None:
        raise StoreError(
            "The study does not keep this file.",
            field=f"file {file_sha256[:12]}",
            allowed="a file that was uploaded, or analysed by a batch that keeps files",
            hint="Upload it again, or run the batch again with its sheet.",
        )
    with private_folder() as folder:
        path = folder / "kept.fcs"
        blobs.fetch(kept.blob_sha256, path)
        return read_again(
            path,
            file_sha256,
            issues=kept.issues,
            removed=kept.removed,
            written=kept.written,
            beside=kept.beside,
        )


def ingest(store: StudyStore, blobs: Blobs, request: Request, key: str, told: Told) -> Outcome:
    """Analyse a kept upload and store its result, once for each `key`.

    Parameters
    ----------
    store, blobs : StudyStore, Blobs
        The study, and the place of its files.
    request : Request
        Of kind ``ingest``.
    key : str
        :func:`~cytorecon.jobs.model.job_key`.
    told : callable
        Called with what is being done.
    """
    tube = request.tube
    assert tube is not None
    stored = store.stored_by(key)
    if not stored:
        store.check_unlocked(tube.patient)
        told("reading the file")
        file = read_kept(store, blobs, request.file_sha256, tube.dataset)
        told("gating")
        try:
            result = _store(store, file, tube, request, key)
        except FileCountedError as error:
            return Outcome(done=False, message=f"This file was analysed already: tube {error.tube}.")
        if result.status == "failed":
            return Outcome(done=False, message=result.error)
        stored = result.tube
    _complete(store, request)
    return Outcome(done=True, message="analysed", tube=stored)


def regate(store: StudyStore, blobs: Blobs, request: Request, key: str, told: Told) -> Outcome:
    """Analyse a tube whose file is kept again, with what was decided about its gates by now.

    Parameters
    ----------
    store, blobs : StudyStore, Blobs
        The study, and the place of its files.
    request : Request
        Of kind ``regate``.
    key : str
        :func:`~cytorecon.jobs.model.job_key`.
    told : callable
        Called with what is being done.
    """
    assert request.tube is not None
    name = request.tube.tube
    if store.stored_by(key):
        return Outcome(done=True, message="analysed again", tube=name)
    store.check_unlocked(request.tube.patient)
    told("reading the file")
    tube = _as_it_stands(store, request)
    if tube is None:
        return Outcome(done=False, message="The study has no such tube any more, or another file for it.")
    file = read_kept(store, blobs, request.file_sha256, tube.dataset)
    told("gating")
    while True:
        result, decisions = gated_again(store, file, tube)
        if result.status == "failed":
            return Outcome(done=False, message=result.error)
        try:
            reason = "gates were decided about"
            store.save_tube(tube, result, reason=reason, work=Work(key=key, decisions=decisions))
        except WorkOutdatedError:
            continue
        except WorkStoredError:
            pass
        return Outcome(done=True, message="analysed again", tube=name)


def gated_again(store: StudyStore, file: Cleaned, tube: Tube) -> tuple[TubeResult, int]:
    """Return what a kept file gives now, and the number of decisions about gates there were.

    Nothing is stored, and nothing learned: the result is a failed one when the study has no scales and
    priors for the tube.
    """
    settings = AnalysisSettings.from_json(store.settings())
    overrides = store.overrides()
    again = analyze_addition(file, tube, settings, overrides, learns=False)
    return again.result, len(overrides)


def regate_requests(store: StudyStore, record: Override) -> tuple[list[Request], list[str]]:
    """Return what has to be analysed again after a decision, and the tubes for which only a batch can.

    Those are tubes whose file is not kept, and tubes of a template that is a file of the user's. Tubes of
    locked patients are in neither.

    Parameters
    ----------
    store : StudyStore
        The study, with the decision stored.
    record : Override
        The decision.
    """
    requests, without = [], []
    settings = AnalysisSettings.from_json(store.settings())
    results = {result.tube: result for result in store.result(plots=False).tubes}
    locked = store.locks()
    for tube in store.study().tubes:
        if tube.patient in locked:
            continue
        result = results[tube.tube]
        origin = result.provenance
        batch = batch_of_result(origin, settings)
        if result.status != "done" or not concerning([record], origin.template, tube.tube, batch):
            continue
        is_kept = store.kept_file(origin.file_sha256, tube.dataset) is not None
        if is_kept and batch is not None and _has_template(origin):
            requests.append(Request(kind="regate", tube=tube, file_sha256=origin.file_sha256))
        else:
            without.append(tube.tube)
    return requests, without


def ingest_key(store: StudyStore, request: Request) -> str:
    """Return the key of a job about a tube: tube, file, settings and decisions."""
    return key_of(request, store.settings(), store.overrides())


def key_of(request: Request, settings: str, overrides: Iterable[Override]) -> str:
    """Return :func:`ingest_key` of a study that has these settings and decisions."""
    state = [settings, *(record.id for record in overrides)]
    return job_key(request, hashlib.sha256("\n".join(state).encode()).hexdigest())


def free_name(study: Study, removed: Iterable[Tube], waiting: Iterable[str], patient: str, day: int) -> str:
    """Return the first tube name of a patient's day that nobody has, e.g. ``P01/d30/2``.

    Parameters
    ----------
    study : Study
        Its tubes have names.
    removed : iterable of Tube
        So have those that can be restored.
    waiting : iterable of str
        And those of jobs that are not done yet.
    patient, day : str, int
        Of the draw.
    """
    taken = {tube.tube for tube in (*study.tubes, *removed)} | set(waiting)
    number = 1
    while (name := f"{patient}/d{day}/{number}") in taken:
        number += 1
    return name


def _store(store: StudyStore, file: Cleaned, tube: Tube, request: Request, key: str) -> TubeResult:
    while True:
        result, decisions = analyse_with(store, file, tube)
        if result.status == "failed":
            return result
        try:
            store.save_tube(tube, result, patient=request.patient, work=Work(key=key, decisions=decisions))
        except WorkOutdatedError:
            continue
        except NameTakenError:  # another machine gave it to another upload of the day
            name = free_name(store.study(), store.removed(), (), tube.patient, tube.day)
            tube = tube.model_copy(update={"tube": name})
            continue
        except WorkStoredError:
            pass
        return result


def _complete(store: StudyStore, request: Request) -> None:
    """Add what this upload says of its patient and an earlier one did not."""
    if request.patient is None:
        return
    known = store.study().patient(request.patient.patient)
    if with_known_facts(known, request.patient) != known:
        store.complete_patient(request.patient)


def _as_it_stands(store: StudyStore, request: Request) -> Tube | None:
    """Return what the study says of the tube now; None when it is gone, or its result is of other bytes."""
    assert request.tube is not None
    for tube in (*store.study().tubes, *store.removed()):
        if tube.tube == request.tube.tube:
            same = store.tube_result(tube.tube).provenance.file_sha256 == request.file_sha256
            return tube if same else None
    return None


def _has_template(origin: Provenance) -> bool:
    """Tell whether the template of a result is a packaged one, with the text that it had then."""
    try:
        return load_template(origin.template).sha256 == origin.template_sha256
    except CytoreconError:
        return False
