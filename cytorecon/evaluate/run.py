"""The whole evaluation: simulated batches and labelled sets, each gated as a user would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cytorecon.evaluate.baselines.apply import baseline_scores
from cytorecon.evaluate.batches import BatchScores, Task, judge_batch
from cytorecon.evaluate.labelled import LabelledTube
from cytorecon.evaluate.protocol import simulated_batch
from cytorecon.evaluate.scores import Score, score_table
from cytorecon.evaluate.summary import agreement_table, detection_table, review_table, risk_coverage
from cytorecon.evaluate.targets import missed_table, target_table
from cytorecon.knowledge.evaluation import EvaluationRules, Target, load_evaluation_rules
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline.learn import Progress, Run


@dataclass(frozen=True)
class Simulated:
    """Which simulated batches are judged.

    Parameters
    ----------
    laboratory : str
        ``good_lab`` or ``stress``.
    seeds : tuple of int
        One batch each.
    patients, visits, events : int
        Of each batch, and of each tube.
    """

    laboratory: str
    seeds: tuple[int, ...] = (1, 2, 3)
    patients: int = 12
    visits: int = 6
    events: int = 50_000


@dataclass(frozen=True)
class Evaluation:
    """Scores of one set, the targets it has, and tubes that could not be judged."""

    scores: tuple[Score, ...]
    targets: tuple[Target, ...]
    failures: Mapping[str, str]


@dataclass(frozen=True)
class Tables:
    """Everything an evaluation says, as tables; columns are named where each is made."""

    scores: pd.DataFrame
    agreement: pd.DataFrame
    detection: pd.DataFrame
    review: pd.DataFrame
    risk: pd.DataFrame
    targets: pd.DataFrame
    missed: pd.DataFrame


def evaluate_simulated(asked: Simulated, *, run: Run, progress: Progress) -> Evaluation:
    """Return the scores of simulated batches, each gated on its own, beside baselines.

    Parameters
    ----------
    asked : Simulated
        Laboratory, seeds and size.
    run : callable
        ``map`` or an executor's.
    progress : callable
        Called with what is being done, how many are done, and how many there are.
    """
    rules = load_evaluation_rules().simulated
    template = load_template(rules.template)
    scores: list[Score] = []
    failures: dict[str, str] = {}
    for seed in asked.seeds:
        tubes = simulated_batch(
            asked.laboratory, seed=seed, patients=asked.patients, visits=asked.visits, events=asked.events
        )
        task = Task(
            dataset=f"simulated {asked.laboratory}",
            batch=f"seed {seed}",
            regime="together",
            template=template,
            scored=rules.scored,
            inside=rules.inside,
        )
        judged = with_baselines(task, tubes, run=run, progress=progress)
        scores += judged.scores
        failures |= {f"{task.dataset} {task.batch} {tube}": why for tube, why in judged.failures.items()}
    return Evaluation(tuple(scores), rules.targets, failures)


def with_baselines(
    task: Task, tubes: Sequence[LabelledTube], *, run: Run, progress: Progress
) -> Evaluation:
    """Return the scores of one batch, ours and the baselines'."""
    judged: BatchScores = judge_batch(task, tubes, run=run, progress=progress)
    insides = [one.inside for one in judged.judged if one.inside is not None]
    theirs = baseline_scores(insides, run=run, progress=progress) if insides else []
    return Evaluation((*judged.scores, *theirs), (), judged.failures)


def tables_of(evaluations: Sequence[Evaluation], rules: EvaluationRules | None = None) -> Tables:
    """Return the tables of several evaluations, each held against its own targets."""
    rules = rules or load_evaluation_rules()
    parts = [(score_table(one.scores, rules), one.targets) for one in evaluations]
    scores = pd.concat([table for table, _ in parts], ignore_index=True)
    return Tables(
        scores=scores,
        agreement=agreement_table(scores, rules),
        detection=detection_table(scores),
        review=review_table(scores, rules),
        risk=risk_coverage(scores),
        targets=pd.concat([target_table(table, targets) for table, targets in parts], ignore_index=True),
        missed=pd.concat([missed_table(table, targets) for table, targets in parts], ignore_index=True),
    )
