"""``cytorecon due``: which tests a published schedule asks for next."""

from __future__ import annotations

from typing import SupportsIndex

from cytorecon.cli.console import note, print_json, print_table
from cytorecon.cli.options import JsonOption, StudyArgument


def _plain(cell: object) -> str | int | None:
    """Return a cell as JSON knows it: a whole number, a text, or nothing."""
    if isinstance(cell, str):
        return cell
    return int(cell) if isinstance(cell, SupportsIndex) else None


def due(study: StudyArgument, as_json: JsonOption = False) -> None:
    """List the tests that a published schedule asks for next.

    For patients after allogeneic transplantation whose follow-up has not ended. Days count from the
    patient's day 0.
    """
    from cytorecon.milestone import due_tests
    from cytorecon.store import StudyStore
    from cytorecon.trajectory import trajectories

    with StudyStore.open(study) as store:
        result = store.result(plots=False)
    table = due_tests(trajectories(result), result.study)
    records = [{column: _plain(cell) for column, cell in row.items()} for row in table.to_dict("records")]
    if as_json:
        print_json(records)
        return
    if table.empty:
        note("No test is due: no patient is in a programme of the schedule, or follow-up has ended.")
        return
    columns = ["patient", "test", "due_from_day", "due_to_day", "because"]
    print_table(
        columns, [["" if row[name] is None else str(row[name]) for name in columns] for row in records]
    )
    note(f"Schedule: {table['source'].iloc[0]}. It is no advice.")
