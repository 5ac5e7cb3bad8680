"""``cytorecon cohort``: all patients of a study together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytorecon.cli.console import note, print_json, print_table
from cytorecon.cli.options import JsonOption, StudyArgument
from cytorecon.cli.output import check_folder, check_table, write_table

if TYPE_CHECKING:
    import pandas as pd

    from cytorecon.cli.tables import StudyTables


def cohort(
    study: StudyArgument,
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="COLUMN", help="Compare groups: programme, sex, graft, age_years or anchors."
        ),
    ] = "",
    milestone: Annotated[
        list[str] | None,
        typer.Option("--milestone", metavar="M", help="Of these milestones only; may be repeated."),
    ] = None,
    as_json: JsonOption = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder to write the tables into, as CSV.")
    ] = None,
) -> None:
    """Say how many reached what by when, and compare groups.

    Printed is the cumulative incidence of milestones and of the events that compete with them; --out writes
    all tables, --json prints them. Groups of fewer than 5 patients have a number and nothing else.
    """
    from cytorecon.cli.tables import records, study_tables
    from cytorecon.study.table import csv_text

    if out is not None:
        check_folder(out, option="--out")
    tables, left_out = made(study_tables(study), by, milestone)
    for name, reason in left_out.items():
        note(f"{name}: {reason}")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            check_table(out / f"{name}.csv", [str(column) for column in table.columns], option="--out")
        for name, table in tables.items():
            write_table(out / f"{name}.csv", csv_text(table), option="--out")
        note(f"{len(tables)} tables: {out}")
    if as_json:
        print_json({name: records(table) for name, table in tables.items()})
    elif out is None and tables["cumulative_incidence"].empty:
        note("No milestone could be judged in any patient; cytorecon milestones says why.")
    elif out is None:
        print_table(_SHOWN, _lines(tables["cumulative_incidence"]))


def made(
    tables: StudyTables, by: str, milestone: Sequence[str] | None
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Return the cohort's tables by name, and why others could not be made."""
    from cytorecon import cohort as core
    from cytorecon.errors import CytoreconError

    study, curves, reached = tables.study, tables.trajectories, tables.milestones
    groups = core.groups_by(study, by)
    made: dict[str, pd.DataFrame] = {
        "cumulative_incidence": core.cumulative_incidence(reached, study, groups=groups, chosen=milestone),
        "time_to_milestone": core.time_to_milestone(reached, study, groups=groups, chosen=milestone),
        "landmark": core.landmark_table(reached, study, chosen=milestone),
        "windows": core.cohort_summary(curves),
        "areas": core.recovery_areas(curves),
        "ratios": core.ratios(curves),
    }
    # These need two groups, or enough patients: a small study has the tables above all the same.
    optional: Mapping[str, Callable[[], pd.DataFrame]] = {
        "groups": lambda: core.compare_groups(curves, groups),
        "model": lambda: core.recovery_model(curves, study, groups=groups),
        "clusters": lambda: core.clusters(curves),
        "map": lambda: core.cohort_map(curves),
    }
    left_out: dict[str, str] = {}
    for name, make in optional.items():
        if name == "groups" and not by:
            continue
        try:
            made[name] = make()
        except CytoreconError as error:
            left_out[name] = str(error)
    return made, left_out


_SHOWN = ("milestone", "group", "what came first", "day", "patients", "share", "95 %", "at most")


def _lines(table: pd.DataFrame) -> list[tuple[str, ...]]:
    import pandas as pd

    lines = []
    columns = [
        "milestone",
        "group",
        "cause",
        "day",
        "n",
        "probability",
        "low",
        "high",
        "probability_if_unseen",
    ]
    for *words, day, n, share, low, high, most in table[columns].itertuples(index=False, name=None):
        if pd.isna(share):
            lines.append((*words, str(day), str(n), "too few patients", "", ""))
            continue
        unseen = "" if pd.isna(most) or most - share < 0.005 else f"{most:.0%}"
        lines.append((*words, str(day), str(n), f"{share:.0%}", f"{low:.0%} to {high:.0%}", unseen))
    return lines
