"""The application and its exit codes: 0 done, 1 usage or fatal, 2 done but some files failed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from typer.core import TyperGroup

from cytorecon import __version__
from cytorecon.cli.approve import approvals, approve
from cytorecon.cli.audit import audit
from cytorecon.cli.batch import batch
from cytorecon.cli.cohort import cohort
from cytorecon.cli.counts import counts
from cytorecon.cli.db import db
from cytorecon.cli.deidentify import deidentify
from cytorecon.cli.demo import demo
from cytorecon.cli.doctor import doctor
from cytorecon.cli.due import due
from cytorecon.cli.evaluate import evaluate
from cytorecon.cli.export import export
from cytorecon.cli.failures import SomeFilesFailedError
from cytorecon.cli.gate import gate
from cytorecon.cli.import_counts import import_counts
from cytorecon.cli.inspect_files import inspect_files
from cytorecon.cli.jobs import jobs
from cytorecon.cli.lock import lock, unlock
from cytorecon.cli.milestones import milestones
from cytorecon.cli.override import override
from cytorecon.cli.patient import patient
from cytorecon.cli.priors import priors
from cytorecon.cli.references import references
from cytorecon.cli.report import report
from cytorecon.cli.reproduce import reproduce
from cytorecon.cli.serve import serve
from cytorecon.cli.simulate import simulate
from cytorecon.cli.templates import templates
from cytorecon.cli.worker import worker
from cytorecon.errors import CytoreconError

DONE: Final = 0
FATAL: Final = 1
SOME_FAILED: Final = 2


class _InOrderOfWork(TyperGroup):
    """Lists commands as they are used; Typer would put groups of commands first or last."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - what the library asks for
        """Return the names in the order of work: templates before gating, overrides after a batch."""
        groups = ("templates", "override", "priors", "references", "db", "audit")
        names = [name for name in self.commands if name not in groups]
        names.insert(names.index("gate"), "templates")
        names.insert(names.index("batch"), "priors")
        names.insert(names.index("serve"), "references")
        names.insert(names.index("batch") + 1, "override")
        names[names.index("jobs") + 1 : names.index("jobs") + 1] = ["db", "audit"]
        return names


app = typer.Typer(
    name="cytorecon",
    cls=_InOrderOfWork,
    help="Immune reconstitution by flow cytometry: from FCS files to cells/µL, trajectories and milestones.",
    epilog="Exit code: 0 done, 1 usage or fatal error, 2 done but some files failed. Research use only.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"cytorecon {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    pass


app.command("demo")(demo)
app.command("simulate")(simulate)
app.command("inspect")(inspect_files)
app.command("deidentify")(deidentify)
app.command("gate")(gate)
app.command("batch")(batch)
app.command("import-counts")(import_counts)
app.command("counts")(counts)
app.command("patient")(patient)
app.command("milestones")(milestones)
app.command("due")(due)
app.command("cohort")(cohort)
app.command("report")(report)
app.command("export")(export)
app.command("serve")(serve)
app.command("worker")(worker)
app.command("jobs")(jobs)
app.command("approve")(approve)
app.command("approvals")(approvals)
app.command("lock")(lock)
app.command("unlock")(unlock)
app.command("reproduce")(reproduce)
app.command("doctor")(doctor)
app.command("evaluate")(evaluate)
app.add_typer(templates, name="templates")
app.add_typer(override, name="override")
app.add_typer(priors, name="priors")
app.add_typer(references, name="references")
app.add_typer(db, name="db")
app.add_typer(audit, name="audit")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; those of the process by default.

    Returns
    -------
    int
        0 done; 1 wrong usage, or nothing could be done; 2 done, but some files failed or were skipped (each
        is named with its reason on stderr); 130 interrupted.
    """
    try:
        app(args=arguments, prog_name="cytorecon")
    except SystemExit as stop:
        return _exit_code(stop)
    except SomeFilesFailedError as partly:
        for failure in partly.failures:
            print(f"{failure.what}: {failure}", file=sys.stderr)
        return SOME_FAILED if partly.done else FATAL
    except CytoreconError as error:
        print(f"error: {error}", file=sys.stderr)
        return FATAL
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"error: {place}{error.strerror or error}", file=sys.stderr)
        return FATAL
    return DONE


def _exit_code(stop: SystemExit) -> int:
    """Return our code: Typer ends with 2 on wrong usage, which here means that files failed."""
    if stop.code is None or stop.code == 0:
        return DONE
    return 130 if stop.code == 130 else FATAL
