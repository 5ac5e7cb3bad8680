"""Erase a patient, and keep a line that says so (right to erasure; docs/decisions/0040)."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    String,
    delete,
    func,
    or_,
    select,
    text,
    true,
    update,
)

from cytorecon.errors import StoreError
from cytorecon.store import history, rows, schema
from cytorecon.store.audit import check_is_chained
from cytorecon.store.beside import blobs_beside, files_in
from cytorecon.store.blobs import Blobs
from cytorecon.store.chain import Mark, digest
from cytorecon.store.content import lines_of, tables_of
from cytorecon.store.documents import ISSUES, OVERRIDE, from_text, to_text
from cytorecon.store.engine import writing
from cytorecon.store.history import CLOCK_BACK, Change, Clock, patient_of, system_clock
from cytorecon.store.kept import CHOSEN
from cytorecon.store.last_said import said_of_tubes
from cytorecon.store.location import Folder, Server, parse_location
from cytorecon.store.opening import open_database
from cytorecon.store.tombstones import is_erased, names

_NOTED_AGAIN: Final = "noted again: the line before named a patient who was erased"
#: Tables of the chain, and those with rules of their own here.
_APART: Final = ("study", "history", "history_details", "overrides", "tubes", "patients", "users")


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure came to.

    Parameters
    ----------
    tubes, lines, files : int
        Tubes, details of the history, and kept files that are gone; all 0 when the patient had been erased
        before.
    still_named : tuple of str
        Tables in which a text, such as somebody's reason, still names the patient.
    copies : tuple of Path
        Databases beside the study, made by upgrades, that may still hold the patient.
    swept : bool
        Whether the space of what was erased was overwritten, too; False while another program reads the
        study. Erase again then.
    """

    tubes: int
    lines: int
    files: int
    still_named: tuple[str, ...]
    copies: tuple[Path, ...]
    swept: bool


def erase_patient(
    location: str | Path,
    patient: str,
    *,
    by: str,
    why: str,
    files: str | Path | None = None,
    clock: Clock = system_clock,
) -> Erased:
    """Erase a patient: facts, tubes, results, events, readouts, decisions, signatures and kept files.

    The history keeps its lines without tube and reason, and gets one with a salted hash of the pseudonym:
    whoever guesses the pseudonym can confirm it. Sheets bring the patient back only by consent given anew.
    What a batch learned from many tubes stays. Calling it again only overwrites free space.

    Parameters
    ----------
    location : str or Path
        A folder, or ``postgresql+psycopg://user@host/database``.
    patient : str
        Pseudonym.
    by, why : str
        For the history; `why` does not name the patient.
    files : str or Path, optional
        Folder or URL of the files that are kept; ``blobs`` of a study folder by default.
    clock : callable
        Gives the time.

    Raises
    ------
    StoreError
        If the study has no such patient, the reason is empty or names the patient.
    """
    place = parse_location(location)
    _check_reason(patient, why, str(place))
    engine = open_database(place)
    try:
        with writing(engine, str(place)) as connection:
            # locks the study's row, as a change would
            connection.execute(select(schema.study.c.revision).with_for_update())
            check_is_chained(connection, str(place))
            tubes = lines = kept = 0
            if _is_known(connection, patient):
                tubes, lines, kept = _erase(connection, place, patient, by, why, files, clock)
            elif not is_erased(connection, patient):
                raise _unknown(patient, str(place))
            named = tuple(_still_named(connection, patient))
        swept = _swept(engine, place)
    finally:
        engine.dispose()
    return Erased(tubes, lines, kept, named, _copies(place), swept)


