"""Judge simulated batches, each gated on its own, beside baselines."""

from __future__ import annotations

from dataclasses import dataclass

from cytorecon.evaluate.batches import Task, judge_with_baselines
from cytorecon.evaluate.evaluation import Evaluation, cited
from cytorecon.evaluate.protocol import laboratory_row, simulated_batch
from cytorecon.evaluate.scores import Score
from cytorecon.knowledge.evaluation import load_evaluation_rules
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline.learn import Progress
from cytorecon.running import Run

ABOUT = (
    "Whole-blood TBNK tubes of the simulator after a transplant; the truth of every event is known. "
    "B and NK cells are planted in known small numbers in some tubes. The simulator is kinder than "
    "blood: these figures are upper bounds."
)


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


def evaluate_simulated(asked: Simulated, *, run: Run, progress: Progress) -> Evaluation:
    """Return the scores of simulated batches.

    Parameters
    ----------
    asked : Simulated
        Laboratory, seeds and size.
    run : callable
        ``map`` or an executor's.
    progress : callable
        Called with what is being done, how many are done, and how many there are.

    Raises
    ------
    CytoreconError
        If there is no such laboratory.
    SimulationError
        If a number is out of range.
    """
    row, rules = laboratory_row(asked.laboratory), load_evaluation_rules().simulated
    template = load_template(rules.template)
    dataset = f"simulated {row.name}"
    scores: list[Score] = []
    failures: dict[str, str] = {}
    for seed in asked.seeds:
        tubes = simulated_batch(
            row.name, seed=seed, patients=asked.patients, visits=asked.visits, events=asked.events
        )
        task = Task(dataset, f"seed {seed}", "together", template, rules.scored, baselines=rules.baselines)
        part = judge_with_baselines(task, tubes, run=run, progress=progress)
        scores += part.scores
        failures |= {f"{dataset} {task.batch} {tube}": why for tube, why in part.failures.items()}
    return Evaluation(
        dataset=dataset,
        title=row.title,
        about=ABOUT,
        template=cited(template),
        scores=tuple(scores),
        targets=rules.targets,
        failures=failures,
    )
