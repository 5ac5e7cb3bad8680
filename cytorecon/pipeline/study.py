"""From a study's sheet to the results of its tubes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from cytorecon import __version__
from cytorecon.errors import CytoreconError, Issue, Severity
from cytorecon.gating.overrides import Override, concerning, standing
from cytorecon.knowledge.template import Template
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline.context import AnalysisSettings, BatchContext
from cytorecon.pipeline.controls import Content, content_of, survey_controls, taught_by
from cytorecon.pipeline.given import Given
from cytorecon.pipeline.learn import Progress, attempt, learn_what_can_be, reason_of
from cytorecon.pipeline.looks import NOTHING_SEEN, Looked, Seen, look, with_the_template_wanted
from cytorecon.pipeline.site import SitePriors
from cytorecon.pipeline.source import Source
from cytorecon.pipeline.tube import failed, tube_result
from cytorecon.results import TubeResult
from cytorecon.running import Answer, Each, Failure, Item, Run, in_turn
from cytorecon.study.assay import with_assay_checks
from cytorecon.study.model import Study, Tube
from cytorecon.study.result import StudyResult

#: A settled batch that is this many times as large as when it was learned is worth a remark.
GROWN = 2

LEARN_FIRST = "Run the batch with --learn-only first, with all tubes."
NOT_LEARNED = f"Scales and priors of its cytometer, panel and template have not been learned. {LEARN_FIRST}"


def no_progress(stage: str, done: int, total: int) -> None:
    """Do nothing: the default of every `progress` argument."""


@dataclass(frozen=True)
class Task:
    """One tube with all a worker process needs, and no more: it is sent to it.

    Parameters
    ----------
    tube : Tube
        What the sheet says about it.
    source : Source
        Where its events are.
    batch : str
        With whose scales and prior it is analysed.
    """

    tube: Tube
    source: Source
    batch: str


@dataclass(frozen=True)
class Plan:
    """A study made ready: what can be analysed, in which batch, and what cannot.

    Parameters
    ----------
    settings : AnalysisSettings
        Scales and priors of every batch.
    sources : mapping of str to Source
        Tubes that can be analysed.
    batches : mapping of str to str
        Their batch.
    hashes : mapping of str to str
        SHA-256 of their files.
    failures : mapping of str to Failure
        The others.
    remarks : tuple of Issue
        What is worth knowing about the batches.
    """

    settings: AnalysisSettings
    sources: Mapping[str, Source]
    batches: Mapping[str, str]
    hashes: Mapping[str, str]
    failures: Mapping[str, Failure]
    remarks: tuple[Issue, ...] = ()

    def tasks(self, tubes: Iterable[Tube]) -> Iterator[Task]:
        """Yield what is to be done for those of `tubes` that can be analysed."""
        for tube in tubes:
            if tube.tube not in self.failures:
                yield Task(tube, self.sources[tube.tube], self.batches[tube.tube])


def plan_study(
    study: Study,
    *,
    known: AnalysisSettings | None = None,
    overrides: Sequence[Override] = (),
    relearn: bool = False,
    site: SitePriors | None = None,
    unchanged: Mapping[str, Seen] = NOTHING_SEEN,
    run: Run = map,
    progress: Progress = no_progress,
) -> Plan:
    """Look at every file once and learn each batch's scales and priors.

    Parameters
    ----------
    study : Study
        With paths.
    known : AnalysisSettings, optional
        Contexts of an earlier run. One that is settled is not learned again, so that results
        given out do not change when tubes are added; a provisional one (few tubes, every number
        marked) is learned again when there are more tubes.
    overrides : sequence of Override
        What people decided about gates, oldest first.
    relearn : bool
        Learn every batch again from the tubes there are now.
    site : SitePriors, optional
        What the laboratory's tubes taught before, for batches that are learned now.
    unchanged : mapping of str to Seen
        Tubes that were looked at by this software with these settings, and whose files are the same
        since: they are read only if their batch is learned again, or another template, or another text
        of it, is wanted for them now.
    run, progress : callable
        See :func:`~cytorecon.pipeline.learn.learn`.
    """
    given = known.given if known else Given()
    sources, failures = _sources(study.tubes, given, overrides)
    contexts = dict(known.batches) if known else {}
    unchanged = with_the_template_wanted(unchanged, sources, contexts)
    looked = look(list(sources.values()), unchanged, run, progress)
    failures |= looked.failures
    failures |= _copies(study.tubes, looked.seen)
    controls = survey_controls(study.controls, given, run, _contents(sources, looked.seen))
    failures |= controls.patients_tubes
    members = _members(sources, looked, failures)
    moving = [
        batch for batch, own in members.items() if relearn or not _stands(contexts.get(batch), len(own))
    ]
    looked = looked.surveyed([source for batch in moving for source in members[batch]], run)
    failures |= looked.failures
    members = _members(sources, looked, failures)
    from_site = site.by_batch if site is not None else {}
    remarks: list[Issue] = []
    for batch, own in members.items():
        if batch in moving:
            own_site, unfit = _fitting(from_site.get(batch), own[0].template)
            learned = learn_what_can_be(batch, own, looked.surveys, run, progress, own_site)
            taught = taught_by(learned.context, controls.of_batch(batch), run)
            contexts[batch] = taught.context
            failures |= learned.lost
            remarks += (*unfit, *taught.unused)
        elif len(own) >= GROWN * contexts[batch].prior.tubes:
            remarks.append(_has_grown(contexts[batch], len(own)))
    batches = {source.name: batch for batch, own in members.items() for source in own}
    usable = {name: sources[name] for name in sources if name in batches}
    remarks += (
        *_site_unused(from_site, batches),
        *controls.remarks(set(members)),
        *_unused(overrides, usable, batches),
    )
    settings = AnalysisSettings(software_version=__version__, batches=contexts, given=given)
    return _plan(settings, usable, looked, failures, remarks)


def plan_with_what_was_learned(
    tubes: Sequence[Tube],
    settings: AnalysisSettings,
    *,
    overrides: Sequence[Override] = (),
    unchanged: Mapping[str, Seen] = NOTHING_SEEN,
    run: Run = map,
    progress: Progress = no_progress,
) -> Plan:
    """Make some tubes of a study ready with the scales and priors there are; nothing is learned.

    A tube of a batch that was not learned is a failure. See :func:`plan_study`.
    """
    sources, failures = _sources(tubes, settings.given, overrides)
    unchanged = with_the_template_wanted(unchanged, sources, settings.batches)
    looked = look(list(sources.values()), unchanged, run, progress)
    failures |= looked.failures
    for name, seen in looked.seen.items():
        if seen.batch not in settings.batches:
            failures[name] = Failure(_not_learned(sources[name].template, settings))
    return _plan(settings, sources, looked, failures, ())


def _not_learned(template: Template, settings: AnalysisSettings) -> str:
    """Return why a tube has no scales and priors: its template may have been edited since."""
    same_name = [context for context in settings.batches.values() if context.template == template.name]
    if not same_name or template.sha256 in {context.template_sha256 for context in same_name}:
        return NOT_LEARNED
    versions = dict.fromkeys(context.template_version for context in same_name)
    return (
        f"Its template {template.name} {template.version} is another text than that (version "
        f"{', '.join(versions)}) with which scales and priors were learned. {LEARN_FIRST}"
    )


def _plan(
    settings: AnalysisSettings,
    sources: Mapping[str, Source],
    looked: Looked,
    failures: Mapping[str, Failure],
    remarks: Sequence[Issue],
) -> Plan:
    usable = {name: source for name, source in sources.items() if name not in failures}
    return Plan(
        settings=settings,
        sources=usable,
        batches={name: looked.seen[name].batch for name in usable},
        hashes={name: looked.seen[name].sha256 for name in usable},
        failures=failures,
        remarks=tuple(remarks),
    )


def _members(
    sources: Mapping[str, Source], looked: Looked, failures: Mapping[str, Failure]
) -> dict[str, list[Source]]:
    """Return the sources that can be used, by batch."""
    members: dict[str, list[Source]] = {}
    for name, source in sources.items():
        if name not in failures:
            members.setdefault(looked.seen[name].batch, []).append(source)
    return dict(sorted(members.items()))


def analyze_tubes(
    tubes: Sequence[Tube], plan: Plan, *, each: Each = in_turn, progress: Progress = no_progress
) -> Iterator[tuple[Tube, TubeResult]]:
    """Yield each tube with its result, as soon as it is there and in any order."""
    done = 0
    for tube in tubes:
        if tube.tube in plan.failures:
            done += 1
            progress("gating and counting", done, len(tubes))
            yield tube, failed(tube, plan.failures[tube.tube].reason)
    for task, answer in each(partial(_analyze, contexts=plan.settings.batches), plan.tasks(tubes)):
        done += 1
        progress("gating and counting", done, len(tubes))
        yield task.tube, failed(task.tube, answer.reason) if isinstance(answer, Failure) else answer


def analyze_study(study: Study, *, run: Run = map, progress: Progress = no_progress) -> StudyResult:
    """Analyse every tube of a study.

    Parameters
    ----------
    study : Study
        From :func:`~cytorecon.study.load_study`.
    run : callable
        ``map`` (one process) or that of :func:`cytorecon.workers.workers`.
    progress : callable
        Called with (stage, tubes done, tubes in all).

    Returns
    -------
    StudyResult
        A tube that cannot be analysed has status ``failed`` and says why; it stops nothing.
    """
    plan = plan_study(study, run=run, progress=progress)
    analysed = analyze_tubes(study.tubes, plan, each=_paired(run), progress=progress)
    results = {result.tube: result for _, result in analysed}
    tubes = tuple(results[tube.tube] for tube in study.tubes)
    return with_assay_checks(StudyResult(study=study, tubes=tubes))


def _paired(run: Run) -> Each:
    def each(
        work: Callable[[Item], Answer], items: Iterable[Item], /
    ) -> Iterator[tuple[Item, Answer | Failure]]:
        known = tuple(items)
        return zip(known, run(work, known), strict=True)

    return each


def _site_unused(site: Mapping[str, BatchContext], batches: Mapping[str, str]) -> Iterator[Issue]:
    if site and not set(site) & set(batches.values()):
        message = "The site priors are of another cytometer, panel or template than every batch of the study."
        hint = "Learn them from files of the same kind, with this version of the template."
        yield Issue("batch.site_unused", Severity.WARNING, "site priors", message, hint)


def _fitting(
    context: BatchContext | None, template: Template
) -> tuple[BatchContext | None, tuple[Issue, ...]]:
    """Return site priors if they were learned with this text of the template; else none, and a remark."""
    if context is None or context.template_sha256 == template.sha256:
        return context, ()
    message = (
        f"The site priors of {context.batch} were learned with another text of template {context.template} "
        f"(theirs is version {context.template_version}), and are not used."
    )
    hint = "Learn them again with the template of this version."
    return None, (Issue("batch.site_unused", Severity.WARNING, "site priors", message, hint),)


def _has_grown(context: BatchContext, tubes: int) -> Issue:
    message = (
        f"Gates of this {context.template} batch lean on the {context.prior.tubes} tubes it had at first; "
        f"it has {tubes} now."
    )
    hint = "--relearn lets all of them teach, and analyses every tube again; numbers given out may change."
    return Issue("batch.has_grown", Severity.INFO, "batch", message, hint)


def _stands(context: BatchContext | None, tubes: int) -> bool:
    """Whether `context` stays as it is for a batch that now has so many tubes."""
    return context is not None and (context.is_settled or tubes <= context.prior.tubes)


def _unused(
    overrides: Sequence[Override], sources: Mapping[str, Source], batches: Mapping[str, str]
) -> Iterator[Issue]:
    """Yield a remark on each record that is about no tube of this run: its batch may be gone."""
    used = {
        record.id
        for name, source in sources.items()
        for record in concerning(overrides, source.template.name, name, batches[name])
    }
    for _, record in standing(overrides):
        if record.id not in used:
            about = record.target or record.template
            message = f"Override {record.id} of gate {record.gate} ({record.scope} {about}) is about no tube."
            hint = "Record the decision again for tubes or batches there are, or undo it."
            yield Issue("override.unused", Severity.WARNING, "overrides", message, hint)


def _sources(
    tubes: Sequence[Tube], given: Given, overrides: Sequence[Override]
) -> tuple[dict[str, Source], dict[str, Failure]]:
    templates: dict[str, Template] = {}
    sources: dict[str, Source] = {}
    failures: dict[str, Failure] = {}
    for tube in tubes:
        if tube.path is None:
            failures[tube.tube] = Failure("The study does not know where this tube's file is.")
            continue
        try:
            wanted = str(tube.template_path or tube.template)
            if wanted not in templates:
                templates[wanted] = load_template(wanted)
        except CytoreconError as error:
            failures[tube.tube] = Failure(reason_of(error))
            continue
        template = templates[wanted]
        mapping = given.mapping_for(template)
        sources[tube.tube] = Source(
            tube.tube,
            template,
            tube.path,
            tube.dataset,
            mapping=mapping,
            spillover=given.matrix(),
            overrides=tuple(concerning(overrides, template.name, tube.tube, batch=None)),
        )
    return sources, failures


def _contents(sources: Mapping[str, Source], seen: Mapping[str, Seen]) -> dict[Content, str]:
    """Return the tubes by the content of their files."""
    return {content_of(found.sha256, sources[name].dataset): name for name, found in seen.items()}


def _copies(tubes: Sequence[Tube], seen: Mapping[str, Seen]) -> dict[str, Failure]:
    """Refuse the second of two tubes whose files hold the same bytes: one of the rows is wrong."""
    first: dict[tuple[str, int | None], str] = {}
    failures: dict[str, Failure] = {}
    for tube in tubes:
        if tube.tube not in seen:
            continue
        key = (seen[tube.tube].sha256, tube.dataset)
        if key in first:
            failures[tube.tube] = Failure(
                f"Its file holds the same bytes as that of tube {first[key]}; one of the two rows names "
                "the wrong file. Correct the sample sheet."
            )
        first.setdefault(key, tube.tube)
    return failures


def _analyze(task: Task, contexts: Mapping[str, BatchContext]) -> TubeResult | Failure:
    return attempt(partial(tube_result, tube=task.tube, context=contexts[task.batch]), task.source)
