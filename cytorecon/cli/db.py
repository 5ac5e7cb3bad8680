"""``cytorecon db``: what keeps a study for years."""

from __future__ import annotations

import math
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytorecon import __version__
from cytorecon.cli.console import note, print_json, print_table
from cytorecon.cli.failures import raise_for
from cytorecon.cli.lost import failures_of, lost_rows
from cytorecon.cli.options import FilesOption, JsonOption, StudyArgument, lasting_place
from cytorecon.cli.password import ask_password
from cytorecon.errors import CytoreconError

if TYPE_CHECKING:
    from cytorecon.store import Moved, Role, StudyApprovals

db = typer.Typer(
    help="Keep a study: back up, restore, copy, tidy, upgrade, users.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

WhoOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it, for the history.")]

WithoutFilesOption = Annotated[
    bool, typer.Option("--without-files", help="Leave out the files that the study keeps.")
]

#: Who changes users or rules: nobody need be named while there is no user who could be.
ChangedByOption = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="NAME",
        envvar="CYTORECON_BY",
        help="Who does it, for the history; has to be said once the study has a user.",
    ),
]


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


@db.command("backup")
def backup(
    study: StudyArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.zip", help="New file.")],
    files: FilesOption = "",
    without_files: WithoutFilesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write all of a study to one file, as of one moment; others may go on writing.

    Any database can be made from it again. It holds what the study holds: pseudonyms, clock times, hashes of
    passwords. Files that the study keeps and that are not there are named (exit code 2).
    """
    from cytorecon.jobs.pending import pending_jobs
    from cytorecon.store import back_up

    # before the study is read: what waits then has its file in it
    made = back_up(study, out, jobs=pending_jobs(study), files=files, without_files=without_files)
    rows = sum(table.rows for table in made.tables)
    if as_json:
        counts = {"rows": rows, "files": len(made.files), "jobs": len(made.jobs)}
        print_json({"out": str(out), **counts, "head": made.head, "missing": lost_rows(made.lost)})
    else:
        print(f"{rows} rows and {len(made.files)} files. Head: {made.head or 'none'}")
        if made.jobs:
            note(f"{len(made.jobs)} jobs that had not ended are in it; a restored study asks for them again.")
    raise_for(failures_of(made.lost), done=1)


@db.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="Written by: db backup.")],
    to: Annotated[
        str, typer.Option("--to", metavar="PLACE", help="New folder, or URL of an empty PostgreSQL database.")
    ],
    files: FilesOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make a study from a backup at a new place, verified row by row; all of it or nothing."""
    from cytorecon.jobs.pending import restore_with_jobs

    _say(restore_with_jobs(file, to, files=files), as_json=as_json)


@db.command("copy")
def copy(
    study: StudyArgument,
    to: Annotated[
        str, typer.Option("--to", metavar="PLACE", help="New folder, or URL of an empty PostgreSQL database.")
    ],
    files: FilesOption = "",
    to_files: Annotated[
        str,
        typer.Option(
            "--to-blobs",
            "--to-files",
            metavar="PLACE",
            callback=lasting_place,
            help="Folder or URL for the files the copy keeps.",
        ),
    ] = "",
    without_files: WithoutFilesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Copy a study to a new place, folder or PostgreSQL, verified row by row; all of it or nothing."""
    from cytorecon.jobs.pending import copy_with_jobs

    moved = copy_with_jobs(study, to, files=files, to_files=to_files, without_files=without_files)
    _say(moved, as_json=as_json)


@db.command("erase")
def erase(
    study: StudyArgument,
    patient: Annotated[str, typer.Argument(metavar="PATIENT", help="Pseudonym.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who erases, for the history.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Reason, without the pseudonym.")],
    files: FilesOption = "",
    as_json: JsonOption = False,
) -> None:
    """Erase a patient for good: facts, tubes, results, events, decisions, signatures, kept files.

    Jobs about the patient go, too, and all reports and exports that workers made: they hold everybody.
    The history keeps one line that says so, without the pseudonym. Backups, exports and reports made
    before are yours to find. Run it again when it says that the space could not be overwritten.
    """
    from cytorecon.jobs.tidy import forget_patient, tidy
    from cytorecon.store import erase_patient

    done = erase_patient(study, patient, by=by, why=why, files=files)
    forget_patient(study, patient, files)
    if _has_files(study, files):
        tidy(study, older_than_days=math.inf, blobs=files, remove=True)
    if as_json:
        content = asdict(done) | {"copies": [str(copy) for copy in done.copies]}
        print_json(content | {"still_named": list(done.still_named)})
        return
    print(f"Erased: {done.tubes} tubes, {done.files} files, details of {done.lines} lines of the history.")
    for table in done.still_named:
        note(f"A text in the table {table} still names the patient.")
    for copy in done.copies:
        note(f"May still hold the patient: {copy}")
    if not done.swept:
        note("The space was not overwritten: another program reads the study. Close it and run this again.")


@db.command("tidy")
def tidy_up(
    study: StudyArgument,
    days: Annotated[
        int, typer.Option("--days", min=1, metavar="N", help="Jobs that ended so many days ago, or earlier.")
    ] = 30,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove it; without this, only say what would go.")
    ] = False,
    files: FilesOption = "",
    as_json: JsonOption = False,
) -> None:
    """Remove what nobody needs: old jobs, the reports and exports they made, files without a use.

    What a result, a signature or a remaining job rests on stays, and whatever is younger than a day. Workers
    may go on.
    """
    from cytorecon.jobs.tidy import tidy

    done = tidy(study, older_than_days=days, blobs=files, remove=yes)
    if as_json:
        print_json(asdict(done) | {"removed": yes})
        return
    print("Removed:" if yes else "Would go:")
    print(f"{done.jobs} jobs that ended {days} days ago or earlier")
    print(f"{done.made} reports and exports ({done.made_bytes} bytes)")
    print(f"{done.files} files of tubes that nothing rests on ({done.files_bytes} bytes)")
    if not yes:
        note("Nothing was changed; remove it with --yes.")


def _has_files(study: str, files: str) -> bool:
    from cytorecon.store.remote_blobs import usual_place

    return bool(files or usual_place(study))


class RoleName(StrEnum):
    """What a user may do."""

    VIEWER = "viewer"
    EDITOR = "editor"
    APPROVER = "approver"
    ADMIN = "admin"


@db.command("user")
def user(
    study: StudyArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Initials or a short name, no e-mail.")],
    role: Annotated[RoleName, typer.Option("--role", help="approver and admin may sign.")],
    inactive: Annotated[bool, typer.Option("--inactive", help="May not sign any more.")] = False,
    by: ChangedByOption = "",
) -> None:
    """Add a user of a study, or give one another role and password; asks for the new password.

    Whoever may write the study may do this; the history says who did. Only the first user may be made
    without --by.
    """
    from cytorecon.store import StudyApprovals

    chosen: Role = role.value
    with StudyApprovals.open(study, who=by or "unknown") as store:
        _check_named(by, store)
        store.save_user(name, chosen, ask_password(name, new=True), active=not inactive)
    print(f"{name}: {role.value}{', not active' if inactive else ''}")


@db.command("users")
def users(study: StudyArgument, as_json: JsonOption = False) -> None:
    """List the users of a study."""
    from cytorecon.store import StudyApprovals

    with StudyApprovals.open(study) as store:
        found = store.users()
    if as_json:
        print_json([one.model_dump() for one in found])
    else:
        rows = [(one.name, one.role, "yes" if one.active else "no") for one in found]
        print_table(("user", "role", "active"), rows)


@db.command("rule")
def rule(
    study: StudyArgument,
    four_eyes: Annotated[bool, typer.Option("--four-eyes/--two-eyes", help="Two persons must sign, or one.")],
    by: ChangedByOption = "",
) -> None:
    """Say how many persons must sign.

    With four eyes two must, of whom one has set no gate of the patient by hand.
    """
    from cytorecon.store import StudyApprovals

    with StudyApprovals.open(study, who=by or "unknown") as store:
        _check_named(by, store)
        store.set_four_eyes(needed=four_eyes)
    print("Two persons must sign." if four_eyes else "One person must sign.")


def _check_named(by: str, store: StudyApprovals) -> None:
    """Check that the history will say who decided about who may sign."""
    if not by and store.users():
        raise CytoreconError(
            "The history has to say who does this: the study has users already.",
            field="--by",
            found="nobody",
            allowed="initials or a short name",
            hint="Add --by NAME, or set CYTORECON_BY.",
        )


def _say(moved: Moved, *, as_json: bool) -> None:
    jobs = len(moved.jobs)
    if as_json:
        counts = {"rows": moved.rows, "files": moved.files, "jobs": jobs}
        missing = {"missing": lost_rows(moved.lost), "left_out": moved.left_out}
        print_json({**counts, "head": moved.head, **missing})
    else:
        print(
            f"{moved.rows} rows and {moved.files} files, the same on both sides. Head: {moved.head or 'none'}"
        )
        if jobs:
            note(f"{jobs} jobs wait for a worker of the new study.")
        if moved.left_out:
            note(f"{moved.left_out} kept files were left out; what needs them cannot be done here.")
    raise_for(failures_of(moved.lost), done=1)
