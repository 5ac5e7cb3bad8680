"""Whether a population is there at all: an exact Poisson test against what leaks in from its neighbours."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.special import pdtrc

from cytorecon.gating.certainty import Detection, Reliance
from cytorecon.gating.gated import GatedSample
from cytorecon.knowledge.quality import DetectionLimits


def detections(
    gated: GatedSample, rests_on: Iterable[Reliance], limits: DetectionLimits
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

    Returns
    -------
    mapping of str to Detection
        Populations that could be evaluated.

    Notes
    -----
    Detected when P(X >= events) < significance for X Poisson with the background's mean (Currie 1968,
    Anal Chem 40:586, critical level; exact for counts).
    """
    leaked = dict.fromkeys(gated.masks, limits.fewest_background.value)
    for reliance in rests_on:
        leaked[reliance.population] += reliance.leaked
    return {
        name: _tested(int(np.count_nonzero(gated.masks[name])), background, limits)
        for name, background in leaked.items()
    }


def _tested(events: int, background: float, limits: DetectionLimits) -> Detection:
    chance = float(pdtrc(events - 1, background)) if events else 1.0
    detected = chance < limits.significance.value
    leaked = background - limits.fewest_background.value
    return Detection(background, detected, detected and leaked > limits.most_background.value * events)
