"""Place a baseline's thresholds gate by gate, and compare what comes out with the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from cytorecon.evaluate.baselines.inside import Inside, is_below
from cytorecon.evaluate.baselines.rules import PER_TUBE, POOLED, Rule, pooled_minimum
from cytorecon.evaluate.scores import Score, agreement
from cytorecon.gating.expressions import events_where
from cytorecon.gating.shapes import Column, Mask
from cytorecon.knowledge.template import Template, ValleyGate, names_in
from cytorecon.pipeline.learn import Progress, Run

#: Thresholds by gate, one per channel.
Thresholds = dict[str, tuple[float, ...]]


def baseline_scores(tubes: Sequence[Inside], *, run: Run, progress: Progress) -> list[Score]:
    """Return the scores of all baselines on the tubes of one batch."""
    if not tubes:
        return []
    scores: list[Score] = []
    for done, (name, rule) in enumerate(PER_TUBE.items(), start=1):
        for answer in run(partial(_scores_alone, rule=rule, name=name), tubes):
            scores += answer
        progress("baselines", done, len(PER_TUBE) + 1)
    scores += _scores_pooled(tubes)
    progress("baselines", len(PER_TUBE) + 1, len(PER_TUBE) + 1)
    return scores


def _scores_alone(tube: Inside, *, rule: Rule, name: str) -> list[Score]:
    thresholds: Thresholds = {}
    for gate in _in_order(tube):
        looked_in = _Words(tube, thresholds).looked_in(gate)
        thresholds[gate] = tuple(rule(column[looked_in]) for column in tube.columns[gate])
    return _rescored(tube, thresholds, name)


def _scores_pooled(tubes: Sequence[Inside]) -> list[Score]:
    thresholds: Thresholds = {}
    for gate in _in_order(tubes[0]):
        shown: list[list[Column]] = [[] for _ in tubes[0].columns[gate]]
        for tube in tubes:
            looked_in = _Words(tube, thresholds).looked_in(gate)
            for channel, column in zip(shown, tube.columns[gate], strict=True):
                channel.append(column[looked_in])
        thresholds[gate] = tuple(pooled_minimum(columns) for columns in shown)
    return [score for tube in tubes for score in _rescored(tube, thresholds, POOLED)]


def _in_order(tube: Inside) -> list[str]:
    """Return the gates, those first that others are looked for within."""
    template = tube.template

    def depth(gate: str) -> int:
        within = template.gate_by_name[gate].find_in
        return sum(is_below(template, name, tube.population) for name in _with_parents(template, within))

    return sorted(tube.columns, key=depth)


def _with_parents(template: Template, expression: str) -> set[str]:
    waiting, seen = list(names_in(expression)), set[str]()
    while waiting:
        name = waiting.pop()
        if name in template.population_by_name and name not in seen:
            seen.add(name)
            waiting.append(template.population_by_name[name].parent)
    return seen


@dataclass
class _Words:
    """The meaning of the template's words with a baseline's thresholds; lives for one tube."""

    tube: Inside
    thresholds: Mapping[str, tuple[float, ...]]
    known: dict[str, Mask] = field(default_factory=dict)

    def population(self, name: str) -> Mask:
        if name == self.tube.population:
            return np.ones(self.tube.n, dtype=bool)
        if name not in self.known:
            entry = self.tube.template.population_by_name[name]
            masks = {used: self._name(used) for used in names_in(entry.where)}
            self.known[name] = self.population(entry.parent) & events_where(entry.where, masks)
        return self.known[name]

    def looked_in(self, gate: str) -> Mask:
        """Return the events a threshold is looked for in; what lies further out is all of the tube's."""
        expression = self.tube.template.gate_by_name[gate].find_in
        names = names_in(expression)
        if not all(is_below(self.tube.template, name, self.tube.population) for name in names):
            return np.ones(self.tube.n, dtype=bool)
        return events_where(expression, {name: self.population(name) for name in names})

    def _name(self, name: str) -> Mask:
        if name in self.tube.template.population_by_name:
            return self.population(name)
        if name in self.tube.masks:
            return self.tube.masks[name]
        spec = self.tube.template.gate_by_name[name]
        keep = spec.keep if isinstance(spec, ValleyGate) else "above"
        parts = [
            column >= threshold if keep == "above" else column < threshold
            for column, threshold in zip(self.tube.columns[name], self.thresholds[name], strict=True)
        ]
        joined: Mask = np.logical_or.reduce(parts)
        return joined


def _rescored(tube: Inside, thresholds: Thresholds, method: str) -> list[Score]:
    words = _Words(tube, thresholds)
    scores = []
    for ours in tube.scores:
        found = words.population(ours.population)
        parent = ours.found_parent
        if is_below(tube.template, ours.parent, tube.population):
            parent = int(words.population(ours.parent).sum())
        scores.append(
            replace(
                ours,
                method=method,
                found=int(found.sum()),
                true_positives=agreement(found, tube.truth[ours.population]),
                found_parent=parent,
                # These rules never doubt: whatever they find is reported.
                status="ok" if found.any() else "not_detected",
                review="",
                instability=None,
            )
        )
    return scores
