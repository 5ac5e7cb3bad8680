"""Clouds beside their neighbours, seeded by cells that certainly belong there (back-gating)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from cytorecon.gating.axes import Axes
from cytorecon.gating.estimates import ClusterEstimate
from cytorecon.gating.finders.cluster import Points, apart, beside, cloud_of, fit_clouds
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.prior import GatingPrior, place_clouds
from cytorecon.gating.search.found import Sources, corners, missing
from cytorecon.gating.shapes import Mask, Polygon, Shape
from cytorecon.knowledge.template import ClusterGate

#: Kinds of lymphocytes lie this close (in standard deviations); what is farther is no lymphocyte.
SAME_CLOUD = 2.5
#: Likely seeds farther than this (in standard deviations) from every certain kind are other cells.
LIKELY_REACH = 3.5
#: A cloud that loses more than this share of certain cells needs a look: the gate is too small or misplaced.
SEEDS_OUTSIDE = 0.05
#: So does one that a person drew, when more than this share of its events lies apart from all certain cells.
OTHERS_INSIDE = 0.05
#: One that loses more than this is no gate at all.
SEEDS_LOST = 0.5
#: Nor is one in which the cells it was drawn around are fewer than this share: they were strays.
SEEDS_INSIDE = 0.1


def search_cluster(spec: ClusterGate, sources: Sources, axes: Axes, prior: GatingPrior) -> FoundGate:
    """Return the lymphocyte cloud, seeded by certain cells and placed beside its neighbours."""
    x, y = axes.resolve(spec.x), axes.resolve(spec.y)
    if not x or not y:
        return missing(spec, spec.x if not x else spec.y)
    inside = sources[spec.find_in]
    at = np.flatnonzero(inside)
    plane = _points(axes, (x[0], y[0]), at)
    own = _own_clouds(spec, plane, {text: mask[at] for text, mask in sources.items()})
    starts = _starts(spec, own, prior)
    if not starts:
        learned = ", and no batch to learn from" if spec.pool else ""
        reason = f"fewer than {spec.min_events} certain lymphocytes of each kind{learned}"
        return FoundGate(spec.gate, spec.find_in, spec.without_seeds, reason=reason)
    compete = spec.neighbours == "compete"
    cloud = fit_clouds(plane, starts, spec.coverage, neighbours_compete=compete)
    shape = Polygon((x[0], y[0]), corners(cloud))
    held = axes.mask(shape)
    outside = inside & ~held
    why_not = why_no_gate(spec, own, held=inside & held, outside=outside, sources=sources)
    if why_not:
        return FoundGate(spec.gate, spec.find_in, spec.without_seeds, reason=why_not, evidence=own)
    part = FoundPart(
        spec.gate,
        shape,
        "seeded_cloud" if own else "batch_cloud",
        flags=tuple(_cluster_flags(spec, own, starts, outside, sources)),
    )
    return FoundGate(spec.gate, spec.find_in, "found", (part,), evidence=own)


def doubts_of_cloud(
    spec: ClusterGate, shape: Shape, sources: Sources, axes: Axes, prior: GatingPrior
) -> tuple[str, ...]:
    """Return what speaks against a cloud that a person drew: the doubts that the search has about its own.

    Parameters
    ----------
    spec : ClusterGate
        What was looked for.
    shape : Polygon, Threshold or Likelier
        What was drawn.
    sources, axes, prior
        As for the search.

    Returns
    -------
    tuple of str
        ``gate.seeds_outside`` when certain cells lie outside; ``gate.others_inside`` when more than a few of
        the events inside lie apart from all certain cells, or hardly any is certain.
    """
    inside = sources[spec.find_in]
    mask = axes.mask(shape)
    held = inside & mask
    flags = []
    if _loses_seeds(spec, inside & ~mask, sources, SEEDS_OUTSIDE):
        flags.append("gate.seeds_outside")
    if _holds_others(spec, held, sources, axes, prior):
        flags.append("gate.others_inside")
    return tuple(flags)


def _holds_others(spec: ClusterGate, held: Mask, sources: Sources, axes: Axes, prior: GatingPrior) -> bool:
    x, y = axes.resolve(spec.x), axes.resolve(spec.y)
    if not x or not y or not held.any():
        return False
    at = np.flatnonzero(sources[spec.find_in])
    plane = _points(axes, (x[0], y[0]), at)
    own = _own_clouds(spec, plane, {text: mask[at] for text, mask in sources.items()})
    clouds = _starts(spec, own, prior)
    events = int(np.count_nonzero(held))
    if clouds:
        others = int(np.count_nonzero(~beside(plane[held[at]], clouds, LIKELY_REACH)))
        return bool(others > OTHERS_INSIDE * events + 2 * np.sqrt(others))
    seeds = [sources[text] for text in (*spec.seeds, *spec.likely_seeds) if text in sources]
    certain = int(np.count_nonzero(held & np.logical_or.reduce(seeds))) if seeds else 0
    return certain < SEEDS_INSIDE * events


def _starts(
    spec: ClusterGate, own: Mapping[str, ClusterEstimate], prior: GatingPrior
) -> list[ClusterEstimate]:
    """Return where each kind of certain cells lies, by this tube or the batch."""
    learned = {part: prior.clusters[part] for part in _parts(spec) if part in prior.clusters}
    return place_clouds(own, learned, _parts(spec)[: len(spec.seeds)])


def _points(axes: Axes, channels: tuple[str, str], at: npt.NDArray[np.intp]) -> Points:
    """Return events on two channels, shape (n, 2), each channel side by side in memory."""
    return np.stack([axes.columns[name][at] for name in channels]).T


def _own_clouds(spec: ClusterGate, plane: Points, sources: Sources) -> dict[str, ClusterEstimate]:
    """Return the cloud of each kind of seeds; `plane` and `sources` are of the gate's parent only.

    One that lies apart from the others is something else, and so are likely seeds that lie apart from
    the certain ones; without certain ones they prove nothing.
    """
    clouds: dict[str, ClusterEstimate] = {}
    for part, text in zip(_parts(spec), (*spec.seeds, *spec.likely_seeds), strict=True):
        if text not in sources:
            continue
        seeded = plane[np.flatnonzero(sources[text])]
        if text not in spec.seeds:
            seeded = seeded[np.flatnonzero(beside(seeded, list(clouds.values()), LIKELY_REACH))]
        if len(seeded) < spec.min_events:
            continue
        cloud = cloud_of(seeded)
        if all(apart(cloud, accepted) < SAME_CLOUD for accepted in clouds.values()):
            clouds[part] = cloud
    return clouds


def why_no_gate(
    spec: ClusterGate, own: Mapping[str, ClusterEstimate], *, held: Mask, outside: Mask, sources: Sources
) -> str:
    """Return why a cloud that was drawn is none after all, or an empty text."""
    if _loses_seeds(spec, outside, sources, SEEDS_LOST):
        return "most of the cells that certainly belong to it lie outside"
    if not own or spec.neighbours == "ignore":
        return ""
    texts = dict(zip(_parts(spec), (*spec.seeds, *spec.likely_seeds), strict=True))
    seeds = held & np.logical_or.reduce([sources[texts[part]] for part in own])
    events, certain = np.count_nonzero(held), np.count_nonzero(seeds)
    if certain < SEEDS_INSIDE * events:
        return f"of the {events} events in it only {certain} certainly belong there"
    return ""


def _cluster_flags(
    spec: ClusterGate,
    own: Mapping[str, ClusterEstimate],
    starts: Sequence[ClusterEstimate],
    outside: Mask,
    sources: Sources,
) -> Iterator[str]:
    if not own:
        yield "gate.batch_position"
    if len(starts) == 1 and len(_parts(spec)) > 1:
        yield "gate.one_kind_of_seeds"
    if _loses_seeds(spec, outside, sources, SEEDS_OUTSIDE):
        yield "gate.seeds_outside"


def _loses_seeds(spec: ClusterGate, outside: Mask, sources: Sources, share: float) -> bool:
    """Whether more of one certain kind of seeds lies outside than `share` and chance explain."""
    for text in spec.seeds:
        if text in sources:
            lost = np.count_nonzero(outside & sources[text])
            seeds = np.count_nonzero(sources[spec.find_in] & sources[text])
            if seeds >= spec.min_events and lost > share * seeds + 2 * np.sqrt(lost):
                return True
    return False


def _parts(spec: ClusterGate) -> tuple[str, ...]:
    """Return one name per kind of seeds, certain kinds first."""
    return tuple(f"{spec.gate}.{number}" for number in range(len(spec.seeds) + len(spec.likely_seeds)))
