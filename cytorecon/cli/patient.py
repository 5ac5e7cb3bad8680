"""``cytorecon patient``: what can be said of one patient."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cytorecon.cli.console import print_json, print_table
from cytorecon.cli.options import JsonOption, StudyArgument

if TYPE_CHECKING:
    import pandas as pd

    from cytorecon.patient import PatientView

#: Simulated courses are the same every time.
_SEED: Final = 1


def patient(
    study: StudyArgument,
    name: Annotated[str, typer.Argument(metavar="PATIENT", help="Pseudonym, as in the sheet.")],
    as_json: JsonOption = False,
) -> None:
    """Say where a patient stands and what comes next.

    The immune profile and its distance to health, remarks, and, where comparable patients are enough, what
    the next planned visits will show. --json gives all columns, and the smooth recovery.
    """
    from cytorecon.patient import patient_view
    from cytorecon.store import StudyStore
    from cytorecon.trajectory import trajectories

    with StudyStore.open(study) as store:
        result = store.result(plots=False)
    view = patient_view(trajectories(result), result, name, seed=_SEED)
    if as_json:
        tables = ("curves", "visits", "milestones", "flags", "profile", "distance")
        print_json({table: _records(getattr(view, table)) for table in tables})
    else:
        _show(view)


def _records(table: pd.DataFrame) -> object:
    # through pandas' own JSON, which writes what is not known as null
    return json.loads(table.to_json(orient="records", force_ascii=False))


def _show(view: PatientView) -> None:
    print(view.distance["words"].item())
    for words in view.flags["words"]:
        print(f"! {words}")
    profile = view.profile[view.profile["reported"] != ""]
    columns = [
        "compartment",
        "population",
        "measure",
        "reported",
        "position",
        "earlier_reported",
        "cohort_position",
    ]
    _print("Profile", profile, columns)
    _print(
        "Next visits (90 % of samples)",
        view.visits,
        ["population", "window", "reported", "rests_on", "reason"],
    )
    columns = ["milestone", "window", "reported", "rests_on", "reason"]
    _print("Milestones: probability by the visit", view.milestones, columns)


def _print(title: str, table: pd.DataFrame, columns: list[str]) -> None:
    if len(table):
        rows = table[columns].fillna("").astype(str).itertuples(index=False, name=None)
        print_table(columns, rows, title=title)
