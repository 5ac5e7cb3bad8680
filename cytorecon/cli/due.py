"""``cytorecon due``: which tests a published schedule asks for next."""

from __future__ import annotations

from cytorecon.cli.console import note, print_json, print_table
from cytorecon.cli.options import JsonOption, StudyArgument


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
    shown = table.astype(object).where(table.notna(), None)
    if as_json:
        print_json(shown.to_dict("records"))
        return
    if table.empty:
        note("No test is due: no patient is in a programme of the schedule, or follow-up has ended.")
        return
    columns = ["patient", "test", "due_from_day", "due_to_day", "because"]
    rows = shown[columns].itertuples(index=False, name=None)
    print_table(columns, [["" if cell is None else str(cell) for cell in row] for row in rows])
    note(f"Schedule: {table['source'].iloc[0]}. It is no advice.")
