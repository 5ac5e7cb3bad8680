"""Gate files without a study: masks, counts and percentages, no cells/µL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cytorecon.gating.gated import GatedSample
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline.context import BatchContext
from cytorecon.pipeline.given import Given
from cytorecon.pipeline.learn import Progress, attempt, learn, survey_all
from cytorecon.pipeline.source import Source
from cytorecon.pipeline.steps import gate_prepared, prepare
from cytorecon.pipeline.study import no_progress
from cytorecon.pipeline.tube import failed, result_of
from cytorecon.results import TubeResult
from cytorecon.running import Failure
from cytorecon.sample import Spillover
from cytorecon.study.model import Tube

Use = Callable[[Path, GatedSample], None]


@dataclass(frozen=True)
class GatedFile:
    """One file and what came of it; ``result.tube`` is its place in the list, from 1."""

    path: Path
    result: TubeResult


def gate_files(
    paths: Sequence[Path],
    template: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    spillover: Spillover | None = None,
    use: Use | None = None,
    progress: Progress = no_progress,
) -> tuple[GatedFile, ...]:
    """Gate files one after the other; files of one cytometer learn from each other.

    Parameters
    ----------
    paths : sequence of Path
        FCS files.
    template : str or Path
        Name or path of a template.
    mapping : mapping of str to str, optional
        Marker to ``$PnN``.
    spillover : Spillover, optional
        In place of the matrices in the files.
    use : callable, optional
        Called with path and gated sample while its events are in memory (masks, exports).
    progress : callable
        Called with (stage, files done, files in all).

    Returns
    -------
    tuple of GatedFile
        In the order of `paths`; a bad file has a failed result and stops nothing.
    """
    loaded = load_template(template)
    given = Given().changed(mapping, spillover)
    sources = [
        Source(str(number), loaded, path, mapping=given.mapping, spillover=given.matrix())
        for number, path in enumerate(paths, start=1)
    ]
    surveyed = survey_all(sources, map, progress)
    batches = {name: found.batch for name, found in surveyed.surveys.items()}
    contexts = {
        batch: learn(
            batch, [s for s in sources if batches.get(s.name) == batch], surveyed.surveys, map, progress
        )
        for batch in sorted(set(batches.values()))
    }
    gated = []
    for done, (path, source) in enumerate(zip(paths, sources, strict=True), start=1):
        tube = Tube(tube=source.name, patient="none", day=0, template=loaded.name, count_method="none")
        failure = surveyed.failures.get(source.name)
        gated.append(
            GatedFile(
                path,
                failed(tube, failure.reason)
                if failure
                else _gated(path, source, tube, contexts[batches[source.name]], use),
            )
        )
        progress("gating", done, len(paths))
    return tuple(gated)


def _gated(path: Path, source: Source, tube: Tube, context: BatchContext, use: Use | None) -> TubeResult:
    def work(item: Source) -> TubeResult:
        prepared = prepare(item, context.transforms)
        sample = gate_prepared(prepared, item, context.prior)
        if use is not None:
            use(path, sample)
        return result_of(prepared, sample, tube, context)

    answer = attempt(work, source)
    return failed(tube, answer.reason) if isinstance(answer, Failure) else answer
