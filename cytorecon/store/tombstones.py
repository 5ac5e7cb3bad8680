"""Lines of the history that say that a patient was erased."""

from __future__ import annotations

import json

from sqlalchemy import Connection, select

from cytorecon.store import schema
from cytorecon.store.chain import digest
from cytorecon.store.history import Change


def is_erased(connection: Connection, patient: str) -> bool:
    """Tell whether `patient` was erased: only who knows the pseudonym can ask."""
    table = schema.history
    marks = connection.execute(select(table.c.mark).where(table.c.what == Change.PATIENT_ERASED.value))
    for (text,) in marks:
        mark = json.loads(text)
        if mark["patient_sha256"] == digest(mark["salt"], patient):
            return True
    return False
