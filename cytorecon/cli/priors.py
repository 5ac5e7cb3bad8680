"""``cytorecon priors``: learn from a laboratory's own tubes what carries its small batches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytorecon.cli.console import note, progress_bar
from cytorecon.cli.failures import Failure, raise_for
from cytorecon.cli.given import read_given
from cytorecon.cli.options import DEFAULT_JOBS, JobsOption, MapOption, SpilloverOption

priors = typer.Typer(
    help="Learn from a laboratory's tubes what carries small batches.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@priors.callback()
def _group() -> None:
    pass


@priors.command("learn")
def learn(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="FCS files of one kind.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.json", help="Where the priors are written.")],
    template: Annotated[
        str, typer.Option("--template", metavar="NAME|PATH", help="Packaged template, or a template file.")
    ] = "tbnk",
    mapping: MapOption = None,
    spillover: SpilloverOption = None,
    jobs: JobsOption = DEFAULT_JOBS,
) -> None:
    """Learn scales and positions of gates from at least 8 tubes of one cytometer and panel.

    The file holds numbers only, no names and no dates. Use it: cytorecon batch SHEET --priors FILE.json.
    """
    from cytorecon.errors import CytoreconError
    from cytorecon.gating.prior import SETTLED_TUBES
    from cytorecon.knowledge.templates import load_template
    from cytorecon.pipeline import Given, learn_site
    from cytorecon.workers import workers

    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".fcs")
    if not files:
        raise CytoreconError("There are no FCS files.", subject="FOLDER", found=str(folder))
    given = read_given(mapping, spillover)
    said = Given().changed(given.mapping, given.spillover)
    with workers(jobs) as pool, progress_bar() as advance:
        learned = learn_site(files, load_template(template), said, pool.run, advance)
    failures = [Failure(str(files[place]), failed.reason) for place, failed in learned.failures.items()]
    for context in learned.too_small:
        reason = f"{context.prior.tubes} tubes of one cytometer and panel; {SETTLED_TUBES} are needed."
        failures.append(Failure(f"batch {context.batch}", reason))
    if learned.priors is None:
        raise_for(failures, done=0)
        return
    out.write_text(learned.priors.to_json(), encoding="utf-8")
    for context in learned.priors.contexts:
        note(f"{context.batch}: {len(context.prior.thresholds)} thresholds from {context.prior.tubes} tubes")
    note(f"Priors: {out} ({learned.priors.sha256[:12]})")
    raise_for(failures, done=len(files) - len(learned.failures))