def _erase(
    connection: Connection,
    place: Folder | Server,
    patient: str,
    by: str,
    why: str,
    files: str | Path | None,
    clock: Clock,
) -> tuple[int, int, int]:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    connection.execute(update(schema.study).values(erasing=True))
    tubes = list(
        connection.execute(select(schema.tubes.c.tube).where(schema.tubes.c.patient == patient)).scalars()
    )
    before = _digests(connection)
    _delete_decisions(connection, patient, str(place))
    _delete_rows(connection, patient, tubes)
    _drop_issues(connection, patient, str(place))
    lines, again = _delete_details(connection, patient, tubes)
    gone = _unlink(blobs_beside(place, files), before - _digests(connection))
    connection.execute(update(schema.study).values(erasing=False))
    for row in again:
        history.append(
            connection, str(place), clock(), Change(row.what),
            who=row.who, patient=row.patient, tube=row.tube, reason=_NOTED_AGAIN,
            after_sha256=row.after_sha256, mark=_without_the_clock(row.mark),
        )  # fmt: skip
    salt = secrets.token_hex(16)
    history.append(
        connection, str(place), clock(), Change.PATIENT_ERASED, who=by, reason=why,
        mark={"patient_sha256": digest(salt, patient), "salt": salt, "revisions": lines, "tubes": len(tubes)},
    )  # fmt: skip
    return len(tubes), len(lines), gone


def _without_the_clock(mark: str) -> Mark:
    """Return what a line says for good, apart from when it was written."""
    content: Mark = json.loads(mark)
    return {name: value for name, value in content.items() if name != CLOCK_BACK}


def _delete_decisions(connection: Connection, patient: str, subject: str) -> None:
    table = schema.overrides
    for row in connection.execute(select(table)).all():
        record = from_text(OVERRIDE, row.document, subject=subject, field=f"override {row.number}")
        if record.scope == "sample" and patient_of(record.target) == patient:
            connection.execute(delete(table).where(table.c.number == row.number))


def _delete_rows(connection: Connection, patient: str, tubes: Sequence[str]) -> None:
    """Delete the rows of the patient, those first that refer to others."""
    there = {table.name for table in tables_of(connection)}
    own_files = _files_of(connection, schema.tubes.c.tube.in_(tubes))
    own_files -= _files_of(connection, schema.tubes.c.tube.not_in(tubes))
    for table in reversed(schema.metadata.sorted_tables):
        if table.name in _APART or table.name not in there:
            continue
        if "patient" in table.c:
            connection.execute(delete(table).where(table.c.patient == patient))
        elif "tube" in table.c:
            connection.execute(delete(table).where(table.c.tube.in_(tubes)))
    # files of an upload that waits for its analysis have no result yet, and stay
    for file_sha256, dataset in own_files:
        this = (schema.files.c.file_sha256 == file_sha256, schema.files.c.dataset == dataset)
        connection.execute(delete(schema.files).where(*this))
    connection.execute(delete(schema.tubes).where(schema.tubes.c.patient == patient))
    connection.execute(delete(schema.patients).where(schema.patients.c.patient == patient))


def _files_of(connection: Connection, whose: ColumnElement[bool]) -> set[tuple[str, int]]:
    """Return file and data set of results, as the table of files has them."""
    tubes, results = schema.tubes, schema.results
    found = connection.execute(
        select(results.c.file_sha256, tubes.c.document)
        .join(tubes, tubes.c.tube == results.c.tube)
        .where(whose)
    )
    datasets = ((row.file_sha256, json.loads(row.document).get("dataset")) for row in found)
    return {(sha256, CHOSEN if dataset is None else dataset) for sha256, dataset in datasets}


def _drop_issues(connection: Connection, patient: str, subject: str) -> None:
    stored = connection.execute(select(schema.study.c.issues)).scalar_one()
    issues = from_text(ISSUES, stored, subject=subject, field="issues")
    left = tuple(issue for issue in issues if not names(patient, f"{issue} {issue.subject}"))
    connection.execute(update(schema.study).values(issues=to_text(ISSUES, left)))


