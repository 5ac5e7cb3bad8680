"""Gate labelled tubes together, and compare each with its truth where its events are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from cytorecon.evaluate.answers import Answer, answer_of
from cytorecon.evaluate.baselines.apply import baseline_scores
from cytorecon.evaluate.baselines.inside import Inside, inside_of
from cytorecon.evaluate.labelled import Labelled, LabelledSource, LabelledTube
from cytorecon.evaluate.scores import Score, agreement
from cytorecon.gating.gated import GatedSample
from cytorecon.knowledge.evaluation import BaselineWords, Scored
from cytorecon.knowledge.template import Template
from cytorecon.pipeline.context import BatchContext
from cytorecon.pipeline.learn import Progress, attempt, learn, survey_all
from cytorecon.pipeline.steps import Survey, gate_prepared, prepare
from cytorecon.running import Failure, Run

OURS = "cytorecon"


@dataclass(frozen=True)
class Task:
    """What of a set of tubes is judged.

    Parameters
    ----------
    dataset, batch, regime : str
        As in :class:`~cytorecon.evaluate.scores.Score`.
    template : Template
        What is looked for.
    scored : tuple of Scored
        Populations, each with the parent its percentage is of.
    mapping : mapping of str to str
        Marker to ``$PnN``.
    baselines : BaselineWords or None
        What baselines look for; None for no baselines.
    """

    dataset: str
    batch: str
    regime: str
    template: Template
    scored: tuple[Scored, ...]
    mapping: Mapping[str, str] = field(default_factory=dict)
    baselines: BaselineWords | None = None


@dataclass(frozen=True)
class Judged:
    """Scores of one tube, and what baselines need of it."""

    scores: tuple[Score, ...]
    inside: Inside | None


@dataclass(frozen=True)
class Part:
    """Scores of some tubes, and why others have none, by name of the tube."""

    scores: tuple[Score, ...]
    failures: Mapping[str, str]


def judge_batch(
    task: Task,
    tubes: Sequence[LabelledTube],
    *,
    run: Run,
    progress: Progress,
    learned_from: Sequence[LabelledTube] | None = None,
) -> Part:
    """Gate `tubes` and compare them with their truth.

    Parameters
    ----------
    task : Task
        What is judged.
    tubes : sequence of LabelledTube
        The batch.
    run : callable
        ``map`` or an executor's.
    progress : callable
        Called with what is being done, how many tubes are done, and how many there are.
    learned_from : sequence of LabelledTube, optional
        Tubes that teach scales and prior instead of `tubes` themselves.
    """
    judged, failures = _judged(task, tubes, run, progress, learned_from)
    return Part(tuple(score for one in judged for score in one.scores), failures)


def judge_with_baselines(task: Task, tubes: Sequence[LabelledTube], *, run: Run, progress: Progress) -> Part:
    """Return the scores of a batch, ours and those of the baselines; see :func:`judge_batch`."""
    judged, failures = _judged(task, tubes, run, progress, None)
    insides = [one.inside for one in judged if one.inside is not None]
    theirs = baseline_scores(insides, run=run, progress=progress)
    return Part((*(score for one in judged for score in one.scores), *theirs), failures)


def _judged(
    task: Task,
    tubes: Sequence[LabelledTube],
    run: Run,
    progress: Progress,
    learned_from: Sequence[LabelledTube] | None,
) -> tuple[list[Judged], dict[str, str]]:
    sources = _sources(task, tubes)
    teachers = sources if learned_from is None else _sources(task, learned_from)
    surveyed = survey_all(teachers if learned_from is None else [*teachers, *sources], run, progress)
    failures = {name: failure.reason for name, failure in surveyed.failures.items()}
    judged: list[Judged] = []
    for batch in sorted({survey.batch for survey in surveyed.surveys.values()}):
        known = [source for source in teachers if _is_of(source, batch, surveyed.surveys)]
        asked = [source for source in sources if _is_of(source, batch, surveyed.surveys)]
        if not asked:
            continue
        if not known:
            reason = "no other group of the set has the same cytometer and detectors"
            failures |= {source.name: reason for source in asked}
            continue
        context = learn(batch, known, surveyed.surveys, run, progress)
        look = partial(attempt, partial(_judge, task=task, context=context))
        for done, (source, answer) in enumerate(zip(asked, run(look, asked), strict=True), start=1):
            if isinstance(answer, Failure):
                failures[source.name] = answer.reason
            else:
                judged.append(answer)
            progress("gating", done, len(asked))
    return judged, failures


def _sources(task: Task, tubes: Sequence[LabelledTube]) -> list[LabelledSource]:
    return [LabelledSource(tube.tube, task.template, mapping=task.mapping, labelled=tube) for tube in tubes]


def _is_of(source: LabelledSource, batch: str, surveys: Mapping[str, Survey]) -> bool:
    return source.name in surveys and surveys[source.name].batch == batch


def _judge(source: LabelledSource, *, task: Task, context: BatchContext) -> Judged:
    prepared = prepare(source, context.transforms)
    gated = gate_prepared(prepared, source, context.prior)
    labelled = source.tube.read()
    scores = tuple(_score(gated, labelled, source.tube, task, scored) for scored in task.scored)
    if task.baselines is None:
        return Judged(scores, None)
    return Judged(scores, inside_of(gated, prepared.axes, labelled, scores, task.baselines))


def _score(gated: GatedSample, labelled: Labelled, tube: LabelledTube, task: Task, scored: Scored) -> Score:
    answer = answer_of(gated, scored.population)
    parent = answer_of(gated, scored.parent) if scored.parent != "root" else None
    return Score(
        dataset=task.dataset,
        batch=task.batch,
        regime=task.regime,
        method=OURS,
        tube=tube.tube,
        patient=tube.patient,
        population=scored.population,
        parent=scored.parent,
        planted=tube.planted.get(scored.population),
        true=labelled.counts[scored.population],
        found=_events(answer),
        true_positives=_true_positives(answer, labelled, scored.population),
        true_parent=gated.sample.n_events if parent is None else labelled.counts.get(scored.parent),
        found_parent=gated.sample.n_events if parent is None else _events(parent),
        status=answer.status,
        review=" ".join(answer.review),
        instability=answer.instability,
    )


def _events(answer: Answer) -> int | None:
    return None if answer.mask is None else int(answer.mask.sum())


def _true_positives(answer: Answer, labelled: Labelled, population: str) -> int | None:
    if answer.mask is None or population not in labelled.masks:
        return None
    return agreement(answer.mask, labelled.masks[population])
