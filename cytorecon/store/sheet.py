"""Write a whole study as its sheets say, the first time or again after they were corrected."""

from __future__ import annotations

from collections import Counter
from typing import Final

from sqlalchemy import Connection, delete, select, update

from cytorecon.errors import StoreError
from cytorecon.store import rows, schema
from cytorecon.store.documents import ISSUES, TUBE, from_text, to_text
from cytorecon.study.model import Study, Tube

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


def write_sheet(connection: Connection, study: Study, subject: str) -> tuple[str, ...]:
    """Make the stored study what `study` says; uploads stay.

    A stored result stays when nothing its numbers depend on has changed (then the tube need not
    be analysed again). Tubes and patients that the sheets no longer list are deleted.

    Returns
    -------
    tuple of str
        The tubes that are gone.
    """
    stored = {
        row.tube: from_text(TUBE, row.document, subject=subject, field=f"tube {row.tube}")
        for row in connection.execute(select(schema.tubes))
    }
    listed = {tube.tube: tube for tube in study.tubes}
    gone = tuple(name for name, tube in sorted(stored.items()) if tube.row > 0 and name not in listed)
    for name in gone:
        rows.delete_result(connection, name)
        connection.execute(delete(schema.tubes).where(schema.tubes.c.tube == name))
    for name in stored.keys() & listed.keys():
        if _measured(stored[name]) != _measured(listed[name]):
            rows.delete_result(connection, name)
    rows.write_events(connection, ())
    _delete_patients_without_tubes(connection)
    _write_in_order(connection, study)
    return gone


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
