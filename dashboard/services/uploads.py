"""Take an uploaded file: check what was typed, analyse, store; remove and restore uploads."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cytorecon.errors import CytoreconError
from cytorecon.figures.format import format_count, format_day
from cytorecon.knowledge.templates import load_template, template_names
from cytorecon.results import TubeResult
from cytorecon.study.model import Tube
from dashboard.services.study import Snapshot, StudyService
from dashboard.services.tubes import tube_state

#: Larger files belong to ``cytorecon batch``: the browser holds the whole file in memory, twice.
LIMIT_MB: Final = 25
LIMIT_BYTES: Final = LIMIT_MB * 1_000_000
#: Every FCS file begins with ``FCS`` and its version, e.g. ``FCS3.1``.
_SIGNATURE: Final = re.compile(rb"FCS[23]\.[0-9]")
_PSEUDONYM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
#: A hundred years in either direction.
_DAYS: Final = 36_525

REMOVED: Final = "removed on the dashboard"


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What the upload form holds, as typed; None is an empty field.

    Parameters
    ----------
    contents : str or None
        The file as the browser sends it: ``data:…;base64,…``.
    patient, visit, panel : str
        Pseudonym, name of the visit, template.
    day : float or None
        Day of the blood draw on the patient's clock.
    beads_per_tube, blood_volume_ul, lymphocytes_cells_per_ul, wbc_cells_per_ul : float or None
        What relates events to blood.
    """

    contents: str | None
    patient: str
    day: float | None
    visit: str = ""
    panel: str = "tbnk"
    beads_per_tube: float | None = None
    blood_volume_ul: float | None = None
    lymphocytes_cells_per_ul: float | None = None
    wbc_cells_per_ul: float | None = None


@dataclass(frozen=True, slots=True)
class UploadOutcome:
    """What came of an upload: a stored tube, or messages by field (``""`` for the whole form)."""

    tube: str = ""
    message: str = ""
    problems: tuple[tuple[str, str], ...] = ()

    def problem(self, field: str) -> str:
        """Return the message for one field of the form; empty when there is none."""
        return next((message for name, message in self.problems if name == field), "")


def panels() -> tuple[tuple[str, str], ...]:
    """Return (name, title) of the templates a file can be analysed with."""
    return tuple((name, load_template(name).title) for name in template_names())


def check_file(contents: str | None) -> str:
    """Return what is wrong with the chosen file, or an empty string."""
    if not contents:
        return "Choose an FCS file."
    try:
        data = _decode(contents)
    except (ValueError, binascii.Error):
        return "The file did not arrive whole. Choose it again."
    if len(data) > LIMIT_BYTES:
        return f"The file has {len(data) / 1e6:.0f} MB; up to {LIMIT_MB} MB can be uploaded here."
    if not _SIGNATURE.match(data):
        return "This is not an FCS file: it does not begin with FCS2.0, FCS3.0, FCS3.1 or FCS3.2."
    return ""


def _decode(contents: str) -> bytes:
    header, _, body = contents.partition(",")
    if not header.startswith("data:") or not body:
        raise ValueError("not a data URL")
    return base64.b64decode(body, validate=True)


def check_form(form: UploadForm) -> tuple[tuple[str, str], ...]:
    """Return (field, message) for everything that is wrong with the form; empty when nothing is."""
    problems = [
        ("contents", check_file(form.contents)),
        ("patient", _check_patient(form.patient)),
        ("day", _check_day(form.day)),
        ("panel", "" if form.panel in template_names() else "Choose a panel."),
        *_check_amounts(form),
    ]
    return tuple((field, message) for field, message in problems if message)


def _check_patient(patient: str) -> str:
    if _PSEUDONYM.fullmatch(patient):
        return ""
    return "Enter the study pseudonym: 1 to 32 letters, digits, - or _. Never a name or hospital number."


