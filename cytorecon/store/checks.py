"""What is checked before anything is written: names, patients, and that no file counts twice."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, select

from cytorecon.errors import StoreError
from cytorecon.results import TubeResult
from cytorecon.store import schema
from cytorecon.store.documents import TUBE, from_text
from cytorecon.store.earlier import bytes_of
from cytorecon.study.model import Study, Tube


class FileCountedError(StoreError):
    """The file of a tube is counted as another tube of the study.

    Parameters
    ----------
    message, subject, field, hint : str
        See :class:`~cytorecon.errors.CytoreconError`.
    tube : str
        The other tube.
    upload : bool
        Whether that one came by upload.
    """

    def __init__(self, message: str, *, subject: str, field: str, tube: str, upload: bool, hint: str) -> None:
        self.tube = tube
        self.upload = upload
        super().__init__(
            message,
            subject=subject,
            field=field,
            found=f"tube {tube}",
            allowed="a file that no other tube of the study came from",
            hint=hint,
        )


class NameTakenError(StoreError):
    """Another tube of the study has the name."""


def check_consistent(study: Study, subject: str) -> None:
    """Check that tubes are unique and that tubes, events and readouts belong to patients of the study.

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
    for patient in (*used, *(readout.patient for readout in study.readouts)):
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


def check_belongs(tube: Tube, result: TubeResult, subject: str) -> None:
    """Check that a result is that of `tube`.

    Raises
    ------
    StoreError
        If it is another tube's.
    """
    if result.tube != tube.tube:
        raise StoreError(
            "The result belongs to another tube.",
            subject=subject,
            field=f"tube {tube.tube}",
            found=result.tube,
            allowed=tube.tube,
            hint="Save each result with its own tube.",
        )


def check_name_is_free(connection: Connection, tube: Tube, result: TubeResult, subject: str) -> None:
    """Check that saving `tube` replaces no other tube that has the same name.

    Raises
    ------
    NameTakenError
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
    raise NameTakenError(
        "Another tube of the study has this name; nothing was changed.",
        subject=subject,
        field=f"tube {tube.tube}",
        found="an upload" if stored.upload else "a tube of the sample sheet",
        allowed="a name that is free",
        hint="Try again: it will get the next free number.",
    )


def check_file_is_free(
    connection: Connection, tube: Tube, file_sha256: str, subject: str, *, message: str
) -> None:
    """Check that no other tube that stands in the study came from the same bytes.

    Rows of a sheet may share a file that holds several data sets.

    Raises
    ------
    FileCountedError
        Naming the other tube.
    """
    if not file_sha256:
        return
    tubes, results = schema.tubes, schema.results
    others = connection.execute(
        select(tubes.c.tube, tubes.c.upload, tubes.c.document)
        .join(results, results.c.tube == tubes.c.tube)
        .where(results.c.file_sha256 == file_sha256, results.c.status == "done")
        .where(tubes.c.tube != tube.tube, tubes.c.removed.is_(False))
        .order_by(tubes.c.upload, tubes.c.position)
    )
    own = bytes_of(tube, file_sha256)
    for row in others:
        other = from_text(TUBE, row.document, subject=subject, field=f"tube {row.tube}")
        if bytes_of(other, file_sha256) == own:
            raise FileCountedError(
                message,
                subject=subject,
                field=f"tube {tube.tube}",
                tube=row.tube,
                upload=row.upload,
                hint="Take the other tube out first.",
            )
