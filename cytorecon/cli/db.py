"""``cytorecon db``: what keeps a study for years."""

from __future__ import annotations

from typing import Annotated

import typer

from cytorecon import __version__
from cytorecon.cli.console import note, print_json
from cytorecon.cli.options import JsonOption, StudyArgument

db = typer.Typer(
    help="Keep a study: upgrade.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

WhoOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it, for the history.")]


@db.command("upgrade")
def upgrade(study: StudyArgument, by: WhoOption = "unknown", as_json: JsonOption = False) -> None:
    """Bring a study that an older version wrote up to date, in one transaction.

    A copy of the database of a study folder is made beside it first. A PostgreSQL database is not copied:
    dump it with pg_dump before.
    """
    from cytorecon.store import upgrade_study

    done = upgrade_study(study, software_version=__version__, who=by)
    if as_json:
        copy = str(done.copy) if done.copy is not None else None
        print_json({"before": done.before, "after": done.after, "copy": copy})
        return
    if done.before == done.after:
        print(f"The study is up to date: schema {done.after}.")
        return
    print(f"Upgraded from schema {done.before} to {done.after}.")
    if done.copy is not None:
        note(f"The database as it was: {done.copy}")
