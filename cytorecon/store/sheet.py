"""Write a whole study as its sheets say, the first time or again after they were corrected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, select, update

from cytorecon.errors import StoreError
from cytorecon.results import TubeResult
from cytorecon.store import rows, schema
from cytorecon.store.documents import ISSUES, PATIENT, TUBE, from_text, to_text
from cytorecon.store.uploads import Upload, beside_uploads, with_known_facts
from cytorecon.study.model import Patient, Study, Tube

#: What a sheet may say anew about a tube without changing a number of its result.
_BESIDE_THE_RESULT: Final = {"row": 0, "visit": "", "path": None}


def check_consistent(study: Study, subject: str) -> None:
    """Check that tubes are unique and that tubes and events belong to patients of the study.

    Raises
    ------
    StoreError
        Naming the first tube or patient that does not fit.
    """
    names = {patient.patient for patient in study.patients}
    twice = [tube for tube, times in Counter(tube.tube for tube in study.tubes).items() if times > 1]
    if twice:
        raise StoreError(
            "Two tubes of the study have the same name.",
            subject=subject,
            found=twice[0],
            allowed="one tube of each name",
            hint="Give each row of the sample sheet a tube of its own.",
        )
    used = [tube.patient for tube in study.tubes] + [event.patient for event in study.events]
    for patient in used:
        if patient not in names:
            raise unknown_patient(patient, subject)


def unknown_patient(patient: str, subject: str) -> StoreError:
    """Return the error for something that belongs to a patient the study does not have."""
    return StoreError(
        "The study has no such patient.",
        subject=subject,
        found=patient,
        allowed="a patient of the study",
        hint="Save the patient first.",
    )


def check_name_is_free(connection: Connection, tube: Tube, result: TubeResult, subject: str) -> None:
    """Check that saving `tube` replaces no other tube that has the same name.

    Raises
    ------
    StoreError
        If the name is that of a tube of the sheet and `tube` an upload, or the other way round,
        or both are uploads of different files.
    """
    stored = connection.execute(
        select(schema.tubes.c.upload, schema.results.c.file_sha256)
        .join(schema.results, schema.results.c.tube == schema.tubes.c.tube, isouter=True)
        .where(schema.tubes.c.tube == tube.tube)
    ).one_or_none()
    if stored is None:
        return
    upload = tube.row == 0
    another_file = stored.file_sha256 not in (None, result.provenance.file_sha256)
    if stored.upload == upload and not (upload and another_file):
        return
    raise StoreError(
        "Another tube of the study has this name; nothing was changed.",
        subject=subject,
        field=f"tube {tube.tube}",
        found="an upload" if stored.upload else "a tube of the sample sheet",
        allowed="a name that is free",
        hint="Try again: it will get the next free number.",
    )


def check_file_is_free(connection: Connection, tube: str, subject: str) -> None:
    """Check that no other tube of the study came from the file of the upload `tube`.

    Raises
    ------
    StoreError
        Naming the other tube.
    """
    tubes, results = schema.tubes, schema.results
    # Rows of the sheet may share a file that holds several tubes; a file that is uploaded holds one.
    own = (
        select(results.c.file_sha256)
        .join(tubes, results.c.tube == tubes.c.tube)
        .where(results.c.tube == tube, tubes.c.upload.is_(True))
        .scalar_subquery()
    )
    other = connection.execute(
        select(results.c.tube)
        .join(tubes, results.c.tube == tubes.c.tube)
        .where(results.c.file_sha256 == own, results.c.tube != tube, results.c.status == "done")
        .where(tubes.c.removed.is_(False))
    ).scalar()
    if other is not None:
        raise StoreError(
            "Its file is counted as another tube by now.",
            subject=subject,
            field=f"tube {tube}",
            found=f"tube {other}",
            allowed="a file that no other tube of the study came from",
            hint="Take the other tube out first.",
        )


@dataclass(frozen=True, slots=True)
class WrittenSheet:
    """What became of a sheet.

    Parameters
    ----------
    study : Study
        As it was stored, with the paths of its files: rows that are uploads left out, names of
        tubes moved past those of uploads (:mod:`cytorecon.store.uploads`).
    gone : tuple of str
        Tubes that are no longer listed.
    """

    study: Study
    gone: tuple[str, ...]


def write_sheet(
    connection: Connection, study: Study, subject: str, file_sha256: Mapping[str, str]
) -> WrittenSheet:
    """Make the stored study what `study` says; uploads stay as they are.

    A stored result stays when nothing its numbers depend on has changed (then the tube need not
    be analysed again). Tubes and patients that the sheets no longer list are deleted.
    """
    uploads = _uploads(connection, subject)
    study = beside_uploads(study, uploads, file_sha256)
    study = study.model_copy(update={"patients": _patients(connection, study, uploads, subject)})
    stored = {
        row.tube: from_text(TUBE, row.document, subject=subject, field=f"tube {row.tube}")
        for row in connection.execute(select(schema.tubes).where(schema.tubes.c.upload.is_(False)))
    }
    listed = {tube.tube: tube for tube in study.tubes}
    gone = tuple(name for name in sorted(stored) if name not in listed)
    for name in gone:
        rows.delete_result(connection, name)
        connection.execute(delete(schema.tubes).where(schema.tubes.c.tube == name))
    for name in stored.keys() & listed.keys():
        if _measured(stored[name]) != _measured(listed[name]):
            rows.delete_result(connection, name)
    rows.write_events(connection, ())
    _delete_patients_without_tubes(connection)
    _write_in_order(connection, study)
    return WrittenSheet(study, gone)


def _uploads(connection: Connection, subject: str) -> tuple[Upload, ...]:
    tubes, results = schema.tubes, schema.results
    wanted = (
        select(tubes.c.tube, tubes.c.document, tubes.c.removed, results.c.file_sha256)
        .join(results, results.c.tube == tubes.c.tube, isouter=True)
        .where(tubes.c.upload.is_(True))
        .order_by(tubes.c.position)
    )
    return tuple(
        Upload(
            from_text(TUBE, row.document, subject=subject, field=f"tube {row.tube}"),
            row.file_sha256 or "",
            row.removed,
        )
        for row in connection.execute(wanted)
    )


def _patients(
    connection: Connection, study: Study, uploads: tuple[Upload, ...], subject: str
) -> tuple[Patient, ...]:
    uploaded = {upload.tube.patient for upload in uploads}
    known = {
        row.patient: from_text(PATIENT, row.document, subject=subject, field=f"patients, {row.patient}")
        for row in connection.execute(select(schema.patients))
        if row.patient in uploaded
    }
    return tuple(
        with_known_facts(patient, known[patient.patient]) if patient.patient in known else patient
        for patient in study.patients
    )


def _measured(tube: Tube) -> Tube:
    return tube.model_copy(update=_BESIDE_THE_RESULT)


def _delete_patients_without_tubes(connection: Connection) -> None:
    table = schema.patients
    with_tubes = select(schema.tubes.c.patient)
    connection.execute(delete(table).where(table.c.patient.not_in(with_tubes)))


def _write_in_order(connection: Connection, study: Study) -> None:
    for position, patient in enumerate(study.patients):
        rows.write_patient(connection, patient)
        place = update(schema.patients).where(schema.patients.c.patient == patient.patient)
        connection.execute(place.values(position=position))
    for position, tube in enumerate(study.tubes):
        rows.write_tube(connection, tube)
        place = update(schema.tubes).where(schema.tubes.c.tube == tube.tube)
        connection.execute(place.values(position=position))
    rows.write_events(connection, study.events)
    head = update(schema.study).values(name=study.name, issues=to_text(ISSUES, study.issues))
    connection.execute(head)
