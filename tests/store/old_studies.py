"""Studies as programs of earlier schemas left them: made by the steps, filled by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, column, insert, inspect, table, text

from cytorecon.store.documents import EVENT, ISSUES, OVERRIDE, PATIENT, PLOTS, RESULT, TUBE, to_text
from cytorecon.store.engine import postgresql_engine, sqlite_engine, writing
from cytorecon.store.location import Folder, parse_location
from cytorecon.store.migrating import VERSION_TABLE, migrate
from tests.store.examples import EVENTS, PATIENTS, SETTINGS, STUDY, TUBES, result_of
from tests.store.test_overrides import record

#: What was written, in order: (what, tube, reason).
LINES = (
    ("created", "", ""),
    ("patient_saved", "", "patient P01"),
    ("tube_saved", "P02/d30/1", ""),
    ("settings_set", "", "new batch"),
    ("tube_saved", "P02/d30/1", "analysed again"),
)
DECIDED = ("gate_decided", "", f"override {record(0.5).id}")


def make_old(location: str, version: int, *, decided: bool = False) -> None:
    """Make the example study as software of schema `version` would have, without Alembic's table."""
    place = parse_location(location)
    if isinstance(place, Folder):
        place.path.mkdir()
        engine = sqlite_engine(place.database, create=True)
    else:
        engine = postgresql_engine(place.url)
    try:
        with writing(engine, location) as connection:
            migrate(connection, version)
            connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
            _fill(connection, version, decided=decided)
    finally:
        engine.dispose()


def _fill(connection: Connection, version: int, *, decided: bool) -> None:
    lines = [*LINES, *([DECIDED] if decided else [])]
    put(connection, "study", {
        "id": 1, "schema_version": version, "software_version": "0.0.1", "revision": len(lines),
        "name": STUDY.name, "issues": to_text(ISSUES, STUDY.issues), "settings": SETTINGS,
    })  # fmt: skip
    for place, patient in enumerate(PATIENTS):
        own = {"patient": patient.patient, "position": place, "document": to_text(PATIENT, patient)}
        put(connection, "patients", own)
    for place, tube in enumerate(TUBES):
        put(connection, "tubes", {
            "tube": tube.tube, "patient": tube.patient, "upload": False, "position": place,
            "removed": False, "document": to_text(TUBE, tube),
        })  # fmt: skip
    result = result_of("P02/d30/1")
    put(connection, "results", {
        "tube": result.tube, "status": result.status, "file_sha256": result.provenance.file_sha256,
        "document": to_text(RESULT, result.model_copy(update={"plots": ()})),
        "plots": to_text(PLOTS, result.plots),
    })  # fmt: skip
    for place, event in enumerate(EVENTS):
        own = {"position": place, "patient": event.patient, "document": to_text(EVENT, event)}
        put(connection, "events", own)
    for number, (what, of_tube, reason) in enumerate(lines, start=1):
        at = f"2030-02-01T10:0{number}:00+00:00"
        put(connection, "history",
            {"revision": number, "at": at, "what": what, "tube": of_tube, "reason": reason})  # fmt: skip
    if decided:
        own = {"number": 1, "id": record(0.5).id, "document": to_text(OVERRIDE, record(0.5))}
        put(connection, "overrides", own)


def put(connection: Connection, name: str, row: dict[str, object]) -> None:
    """Insert one row into a table of any schema."""
    connection.execute(insert(table(name, *map(column, row))), row)


def content_of(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of all tables there are."""
    names = sorted(inspect(connection).get_table_names())
    return {
        name: sorted(map(tuple, connection.execute(text(f"SELECT * FROM {name}"))), key=json.dumps)
        for name in names
    }


@contextmanager
def connected(location: str | Path) -> Iterator[Connection]:
    """Open a transaction without any check of what is there."""
    place = parse_location(location)
    engine = sqlite_engine(place.database) if isinstance(place, Folder) else postgresql_engine(place.url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
