"""``cytorecon demo``: the sample cohort, from files to the dashboard."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

import cytorecon
from cytorecon.cli import report
from cytorecon.cli.batch import analyse, failures_of, tubes_done
from cytorecon.cli.batch_staff import Keeping, Staff
from cytorecon.cli.console import note, progress_bar
from cytorecon.cli.dashboard_server import serve_dashboard
from cytorecon.cli.failures import raise_for
from cytorecon.cli.options import DEFAULT_HOST, DEFAULT_JOBS, DEFAULT_PORT, JobsOption, PortOption
from cytorecon.cli.output import check_folder, check_report_folder

#: A checkout has the sample cohort beside the package; an installed wheel does not.
SAMPLE_DATA: Final = Path(cytorecon.__file__).parents[1] / "sample_data"


def demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the study and the report.")
    ] = Path("demo_study"),
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop after the report.")] = False,
    port: PortOption = DEFAULT_PORT,
    jobs: JobsOption = DEFAULT_JOBS,
) -> None:
    """Show the sample cohort, from its files to the dashboard."""
    check_folder(out, option="--out")
    check_report_folder(out / "report", option="--out")
    study = str(out / "study")
    result = analyse(
        sample_manifest(out), study, name="Sample cohort", staff=Staff(jobs=jobs), keeping=Keeping()
    )
    note(f"{tubes_done(result)} of {len(result.tubes)} tubes analysed: {study}")
    report.write(study, out / "report")
    raise_for(failures_of(result), done=tubes_done(result))
    if not no_serve:
        serve_dashboard(study, host=DEFAULT_HOST, port=port)


def sample_manifest(out: Path) -> Path:
    """Return the sample cohort's sheet; where only the wheel is installed, simulate a cohort first."""
    packaged = SAMPLE_DATA / "manifest.csv"
    if packaged.is_file():
        return packaged
    simulated = out / "cohort" / "manifest.csv"
    if not simulated.is_file():
        from cytorecon.simulate import simulate_cohort, write_cohort

        note(f"No sample_data here: simulating a cohort into {simulated.parent}")
        with progress_bar() as advance:
            cohort = simulate_cohort(patients=3, visits=6, events=8_000, seed=1)
            write_cohort(cohort, simulated.parent, progress=partial(advance, "simulating"))
    return simulated