def _check_day(day: float | None) -> str:
    if day is None:
        return "Enter the day of the blood draw; 0 is the day of the transplant."
    if day != round(day) or abs(day) > _DAYS:
        return f"The day is a whole number between -{_DAYS} and {_DAYS}."
    return ""


def _check_amounts(form: UploadForm) -> list[tuple[str, str]]:
    problems = []
    for field, value, unit in (
        ("beads_per_tube", form.beads_per_tube, "beads"),
        ("blood_volume_ul", form.blood_volume_ul, "µL"),
        ("lymphocytes_cells_per_ul", form.lymphocytes_cells_per_ul, "cells/µL"),
        ("wbc_cells_per_ul", form.wbc_cells_per_ul, "cells/µL"),
    ):
        if value is not None and value <= 0:
            problems.append((field, f"Enter a number above 0 ({unit}), or leave it empty."))
    if form.beads_per_tube is not None and form.blood_volume_ul is None:
        problems.append(("blood_volume_ul", "Counting beads need the blood volume of the tube, in µL."))
    return problems


def next_tube(snapshot: Snapshot, patient: str, day: int) -> str:
    """Return the first free tube name of a patient's day, e.g. ``P01/d30/2``."""
    taken = {tube.tube for tube in (*snapshot.study.tubes, *snapshot.removed)}
    number = 1
    while (name := f"{patient}/d{day}/{number}") in taken:
        number += 1
    return name


def upload(service: StudyService, form: UploadForm) -> UploadOutcome:
    """Analyse the file of `form` and store its result; nothing is stored when it cannot be read.

    Parameters
    ----------
    service : StudyService
        Study the tube is added to.
    form : UploadForm
        As typed.
    """
    problems = check_form(form)
    if problems or form.contents is None or form.day is None:
        return UploadOutcome(problems=problems)
    data = _decode(form.contents)
    with service.one_upload:
        snapshot = service.snapshot()
        known = _known_file(service, snapshot, data)
        if known:
            return UploadOutcome(problems=(("contents", f"This file was analysed already: tube {known}."),))
        tube = _tube(next_tube(snapshot, form.patient, int(form.day)), form)
        try:
            result = _add(service, data, tube)
        except CytoreconError as error:
            return UploadOutcome(problems=(("", str(error)),))
    if result.status == "failed":
        return UploadOutcome(problems=(("", result.error),))
    return UploadOutcome(tube=tube.tube, message=_told(tube, result))


def _known_file(service: StudyService, snapshot: Snapshot, data: bytes) -> str:
    """Return the tube of the study that came from the same bytes; empty when none did."""
    digest = hashlib.sha256(data).hexdigest()
    files = service.store.done()
    return next((tube.tube for tube in snapshot.study.tubes if files.get(tube.tube) == digest), "")


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
    )


def _add(service: StudyService, data: bytes, tube: Tube) -> TubeResult:
    # the file lives for one analysis, under a name that says nothing about the patient
    with tempfile.TemporaryDirectory(prefix="cytorecon-") as folder:
        path = Path(folder) / "upload.fcs"
        path.write_bytes(data)
        return service.add_tube(service.store, path, tube)


def _told(tube: Tube, result: TubeResult) -> str:
    counted = sum(count.status == "counted" for count in result.counts)
    lost = len(result.counts) - counted
    text = f"{tube.tube}: {format_count(result.n_events)} events, {counted} populations counted"
    if lost:
        text += f", {lost} not evaluable"
    return f"{text} ({tube_state(result)})."


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
    service.store.remove_tube(tube, reason=REMOVED)
    return f"{tube} was removed. It can be restored."


def restore_upload(service: StudyService, tube: str) -> str:
    """Bring a removed upload back and return what was done, in words."""
    if tube not in {upload.tube for upload in removed_uploads(service.snapshot())}:
        return f"{tube} is not among the removed uploads any more."
    service.store.restore_tube(tube)
    return f"{tube} was restored."
