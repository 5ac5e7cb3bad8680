"""Judge a labelled set: gated together, each tube alone, each group from the others, and diluted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from cytorecon.errors import CytoreconError
from cytorecon.evaluate.batches import Part, Task, judge_batch, judge_with_baselines
from cytorecon.evaluate.dilution import Scenario, scenarios
from cytorecon.evaluate.evaluation import Evaluation, cited
from cytorecon.evaluate.labels import FileTube
from cytorecon.evaluate.plan import DilutionPlan, Plan, template_of, tubes_of
from cytorecon.evaluate.scores import Score
from cytorecon.pipeline.learn import Progress, attempt
from cytorecon.running import Failure, Run


def evaluate_plan(plan: Plan, data: Path, *, run: Run, progress: Progress) -> Evaluation:
    """Return the scores of a labelled set.

    Parameters
    ----------
    plan : Plan
        What is compared with what.
    data : Path
        Folder that the plan's `folder` is in.
    run : callable
        ``map`` or an executor's.
    progress : callable
        Called with what is being done, how many are done, and how many there are.

    Raises
    ------
    CytoreconError
        If a file is missing, the template lacks a population, or no file has one of the labels.
    """
    template, tubes = template_of(plan), tubes_of(plan, data)
    scores: list[Score] = []
    failures: dict[str, str] = {}
    for batch, members in _batches(plan, tubes):
        task = Task(plan.name, batch, "together", template, plan.scored, plan.mapping, plan.baselines)
        for part in _regimes(task, members, run, progress):
            scores += part.scores
            failures |= {f"{plan.name} {tube}": why for tube, why in part.failures.items()}
        if plan.dilution is not None and not failures:
            part = _diluted(task, members, plan.dilution, run, progress)
            scores += part.scores
            failures |= part.failures
    _check_labels(plan, scores)
    return Evaluation(
        dataset=plan.name,
        title=plan.title,
        about=plan.about,
        template=cited(template),
        scores=tuple(scores),
        targets=plan.targets,
        failures=failures,
    )


def _batches(plan: Plan, tubes: Sequence[FileTube]) -> Iterator[tuple[str, tuple[FileTube, ...]]]:
    batch_of = {row.tube: row.batch for row in plan.tubes}
    for batch in dict.fromkeys(batch_of.values()):
        yield batch, tuple(tube for tube in tubes if batch_of[tube.tube] == batch)


def _regimes(task: Task, tubes: Sequence[FileTube], run: Run, progress: Progress) -> Iterator[Part]:
    yield judge_with_baselines(task, tubes, run=run, progress=progress)
    if len(tubes) > 1:
        alone = replace(task, regime="alone")
        for tube in tubes:
            yield judge_batch(alone, [tube], run=run, progress=progress)
    groups = dict.fromkeys(tube.group for tube in tubes)
    for group in groups if len(groups) > 1 else ():
        inside = [tube for tube in tubes if tube.group == group]
        others = [tube for tube in tubes if tube.group != group]
        left_out = replace(task, regime="left_out")
        yield judge_batch(left_out, inside, run=run, progress=progress, learned_from=others)


def _diluted(
    task: Task, tubes: Sequence[FileTube], dilution: DilutionPlan, run: Run, progress: Progress
) -> Part:
    """Dilute one tube at a time; scenarios are what runs side by side."""
    asked = list(scenarios(tubes, dilution.populations, dilution.cells, draws=dilution.draws))
    scores: list[Score] = []
    failures: dict[str, str] = {}
    answers = run(partial(attempt, partial(_scenario, task=task)), asked)
    for done, (scenario, answer) in enumerate(zip(asked, answers, strict=True), start=1):
        if isinstance(answer, Failure):
            failures[f"{task.dataset} {scenario.diluted.tube}, diluted"] = answer.reason
        else:
            scores += answer
        progress("diluting", done, len(asked))
    return Part(tuple(scores), failures)


def _scenario(scenario: Scenario, *, task: Task) -> list[Score]:
    """Return what is said of the diluted population; the other tubes are only company."""
    diluted = replace(task, regime="diluted", batch=f"draw {scenario.draw}")
    part = judge_with_baselines(diluted, scenario.batch, run=map, progress=_silent)
    return [
        score
        for score in part.scores
        if score.tube == scenario.diluted.tube and score.population == scenario.diluted.population
    ]


def _silent(stage: str, done: int, total: int) -> None:
    """Say nothing: scenarios are counted as a whole."""


def _check_labels(plan: Plan, scores: Sequence[Score]) -> None:
    """Refuse a plan with a label that no event of any file carries: a slip of the pen."""
    for name in dict.fromkeys(score.population for score in scores):
        if not any(score.true for score in scores if score.population == name):
            raise CytoreconError(
                "No event of any tube has a label of this population.",
                subject=f"plan {plan.name}",
                field="truth",
                found=name,
                hint="Compare the labels of the plan with those of the files, letter by letter.",
            )
