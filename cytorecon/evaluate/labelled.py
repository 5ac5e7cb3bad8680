"""A tube whose events, or numbers of events, somebody knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cytorecon.errors import CytoreconError
from cytorecon.gating.shapes import Mask
from cytorecon.pipeline.source import Loaded, Source
from cytorecon.sample import Sample


@dataclass(frozen=True)
class Labelled:
    """A sample with what is true of it.

    Parameters
    ----------
    sample : Sample
        On the linear scale.
    masks : mapping of str to ndarray of bool
        Events that truly belong to each population; empty where only numbers are known.
    counts : mapping of str to int
        True events of each population.
    """

    sample: Sample
    masks: Mapping[str, Mask]
    counts: Mapping[str, int]

    @classmethod
    def of_masks(cls, sample: Sample, masks: Mapping[str, Mask]) -> Labelled:
        """Return a sample whose events are known one by one."""
        return cls(sample, masks, {name: int(mask.sum()) for name, mask in masks.items()})


class LabelledTube(Protocol):
    """Where a labelled sample comes from; picklable, and small until it is read."""

    @property
    def tube(self) -> str:
        """Name within its set."""

    @property
    def patient(self) -> str:
        """Whose blood it is: results of one patient are not independent."""

    @property
    def group(self) -> str:
        """What it shares a cytometer and a protocol with, e.g. a centre."""

    @property
    def planted(self) -> Mapping[str, int]:
        """Numbers of true cells that were chosen, by population."""

    def read(self) -> Labelled:
        """Return the sample with its truth."""


@dataclass(frozen=True)
class LabelledSource(Source):
    """A labelled tube as the pipeline reads it: the truth stays outside."""

    labelled: LabelledTube | None = field(default=None, kw_only=True)

    def load(self) -> Loaded:
        """Return the sample without its truth."""
        return Loaded(self.tube.read().sample.with_issues(self.said), self.mapping)

    @property
    def tube(self) -> LabelledTube:
        """The tube.

        Raises
        ------
        CytoreconError
            If there is none.
        """
        if self.labelled is None:
            raise CytoreconError("A labelled source needs a tube.", subject=self.name)
        return self.labelled
