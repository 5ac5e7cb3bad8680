"""What a batch teaches about where gates lie, frozen so that new tubes change nothing signed.

Positions are pooled by a random-effects model: a batch mean and a between-tube spread. A tube's
own estimate is shrunk towards the mean by ``spread**2 / (spread**2 + standard_error**2)``
(DerSimonian & Laird 1986; empirical Bayes).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from cytorecon.gating.estimates import ClusterEstimate, Evidence, ThresholdEvidence, ValleyEstimate
from cytorecon.gating.finders.valley import valley_of
from cytorecon.gating.kernels import GRID_BINS, shifted
from cytorecon.values import Frozen

#: Fewer tubes than this say nothing about a batch.
MIN_TUBES = 4
#: A batch of fewer tubes is provisional: its numbers are marked, and it is learned again when it grows.
SETTLED_TUBES = 8
#: No instrument repeats a position better than this (transformed units; 0.01 = 0.045 decades).
SPREAD_FLOOR = 0.01
#: Stain and detector do not move a valley further than this (0.06 = 0.27 decades): a larger spread
#: of the tubes' own valleys says that some of them found another valley.
SPREAD_CEILING = 0.06
#: Between-tube spread assumed while fewer tubes show a valley than could tell it.
UNKNOWN_SPREAD = 0.03
#: A tube's weight in the summed histogram.
EVENTS_PER_TUBE = 2000.0


class GaugedPosition(Frozen):
    """Where a threshold lies beside a gauge: a tube whose gauge lies elsewhere has it as much elsewhere.

    Parameters
    ----------
    gauge : float
        Where the gauge lies in the batch.
    position, spread : float
        Of the threshold in a tube whose gauge lies there.
    """

    gauge: float
    position: float
    spread: float


#: Whose tubes taught a position: those of the batch, or the laboratory's before.
Level = Literal["batch", "site"]


class ThresholdPrior(Frozen):
    """Where a threshold lies: mean, spread between tubes, tubes seen, and whose tubes they were.

    Parameters
    ----------
    position, spread : float
        In a tube of which nothing else is known.
    tubes : int
        How many tubes showed something.
    gauged : GaugedPosition or None
        Where it lies beside the gauge, when that is as certain or more.
    level : {"batch", "site"}
        Whose tubes.
    """

    position: float
    spread: float
    tubes: int
    gauged: GaugedPosition | None = None
    level: Level = "batch"

    def beside(self, gauge: float | None) -> ThresholdPrior:
        """Return where the threshold lies in a tube whose gauge lies at `gauge`; None is one without.

        `gauged` of what is returned says whether the gauge had a part in it.

        Examples
        --------
        >>> beads = GaugedPosition(gauge=0.80, position=0.50, spread=0.01)
        >>> prior = ThresholdPrior(position=0.50, spread=0.03, tubes=12, gauged=beads)
        >>> round(prior.beside(0.85).position, 2), prior.beside(0.85).spread, prior.beside(None).spread
        (0.55, 0.01, 0.03)
        """
        if self.gauged is None or gauge is None:
            return self.model_copy(update={"gauged": None})
        moved = self.gauged.model_copy(
            update={"gauge": gauge, "position": self.gauged.position + gauge - self.gauged.gauge}
        )
        return self.model_copy(update={"position": moved.position, "spread": moved.spread, "gauged": moved})


class ClusterPrior(Frozen):
    """Where the cloud lies in this batch: mean, covariance of events, spread of means, tubes."""

    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    tubes: int


class ReferencePrior(Frozen):
    """Where negative cells end in FMO tubes (stained without the marker), with its error."""

    position: float
    standard_error: float
    events: int
    tubes: int


class Background(Frozen):
    """What control tubes that hold no cell of a population show of it: events, of so many of its parent."""

    events: int
    parent_events: int
    tubes: int


class GatingPrior(Frozen):
    """All that a batch teaches, by part of gate. Empty means: nothing to learn from.

    Parameters
    ----------
    tubes : int
        How many tubes were looked at, whether or not they showed anything.
    thresholds, clusters : mapping of str to prior
        By part of gate.
    references : mapping of str to ReferencePrior
        By part of gate, from FMO tubes of the batch.
    backgrounds : mapping of str to Background
        By population, from control tubes of the batch.
    """

    tubes: int = 0
    thresholds: Mapping[str, ThresholdPrior] = {}
    clusters: Mapping[str, ClusterPrior] = {}
    references: Mapping[str, ReferencePrior] = {}
    backgrounds: Mapping[str, Background] = {}

    def of_the_site(self) -> GatingPrior:
        """Return the same with every threshold marked as learned from a site's tubes."""
        marked = {
            part: learned.model_copy(update={"level": "site"}) for part, learned in self.thresholds.items()
        }
        return self.model_copy(update={"thresholds": marked})

    def filled_up(self, site: GatingPrior) -> GatingPrior:
        """Return the same with what only `site` knows: a population missing in the whole batch."""
        return self.model_copy(
            update={
                "thresholds": {**site.thresholds, **self.thresholds},
                "clusters": {**site.clusters, **self.clusters},
            }
        )

    @property
    def sha256(self) -> str:
        """Hash of the content, for the trace of every number."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def pool(tubes: Sequence[Mapping[str, Evidence]]) -> GatingPrior:
    """Learn a prior from what single tubes showed; order of the tubes does not matter.

    Parameters
    ----------
    tubes : sequence of mapping
        For each tube, evidence by part of gate.

    Returns
    -------
    GatingPrior
        Only parts that at least ``MIN_TUBES`` tubes showed.
    """
    thresholds: dict[str, ThresholdPrior] = {}
    clusters: dict[str, ClusterPrior] = {}
    for part in sorted({part for tube in tubes for part in tube}):
        shown = [tube[part] for tube in tubes if part in tube]
        if len(shown) < MIN_TUBES:
            continue
        clouds = [own for own in shown if isinstance(own, ClusterEstimate)]
        if clouds:
            clusters[part] = _pool_clusters(clouds)
        threshold = _pool_thresholds([own for own in shown if isinstance(own, ThresholdEvidence)])
        if threshold is not None:
            thresholds[part] = threshold
    return GatingPrior(tubes=len(tubes), thresholds=thresholds, clusters=clusters)


def _pool_thresholds(shown: Sequence[ThresholdEvidence]) -> ThresholdPrior | None:
    """Return where the threshold lies, by itself and, where that is more certain, beside its gauge."""
    plain, gauged = _position(shown), _gauged(shown)
    if plain is not None:
        position, spread = plain
    elif gauged is not None:
        # seen only beside the gauge: a tube without one cannot know better than this
        position, spread = gauged.position, SPREAD_CEILING
    else:
        return None
    # as sure is enough: the gauge follows a detector that is set anew
    surer = gauged if gauged and gauged.spread <= spread else None
    return ThresholdPrior(position=position, spread=spread, tubes=len(shown), gauged=surer)


def _gauged(shown: Sequence[ThresholdEvidence]) -> GaugedPosition | None:
    """Return where the threshold lies beside the gauge; None where few tubes have one, or none shows it."""
    gauges = [evidence.gauge for evidence in shown if evidence.gauge is not None]
    if len(gauges) < max(MIN_TUBES, len(shown) / 2):
        return None
    gauge = float(np.median(gauges))
    beside = _position([_moved(evidence, gauge) for evidence in shown if evidence.gauge is not None])
    return beside and GaugedPosition(gauge=gauge, position=beside[0], spread=beside[1])


def _position(shown: Sequence[ThresholdEvidence]) -> tuple[float, float] | None:
    """Median of the tubes' own valleys, or the valley of all tubes together where few have one; and spread.

    Medians and robust spread: one misread tube must not move the batch.
    """
    valleys = [evidence.own for evidence in shown if evidence.own is not None]
    together = _together(shown) if len(valleys) < len(shown) / 2 else None
    positions = np.array(sorted(own.position for own in valleys))
    if together is not None:
        position = together.position
    elif len(valleys) >= MIN_TUBES:
        position = float(np.median(positions))
    else:
        return None
    spread = UNKNOWN_SPREAD
    if len(valleys) >= MIN_TUBES:
        spread = 1.4826 * float(np.median(np.abs(positions - position)))
    return position, float(np.clip(spread, SPREAD_FLOOR, SPREAD_CEILING))


def _moved(evidence: ThresholdEvidence, gauge: float) -> ThresholdEvidence:
    """Return what the tube would have shown had its gauge lain at `gauge`."""
    assert evidence.gauge is not None
    by = gauge - evidence.gauge
    own = evidence.own and replace(evidence.own, position=evidence.own.position + by)
    counts = np.array(evidence.histogram)
    moved = shifted(counts, by).tolist() if counts.size else ()
    return replace(evidence, histogram=tuple(moved), own=own, gauge=gauge)


def _together(shown: Sequence[ThresholdEvidence]) -> ValleyEstimate | None:
    """Return the valley of the summed histograms; a tube with many events counts no more than others."""
    total = np.zeros(GRID_BINS)
    if not all(evidence.histogram for evidence in shown):
        return None
    for evidence in shown:
        histogram = np.array(evidence.histogram, dtype=np.float64)
        total += histogram * min(1.0, EVENTS_PER_TUBE / max(histogram.sum(), 1.0))
    return valley_of(total, "below_brightest" if shown[0].cut == "below_brightest" else "above_dimmest")


def _pool_clusters(clouds: Sequence[ClusterEstimate]) -> ClusterPrior:
    means = np.array([own.mean for own in clouds])
    covariances = np.array([own.covariance for own in clouds])
    mean, covariance = np.median(means, axis=0), np.median(covariances, axis=0)
    return ClusterPrior(
        mean=tuple(mean.tolist()),
        covariance=tuple(map(tuple, covariance.tolist())),
        tubes=len(clouds),
    )


def shrink(own: ValleyEstimate, prior: ThresholdPrior) -> tuple[float, float]:
    """Return position and standard error after shrinking `own` towards the batch.

    Parameters
    ----------
    own : ValleyEstimate
        What the tube shows.
    prior : ThresholdPrior
        What the batch teaches.

    Examples
    --------
    >>> own = ValleyEstimate(position=0.60, standard_error=0.02, depth=0.9, below=900, above=300)
    >>> position, error = shrink(own, ThresholdPrior(position=0.50, spread=0.02, tubes=12))
    >>> round(position, 3), round(error, 4)
    (0.55, 0.0141)
    """
    weight = prior.spread**2 / (prior.spread**2 + own.standard_error**2)
    position = weight * own.position + (1 - weight) * prior.position
    return position, float(np.sqrt(weight) * own.standard_error)


def place_clouds(
    own: Mapping[str, ClusterEstimate], learned: Mapping[str, ClusterPrior], certain: Sequence[str]
) -> list[ClusterEstimate]:
    """Return where each kind of cloud lies in this tube.

    Stain and detector move all lymphocytes together, so the batch's clouds are shifted by what the
    tube's own certain kinds show. A certain kind the tube shows is taken as it is; a likely kind
    (seeds that may hold other cells) only where there is no batch.
    """
    if not learned:
        return list(own.values())
    shared = [part for part in certain if part in own and part in learned]
    shift = np.zeros(2)
    if shared:
        moves = [np.array(own[part].mean) - np.array(learned[part].mean) for part in shared]
        shift = np.average(moves, axis=0, weights=[own[part].events for part in shared])
    clouds = {part: own[part] for part in certain if part in own}
    for part, prior in learned.items():
        if part not in clouds:
            x, y = np.array(prior.mean) + shift
            clouds[part] = ClusterEstimate((float(x), float(y)), prior.covariance, 0.0)
    return list(clouds.values())
