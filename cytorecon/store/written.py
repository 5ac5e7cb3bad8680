"""Hold what is stored against the lines of the history that say what was written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from sqlalchemy import Connection, select

from cytorecon.errors import StoreError
from cytorecon.store import schema
from cytorecon.store.chain import canonical, digest
from cytorecon.store.engine import streamed
from cytorecon.store.history import Change
from cytorecon.store.last_said import SaidOfTubes, said_of_tubes
from cytorecon.store.locks import read_locks
from cytorecon.store.rights import misfits

_LINES = schema.history
_DETAILS = schema.history_details
_AT_A_TIME = 50


def check_what_is_stored(connection: Connection, subject: str) -> None:
    """Check results, tubes, settings, decisions, signatures, users, rules, locks, and the triggers.

    Raises
    ------
    StoreError
        Naming the first that is not what the program wrote.
    """
    said = said_of_tubes(connection)
    for what, found in chain(
        _locked(connection),
        _results(connection, said),
        _tubes(connection, said),
        _settings(connection),
        _added(connection, Change.GATE_DECIDED, _decisions(connection), "decision"),
        _added(connection, Change.APPROVED, _signatures(connection), "signature"),
        misfits(connection),
    ):
        raise StoreError(
            "What is stored is not what the program wrote.",
            subject=subject,
            field=what,
            found=found,
            allowed="what the last line of the history about it was written with",
            hint="Somebody changed the database by other means, or the disk did. Compare it with a backup "
            "(cytorecon db restore BACKUP.zip --to PLACE).",
        )


def signature_text(patient: str, signed_by: str, signed_sha256: str, document: str) -> str:
    """Return a signature as the history notes its hash."""
    return canonical([patient, signed_by, signed_sha256, document])


def _results(connection: Connection, said: SaidOfTubes) -> Iterator[tuple[str, str]]:
    table = schema.results
    wanted = select(table.c.tube, table.c.document, table.c.plots).order_by(table.c.tube)
    stored = set()
    with streamed(connection, wanted, _AT_A_TIME) as rows:
        for row in rows:
            stored.add(row.tube)
            noted = said.tubes.get(row.tube)
            expected = noted.result_sha256 if noted else ""
            if expected != digest(row.document, row.plots):
                yield f"result of {row.tube}", "another result" if expected else "a result that nothing wrote"
    for name, tube in said.tubes.items():
        if name not in stored and said.must_have_result(tube):
            yield f"result of {name}", "none"


def _tubes(connection: Connection, said: SaidOfTubes) -> Iterator[tuple[str, str]]:
    table = schema.tubes
    stored = {row.tube: row.removed for row in connection.execute(select(table.c.tube, table.c.removed))}
    for name, removed in stored.items():
        noted = said.tubes.get(name)
        if removed != (noted.removed if noted else False) and not (noted and noted.removed is None):
            yield f"tube {name}", "a tube that was taken out" if removed else "a tube that was not taken out"
    for name, tube in said.tubes.items():
        if name not in stored and said.must_be_there(tube):
            yield f"tube {name}", "none"


def _locked(connection: Connection) -> Iterator[tuple[str, str]]:
    stored = set(connection.execute(select(schema.patients.c.patient)).scalars())
    for patient in read_locks(connection):
        if patient not in stored:
            yield f"patient {patient}, who is locked", "none"


def _settings(connection: Connection) -> Iterator[tuple[str, str]]:
    stored = connection.execute(select(schema.study.c.settings)).scalar_one()
    if _noted(connection, Change.CREATED, Change.SETTINGS_SET)[-1:] != [digest(stored)]:
        yield "settings", "other settings"


def _noted(connection: Connection, *changes: Change) -> list[str]:
    """Return the hashes that lines were written with, oldest first; erased ones left out."""
    found = connection.execute(
        select(_DETAILS.c.after_sha256)
        .join(_LINES, _LINES.c.revision == _DETAILS.c.revision)
        .where(_LINES.c.what.in_([change.value for change in changes]))
        .order_by(_LINES.c.revision)
    )
    return list(found.scalars())


def _decisions(connection: Connection) -> list[str]:
    table = schema.overrides
    return list(connection.execute(select(table.c.document).order_by(table.c.number)).scalars())


def _signatures(connection: Connection) -> list[str]:
    table = schema.approvals
    found = connection.execute(select(table).order_by(table.c.number))
    return [signature_text(row.patient, row.signed_by, row.signed_sha256, row.document) for row in found]


def _added(connection: Connection, change: Change, stored: list[str], what: str) -> Iterator[tuple[str, str]]:
    """Yield the first document of a table to which rows are only added that no line was written with."""
    noted = _noted(connection, change)
    for place, document in enumerate(stored):
        if noted[place : place + 1] != [digest(document)]:
            yield f"{what} {place + 1}", "another one" if place < len(noted) else "one that nothing wrote"
            return
    if len(noted) > len(stored):
        yield f"{what} {len(stored) + 1}", "none"
