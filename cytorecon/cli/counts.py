"""``cytorecon counts``: the tidy table of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytorecon.cli.console import note
from cytorecon.cli.options import StudyArgument


def counts(
    study: StudyArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.csv", help="File to write.")],
) -> None:
    """Write the counts of a study as one CSV table.

    One row per tube and population, in a stable order; the same study gives the same bytes.
    """
    from cytorecon.store import StudyStore
    from cytorecon.study.table import csv_text, tidy_counts

    with StudyStore.open(study) as store:
        table = tidy_counts(store.result(plots=False))
    out.write_text(csv_text(table), encoding="utf-8", newline="")
    note(f"{len(table)} rows: {out}")
