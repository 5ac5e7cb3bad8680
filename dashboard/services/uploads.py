"""Take an uploaded file, which a worker analyses; remove and restore uploads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from cytorecon.errors import CytoreconError, StoreError
from cytorecon.figures.format import format_day
from cytorecon.intake import private_folder
from cytorecon.jobs.model import Job, Request
from cytorecon.jobs.uploads import free_name
from cytorecon.knowledge.programmes import UNKNOWN_PROGRAMME, load_programmes
from cytorecon.knowledge.templates import load_template, template_names
from cytorecon.report.words import age_in_words
from cytorecon.store import LockedError
from cytorecon.study.model import Patient, Tube
from cytorecon.study.people import first_anchor
from cytorecon.study.rows import Vocabulary
from dashboard.services.completion import unknown_facts
from dashboard.services.hints import error_in_browser
from dashboard.services.study import Snapshot, StudyService
from dashboard.services.upload_checks import SEXES, UploadForm, check_form, doubts, file_bytes

REMOVED: Final = "removed on the dashboard"


@dataclass(frozen=True, slots=True)
class UploadOutcome:
    """What came of an upload: a job, or messages by field (``""`` for the whole form)."""

    job: Job | None = None
    problems: tuple[tuple[str, str], ...] = ()

    def problem(self, field: str) -> str:
        """Return the message for one field of the form; empty when there is none."""
        return next((message for name, message in self.problems if name == field), "")


def panels() -> tuple[tuple[str, str], ...]:
    """Return (name, title) of the templates a file can be analysed with."""
    return tuple((name, load_template(name).title) for name in template_names())


def programmes() -> tuple[tuple[str, str], ...]:
    """Return (programme, name) of the programmes a patient can be in."""
    rows = load_programmes().programmes
    return tuple((row.programme, row.name) for row in rows if row.programme != UNKNOWN_PROGRAMME)


def known_patient(snapshot: Snapshot, patient: str) -> str:
    """Return what the study knows about a patient, in words; empty when it does not know the patient.

    The form then need not ask: what a sheet or an earlier upload said stands.
    """
    if patient not in snapshot.patients:
        return ""
    known = snapshot.study.patient(patient)
    age = "age not known" if known.age_years is None else f"{age_in_words(known.age_years)} on day 0"
    sex = known.sex if known.sex != "unknown" else "sex not known"
    unstated = known.programme == UNKNOWN_PROGRAMME
    programme = "programme not known" if unstated else load_programmes().find(known.programme).name
    cmv = ", CMV not known" if known.cmv == "unknown" else ""
    fill_in = " Fill it in on the patient page." if unknown_facts(known) else ""
    return f"{patient} is in this study: {age}, {sex}, {programme}{cmv}.{fill_in}"


def next_tube(snapshot: Snapshot, patient: str, day: int, waiting: Iterable[str] = ()) -> str:
    """Return the first free tube name of a patient's day, e.g. ``P01/d30/2``."""
    return free_name(snapshot.study, snapshot.removed, waiting, patient, day)


def upload(service: StudyService, form: UploadForm) -> UploadOutcome:
    """Keep the file of `form` and have it analysed; nothing is kept when it cannot be read.

    Parameters
    ----------
    service : StudyService
        Study the tube is added to.
    form : UploadForm
        As typed.
    """
    if form.patient in service.snapshot().patients:
        # what is known about a patient is not asked, so what may stand in the hidden fields is not read
        form = replace(
            form,
            age_years=None,
            sex=SEXES[0],
            programme=UNKNOWN_PROGRAMME,
            unreadable=tuple(one for one in form.unreadable if one[0] != "age_years"),
        )
    problems = check_form(form)
    if problems or form.contents is None or form.day is None:
        return UploadOutcome(problems=problems)
    data = file_bytes(form.contents)
    with service.one_upload:
        try:
            return _handed_in(service, form, int(form.day), data)
        except CytoreconError as error:
            return UploadOutcome(problems=(("", error_in_browser(error)),))


