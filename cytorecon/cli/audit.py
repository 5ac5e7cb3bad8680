"""``cytorecon audit``: whether the history of a study is as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytorecon.cli.console import note, print_json
from cytorecon.cli.failures import raise_for
from cytorecon.cli.lost import failures_of, lost_rows
from cytorecon.cli.options import FilesOption, JsonOption, StudyArgument

if TYPE_CHECKING:
    from cytorecon.store import Verified

audit = typer.Typer(
    help="Verify the history of a study; export it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@audit.command("verify")
def verify(
    study: StudyArgument,
    head: Annotated[
        str,
        typer.Option("--head", metavar="HASH", help="Hash noted down earlier; must be in the history."),
    ] = "",
    files: FilesOption = "",
    read_files: Annotated[
        bool, typer.Option("--read-files", help="Read all kept files and compare their SHA-256, too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check that no line of the history, and nothing it says was stored, was changed.

    Kept files that are not there are named (exit code 2).
    Note the hash it prints down elsewhere: with it, nobody can put a whole new history in place unseen.
    """
    from cytorecon.store import verify_history

    verified = verify_history(study, head=head, files=files, read_files=read_files)
    _say(verified, as_json=as_json)
    raise_for(failures_of(verified.lost), done=1)


@audit.command("export")
def export(
    study: StudyArgument,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="New file, one line of JSON per change.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Write the history, verified, and the hash of its last line.

    The file holds clock times and pseudonyms: keep it as you keep the study.
    """
    from cytorecon.store import export_history

    _say(export_history(study, out), as_json=as_json)


def _say(verified: Verified, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "lines": verified.lines,
                "head": verified.head,
                "since": verified.since,
                "erased": verified.erased,
                "clock_back": list(verified.clock_back),
                "missing": lost_rows(verified.lost),
                "files_not_looked_for": verified.unseen,
            }
        )
        return
    print(f"{verified.lines} lines fit. Head: {verified.head}")
    if verified.since is not None:
        note(f"{verified.since} lines were added since the given head.")
    if verified.erased:
        note(f"{verified.erased} lines lost their details when a patient was erased.")
    for line in verified.clock_back:
        note(f"Line {line} was written when the clock was behind the line before.")
    if verified.unseen:
        note(f"{verified.unseen} kept files were not looked for: name their place with --files.")
