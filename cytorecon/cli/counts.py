"""``cytorecon counts``: the tidy table of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytorecon.cli.console import note
from cytorecon.cli.options import StudyArgument
from cytorecon.cli.output import check_table, write_table


def counts(
    study: StudyArgument,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE.csv", help="File to write; an earlier table is replaced.")
    ],
) -> None:
    """Write the counts of a study as one CSV table.

    One row per tube and population, in a stable order; the same study gives the same bytes.
    """
    from cytorecon.store import StudyStore
    from cytorecon.study.table import csv_text, tidy_counts
    from cytorecon.tables import COUNT_COLUMNS

    check_table(out, COUNT_COLUMNS, option="--out")
    with StudyStore.open(study) as store:
        table = tidy_counts(store.result(plots=False))
    write_table(out, csv_text(table), option="--out")
    note(f"{len(table)} rows: {out}")
