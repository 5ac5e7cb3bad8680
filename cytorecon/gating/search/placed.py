"""The doubts of the search about gates that people placed."""

from __future__ import annotations

from dataclasses import replace

from cytorecon.gating.axes import Axes
from cytorecon.gating.found import FoundGate
from cytorecon.gating.manual import MANUAL
from cytorecon.gating.prior import GatingPrior
from cytorecon.gating.search.clouds import doubts_of_cloud
from cytorecon.gating.search.found import Sources
from cytorecon.gating.search.particles import doubts_of_singlets
from cytorecon.gating.search.thresholds import doubts_of_threshold
from cytorecon.gating.search.told_apart import doubts_of_told
from cytorecon.gating.shapes import Shape
from cytorecon.knowledge.template import AnyGate, ClusterGate, SingletGate, ToldApartGate, ValleyGate


def doubted(placed: FoundGate, spec: AnyGate, sources: Sources, axes: Axes, prior: GatingPrior) -> FoundGate:
    """Return a gate with the doubts that the search would have about its hand-drawn parts.

    A polygon can hold a whole neighbour, and a threshold cells that lack the marker, without any sum of the
    tube moving.

    Parameters
    ----------
    placed : FoundGate
        As people decided.
    spec : gate of a template
        What was looked for.
    sources, axes, prior
        As for the search.
    """
    if placed.status != "found" or all(part.method != MANUAL for part in placed.parts):
        return placed
    parts = tuple(
        replace(part, flags=(*part.flags, *_doubts(spec, part.shape, sources, axes, prior)))
        if part.method == MANUAL
        else part
        for part in placed.parts
    )
    return replace(placed, parts=parts)


def _doubts(spec: AnyGate, shape: Shape, sources: Sources, axes: Axes, prior: GatingPrior) -> tuple[str, ...]:
    if isinstance(spec, ClusterGate):
        return doubts_of_cloud(spec, shape, sources, axes, prior)
    if isinstance(spec, ToldApartGate):
        return doubts_of_told(spec, shape, sources, axes)
    if isinstance(spec, SingletGate):
        return doubts_of_singlets(spec, shape, sources, axes)
    if isinstance(spec, ValleyGate):
        return doubts_of_threshold(spec, shape, sources, axes)
    return ()
