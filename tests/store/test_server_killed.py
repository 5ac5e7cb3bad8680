"""PostgreSQL goes away in the middle of a transaction, and comes back (docs/reliability.md, F18)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.postgres import Server, binaries, throwaway_server
from cytorecon.errors import StoreError
from cytorecon.store import StudyStore, verify_history
from tests.store.conftest import unavailable
from tests.store.examples import SETTINGS, STUDY, TUBES, result_of

pytestmark = pytest.mark.postgres

RESULT = result_of("P01/d30/1")
LOST = (
    "The connection to the PostgreSQL server was lost; the change that was being made may not be stored.",
    "Once it runs again, go on without starting anew: look whether the change is there, else make it again.",
)


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a server of its own, which may be killed."""
    pytest.importorskip("psycopg")
    programs = binaries()
    if programs is None:
        unavailable("PostgreSQL is not installed: no initdb")
    assert programs is not None
    with throwaway_server(programs) as server:
        yield server


def lost(error: StoreError) -> tuple[str, str]:
    """Return message and hint; what the server or the driver says in between differs."""
    return error.message, error.hint


def half(store: StudyStore, server: Server) -> None:
    """Kill the server in the middle of a change."""
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE study SET revision = revision + 1, settings = 'half'")
        server.kill()
        connection.exec_driver_sql("SELECT 1")


def test_a_server_that_is_killed_and_started_again(server: Server) -> None:
    url = server.create("study")
    away = (
        "The PostgreSQL server cannot be reached.",
        "Check host, port, database name, user and password of the URL.",
    )
    with StudyStore.create(url, STUDY, SETTINGS, software_version="0.1.0") as store:
        store.save_tube(TUBES[1], RESULT)
        with pytest.raises(StoreError) as in_between:
            half(store, server)
        assert lost(in_between.value) == LOST
        with pytest.raises(StoreError) as meanwhile:
            store.save_tube(TUBES[0], result_of("P02/d30/1"))
        assert lost(meanwhile.value) == away
        with pytest.raises(StoreError) as reading:
            store.revision()
        assert lost(reading.value) == away

        server.start()

        assert (store.revision(), store.settings()) == (2, SETTINGS), "nothing of the unfinished change"
        assert store.tube_result("P01/d30/1") == RESULT
        store.save_tube(TUBES[0], result_of("P02/d30/1"))
        assert store.done().keys() == {"P01/d30/1", "P02/d30/1"}
    assert verify_history(url).lines == 3
