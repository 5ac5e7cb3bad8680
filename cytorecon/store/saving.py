"""Write one tube with its result, inside a transaction that the caller opened."""

from __future__ import annotations

from sqlalchemy import Connection

from cytorecon.results import TubeResult
from cytorecon.store import rows
from cytorecon.store.checks import check_file_is_free, check_name_is_free, unknown_patient
from cytorecon.store.locks import check_unlocked
from cytorecon.store.tombstones import check_not_erased
from cytorecon.study.model import Patient, Tube


def write_analysed(
    connection: Connection, subject: str, tube: Tube, result: TubeResult, patient: Patient | None = None
) -> None:
    """Write a tube and its result in place of an earlier one; the patient is added when there is none.

    Raises
    ------
    FileCountedError
        If another tube that stands in the study came from the same bytes.
    StoreError
        If another tube has the name, the study lacks the patient, or the patient was erased.
    LockedError
        If the results of the patient are locked.
    """
    check_unlocked(connection, tube.patient, subject)
    if not rows.has_patient(connection, tube.patient):
        if patient is None:
            raise unknown_patient(tube.patient, subject)
        check_not_erased(connection, tube.patient, subject)
        rows.write_patient(connection, patient)
    check_name_is_free(connection, tube, result, subject)
    if result.status == "done" and not rows.is_removed(connection, tube.tube):
        check_file_is_free(
            connection,
            tube,
            result.provenance.file_sha256,
            subject,
            message="Its file is counted as another tube; nothing was changed.",
        )
    rows.write_tube(connection, tube)
    rows.write_result(connection, result)


def check_may_return(connection: Connection, subject: str, name: str) -> None:
    """Check that the file of the removed tube `name` is not counted as another tube by now.

    Raises
    ------
    FileCountedError
        If it is.
    """
    result = rows.read_result(connection, name, subject)
    removed = {tube.tube: tube for tube in rows.read_tubes(connection, subject, removed=True)}
    if result.status == "done":
        check_file_is_free(
            connection,
            removed[name],
            result.provenance.file_sha256,
            subject,
            message="Its file is counted as another tube by now.",
        )