def _handed_in(service: StudyService, form: UploadForm, day: int, data: bytes) -> UploadOutcome:
    snapshot = service.snapshot()
    unfinished = [job for job in service.desk.jobs() if job.is_unfinished]
    known = _known_file(service, snapshot, unfinished, hashlib.sha256(data).hexdigest())
    if known:
        return UploadOutcome(problems=(("contents", known),))
    name = next_tube(snapshot, form.patient, day, [job.request.subject for job in unfinished])
    request = Request(
        kind="ingest",
        tube=_tube(name, form),
        patient=None if form.patient in snapshot.patients else _new_patient(form),
        remarks=tuple(doubts(form)),
        by=form.by,
    )
    # the file as it came lives until it is read, under a name that says nothing about the patient
    with private_folder() as folder:
        path = folder / "upload.fcs"
        path.write_bytes(data)
        return UploadOutcome(job=service.desk.take(path, request))


def beside(snapshot: Snapshot, tube: Tube) -> str:
    """Say that tubes of the same patient, day and panel are counted; nothing if there are none."""
    same = (tube.patient, tube.day, tube.template)
    done = {result.tube for result in snapshot.result.tubes if result.status == "done"}
    alike = [own.tube for own in snapshot.study.tubes if (own.patient, own.day, own.template) == same]
    others = [own for own in alike if own in done and own != tube.tube]
    if not others:
        return ""
    known = f"Tube {others[0]} is" if len(others) == 1 else f"Tubes {', '.join(others)} are"
    return (
        f"{known} of the same patient, day and panel, from another file; all are counted and drawn, this one "
        f"as {tube.tube}, and each is marked to be looked at. If they are one sample, or the day is wrong, "
        "remove this upload."
    )


def _known_file(service: StudyService, snapshot: Snapshot, unfinished: Iterable[Job], digest: str) -> str:
    """Say that the same bytes are in the study, or about to be; empty when they are not."""
    files = service.store.done()
    known = next((tube.tube for tube in snapshot.study.tubes if files.get(tube.tube) == digest), "")
    if known:
        return f"This file was analysed already: tube {known}."
    waiting = next((job.request.subject for job in unfinished if job.request.file_sha256 == digest), "")
    return f"This file is being analysed already: tube {waiting}." if waiting else ""


def _tube(name: str, form: UploadForm) -> Tube:
    day = int(form.day or 0)
    return Tube(
        tube=name,
        patient=form.patient,
        day=day,
        visit=form.visit or format_day(day),
        template=form.panel,
        row=0,
        beads_per_tube=form.beads_per_tube,
        blood_volume_ul=form.blood_volume_ul,
        lymphocytes_cells_per_ul=form.lymphocytes_cells_per_ul,
        wbc_cells_per_ul=form.wbc_cells_per_ul,
        pipetting_cv_percent=form.pipetting_cv_percent,
        beads_cv_percent=form.beads_cv_percent,
        wbc_cv_percent=form.wbc_cv_percent,
        lymphocytes_cv_percent=form.lymphocytes_cv_percent,
    )


def _new_patient(form: UploadForm) -> Patient:
    return Patient(
        patient=form.patient,
        age_years=form.age_years,
        sex=form.sex,
        programme=form.programme,
        anchors=(first_anchor(form.programme, Vocabulary.load(None)),),
    )


def uploaded_tubes(snapshot: Snapshot) -> tuple[Tube, ...]:
    """Return the tubes of the study that came by upload."""
    return tuple(tube for tube in snapshot.study.tubes if tube.row == 0)


def removed_uploads(snapshot: Snapshot) -> tuple[Tube, ...]:
    """Return the uploads that were removed and can be restored."""
    return tuple(tube for tube in snapshot.removed if tube.row == 0)


def remove_upload(service: StudyService, tube: str) -> str:
    """Take an upload out of the study and return what was done, in words."""
    if tube not in {upload.tube for upload in uploaded_tubes(service.snapshot())}:
        return f"{tube} is not an upload of this study any more."
    try:
        service.store.remove_tube(tube, reason=REMOVED)
    except LockedError as error:
        return error_in_browser(error)
    return f"{tube} was removed. It can be restored."


def restore_upload(service: StudyService, tube: str) -> str:
    """Bring a removed upload back and return what was done, in words."""
    if tube not in {upload.tube for upload in removed_uploads(service.snapshot())}:
        return f"{tube} is not among the removed uploads any more."
    try:
        service.store.restore_tube(tube)
    except StoreError as error:
        return f"{tube} was not restored. {error.message} Found: {error.found}. {error.hint}"
    return f"{tube} was restored."
