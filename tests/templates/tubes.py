"""Made tubes: clusters of cells on the transformed scale, whose kind is known for every event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cytorecon.gating.axes import Axes
from cytorecon.gating.engine import gate
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.prior import SETTLED_TUBES, GatingPrior
from cytorecon.knowledge.template import Template
from cytorecon.knowledge.templates import load_template
from tests.gating.samples import made_sample

#: Where cells that lack a marker lie, and how far they spread (1 = 4.5 decades).
NEGATIVE, SPREAD = 0.2, 0.04
#: Forward and side scatter of the kinds of cells a tube may hold.
LYMPHOCYTE, MONOCYTE, GRANULOCYTE, DEBRIS = (0.35, 0.12), (0.48, 0.3), (0.5, 0.65), (0.1, 0.06)


@dataclass(frozen=True)
class Cells:
    """One kind of cells: how many, where they scatter, and how bright each marker is on them.

    `bright` gives the centre, or centre and spread, of each marker they carry.
    """

    kind: str
    events: int
    bright: Mapping[str, float | tuple[float, float]] = field(default_factory=dict)
    scatter: tuple[float, float] = LYMPHOCYTE


@dataclass(frozen=True)
class MadeTube:
    """A tube whose cells are known: columns by channel, and the kind of each event."""

    columns: Mapping[str, npt.NDArray[np.float64]]
    kinds: npt.NDArray[np.str_]

    def events(self, *kinds: str) -> npt.NDArray[np.bool_]:
        """Return which events are of one of the `kinds`."""
        return np.isin(self.kinds, kinds)


def made_tube(cells: Sequence[Cells], markers: Sequence[str], *, seed: int = 1) -> MadeTube:
    """Return a tube with a channel for each of the `markers`, its events in random order."""
    rng = np.random.default_rng(seed)
    total = sum(each.events for each in cells)
    order = rng.permutation(total)
    columns: dict[str, npt.NDArray[np.float64]] = {}
    for marker in markers:
        places = [each.bright.get(marker, NEGATIVE) for each in cells]
        pairs = [place if isinstance(place, tuple) else (place, SPREAD) for place in places]
        parts = [
            rng.normal(centre, spread, each.events)
            for (centre, spread), each in zip(pairs, cells, strict=True)
        ]
        columns[marker] = np.concatenate(parts)[order]
    forward = np.concatenate([rng.normal(each.scatter[0], 0.02, each.events) for each in cells])[order]
    side = np.concatenate([rng.normal(each.scatter[1], 0.02, each.events) for each in cells])[order]
    columns |= {"FSC-A": forward, "FSC-H": forward * rng.normal(0.9, 0.01, total), "SSC-A": side}
    kinds = np.concatenate([np.full(each.events, each.kind) for each in cells])[order]
    return MadeTube(columns, kinds)


def gated_by(tube: MadeTube, template: str | Template, prior: GatingPrior | None = None) -> GatedSample:
    """Return the tube gated; without a prior as in a batch that taught nothing."""
    loaded = template if isinstance(template, Template) else load_template(template)
    sample = made_sample(tube.columns)
    markers = [name for name in tube.columns if name[:3] not in ("FSC", "SSC")]
    axes = Axes(sample, {marker: marker for marker in markers})
    return gate(sample, loaded, axes, prior or GatingPrior(tubes=SETTLED_TUBES))


def share_found(gated: GatedSample, population: str, truth: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return which share of the `truth` is in the population, and which share of the population is true."""
    mask = gated.mask(population)
    both = int((mask & truth).sum())
    return both / max(int(truth.sum()), 1), both / max(int(mask.sum()), 1)
