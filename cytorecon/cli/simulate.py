"""``cytorecon simulate``: a cohort with known truth."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cytorecon.cli.console import note, progress_bar


def simulate(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="New or empty folder to write into.")],
    patients: Annotated[int, typer.Option("--patients", min=1, metavar="N", help="Patients.")] = 3,
    visits: Annotated[int, typer.Option("--visits", min=1, metavar="N", help="Visits of each patient.")] = 6,
    events: Annotated[int, typer.Option("--events", min=1, metavar="N", help="Events per tube.")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Same seed, same bytes.")] = 1,
) -> None:
    """Simulate TBNK tubes of a cohort with known truth.

    Writes fcs/, manifest.csv, patients.csv, events.csv and truth.csv.
    """
    from cytorecon.simulate import simulate_cohort, write_cohort

    cohort = simulate_cohort(patients=patients, visits=visits, events=events, seed=seed)
    with progress_bar() as advance:
        write_cohort(cohort, out, progress=partial(advance, "simulating"))
    note(f"{len(cohort.visits)} tubes: {out / 'manifest.csv'}")
