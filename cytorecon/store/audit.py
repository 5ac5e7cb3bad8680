"""Verify the history of a study, and hand it out.

The chain shows that no line was changed, removed or put in between. What stands beside it is held against
the chain, too: results, decisions about gates, settings, users and signatures must be the ones that the
last line about them was written with. Sheets (patients, tubes, events) are not: one line stands for all of
a sheet.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, select, text

from cytorecon.errors import StoreError
from cytorecon.store import schema
from cytorecon.store.beside import blobs_beside, files_in
from cytorecon.store.chain import GENESIS, Details, Line, canonical
from cytorecon.store.engine import reading, streamed
from cytorecon.store.files import put_whole
from cytorecon.store.history import Change, needs_upgrade
from cytorecon.store.location import parse_location
from cytorecon.store.lost_files import LostFile, lost_files, n_named
from cytorecon.store.opening import open_database
from cytorecon.store.written import check_what_is_stored

_FIRST_CHAINED_SCHEMA = 4
_AT_A_TIME = 1000
_HINT = (
    "Somebody changed the database by other means, or the disk did. Compare it with a backup "
    "(cytorecon db restore BACKUP.zip --to PLACE) or with an exported history."
)


@dataclass(frozen=True, slots=True)
class Verified:
    """A history that fits.

    Parameters
    ----------
    lines : int
        How many.
    head : str
        Hash of the last line: noted down elsewhere, it proves all lines up to it.
    since : int or None
        Lines that were added since a head that was given; None when none was.
    erased : int
        Lines whose details were erased with a patient.
    clock_back : tuple of int
        Lines written when the clock was behind the line before.
    lost : tuple of LostFile
        Kept files that rows name and that are not there.
    unseen : int
        Kept files that were not looked for, because nobody said where they are.
    """

    lines: int
    head: str
    since: int | None = None
    erased: int = 0
    clock_back: tuple[int, ...] = ()
    lost: tuple[LostFile, ...] = ()
    unseen: int = 0


def verify_history(
    location: str | Path, *, head: str = "", files: str | Path | None = None, read_files: bool = False
) -> Verified:
    """Verify the history of the study at `location`, and that what it wrote last is what is stored.

    Kept files are looked for, too.

    Parameters
    ----------
    location : str or Path
        A folder, or ``postgresql+psycopg://user@host/database``.
    head : str
        Hash noted down earlier; it must be that of one of the lines.
    files : str or Path, optional
        Folder or URL of the files that are kept; ``blobs`` of a study folder by default.
    read_files : bool
        Read all of them and compare their SHA-256, too.

    Raises
    ------
    StoreError
        Naming the first line that does not fit.
    """
    place = parse_location(location)
    beside = blobs_beside(place, files)
    engine = open_database(place)
    try:
        with reading(engine, str(place)) as connection:
            _check_pages(connection, str(place))
            verified = verify(connection, str(place), head=head)
            if beside is None:
                return replace(verified, unseen=n_named(connection))
            contents = beside if read_files else None
            return replace(verified, lost=lost_files(connection, files_in(beside), contents))
    finally:
        engine.dispose()


def verify(connection: Connection, subject: str, *, head: str = "") -> Verified:
    """Verify inside a transaction, see :func:`verify_history`."""
    check_is_chained(connection, subject)
    previous, number, since = GENESIS, 0, None
    missing: list[int] = []
    erased: set[int] = set()
    clock_back: list[int] = []
    with streamed(connection, _lines(), _AT_A_TIME) as rows:
        for row in rows:
            number += 1
            _check_line(row, number, previous, subject)
            previous = row.hash
            since = number if previous == head else since
            mark = json.loads(row.mark)
            if "clock_back_seconds" in mark:
                clock_back.append(number)
            if row.what == Change.PATIENT_ERASED:
                erased.update(mark["revisions"])
            if row.nonce is None:
                missing.append(number)
    _check_end(connection, number, subject)
    for line in missing:
        if line not in erased:
            raise _misfit(subject, line, "no tube and reason, although nothing about it was erased")
    if head and since is None:
        raise _without_head(subject, head, previous)
    check_what_is_stored(connection, subject)
    left = number - since if since is not None else None
    return Verified(number, previous, left, len(missing), tuple(clock_back))


def export_history(location: str | Path, out: Path) -> Verified:
    """Write the verified history to `out`: one line of JSON per change, and the head at the end.

    It holds clock times and pseudonyms.

    Raises
    ------
    StoreError
        If the history does not fit, or the file cannot be written.
    """
    place = parse_location(location)
    engine = open_database(place)
    try:
        with reading(engine, str(place)) as connection:
            verified = verify(connection, str(place))
            end = canonical({"head": verified.head, "lines": verified.lines})
            put_whole(out, chain(_exported(connection), (end,)))
    finally:
        engine.dispose()
    return verified


def check_is_chained(connection: Connection, subject: str) -> None:
    """Check that the study has a chain.

    Raises
    ------
    StoreError
        If it is of an older schema.
    """
    version = connection.execute(select(schema.study.c.schema_version)).scalar_one()
    if version < _FIRST_CHAINED_SCHEMA:
        raise needs_upgrade(subject, version)


def _exported(connection: Connection) -> Iterator[str]:
    with streamed(connection, _lines(), _AT_A_TIME) as rows:
        for row in rows:
            line = asdict(_line_of(row)) | {"hash": row.hash, "mark": json.loads(row.mark)}
            details = None if row.nonce is None else asdict(_details_of(row))
            yield canonical(line | {"details": details})


def _lines() -> Select[tuple[Any, ...]]:
    lines, details = schema.history, schema.history_details
    beside = [details.c[name] for name in ("nonce", "patient", "tube", "reason", "after_sha256")]
    return (
        select(*lines.c, *beside)
        .join(details, details.c.revision == lines.c.revision, isouter=True)
        .order_by(lines.c.revision)
    )


def _line_of(row: Row[tuple[Any, ...]]) -> Line:
    return Line(row.revision, row.at, row.what, row.who, row.mark, row.details_sha256, row.prev_hash)


def _details_of(row: Row[tuple[Any, ...]]) -> Details:
    return Details(row.nonce, row.patient, row.tube, row.reason, row.after_sha256)


def _check_line(row: Row[tuple[Any, ...]], number: int, previous: str, subject: str) -> None:
    if row.revision != number:
        raise _misfit(subject, number, f"line {row.revision} in its place")
    if row.hash != _line_of(row).hash:
        raise _misfit(subject, number, "a hash that is not that of its content")
    if row.prev_hash != previous:
        raise _misfit(subject, number, "the hash of another line before it")
    if row.nonce is not None and _details_of(row).sha256 != row.details_sha256:
        raise _misfit(subject, number, "another tube or reason than it was written with")


def _check_end(connection: Connection, lines: int, subject: str) -> None:
    counted = connection.execute(select(schema.study.c.revision)).scalar_one()
    if counted != lines:
        raise _misfit(subject, min(counted, lines) + 1, f"{lines} lines, where the study counts {counted}")


def _misfit(subject: str, line: int, found: str) -> StoreError:
    return StoreError(
        "The history was changed after it was written.",
        subject=subject,
        field=f"line {line}",
        found=found,
        allowed="lines as the program wrote them",
        hint=_HINT,
    )


def _without_head(subject: str, head: str, last: str) -> StoreError:
    return StoreError(
        "The history does not hold the line of this hash.",
        subject=subject,
        field="head",
        found=f"{last} at its end",
        allowed=head,
        hint=_HINT,
    )


def _check_pages(connection: Connection, subject: str) -> None:
    """Let SQLite look at every page; PostgreSQL has no such command for its users."""
    if connection.dialect.name != "sqlite":
        return
    found = connection.execute(text("PRAGMA integrity_check(1)")).scalar_one()
    orphan = connection.execute(text("PRAGMA foreign_key_check")).first()
    if found != "ok" or orphan is not None:
        raise StoreError(
            "The study database is damaged.",
            subject=subject,
            found=found if found != "ok" else f"a row of {orphan[0]} that belongs to nothing",  # type: ignore[index]
            allowed="a database as the program wrote it",
            hint=_HINT,
        )
