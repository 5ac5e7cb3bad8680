"""Run a sample sheet into a stored study; a run that was stopped goes on where it was."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

from cytorecon import __version__
from cytorecon.errors import CytoreconError, Issue, StoreError
from cytorecon.gating.override_check import checked_initials
from cytorecon.jobs.done import seen_before, to_analyse
from cytorecon.jobs.keeping import Files, Keeper, place_of
from cytorecon.jobs.outcome import note_outcome, save_result, with_remarks
from cytorecon.jobs.settings import save_settings
from cytorecon.jobs.templates import other_templates, said_of_templates
from cytorecon.knowledge.template import Template
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import AnalysisSettings, Given, Plan, SitePriors, analyze_tubes, plan_study
from cytorecon.pipeline.learn import Progress
from cytorecon.pipeline.study import no_progress
from cytorecon.running import Each
from cytorecon.sample import Spillover
from cytorecon.store import StudyStore, WrittenSheet
from cytorecon.store.history import UNKNOWN
from cytorecon.study import file_digests, load_study, row_digests
from cytorecon.study.model import Study, Tube
from cytorecon.study.result import StudyResult
from cytorecon.workers import Pool, workers


def run_batch(
    manifest: Path,
    out: str | Path,
    *,
    patients: Path | None = None,
    events: Path | None = None,
    readouts: Path | None = None,
    name: str | None = None,
    mapping: Mapping[str, str] | None = None,
    spillover: Spillover | None = None,
    relearn: bool = False,
    site: SitePriors | None = None,
    remove_missing: bool = False,
    today: date | None = None,
    learn_only: bool = False,
    keep_files: bool = True,
    blobs: str = "",
    consent_anew: Collection[str] = (),
    by: str = "",
    jobs: int = 1,
    pool: Pool | None = None,
    progress: Progress = no_progress,
) -> StudyResult:
    """Analyse every tube of a sample sheet into the study at `out`.

    Parameters
    ----------
    manifest, patients, events, readouts : Path
        Sheets, see :func:`~cytorecon.study.load_study`.
    out : str or Path
        Study folder or database URL. If it holds a study, scales and priors of batches of 8 tubes
        or more stay as they were, and tubes whose file, sheet row and text of the template are
        unchanged are not analysed again. What was there stays: tubes that the sheet does not list,
        results whose file cannot be read now (:mod:`cytorecon.store.earlier`), and uploads, which are
        analysed again from a file that the sheet lists (:mod:`cytorecon.store.uploads`).
    name : str, optional
        Name of the study; by default that which it has, and ``"study"`` for a new one.
    mapping : mapping of str to str, optional
        Marker to ``$PnN`` for all files whose panel asks for it; by default what was given before.
    spillover : Spillover, optional
        Matrix in place of those in the files; by default what was given before. With a new mapping
        or matrix every tube is analysed again.
    relearn : bool
        Learn scales and priors of every batch again from the tubes there are now.
    site : SitePriors, optional
        What the laboratory's tubes taught before: it carries batches of fewer than 8 tubes. Frozen with
        the study; a batch that is settled does not change by it.
    remove_missing : bool
        Take out the tubes that an earlier sheet listed and this one does not; none while rows of
        the manifest are left out.
    today : date, optional
        A later date of a draw is a problem; without it, none is.
    learn_only : bool
        Stop when scales and priors are learned and frozen, so that shards can analyse the tubes
        (:func:`~cytorecon.jobs.run_shard`).
    keep_files : bool
        Keep the files of tubes that have a result, without names and dates, with the study
        (:mod:`cytorecon.jobs.keeping`).
    blobs : str
        Where they are kept, see :func:`~cytorecon.store.remote_blobs.open_blobs`.
    consent_anew : collection of str
        Patients who were erased on request and may come back; rows of others who were erased are left out.
    by : str
        Initials of who runs it, for the history; nobody is named when it is empty.
    jobs : int
        Processes. The results do not depend on it.
    pool : Pool, optional
        Works instead of `jobs` processes of this machine, see :mod:`cytorecon.workers`.
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
    CytoreconError
        If `by` holds more than initials.
    StoreError
        If the study cannot be opened or written.
    """
    who = checked_initials(by) if by else UNKNOWN
    sheet = load_study(manifest, patients=patients, events=events, readouts=readouts, name=name, today=today)
    Given().changed(mapping, spillover).check_asked_for(_templates(sheet))
    taken_over = _opened(
        out, sheet, who, keep_name=name is None, remove_missing=remove_missing, consent_anew=consent_anew
    )
    with taken_over as (store, written, digests), nullcontext(pool) if pool else workers(jobs) as crew:
        known = AnalysisSettings.from_json(store.settings())
        usual = _given_anew(known, mapping, spillover)
        # uploads that are listed teach as the other rows do, and follow what was learned; locked tubes teach
        listed = (*written.study.tubes, *written.uploads, *written.locked)
        study = written.study.model_copy(update={"tubes": listed, "controls": sheet.controls})
        plan = plan_study(
            study,
            known=usual,
            overrides=store.overrides(),
            relearn=relearn,
            site=site,
            unchanged=seen_before(digests, store.origins(), usual),
            run=crew.run,
            progress=progress,
        )
        plan = _saved(store, known, plan)
        locked = {tube.tube for tube in written.locked}
        wanted = [
            tube
            for tube in study.tubes
            if tube.tube not in locked and (not learn_only or tube.tube in plan.failures)
        ]
        files = Files(place_of(out, blobs) if keep_files else None, asked_for=keep_files)
        remarks = analyse(store, wanted, plan, files, each=crew.each, progress=progress)
        if learn_only:
            wait = [tube for tube in study.tubes if tube.tube not in locked]
            of_shards = other_templates(wait, store.origins(), plan)
            remarks = (*said_of_templates(of_shards.values(), waits=True), *remarks)
        return with_remarks(store.result(plots=False), plan, (*written.not_stored, *remarks))


def analyse(
    store: StudyStore, tubes: Sequence[Tube], plan: Plan, files: Files, *, each: Each, progress: Progress
) -> tuple[Issue, ...]:
    """Analyse what is not done, store each result as it comes, and say what came of it.

    Parameters
    ----------
    store : StudyStore
        The study.
    tubes : sequence of Tube
        With paths; those of the plan, or some of them.
    plan : Plan
        What can be analysed, and how.
    files : Files
        Whether files are kept, and where.
    each, progress : callable
        See :func:`~cytorecon.pipeline.analyze_tubes`.

    Returns
    -------
    tuple of Issue
        What is to be said about templates that changed, and files that are not kept.
    """
    kept = {}
    todo, other = _to_do(store, tubes, plan)
    keeper = Keeper(store, files, plan)
    for tube, result in analyze_tubes(todo, plan, each=keeper.beside(each), progress=progress):
        failure = save_result(store, tube, result)
        if failure:
            kept[tube.tube] = failure
    keeper.keep_known(tubes, todo, each)
    note_outcome(store, tubes, kept)
    gone_over = (other[tube.tube] for tube in todo if tube.tube in other and tube.tube not in kept)
    return (*said_of_templates(gone_over), *keeper.remarks())


def _to_do(
    store: StudyStore, tubes: Sequence[Tube], plan: Plan
) -> tuple[tuple[Tube, ...], dict[str, tuple[str, str]]]:
    """Return the tubes that have to be analysed, and those of them that go over to another template."""
    origins = store.origins()
    todo = tuple(to_analyse(store, tubes, plan, origins))
    return todo, other_templates(todo, origins, plan)


@contextmanager
def _opened(
    out: str | Path,
    sheet: Study,
    who: str,
    *,
    keep_name: bool,
    remove_missing: bool,
    consent_anew: Collection[str],
) -> Iterator[tuple[StudyStore, WrittenSheet, Mapping[str, str]]]:
    """Open or make the study at `out`; yield it with the sheet as it was taken over, and hashes of files."""
    if not StudyStore.exists(out):
        with _made(out, sheet, who) as store:
            yield store, WrittenSheet(sheet), {}
        return
    with StudyStore.open(out, who=who) as store:
        if keep_name:
            sheet = sheet.model_copy(update={"name": store.study().name})
        digests = file_digests(sheet.tubes)
        written = store.replace_sheet(
            sheet,
            file_sha256=digests,
            left_out_sha256=row_digests(sheet.left_out),
            remove_missing=remove_missing,
            consent_anew=consent_anew,
        )
        yield store, written, _by_stored_name(digests, sheet, written)


def _by_stored_name(digests: Mapping[str, str], sheet: Study, written: WrittenSheet) -> dict[str, str]:
    by_row = {tube.row: digests[tube.tube] for tube in sheet.tubes if tube.tube in digests}
    stored = (*written.study.tubes, *written.locked)
    return {tube.tube: by_row[tube.row] for tube in stored if tube.row in by_row}


def _made(out: str | Path, sheet: Study, who: str) -> StudyStore:
    empty = AnalysisSettings(software_version=__version__).model_dump_json()
    try:
        return StudyStore.create(out, sheet, empty, software_version=__version__, who=who)
    except StoreError as error:
        if not StudyStore.exists(out):
            raise
        raise StoreError(
            "Another batch has made a study here meanwhile; this one stops and has changed nothing.",
            subject=error.subject,
            hint="Start it again when the other one is done: its tubes are added then.",
        ) from None


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
