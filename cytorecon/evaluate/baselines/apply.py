"""Place a baseline's thresholds, and compare what comes out with the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from cytorecon.errors import CytoreconError
from cytorecon.evaluate.baselines.inside import Inside
from cytorecon.evaluate.baselines.rules import PER_TUBE, POOLED, Rule, pooled_minimum
from cytorecon.evaluate.scores import Score, agreement
from cytorecon.gating.expressions import evaluate
from cytorecon.gating.shapes import Column, Mask
from cytorecon.knowledge.template import PopulationSpec, names_in
from cytorecon.pipeline.learn import Progress
from cytorecon.running import Failure, Run

#: One threshold per tube, for one channel of all of them.
Place = Callable[[Sequence[Column]], Sequence[float]]


def baseline_scores(tubes: Sequence[Inside], *, run: Run, progress: Progress) -> list[Score]:
    """Return the scores of all baselines on the tubes of one batch."""
    if not tubes:
        return []
    scores: list[Score] = []
    for done, (name, rule) in enumerate(PER_TUBE.items(), start=1):
        for answer in run(partial(_scores_alone, rule=rule, name=name), tubes):
            if isinstance(answer, Failure):
                raise CytoreconError(answer.reason, subject=f"baseline {name}")
            scores += answer
        progress("baselines", done, len(PER_TUBE) + 1)
    scores += _scores(tubes, POOLED, _one_for_all)
    progress("baselines", len(PER_TUBE) + 1, len(PER_TUBE) + 1)
    return scores


def _scores_alone(tube: Inside, *, rule: Rule, name: str) -> list[Score]:
    return _scores([tube], name, lambda columns: [rule(values) for values in columns])


def _one_for_all(columns: Sequence[Column]) -> Sequence[float]:
    return [pooled_minimum(columns)] * len(columns)


def _scores(tubes: Sequence[Inside], method: str, place: Place) -> list[Score]:
    populations = _in_every_tube(tubes)
    masks: list[dict[str, Mask]] = [{tube.words.inside: np.ones(tube.n, dtype=bool)} for tube in tubes]
    positive: list[dict[tuple[str, str], Mask]] = [{} for _ in tubes]
    for entry in populations:
        for word in names_in(entry.where):
            if (entry.parent, word) not in positive[0]:
                parents = [mask[entry.parent] for mask in masks]
                for known, found in zip(positive, _positive(tubes, word, parents, place), strict=True):
                    known[entry.parent, word] = found
        for mask, known in zip(masks, positive, strict=True):
            meaning = {word: known[entry.parent, word] for word in names_in(entry.where)}
            mask[entry.population] = mask[entry.parent] & evaluate(entry.where, meaning)
    return [
        _rescored(tube, mask, entry.population, method)
        for tube, mask in zip(tubes, masks, strict=True)
        for entry in populations
        if entry.population in tube.scores
    ]


def _in_every_tube(tubes: Sequence[Inside]) -> tuple[PopulationSpec, ...]:
    common = set.intersection(*({entry.population for entry in tube.populations} for tube in tubes))
    return tuple(entry for entry in tubes[0].populations if entry.population in common)


def _positive(tubes: Sequence[Inside], word: str, parents: Sequence[Mask], place: Place) -> list[Mask]:
    """Return the positive events of each tube; with several channels any of them will do."""
    found = [[np.zeros(tube.n, dtype=bool)] for tube in tubes]
    for number in range(len(tubes[0].columns[word])):
        columns = [tube.columns[word][number] for tube in tubes]
        thresholds = place([column[mask] for column, mask in zip(columns, parents, strict=True)])
        for marked, column, threshold in zip(found, columns, thresholds, strict=True):
            marked.append(column >= threshold)
    return [np.logical_or.reduce(marked) for marked in found]


def _rescored(tube: Inside, masks: dict[str, Mask], population: str, method: str) -> Score:
    ours, found = tube.scores[population], masks[population]
    return replace(
        ours,
        method=method,
        found=int(found.sum()),
        true_positives=agreement(found, tube.truth[population]),
        found_parent=int(masks[ours.parent].sum()) if ours.parent in masks else ours.found_parent,
        # These rules never doubt: whatever they find is reported.
        status="ok" if found.any() else "not_detected",
        review="",
        instability=None,
    )
