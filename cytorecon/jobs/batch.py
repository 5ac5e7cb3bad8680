"""Run a sample sheet into a stored study; a run that was stopped goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from cytorecon import __version__
from cytorecon.errors import CytoreconError, StoreError
from cytorecon.jobs.settings import save_settings
from cytorecon.jobs.workers import workers
from cytorecon.knowledge.template import Template
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import AnalysisSettings, Given, Plan, analyze_tubes, plan_study
from cytorecon.pipeline.learn import Progress
from cytorecon.pipeline.source import CHANNEL_GIVEN
from cytorecon.pipeline.study import no_progress
from cytorecon.sample import Spillover
from cytorecon.store import StudyStore
from cytorecon.study import file_digests, load_study
from cytorecon.study.model import Study, Tube
from cytorecon.study.result import StudyResult


def run_batch(
    manifest: Path,
    out: str | Path,
    *,
    patients: Path | None = None,
    events: Path | None = None,
    name: str | None = None,
    mapping: Mapping[str, str] | None = None,
    spillover: Spillover | None = None,
    relearn: bool = False,
    jobs: int = 1,
    progress: Progress = no_progress,
) -> StudyResult:
    """Analyse every tube of a sample sheet into the study at `out`.

    Parameters
    ----------
    manifest, patients, events : Path
        Sheets, see :func:`~cytorecon.study.load_study`.
    out : str or Path
        Study folder or database URL. If it holds a study, scales and priors of batches of 8 tubes
        or more stay as they were, and tubes whose file, sheet row and template are unchanged are
        not analysed again. Uploads stay: a row whose file was uploaded is not counted twice
        (:mod:`cytorecon.store.uploads`).
    name : str, optional
        Name of the study; by default that which it has, and ``"study"`` for a new one.
    mapping : mapping of str to str, optional
        Marker to ``$PnN`` for all files whose panel asks for it; by default what was given before.
    spillover : Spillover, optional
        Matrix in place of those in the files; by default what was given before. With a new mapping
        or matrix every tube is analysed again.
    relearn : bool
        Learn scales and priors of every batch again from the tubes there are now.
    jobs : int
        Processes. The results do not depend on it.
    progress : callable
        Called with (stage, tubes done, tubes in all).

    Returns
    -------
    StudyResult
        All tubes of the study, uploads included, without pictures of gates.

    Raises
    ------
    StudyError
        If the sheets cannot be used.
    PanelError
        If no panel of the sheet asks for a marker of `mapping`.
    CompensationError
        If `spillover` cannot be used.
    StoreError
        If the study cannot be opened or written.
    """
    sheet = load_study(manifest, patients=patients, events=events, name=name)
    Given().changed(mapping, spillover).check_asked_for(_templates(sheet))
    with _opened(out, sheet, keep_name=name is None) as (store, study), workers(jobs) as run:
        known = AnalysisSettings.from_json(store.settings())
        usual = _given_anew(known, mapping, spillover)
        plan = plan_study(study, known=usual, relearn=relearn, run=run, progress=progress)
        plan = _saved(store, known, plan)
        analysed = store.done()
        todo = [tube for tube in study.tubes if not _is_done(tube, analysed, plan, store)]
        for tube, result in zip(todo, analyze_tubes(todo, plan, run=run, progress=progress), strict=True):
            store.save_tube(tube, result)
        return _with_remarks(store.result(plots=False), plan)


def _with_remarks(result: StudyResult, plan: Plan) -> StudyResult:
    issues = (*result.study.issues, *plan.remarks)
    return result.model_copy(update={"study": result.study.model_copy(update={"issues": issues})})


@contextmanager
def _opened(out: str | Path, sheet: Study, *, keep_name: bool) -> Iterator[tuple[StudyStore, Study]]:
    """Open or make the study at `out`; yield it with the sheet as it was taken over."""
    if StudyStore.exists(out):
        with StudyStore.open(out) as store:
            if keep_name:
                sheet = sheet.model_copy(update={"name": store.study().name})
            digests = file_digests(sheet.tubes) if store.has_uploads() else {}
            yield store, store.replace_sheet(sheet, file_sha256=digests)
    else:
        empty = AnalysisSettings(software_version=__version__).model_dump_json()
        with StudyStore.create(out, sheet, empty, software_version=__version__) as store:
            yield store, sheet


def _templates(study: Study) -> Iterator[Template]:
    for name in {str(tube.template_path or tube.template) for tube in study.tubes}:
        # a template that cannot be loaded fails its tubes, each with the reason
        with suppress(CytoreconError):
            yield load_template(name)


def _given_anew(
    known: AnalysisSettings, mapping: Mapping[str, str] | None, spillover: Spillover | None
) -> AnalysisSettings:
    """Return `known`, without what was learned from files that are now to be read in another way."""
    given = known.given.changed(mapping, spillover)
    return known if given == known.given else known.model_copy(update={"given": given, "batches": {}})


def _saved(store: StudyStore, known: AnalysisSettings, plan: Plan) -> Plan:
    settings = save_settings(store, known, plan.settings, reason="batch")
    if settings.given != plan.settings.given:
        raise StoreError(
            "Another batch has changed the mapping or the matrix of this study meanwhile; this one stops.",
            hint="Start it again when the other one is done.",
        )
    return replace(plan, settings=settings)


def _is_done(tube: Tube, analysed: Mapping[str, str], plan: Plan, store: StudyStore) -> bool:
    """Whether the stored result came from the same file, template, scales, prior and what was given."""
    if tube.tube not in plan.hashes or analysed.get(tube.tube) != plan.hashes[tube.tube]:
        return False
    result, source = store.tube_result(tube.tube), plan.sources[tube.tube]
    if tuple(issue for issue in result.issues if issue.code == CHANNEL_GIVEN) != source.said:
        return False
    if source.spillover is not None and result.provenance.spillover_source != source.spillover.source:
        return False
    context = plan.settings.batches[plan.batches[tube.tube]]
    origin = result.provenance
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
