"""``cytorecon references``: which reference ranges there are, and whether one's own can be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytorecon.cli.console import print_json, print_table
from cytorecon.cli.failures import Failure, raise_for
from cytorecon.cli.options import JsonOption

if TYPE_CHECKING:
    from cytorecon.knowledge.references import References

references = typer.Typer(
    help="List reference ranges of healthy people; check your own.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file of reference ranges.")]


@references.command("list")
def list_references(as_json: JsonOption = False) -> None:
    """List the packaged sets by population and measure; the one shown by default is marked."""
    from cytorecon.knowledge.references import load_references

    known = load_references()
    shown = {(item.population, item.measure, band.set) for item in known.defaults for band in item.bands}
    groups: dict[tuple[str, str, str, str], list[float]] = {}
    for row in known.ranges:
        key = (row.population, row.measure, row.set, row.gate_definition)
        groups.setdefault(key, []).extend((row.age_from, row.age_below or float("inf")))
    table = [
        {
            "population": population,
            "measure": measure,
            "set": name,
            "gate_definition": definition,
            "ages": f"{min(ages):g}-{'' if max(ages) == float('inf') else f'{max(ages):g}'}",
            "default": "default" if (population, measure, name) in shown else "",
        }
        for (population, measure, name, definition), ages in groups.items()
    ]
    if as_json:
        print_json(table)
    else:
        print_table(tuple(table[0]), [tuple(row.values()) for row in table])


@references.command("check")
def check_references(file: FileArgument, as_json: JsonOption = False) -> None:
    """Check a file of reference ranges of your own; every problem is named with its row."""
    from cytorecon.knowledge.reference_files import check_reference_file

    problems = check_reference_file(file)
    if as_json:
        print_json({"file": str(file), "problems": [str(problem) for problem in problems]})
    else:
        print(f"{file}: {len(problems)} problem{'s' * (len(problems) > 1)}" if problems else f"{file}: ok")
        for problem in problems:
            print(f"  {problem}")
    raise_for([Failure(str(file), "it cannot be used")] if problems else [], done=0)


def own_references(file: Path | None) -> References | None:
    """Return the ranges of ``--references FILE`` before the packaged ones; None when it was not given."""
    if file is None:
        return None
    from cytorecon.knowledge.reference_files import with_own_references

    return with_own_references(file)
