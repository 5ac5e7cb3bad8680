"""Create the database of a study, or open one after checking that it is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Engine, insert, inspect, select, text

from cytorecon.errors import StoreError
from cytorecon.results import TubeResult
from cytorecon.store import history, migrating, rows, schema
from cytorecon.store.chain import digest
from cytorecon.store.checks import check_consistent
from cytorecon.store.engine import postgresql_engine, reading, sqlite_engine, writing
from cytorecon.store.folder import RESTORE, already_there, check_folder, new_database
from cytorecon.store.history import Change
from cytorecon.store.location import Folder, Server
from cytorecon.store.saving import write_analysed
from cytorecon.store.sheet import SheetFiles, write_sheet
from cytorecon.study.model import Study

# Any constant does; it keeps two programs from making, or changing, the tables of one PostgreSQL database.
_TABLES_LOCK = 7_201_404


def create_database(
    place: Folder | Server,
    study: Study,
    settings: str,
    results: Sequence[TubeResult],
    *,
    software_version: str,
    at: datetime,
    who: str,
) -> None:
    """Create the database of `study` and of results that are known already: wholly or not at all.

    Raises
    ------
    StoreError
        If there is a study already, the study contradicts itself or the place cannot be written.
    """
    check_consistent(study, str(place))
    fill = partial(
        _fill, place=place, study=study, settings=settings, results=results,
        software_version=software_version, at=at, who=who,
    )  # fmt: skip
    if isinstance(place, Server):
        fill(postgresql_engine(place.url))
        return
    with new_database(place) as database:
        fill(sqlite_engine(database, create=True))


def _fill(
    engine: Engine,
    *,
    place: Folder | Server,
    study: Study,
    settings: str,
    results: Sequence[TubeResult],
    software_version: str,
    at: datetime,
    who: str,
) -> None:
    try:
        with writing(engine, str(place)) as connection:
            claim_empty(connection, str(place))
            schema.metadata.create_all(connection)
            connection.execute(
                insert(schema.study).values(
                    id=1,
                    schema_version=schema.SCHEMA_VERSION,
                    software_version=software_version,
                    revision=0,
                    name=study.name,
                    issues="[]",
                    settings=settings,
                )
            )
            migrating.mark_as(connection, schema.SCHEMA_VERSION)
            history.append(connection, str(place), at, Change.CREATED, who=who, after_sha256=digest(settings))
            write_sheet(connection, study, str(place), SheetFiles({}, {}))
            _write_results(connection, str(place), study, results, at, who)
    finally:
        engine.dispose()


def _write_results(
    connection: Connection,
    subject: str,
    study: Study,
    results: Sequence[TubeResult],
    at: datetime,
    who: str,
) -> None:
    tubes = {tube.tube: tube for tube in study.tubes}
    for result in results:
        tube = tubes[result.tube]
        history.append(
            connection, subject, at, Change.TUBE_SAVED,
            who=who, patient=tube.patient, tube=tube.tube, after_sha256=rows.result_sha256(result),
        )  # fmt: skip
        write_analysed(connection, subject, tube, result)


def lock_tables(connection: Connection) -> None:
    """Keep others from making or changing tables until the transaction ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TABLES_LOCK})


def claim_empty(connection: Connection, subject: str) -> None:
    """Keep others out of a database that is to become a study.

    Raises
    ------
    StoreError
        If it is one already.
    """
    lock_tables(connection)
    if inspect(connection).has_table(schema.study.name):
        raise already_there(subject)


def open_database(place: Folder | Server) -> Engine:
    """Return an engine for the study at `place`, checked to be one that this version can read.

    Raises
    ------
    StoreError
        If it is no study, damaged, or written by a newer version.
    """
    if isinstance(place, Folder):
        check_folder(place)
        engine = sqlite_engine(place.database)
    else:
        engine = postgresql_engine(place.url)
    try:
        with reading(engine, str(place)) as connection:
            _check_version(connection, str(place))
    except StoreError:
        engine.dispose()
        raise
    return engine


def holds_study(place: Folder | Server) -> bool:
    """Tell whether there is a study, whole or broken, at `place`.

    Raises
    ------
    StoreError
        If a PostgreSQL server cannot be asked.
    """
    if isinstance(place, Folder):
        return place.database.exists()
    engine = postgresql_engine(place.url)
    try:
        with reading(engine, str(place)) as connection:
            return inspect(connection).has_table(schema.study.name)
    finally:
        engine.dispose()


def _check_version(connection: Connection, subject: str) -> None:
    inspector = inspect(connection)
    tables = inspector.get_table_names()
    table = schema.study
    columns = {c["name"] for c in inspector.get_columns(table.name)} if table.name in tables else set()
    if not {"schema_version", "software_version"} <= columns:
        raise StoreError(
            "The database holds no cytorecon study; it was left as it is.",
            subject=subject,
            found=f"{len(tables)} other tables" if tables else "no tables",
            allowed="a database made by cytorecon",
            hint="Give the place of a study, or make one with: cytorecon batch MANIFEST --out PLACE.",
        )
    row = connection.execute(select(table.c.schema_version, table.c.software_version)).one_or_none()
    if row is None:
        raise StoreError(
            "The database lacks its study row; it was left as it is.",
            subject=subject,
            allowed="a complete database written by cytorecon",
            hint=RESTORE,
        )
    if row.schema_version > schema.SCHEMA_VERSION:
        raise StoreError(
            "The study was written by a newer version of cytorecon; it was left as it is.",
            subject=subject,
            found=f"schema {row.schema_version}, written by cytorecon {row.software_version}",
            allowed=f"schema {schema.SCHEMA_VERSION} or older",
            hint="Open it with that version or a newer one.",
        )
