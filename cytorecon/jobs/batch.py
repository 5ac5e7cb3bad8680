"""Run a sample sheet into a stored study; a run that was stopped goes on where it was."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from threadpoolctl import threadpool_limits

from cytorecon import __version__
from cytorecon.pipeline import AnalysisSettings, Plan, analyze_tubes, plan_study
from cytorecon.pipeline.learn import Answer, Item, Progress, Run
from cytorecon.pipeline.study import no_progress
from cytorecon.store import StudyStore
from cytorecon.study import load_study
from cytorecon.study.model import Study, Tube
from cytorecon.study.result import StudyResult


def run_batch(
    manifest: Path,
    out: str | Path,
    *,
    patients: Path | None = None,
    events: Path | None = None,
    jobs: int = 1,
    progress: Progress = no_progress,
) -> StudyResult:
    """Analyse every tube of a sample sheet into the study at `out`.

    Parameters
    ----------
    manifest, patients, events : Path
        Sheets, see :func:`~cytorecon.study.load_study`.
    out : str or Path
        Study folder or database URL. If it holds a study, scales and priors stay as they were,
        and tubes whose file, sheet row and template are unchanged are not analysed again.
    jobs : int
        Processes. The results do not depend on it.
    progress : callable
        Called with (stage, tubes done, tubes in all).

    Returns
    -------
    StudyResult
        All tubes of the study, uploads included, without pictures of gates.
    """
    study = load_study(manifest, patients=patients, events=events)
    with _opened(out, study) as store, workers(jobs) as run:
        known = AnalysisSettings.from_json(store.settings())
        plan = plan_study(study, known=known, run=run, progress=progress)
        if plan.settings != known:
            store.set_settings(plan.settings.model_dump_json(), reason="batch")
        analysed = store.done()
        todo = [tube for tube in study.tubes if not _is_done(tube, analysed, plan, store)]
        for tube, result in zip(todo, analyze_tubes(todo, plan, run=run, progress=progress), strict=True):
            store.save_tube(tube, result)
        return store.result(plots=False)


@contextmanager
def workers(jobs: int) -> Iterator[Run]:
    """Yield a ``map`` over `jobs` processes, or the built-in one for a single job."""
    if jobs <= 1:
        with threadpool_limits(1):
            yield map
        return
    # spawn, not fork: threads of numerical libraries do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_one_thread) as executor:

        def run(work: Callable[[Item], Answer], items: Iterable[Item], /) -> Iterable[Answer]:
            return executor.map(work, items)

        yield run


def _one_thread() -> None:
    """Keep numerical libraries from starting threads in every worker: the workers are the parallelism."""
    threadpool_limits(1)


@contextmanager
def _opened(out: str | Path, study: Study) -> Iterator[StudyStore]:
    if StudyStore.exists(out):
        store = StudyStore.open(out)
        store.replace_sheet(study)
    else:
        empty = AnalysisSettings(software_version=__version__).model_dump_json()
        store = StudyStore.create(out, study, empty, software_version=__version__)
    with store:
        yield store


def _is_done(tube: Tube, analysed: Mapping[str, str], plan: Plan, store: StudyStore) -> bool:
    """Whether the stored result came from the same file, template, scales and prior."""
    if tube.tube not in plan.hashes or analysed.get(tube.tube) != plan.hashes[tube.tube]:
        return False
    context = plan.settings.batches[plan.batches[tube.tube]]
    origin = store.tube_result(tube.tube).provenance
    return (
        origin.template_sha256,
        origin.prior_sha256,
        origin.transforms_sha256,
        origin.software_version,
    ) == (
        context.template_sha256,
        context.prior.sha256,
        context.transforms.sha256,
        __version__,
    )
