"""A cloud told from its neighbours on several axes at once, looked for beside cells that lie near it."""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2

from cytorecon.gating.axes import Axes
from cytorecon.gating.estimates import ClusterEstimate
from cytorecon.gating.finders.told_apart import tell_apart
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.kernels import Floats
from cytorecon.gating.prior import GatingPrior
from cytorecon.gating.search.found import Sources, missing
from cytorecon.gating.shapes import Likelier, Mask, NormalCloud, Shape
from cytorecon.knowledge.template import ToldApartGate

#: Standard error of where the gate begins, in ln(odds): 1:2.7 to 2.7:1 may lie on either side.
ODDS_ERROR = 1.0
#: Cells farther than this many robust standard deviations on an axis are strays.
STRAYS = 4.0
#: More than this share gained or lost against single thresholds, and more than chance, needs a look.
TOLD_OTHERWISE = 0.1
#: The flag of such a cloud.
OTHERWISE = "gate.told_otherwise"


def search_told_apart(spec: ToldApartGate, sources: Sources, axes: Axes, prior: GatingPrior) -> FoundGate:
    """Return where an event is likelier of the cloud than of its neighbours; absent if nothing says."""
    channels: list[str] = []
    for axis in (spec.x, spec.y, *spec.further):
        resolved = axes.resolve(axis)
        if not resolved:
            return missing(spec, axis)
        channels.append(resolved[0])
    inside = sources[spec.find_in]
    seeds = inside & _any(spec.seeds, sources, inside)
    beside = _centre(_points(axes, channels, _any(spec.beside, sources, inside)), spec.min_events)
    known = _known(spec, beside, _centre(_points(axes, channels, seeds), spec.min_events), prior)
    if known is None:
        reason = f"fewer than {spec.min_events} cells beside it, and of its own"
        return FoundGate(spec.gate, spec.find_in, "absent", reason=reason)
    fit = tell_apart(_points(axes, channels, inside), known)
    evidence = {spec.gate: _beside(fit.own, beside)} if beside and fit.own.events >= spec.min_events else {}
    if not fit.others:
        reason = "no neighbours to tell it from"
        return FoundGate(spec.gate, spec.find_in, "absent", reason=reason, evidence=evidence)
    reach = float(chi2.ppf(spec.coverage, len(channels)))
    shape = Likelier(tuple(channels), _rounded(fit.own), tuple(map(_rounded, fit.others)), reach)
    flags = doubts_of_told(spec, shape, sources, axes)
    part = FoundPart(spec.gate, shape, "told_apart", standard_error=ODDS_ERROR, flags=flags)
    return FoundGate(spec.gate, spec.find_in, "found", (part,), evidence=evidence)


def doubts_of_told(spec: ToldApartGate, shape: Shape, sources: Sources, axes: Axes) -> tuple[str, ...]:
    """Return what speaks against a cloud, found or drawn: clearly other numbers than by single thresholds."""
    inside = sources[spec.find_in]
    seeds = inside & _any(spec.seeds, sources, inside)
    return (OTHERWISE,) if _told_otherwise(inside & axes.mask(shape), seeds) else ()


def _any(texts: tuple[str, ...], sources: Sources, like: Mask) -> Mask:
    """Return the events of any expression that can be evaluated."""
    masks = [sources[text] for text in texts if text in sources]
    return np.logical_or.reduce(masks) if masks else np.zeros_like(like)


def _points(axes: Axes, channels: list[str], mask: Mask) -> Floats:
    at = np.flatnonzero(mask)
    return np.stack([axes.columns[name][at] for name in channels], axis=1).astype(np.float64)


def _centre(points: Floats, least: int) -> NormalCloud | None:
    """Return median and covariance of cells without strays; None where they are too few."""
    if len(points) < least:
        return None
    median = np.median(points, axis=0)
    deviation = 1.4826 * np.median(np.abs(points - median), axis=0)
    kept = points[(np.abs(points - median) <= STRAYS * np.maximum(deviation, 1e-3)).all(axis=1)]
    if len(kept) < least:
        return None
    covariance = np.cov(kept.T) + 1e-6 * np.eye(points.shape[1])
    return NormalCloud(float(len(kept)), tuple(median.tolist()), tuple(map(tuple, covariance.tolist())))


def _known(
    spec: ToldApartGate, beside: NormalCloud | None, own: NormalCloud | None, prior: GatingPrior
) -> NormalCloud | None:
    """Return where the cloud is expected: beside other cells as in the batch, else where its seeds lie."""
    learned = prior.clusters.get(spec.gate)
    if beside is not None and learned is not None:
        mean = tuple(there + away for there, away in zip(beside.mean, learned.mean, strict=True))
        return NormalCloud(1.0, mean, learned.covariance)
    if own is not None and learned is not None:
        return NormalCloud(1.0, own.mean, learned.covariance)
    return own or beside


def _beside(own: NormalCloud, beside: NormalCloud) -> ClusterEstimate:
    """Return what the tube teaches: where the cloud lies as seen from the cells beside it."""
    away = tuple(here - there for here, there in zip(own.mean, beside.mean, strict=True))
    return ClusterEstimate(away, own.covariance, own.events)


def _rounded(cloud: NormalCloud) -> NormalCloud:
    """Return a cloud to nine decimals: sums in another order of events differ in the sixteenth."""
    return NormalCloud(
        round(cloud.events, 6),
        tuple(round(value, 9) for value in cloud.mean),
        tuple(tuple(round(value, 12) for value in row) for row in cloud.covariance),
    )


def _told_otherwise(held: Mask, seeds: Mask) -> bool:
    """Whether far more or fewer events lie inside than single thresholds told."""
    return clearly_other(int(np.count_nonzero(held)), int(np.count_nonzero(seeds)))


def clearly_other(now: float, before: float) -> bool:
    """Whether two numbers of events differ by more than 10 %, and by more than chance."""
    change, most = abs(now - before), max(now, before)
    return bool(change > TOLD_OTHERWISE * most and change > 3 * np.sqrt(most) + 3)
