"""``cytorecon evaluate``: gates and counts against a known truth."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytorecon import __version__
from cytorecon.cli.console import note, print_json, print_table, progress_bar
from cytorecon.cli.failures import Failure, raise_for
from cytorecon.cli.options import DEFAULT_JOBS, JobsOption, JsonOption
from cytorecon.errors import CytoreconError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cytorecon.evaluate import Evaluation, Simulated, Tables
    from cytorecon.pipeline.learn import Progress
    from cytorecon.running import Run

    Work = Callable[[Run, Progress], Evaluation]


def evaluate(
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="Folder for the tables, the document and the figures."),
    ],
    plans: Annotated[
        list[Path] | None, typer.Argument(metavar="PLAN", help="Plans of labelled files, YAML.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", metavar="FOLDER", help="Where the plans' files are; default: beside each plan."
        ),
    ] = None,
    simulate: Annotated[
        list[str] | None,
        typer.Option(
            "--simulate", metavar="LAB", help="Simulated laboratory: good_lab or stress; repeatable."
        ),
    ] = None,
    seeds: Annotated[
        str, typer.Option("--seeds", metavar="N,N", help="Seeds of simulated batches; one batch each.")
    ] = "1,2,3",
    patients: Annotated[
        int, typer.Option("--patients", min=1, metavar="N", help="Patients of a batch.")
    ] = 12,
    visits: Annotated[int, typer.Option("--visits", min=1, metavar="N", help="Visits of each patient.")] = 6,
    events: Annotated[int, typer.Option("--events", min=1, metavar="N", help="Events per tube.")] = 50_000,
    jobs: JobsOption = DEFAULT_JOBS,
    as_json: JsonOption = False,
) -> None:
    """Compare gates with labelled files and simulated truth.

    A plan names labelled FCS files and says what their labels mean; see benchmarks/plans.
    Targets that are not met do not change the exit code.
    """
    from cytorecon.evaluate import Simulated, tables_of
    from cytorecon.evaluate.output import write_evaluation
    from cytorecon.evaluate.output.write import check_folder
    from cytorecon.evaluate.protocol import laboratory_row

    if not plans and not simulate:
        raise typer.BadParameter("Name a plan, or a laboratory with --simulate.")
    check_folder(out, option="--out")
    numbers = _seeds(seeds)
    asked = [Simulated(laboratory_row(lab).name, numbers, patients, visits, events) for lab in simulate or ()]
    work = [(f"plan {plan}", _of_plan(plan, data or plan.parent)) for plan in plans or ()]
    work += [(f"simulated {one.laboratory}", _of_laboratory(one)) for one in asked]
    evaluations, failures = _done(work, jobs)
    if evaluations:
        tables = tables_of(evaluations)
        options = [f"--simulate {one.laboratory}" for one in asked]
        options += [f"--seeds {seeds} --patients {patients} --visits {visits} --events {events}"] * bool(
            asked
        )
        named = " ".join(shlex.quote(plan.as_posix()) for plan in plans or ())
        named += " --data FOLDER" if plans and data else ""
        command = " ".join(["cytorecon evaluate", *([named] if named else []), *options, "--out DIR"])
        written = write_evaluation(evaluations, tables, out, command=command, version=__version__)
        _show(tables, as_json=as_json)
        note(f"Tables, document and figures: {written.document.parent}")
    failures += [Failure(tube, why) for one in evaluations for tube, why in one.failures.items()]
    raise_for(failures, done=sum(bool(one.scores) for one in evaluations))


def _seeds(text: str) -> tuple[int, ...]:
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() for word in words):
        raise typer.BadParameter(
            f"'{text}' is not a list of whole numbers, e.g. 1,2,3.", param_hint="--seeds"
        )
    return tuple(int(word) for word in words)


def _of_plan(plan: Path, data: Path) -> Work:
    from cytorecon.evaluate import evaluate_plan, load_plan

    return lambda run, progress: evaluate_plan(load_plan(plan), data, run=run, progress=progress)


def _of_laboratory(asked: Simulated) -> Work:
    from cytorecon.evaluate import evaluate_simulated

    return lambda run, progress: evaluate_simulated(asked, run=run, progress=progress)


def _done(work: Sequence[tuple[str, Work]], jobs: int) -> tuple[list[Evaluation], list[Failure]]:
    """Do all of the work under one progress bar; a plan that fails does not cost the others."""
    from cytorecon.workers import workers

    evaluations: list[Evaluation] = []
    failures: list[Failure] = []
    with progress_bar() as advance, workers(jobs) as pool:
        for name, one in work:

            def progress(stage: str, done: int, total: int, name: str = name) -> None:
                advance(f"{name}: {stage}", done, total)

            try:
                evaluations.append(one(pool.run, progress))
            except CytoreconError as error:
                failures.append(Failure(name, str(error)))
    return evaluations, failures


def _show(tables: Tables, *, as_json: bool) -> None:
    targets = tables.targets.to_dict("records")
    if as_json:
        print_json(
            {"targets": [{str(name): _plain(value) for name, value in row.items()} for row in targets]}
        )
        return
    header = ("set", "measure", "population", "true cells", "results", "target", "measured", "")
    print_table(
        header,
        [
            (
                f"{row['dataset']}, {row['regime']}",
                str(row["measure"]),
                str(row["population"]),
                str(row["cells"]),
                str(row["results"]),
                str(row["target"]),
                "" if _plain(row["measured"]) is None else f"{row['measured']:.4g}",
                "no result" if _plain(row["met"]) is None else ("met" if row["met"] else "NOT MET"),
            )
            for row in targets
        ],
    )


def _plain(value: object) -> object:
    """Return a cell of a table as JSON knows it: nothing where there is no number."""
    import pandas as pd

    return None if pd.isna(value) else value  # type: ignore[call-overload]  # any object is allowed
