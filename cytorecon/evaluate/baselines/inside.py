"""What a baseline is given of a tube: the events inside one of our populations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cytorecon.evaluate.labelled import Labelled
from cytorecon.evaluate.scores import Score
from cytorecon.gating.axes import Axes
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.shapes import Column, Mask
from cytorecon.knowledge.evaluation import BaselineWords
from cytorecon.knowledge.template import MarkerAxis, PopulationSpec, names_in


@dataclass(frozen=True)
class Inside:
    """The events of one tube inside the population where baselines begin.

    Parameters
    ----------
    words : BaselineWords
        What is looked for.
    n : int
        Number of events.
    columns : mapping of str to tuple of ndarray of float32, each of shape (n,)
        For each word, the values of its marker's channels on the transformed scale.
    truth : mapping of str to ndarray of bool, shape (n,)
        Which of the events truly belong to each population that is judged.
    scores : mapping of str to Score
        Ours, by population: what is the same with every method.
    """

    words: BaselineWords
    n: int
    columns: Mapping[str, tuple[Column, ...]]
    truth: Mapping[str, Mask]
    scores: Mapping[str, Score]

    @cached_property
    def populations(self) -> tuple[PopulationSpec, ...]:
        """Populations whose markers this tube has, parents first."""
        known = {self.words.inside}
        kept = []
        for entry in self.words.populations:
            if entry.parent in known and set(names_in(entry.where)) <= set(self.columns):
                known.add(entry.population)
                kept.append(entry)
        return tuple(kept)


def inside_of(
    gated: GatedSample, axes: Axes, labelled: Labelled, scores: tuple[Score, ...], words: BaselineWords
) -> Inside | None:
    """Return what baselines need of a tube.

    None where the population in which they begin could not be evaluated, or no event has a label.
    """
    if words.inside in gated.reasons or words.inside not in gated.masks or not labelled.masks:
        return None
    events = gated.mask(words.inside)
    named = dict.fromkeys(word for entry in words.populations for word in names_in(entry.where))
    channels = {word: axes.resolve(MarkerAxis(marker=words.marker(word))) for word in named}
    judged = {entry.population for entry in words.populations}
    ours = {score.population: score for score in scores if score.population in judged}
    return Inside(
        words=words,
        n=int(events.sum()),
        columns={
            word: tuple(axes.columns[name][events] for name in names)
            for word, names in channels.items()
            if names
        },
        truth={name: labelled.masks[name][events] for name in ours},
        scores=ours,
    )
