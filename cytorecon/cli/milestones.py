"""``cytorecon milestones``: when each patient reached what."""

from __future__ import annotations

from cytorecon.cli.console import print_json, print_table
from cytorecon.cli.options import JsonOption, StudyArgument


def milestones(study: StudyArgument, as_json: JsonOption = False) -> None:
    """Say of each patient when each milestone was reached.

    One row per patient and rule that could be assessed; --json gives all rows and columns.
    """
    from cytorecon.cli.tables import records, study_tables

    table = study_tables(study).milestones
    if as_json:
        print_json(records(table))
        return
    shown = table[~table["status"].isin(["not_applicable", "not_assessable"])]
    columns = ["patient", "milestone", "status", "reading", "caution"]
    print_table(columns, shown[columns].astype(str).itertuples(index=False, name=None))
