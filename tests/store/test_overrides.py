"""Decisions about gates: added, never changed."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from cytorecon.errors import OverrideError
from cytorecon.gating.overrides import Override
from cytorecon.store import StudyStore, schema


def record(threshold: float) -> Override:
    """Return a record for a tube of the study."""
    return Override(
        action="set_threshold",
        template="tbnk",
        gate="CD4",
        scope="sample",
        target="P01/d30/1",
        threshold=threshold,
        base_threshold=0.1 + 0.2,
        by="AB",
        on=date(2026, 5, 4),
        why="dim cells",
    )


def test_records_come_back_as_they_were_in_order(store: StudyStore, location: str) -> None:
    assert store.overrides() == ()
    store.add_override(record(0.5))
    store.add_override(record(0.25))
    store.add_override(record(0.5))
    with StudyStore.open(location) as again:
        assert again.overrides() == (record(0.5), record(0.25), record(0.5))
    assert [entry.reason for entry in store.history() if entry.what == "gate_decided"] == [
        f"override {record(value).id}" for value in (0.5, 0.25, 0.5)
    ]


def test_a_record_that_is_refused_leaves_nothing(store: StudyStore) -> None:
    def refuse(records: tuple[Override, ...]) -> None:
        assert records == (record(0.5),)
        raise OverrideError("No.")

    store.add_override(record(0.5))
    before = store.revision()
    with pytest.raises(OverrideError):
        store.add_override(record(0.25), refuse)
    assert store.overrides() == (record(0.5),)
    assert store.revision() == before


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_nothing_recorded_can_be_changed(store: StudyStore, verb: str) -> None:
    store.add_override(record(0.5))
    table = schema.overrides
    statement = update(table).values(document="{}") if verb == "update" else delete(table)
    with pytest.raises(DBAPIError, match="overrides is append-only"), store._engine.begin() as connection:
        connection.execute(statement)
    assert store.overrides() == (record(0.5),)
