"""Every change leaves a line that nobody can alter."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from cytorecon.store import HistoryEntry, StudyStore, schema
from cytorecon.store.history import Change
from cytorecon.study.model import Patient
from tests.store.examples import TUBES, result_of


def test_each_change_is_one_line_with_time_tube_and_reason(store: StudyStore) -> None:
    store.save_patient(Patient(patient="P03"))
    store.save_tube(TUBES[0], result_of("P02/d30/1"))
    store.remove_tube("P02/d30/1", reason="wrong patient")
    store.restore_tube("P02/d30/1", reason="it was right")
    store.set_settings("{}", reason="new batch")
    assert store.history() == (
        HistoryEntry(1, "2031-05-01T12:00:00+00:00", Change.CREATED),
        HistoryEntry(2, "2031-05-01T12:01:00+00:00", Change.PATIENT_SAVED, "", "patient P03"),
        HistoryEntry(3, "2031-05-01T12:02:00+00:00", Change.TUBE_SAVED, "P02/d30/1", ""),
        HistoryEntry(4, "2031-05-01T12:03:00+00:00", Change.TUBE_REMOVED, "P02/d30/1", "wrong patient"),
        HistoryEntry(5, "2031-05-01T12:04:00+00:00", Change.TUBE_RESTORED, "P02/d30/1", "it was right"),
        HistoryEntry(6, "2031-05-01T12:05:00+00:00", Change.SETTINGS_SET, "", "new batch"),
    )


@pytest.mark.parametrize("statement", [update(schema.history).values(who="other"), delete(schema.history)])
def test_the_database_itself_refuses_to_alter_a_line(store: StudyStore, statement: object) -> None:
    with store._engine.connect() as connection:
        with pytest.raises(DBAPIError, match="history is append-only"):
            connection.execute(statement)  # type: ignore[call-overload]
        connection.rollback()
        assert connection.scalar(select(func.count()).select_from(schema.history)) == 1


@pytest.mark.parametrize(
    "statement", [update(schema.history_details).values(reason="other"), delete(schema.history_details)]
)
def test_nor_what_stands_beside_it(store: StudyStore, statement: object) -> None:
    with store._engine.connect() as connection:
        with pytest.raises(DBAPIError, match="history_details is append-only"):
            connection.execute(statement)  # type: ignore[call-overload]
        connection.rollback()


@pytest.mark.postgres
@pytest.mark.parametrize("table", ["history", "history_details", "overrides", "approvals"])
def test_postgresql_refuses_to_empty_a_table(postgres_url: str, table: str) -> None:
    from tests.store.examples import STUDY

    with StudyStore.create(postgres_url, STUDY, "{}", software_version="0.1.0") as store:
        with store._engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text(f"TRUNCATE {table} CASCADE"))
        assert len(store.history()) == 1
