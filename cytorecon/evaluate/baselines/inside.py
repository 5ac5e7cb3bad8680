"""What a baseline is given of a tube: the events inside one of our populations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cytorecon.evaluate.labelled import Labelled
from cytorecon.evaluate.scores import Score
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.shapes import Column, Mask, Threshold
from cytorecon.knowledge.template import Template, ValleyGate, names_in


@dataclass(frozen=True)
class Inside:
    """The events of one tube inside the population where baselines begin.

    Parameters
    ----------
    template : Template
        What the words of populations mean.
    population : str
        Where it begins.
    columns : mapping of str to tuple of ndarray of float32, each of shape (n,)
        For each gate whose threshold is placed anew, its channels' values on the transformed scale.
    masks : mapping of str to ndarray of bool, shape (n,)
        Other gates, as we found them.
    truth : mapping of str to ndarray of bool, shape (n,)
        Which of the events truly belong to each population.
    scores : tuple of Score
        Ours, for what is the same with every method.
    """

    template: Template
    population: str
    columns: Mapping[str, tuple[Column, ...]]
    masks: Mapping[str, Mask]
    truth: Mapping[str, Mask]
    scores: tuple[Score, ...]

    @cached_property
    def n(self) -> int:
        """Number of events."""
        return next(iter(self.truth.values())).size


def inside_of(
    gated: GatedSample, labelled: Labelled, scores: tuple[Score, ...], population: str
) -> Inside | None:
    """Return what baselines need, or None where the population could not be evaluated."""
    if population in gated.reasons or population not in gated.masks or not labelled.masks:
        return None
    events = gated.mask(population)
    rescored = tuple(score for score in scores if is_below(gated.template, score.population, population))
    columns: dict[str, tuple[Column, ...]] = {}
    masks: dict[str, Mask] = {}
    for name in _gates_below(gated.template, population, [score.population for score in rescored]):
        found = {gate.gate: gate for gate in gated.gates}[name]
        thresholds = [part.shape for part in found.parts if isinstance(part.shape, Threshold)]
        if isinstance(gated.template.gate_by_name[name], ValleyGate) and thresholds:
            columns[name] = tuple(gated.sample.column(shape.channels[0])[events] for shape in thresholds)
        elif found.status in ("passed_through", "not_measured"):
            masks[name] = np.ones(int(events.sum()), dtype=bool)
        elif found.parts:
            channels = {channel.name: gated.sample.column(channel.name) for channel in gated.sample.channels}
            marked = [part.shape.mask(channels)[events] for part in found.parts]
            masks[name] = np.logical_or.reduce(marked)
        else:
            return None
    truth = {score.population: labelled.masks[score.population][events] for score in rescored}
    return Inside(gated.template, population, columns, masks, truth, rescored) if truth else None


def is_below(template: Template, population: str, ancestor: str) -> bool:
    """Whether `population` lies inside `ancestor` and is another one."""
    while population in template.population_by_name:
        population = template.population_by_name[population].parent
        if population == ancestor:
            return True
    return False


def _gates_below(template: Template, ancestor: str, populations: list[str]) -> tuple[str, ...]:
    """Return the gates in the words of `populations` and of what lies between them and `ancestor`."""
    gates: dict[str, None] = {}
    for population in populations:
        name = population
        while name != ancestor:
            entry = template.population_by_name[name]
            gates |= dict.fromkeys(used for used in names_in(entry.where) if used in template.gate_by_name)
            name = entry.parent
    return tuple(gates)