def _delete_details(
    connection: Connection, patient: str, tubes: Sequence[str]
) -> tuple[list[int], list[Row[tuple[object, ...]]]]:
    """Delete the details about the patient; return their lines, and those that must be noted again.

    A line about somebody else whose reason names the patient goes, too; what it says is still needed when
    it is the last one about that. Names of users stay.
    """
    table, lines = schema.history_details, schema.history
    about = or_(
        table.c.patient == patient, table.c.tube.in_(tubes), table.c.reason.contains(patient, autoescape=True)
    )
    found = connection.execute(
        select(table, lines.c.what, lines.c.who, lines.c.mark)
        .join(lines, lines.c.revision == table.c.revision)
        .where(about, lines.c.what != Change.USER_SAVED.value)
        .order_by(table.c.revision)
    ).all()
    gone = [row for row in found if row.patient == patient or row.tube in tubes or names(patient, row.reason)]
    last = _last_lines(connection)
    again = [row for row in gone if row.patient != patient and row.revision in last]
    for row in gone:
        connection.execute(delete(table).where(table.c.revision == row.revision))
    return [row.revision for row in gone], again


def _last_lines(connection: Connection) -> set[int]:
    """Return the lines that say how tubes, locks and settings stand."""
    table, lines = schema.history_details, schema.history
    said = said_of_tubes(connection)
    found = {line for tube in said.tubes.values() for line in tube.lines}
    last = select(func.max(table.c.revision)).join(lines, lines.c.revision == table.c.revision)
    locks = last.where(lines.c.what.in_((Change.LOCKED.value, Change.UNLOCKED.value)))
    settings = last.where(lines.c.what == Change.SETTINGS_SET.value)
    found.update(connection.execute(locks.group_by(table.c.patient)).scalars())
    found.update(connection.execute(settings).scalars())
    return found


def _digests(connection: Connection) -> set[str]:
    """Return the hashes by which rows name kept files."""
    there = {table.name for table in tables_of(connection)}
    found: set[str] = set()
    for table in schema.metadata.tables.values():
        for name in ("file_sha256", "blob_sha256"):
            if table.name in there and name in table.c:
                found.update(connection.execute(select(table.c[name])).scalars())
    return found


def _unlink(blobs: Blobs | None, digests: set[str]) -> int:
    """Remove kept files; before the transaction ends, so that a program that dies here can be run again."""
    gone = [note for note in files_in(blobs) if note.sha256 in digests]
    for note in gone:
        assert blobs is not None
        blobs.remove(note.name)
    return len(gone)


def _is_known(connection: Connection, patient: str) -> bool:
    details = schema.history_details
    line = select(details.c.revision).where(details.c.patient == patient)
    return rows.has_patient(connection, patient) or connection.execute(line).first() is not None


def _still_named(connection: Connection, patient: str) -> Iterator[str]:
    for table in tables_of(connection):
        texts = [column for column in table.columns if isinstance(column.type, String)]
        mentions = or_(*(column.contains(patient, autoescape=True) for column in texts))
        if not texts or not connection.execute(select(true()).select_from(table).where(mentions)).first():
            continue
        with closing(lines_of(connection, table)) as lines:
            if any(names(patient, line) for line in lines):
                yield table.name


def _swept(engine: Engine, place: Folder | Server) -> bool:
    """Overwrite the space that earlier versions of the rows had."""
    if isinstance(place, Server):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables_of(connection):
                connection.execute(text(f'VACUUM FULL "{table.name}"'))
        return True
    engine.dispose()
    with closing(sqlite3.connect(place.database, timeout=5, isolation_level=None)) as plain:
        try:
            plain.execute("VACUUM")
            (busy, _, _) = plain.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            return False
    return not busy


def _copies(place: Folder | Server) -> tuple[Path, ...]:
    if isinstance(place, Server):
        return ()
    return tuple(sorted(place.path.glob("study-before-schema-*.sqlite")))


def _check_reason(patient: str, why: str, subject: str) -> None:
    if why.strip() and not names(patient, why):
        return
    raise StoreError(
        "An erasure needs a reason, which does not name the patient.",
        subject=subject,
        found="the pseudonym in it" if why.strip() else "no reason",
        allowed="a few words",
        hint="Say on what ground, for those who read the history.",
    )


def _unknown(patient: str, subject: str) -> StoreError:
    return StoreError(
        "The study has no such patient; nothing was erased.",
        subject=subject,
        found=patient,
        allowed="a patient of the study",
        hint="Write the pseudonym as the study does.",
    )
