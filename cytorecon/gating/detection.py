"""Whether a population is there at all: an exact Poisson test against what leaks in from its neighbours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
from scipy.special import pdtrc

from cytorecon.counts.detection_limit import lod_events
from cytorecon.gating.certainty import Detection, Reliance
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.prior import Background
from cytorecon.knowledge.quality import DetectionLimits


def detections(
    gated: GatedSample,
    rests_on: Iterable[Reliance],
    limits: DetectionLimits,
    backgrounds: Mapping[str, Background] | None = None,
) -> dict[str, Detection]:
    """Test every population of a tube.

    Parameters
    ----------
    gated : GatedSample
        With masks.
    rests_on : iterable of Reliance
        What leaks in from neighbours.
    limits : DetectionLimits
        Background of every tube, and the significance asked for.
    backgrounds : mapping of str to Background, optional
        What control tubes without the population show of it, by population: where that is more than what
        leaks in by calculation, it counts.

    Returns
    -------
    mapping of str to Detection
        Populations that could be evaluated.

    Notes
    -----
    Detected when P(X >= events) < significance for X Poisson with the background's mean (Currie 1968,
    Anal Chem 40:586, critical level; exact for counts). The background is what leaks in, or that of every
    tube where this is more: what tubes without the population show holds leaks already.
    """
    leaked = dict.fromkeys(gated.masks, 0.0)
    for reliance in rests_on:
        leaked[reliance.population] += reliance.leaked
    for name, seen in (backgrounds or {}).items():
        if name in leaked:
            leaked[name] = max(leaked[name], expected_events(gated, name, seen))
    return {
        name: _tested(int(np.count_nonzero(gated.masks[name])), from_neighbours, limits)
        for name, from_neighbours in leaked.items()
    }


def expected_events(gated: GatedSample, population: str, seen: Background) -> float:
    """Return how many events of `population` the tube would show by the rate of control tubes without it."""
    return seen.events / seen.parent_events * _parent_events(gated, population)


def too_small_parents(
    gated: GatedSample, tested: Mapping[str, Detection], limits: DetectionLimits
) -> dict[str, str]:
    """Return the populations whose absence the tube cannot tell, and why in words.

    Parameters
    ----------
    gated : GatedSample
        With masks.
    tested : mapping of str to Detection
        Of the same tube.
    limits : DetectionLimits
        With the share of the parent that must not go unseen.

    Returns
    -------
    mapping of str to str
        Only populations that were not detected; what was detected is there, however small its parent.
    """
    reasons = {}
    for name, test in tested.items():
        needed = fewest_parent_events(test.background, limits)
        if not test.detected and (held := _parent_events(gated, name)) < needed:
            parent = gated.template.population_by_name[name].parent
            whole = "the tube" if parent == "root" else parent
            reasons[name] = (
                f"parent too small: {whole} with {held} event{'s' if held != 1 else ''}; {needed} are needed "
                f"to see {100 * limits.absent_share.value:g} % of them with 95 % certainty"
            )
    return reasons


def fewest_parent_events(background: float, limits: DetectionLimits) -> int:
    """Return how many events a parent must hold for a population to be absent from it.

    Parameters
    ----------
    background : float
        Events expected in the population's gate when it is absent.
    limits : DetectionLimits
        Significance of a detection, and the share of the parent that must be detected with 95 % certainty.

    Examples
    --------
    >>> from cytorecon.knowledge.quality import load_quality_limits
    >>> fewest_parent_events(1.0, load_quality_limits().detection)
    68
    """
    return math.ceil(lod_events(background, limits.significance.value) / limits.absent_share.value)


def _parent_events(gated: GatedSample, population: str) -> int:
    parent = gated.template.population_by_name[population].parent
    return int(np.count_nonzero(gated.everything if parent == "root" else gated.masks[parent]))


def _tested(events: int, leaked: float, limits: DetectionLimits) -> Detection:
    background = max(leaked, limits.fewest_background.value)
    chance = float(pdtrc(events - 1, background)) if events else 1.0
    detected = chance < limits.significance.value
    most = limits.most_background.value * events + limits.leaked_by_chance.value
    return Detection(background, detected, detected and leaked > most)
