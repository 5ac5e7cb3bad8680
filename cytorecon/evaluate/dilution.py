"""Dilution in silico: cells of one population are taken out of a labelled tube until few are left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cytorecon.errors import CytoreconError
from cytorecon.evaluate.labelled import Labelled, LabelledTube


@dataclass(frozen=True)
class DilutedTube:
    """A labelled tube of which `cells` cells of one population are left.

    Parameters
    ----------
    original : LabelledTube
        The tube as it is; the labels of its events must be known.
    population : str
        Whose cells are taken out, at random.
    cells : int
        How many are left.
    seed : int
        Which ones; the same for every number of cells, so that fewer cells are some of more.
    """

    original: LabelledTube
    population: str
    cells: int
    seed: int

    @property
    def tube(self) -> str:
        """Name of the original."""
        return self.original.tube

    @property
    def patient(self) -> str:
        """Of the original."""
        return self.original.patient

    @property
    def group(self) -> str:
        """Of the original."""
        return self.original.group

    @cached_property
    def planted(self) -> Mapping[str, int]:
        """What is left."""
        return {self.population: self.cells}

    def read(self) -> Labelled:
        """Return the diluted sample and what is true of it.

        Raises
        ------
        CytoreconError
            If the tube has no labels of single events, or fewer cells than shall be left.
        """
        whole = self.original.read()
        members = np.flatnonzero(whole.masks[self.population]) if self.population in whole.masks else None
        if members is None or members.size < self.cells:
            raise CytoreconError(
                "The tube cannot be diluted.",
                subject=f"tube {self.tube}",
                field=self.population,
                found="no label per event" if members is None else f"{members.size} cells",
                allowed=f"{self.cells} or more",
            )
        kept = np.ones(whole.sample.n_events, dtype=bool)
        kept[np.random.default_rng(self.seed).permutation(members)[self.cells :]] = False
        sample = replace(whole.sample, events=whole.sample.events[kept])
        return Labelled.of_masks(sample, {name: mask[kept] for name, mask in whole.masks.items()})


@dataclass(frozen=True)
class Scenario:
    """One tube of a batch diluted, the others as they are."""

    tubes: tuple[LabelledTube, ...]
    diluted: DilutedTube
    draw: int

    @property
    def batch(self) -> tuple[LabelledTube, ...]:
        """The tubes that are gated together."""
        return tuple(self.diluted if tube.tube == self.diluted.tube else tube for tube in self.tubes)


def scenarios(
    tubes: Sequence[LabelledTube], populations: Sequence[str], cells: Sequence[int], *, draws: int
) -> Iterator[Scenario]:
    """Yield every dilution of every tube that has more cells than the most that shall be left."""
    for place, tube in enumerate(tubes):
        counts = tube.read().counts
        for population in populations:
            for number in cells:
                if counts.get(population, 0) > number:
                    for draw in range(1, draws + 1):
                        diluted = DilutedTube(tube, population, number, seed=1000 * place + draw)
                        yield Scenario(tuple(tubes), diluted, draw)
