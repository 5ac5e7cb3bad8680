"""Patients who were erased, as lines of the history know them: by a salted hash of the pseudonym.

Who knows a pseudonym can ask; who has the history and guesses it can, too (docs/decisions/0059).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection

from sqlalchemy import Connection, inspect, select

from cytorecon.errors import Issue, Severity, StoreError
from cytorecon.store import schema
from cytorecon.store.chain import digest
from cytorecon.store.history import Change
from cytorecon.study.model import Study

#: Code of the remarks on rows of erased patients.
ERASED = "study.erased"


def is_erased(connection: Connection, patient: str) -> bool:
    """Tell whether `patient` was erased, whoever came back since."""
    return patient in _erased(connection, {patient})


def erased_and_gone(connection: Connection, patients: Collection[str]) -> frozenset[str]:
    """Return those of `patients` who were erased and did not come back."""
    erased = _erased(connection, patients)
    if not erased:
        return frozenset()
    table = schema.patients
    back = connection.execute(select(table.c.patient).where(table.c.patient.in_(erased))).scalars()
    return erased - set(back)


def check_not_erased(connection: Connection, patient: str, subject: str) -> None:
    """Check that a patient may be written.

    Raises
    ------
    StoreError
        If the patient was erased and did not come back.
    """
    if erased_and_gone(connection, {patient}):
        raise StoreError(
            "This patient was erased on request; nothing was changed.",
            subject=subject,
            field=f"patient {patient}",
            found="the pseudonym of somebody who was erased",
            allowed="another patient",
            hint=_HINT.format(patient=patient),
        )


def without_erased(
    sheet: Study, erased: Collection[str], consented: Collection[str]
) -> tuple[Study, tuple[Issue, ...]]:
    """Take out of a sheet what it says of erased patients; return it and what is to be said, not stored.

    Parameters
    ----------
    sheet : Study
        As the sheets say.
    erased : collection of str
        Patients who were erased.
    consented : collection of str
        Those of them who agreed anew.
    """
    gone = set(erased) - set(consented)
    if not gone:
        return sheet, ()
    rows = [
        _left_out(f"manifest row {tube.row}", tube.patient) for tube in sheet.tubes if tube.patient in gone
    ]
    with_rows = {tube.patient for tube in sheet.tubes}
    others = [
        _left_out(f"patient {one.patient}", one.patient)
        for one in sheet.patients
        if one.patient in gone - with_rows
    ]
    kept = {
        "patients": tuple(one for one in sheet.patients if one.patient not in gone),
        "tubes": tuple(tube for tube in sheet.tubes if tube.patient not in gone),
        "events": tuple(event for event in sheet.events if event.patient not in gone),
        "readouts": tuple(readout for readout in sheet.readouts if readout.patient not in gone),
        "issues": tuple(
            issue for issue in sheet.issues if not any(names(one, f"{issue} {issue.subject}") for one in gone)
        ),
    }
    return sheet.model_copy(update=kept), (*rows, *others)


def names(patient: str, words: str) -> bool:
    """Tell whether a text names a patient."""
    return re.search(rf"(?<![\w-]){re.escape(patient)}(?![\w-])", words) is not None


_HINT = (
    "If consent was given anew: cytorecon batch MANIFEST --out STUDY --consent-anew {patient}; the history "
    "tells it."
)


def _left_out(subject: str, patient: str) -> Issue:
    return Issue(
        ERASED,
        Severity.ERROR,
        subject,
        f"Patient {patient} was erased on request. What the sheets say of the patient is left out.",
        f"Take it out of the sheets. {_HINT.format(patient=patient)}",
    )


def _erased(connection: Connection, patients: Collection[str]) -> frozenset[str]:
    if not inspect(connection).has_table(schema.history_details.name):
        return frozenset()
    table = schema.history
    lines = connection.execute(select(table.c.mark).where(table.c.what == Change.PATIENT_ERASED.value))
    marks = [json.loads(text) for (text,) in lines]
    return frozenset(
        patient
        for patient in patients
        if any(mark["patient_sha256"] == digest(mark["salt"], patient) for mark in marks)
    )
