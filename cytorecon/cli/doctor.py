"""``cytorecon doctor``: is this installation complete."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata, util
from pathlib import Path
from sqlite3 import sqlite_version
from typing import Annotated, Final, Literal

import typer

from cytorecon import __version__
from cytorecon.cli.console import print_json, print_table
from cytorecon.cli.options import JsonOption
from cytorecon.errors import CytoreconError

#: Libraries whose versions change numbers or pictures.
LIBRARIES: Final = (
    "numpy", "scipy", "pandas", "scikit-learn", "flowio", "flowkit",
    "pydantic", "sqlalchemy", "plotly", "dash",
)  # fmt: skip

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's list.

    Parameters
    ----------
    name : str
        What was looked at.
    status : {"ok", "absent", "warning", "failed"}
        ``absent`` is an optional part that is not here; ``failed`` needs repair.
    detail : str
        What was found.
    """

    name: str
    status: Literal["ok", "absent", "warning", "failed"]
    detail: str


def doctor(
    study: Annotated[
        str, typer.Argument(metavar="[STUDY]", help="Study folder or PostgreSQL URL, or where one is to be.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Check that this installation is complete.

    Looks at versions, templates, knowledge files, optional parts and writing; with STUDY also whether it lies
    on a network share, and whether it can be opened.
    """
    checks = [*all_checks(), *(of_place(study) if study else ())]
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        rows = [(check.name, check.status, check.detail) for check in checks]
        print_table(("check", "status", "found"), rows)
    if any(check.status == "failed" for check in checks):
        raise typer.Exit(1)


def all_checks() -> Iterator[Check]:
    """Yield every check of the installation, in the order of the list."""
    yield Check("cytorecon", "ok", __version__)
    yield Check("python", "ok", f"{sys.version.split()[0]} on {sys.platform}")
    yield from map(library, LIBRARIES)
    yield sqlite()
    yield attempt("knowledge files", load_knowledge)
    yield attempt("templates", load_templates)
    yield attempt("web interface", load_dashboard)
    yield attempt("writing", write_and_read)
    yield attempt("uploads", quarantine)
    yield postgresql()
    yield browser()


def sqlite() -> Check:
    """Tell whether this SQLite keeps every change of two programs that write one study."""
    from cytorecon.store import sqlite_issues

    issues = sqlite_issues()
    if issues:
        return Check("SQLite", "warning", " ".join(str(issue) for issue in issues))
    return Check("SQLite", "ok", sqlite_version)


def of_place(study: str) -> Iterator[Check]:
    """Yield the checks of one study, or of a place where one is to be."""
    from cytorecon.store import StudyStore, share_under

    share = share_under(study)
    if share:
        yield Check("place", "failed", f"a network share ({share}); keep the study on a local disk")
    elif share is not None:
        yield Check("place", "ok", "no network share that is known")

    def opened() -> str:
        if not StudyStore.exists(study):
            return "none there yet"
        with StudyStore.open(study) as store:
            current = store.is_current()
        return "can be opened" if current else "of an older version: cytorecon db upgrade STUDY"

    yield attempt("study", opened)


def attempt(name: str, work: Callable[[], str]) -> Check:
    """Return the outcome of `work`, which returns what it found or raises."""
    try:
        return Check(name, "ok", work())
    except (CytoreconError, OSError, ImportError) as error:
        return Check(name, "failed", str(error))


def library(name: str) -> Check:
    """Look up the version of an installed library."""
    try:
        return Check(name, "ok", metadata.version(name))
    except metadata.PackageNotFoundError:
        return Check(name, "failed", "not installed; install cytorecon again")


def load_knowledge() -> str:
    """Read every packaged knowledge file through its model."""
    from cytorecon.knowledge.channel_roles import load_channel_roles
    from cytorecon.knowledge.counting import load_counting_rules
    from cytorecon.knowledge.due_tests import load_due_tests
    from cytorecon.knowledge.event_kinds import load_event_kinds
    from cytorecon.knowledge.grafts import load_grafts
    from cytorecon.knowledge.markers import load_markers
    from cytorecon.knowledge.milestones import load_milestone_rules
    from cytorecon.knowledge.populations import load_populations
    from cytorecon.knowledge.product_doses import load_dose_rules
    from cytorecon.knowledge.programmes import load_programmes
    from cytorecon.knowledge.quality import load_quality_limits
    from cytorecon.knowledge.readouts import load_readouts
    from cytorecon.knowledge.references import load_references
    from cytorecon.knowledge.visit_windows import load_visit_windows

    loaders = (
        load_channel_roles, load_counting_rules, load_dose_rules, load_due_tests, load_event_kinds,
        load_grafts, load_markers, load_milestone_rules, load_populations, load_programmes,
        load_quality_limits, load_readouts, load_references, load_visit_windows,
    )  # fmt: skip
    for load in loaders:
        load()
    return f"{len(loaders)} kinds"


def load_templates() -> str:
    """Read every packaged template through its model."""
    from cytorecon.knowledge.templates import load_template, template_names

    return ", ".join(f"{name} {load_template(name).version}" for name in template_names())


def load_dashboard() -> str:
    """Import the web interface and return its place."""
    from cytorecon.cli.dashboard_server import dashboard_package

    return f"package '{dashboard_package().__name__}'"


def write_and_read() -> str:
    """Write a file into the folder for temporary files and read it back."""
    with tempfile.TemporaryDirectory(prefix="cytorecon-") as folder:
        file = Path(folder) / "probe"
        file.write_text("µL", encoding="utf-8")
        if file.read_text(encoding="utf-8") != "µL":
            raise OSError(f"What was written to {folder} reads back differently.")
    return "a file in the folder for temporary files"


def quarantine() -> str:
    """Read a file as an upload is read, and tell which limits hold here."""
    import numpy as np

    from cytorecon.fcs import write_fcs
    from cytorecon.intake import receive
    from cytorecon.intake.limits import LIMITED
    from cytorecon.sample import Channel, ChannelRole

    with tempfile.TemporaryDirectory(prefix="cytorecon-") as folder:
        file = Path(folder) / "probe.fcs"
        channel = Channel(0, "FITC-A", "", ChannelRole.FLUORESCENCE, maximum=10.0)
        write_fcs(file, np.ones((1, 1), np.float32), [channel])
        receive(file)
    limits = ", ".join((*LIMITED, "time"))
    return f"read in a process of their own, with limits on {limits}"


def postgresql() -> Check:
    """Tell whether studies can be kept in PostgreSQL."""
    if util.find_spec("psycopg") is None:
        return Check("PostgreSQL driver", "absent", "studies are kept in folders; else: the extra 'postgres'")
    return Check("PostgreSQL driver", "ok", f"psycopg {metadata.version('psycopg')}")


def browser() -> Check:
    """Tell whether the browser tests can run here."""
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if found is None:
        return Check("Chromium", "absent", "needed by the browser tests only")
    return Check("Chromium", "ok", Path(found).name)
