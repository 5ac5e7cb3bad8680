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
    doses: Annotated[
        Path | None,
        typer.Option(
            "--product-dose", metavar="FILE.csv", help="File to write doses per kg of cell products to."
        ),
    ] = None,
) -> None:
    """Write the counts of a study as one CSV table.

    One row per tube and population, in a stable order; the same study gives the same bytes. Doses of cell
    products (sheet columns product_volume_ml and recipient_weight_kg) are a table of their own.
    """
    from cytorecon.store import StudyStore
    from cytorecon.study import csv_text, doses_in_words, product_doses, tidy_counts
    from cytorecon.tables import COUNT_COLUMNS, PRODUCT_DOSE_COLUMNS

    check_table(out, COUNT_COLUMNS, option="--out")
    if doses is not None:
        check_table(doses, PRODUCT_DOSE_COLUMNS, option="--product-dose")
    with StudyStore.open(study) as store:
        result = store.result(plots=False)
    table, given = tidy_counts(result), product_doses(result)
    write_table(out, csv_text(table), option="--out")
    note(f"{len(table)} rows: {out}")
    for line in doses_in_words(given):
        note(line)
    if doses is not None:
        write_table(doses, csv_text(given), option="--product-dose")
        note(f"{len(given)} rows: {doses}")
