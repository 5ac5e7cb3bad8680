"""Column names of the tidy tables."""

from __future__ import annotations

from dataclasses import fields

import pytest

from cytorecon import tables
from cytorecon.results import PopulationCount, Provenance

COLUMNS = {name: value for name, value in vars(tables).items() if name.endswith("_COLUMNS")}


@pytest.mark.parametrize("table", sorted(COLUMNS))
def test_no_column_occurs_twice(table: str) -> None:
    assert len(set(COLUMNS[table])) == len(COLUMNS[table])


def test_every_field_of_a_count_has_its_column() -> None:
    """What the tables leave out has a place elsewhere: the status, the trajectory table, the API and JSON."""
    assert {one.name for one in fields(PopulationCount)} - set(tables.COUNT_COLUMNS) == tables.NOT_IN_TABLES


def test_a_count_says_where_it_comes_from() -> None:
    wanted = {
        "file_sha256",
        "template",
        "template_version",
        "template_sha256",
        "gates_version",
        "software_version",
    }
    assert wanted <= set(Provenance.model_fields) & set(tables.COUNT_COLUMNS)
