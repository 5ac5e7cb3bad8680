"""A place for a study on each database, and a real PostgreSQL server for the second of them."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url

from benchmarks.postgres import binaries, throwaway_server
from cytorecon.store import StudyStore
from tests.store.examples import SETTINGS, STUDY


def unavailable(reason: str) -> None:
    """Skip, but never in CI, where a missing server must not look like a green run."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Give the URL of a database of a server where further databases may be created.

    ``CYTORECON_TEST_POSTGRES`` names one (``postgresql+psycopg://user@host/postgres``); else a throw-away
    cluster is started on a Unix socket.
    """
    pytest.importorskip("psycopg")
    given = os.environ.get("CYTORECON_TEST_POSTGRES", "")
    if given:
        yield given
        return
    programs = binaries()
    if programs is None:
        unavailable("PostgreSQL is not installed: no initdb, and CYTORECON_TEST_POSTGRES is not set")
    assert programs is not None
    with throwaway_server(programs) as server:
        yield server.url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Give the URL of an empty database of its own."""
    import psycopg

    name = f"cytorecon_test_{uuid.uuid4().hex}"
    server = make_url(postgres_server)
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        yield server.set(database=name).render_as_string(hide_password=False)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give a place for one new study, on each kind of database."""
    if request.param == "sqlite":
        return str(tmp_path / "study")
    return str(request.getfixturevalue("postgres_url"))


class TickingClock:
    """A clock that is one minute later each time it is read."""

    def __init__(self) -> None:
        self.now = datetime(2031, 5, 1, 11, 59, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time, a minute after the last."""
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def store(location: str) -> Iterator[StudyStore]:
    """Give a new store of the example study, with no results yet."""
    with StudyStore.create(
        location, STUDY, SETTINGS, software_version="0.1.0", clock=TickingClock()
    ) as store:
        yield store


@pytest.fixture
def powerless() -> Iterator[Path]:
    """Run as a user without rights; give a folder of this user's with a study in it."""
    place = Path(tempfile.mkdtemp(prefix="cytorecon-"))  # pytest's own folders are closed to others
    with StudyStore.create(place, STUDY, SETTINGS, software_version="0.1.0") as store:
        store.result()  # what Python imports at first use, the user without rights may not read
    user = os.geteuid()
    if user == 0:
        for path in (place, place / "study.sqlite"):
            os.chown(path, 65534, 65534)
        os.seteuid(65534)
    try:
        yield place
    finally:
        place.chmod(0o700)
        os.seteuid(user)
        shutil.rmtree(place)
