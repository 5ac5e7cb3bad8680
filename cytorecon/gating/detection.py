"""Whether a population is there at all: an exact Poisson test against what leaks in from its neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from scipy.special import pdtrc

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
    Anal Chem 40:586, critical level; exact for counts).
    """
    leaked = dict.fromkeys(gated.masks, 0.0)
    for reliance in rests_on:
        leaked[reliance.population] += reliance.leaked
    for name, seen in (backgrounds or {}).items():
        if name in leaked:
            leaked[name] = max(leaked[name], expected_events(gated, name, seen))
    least = limits.fewest_background.value
    return {
        name: _tested(int(np.count_nonzero(gated.masks[name])), least + background, limits)
        for name, background in leaked.items()
    }


def expected_events(gated: GatedSample, population: str, seen: Background) -> float:
    """Return how many events of `population` the tube would show by the rate of control tubes without it."""
    parent = gated.template.population_by_name[population].parent
    of_parent = int(gated.everything.sum()) if parent == "root" else int(gated.masks[parent].sum())
    return seen.events / seen.parent_events * of_parent


def _tested(events: int, background: float, limits: DetectionLimits) -> Detection:
    chance = float(pdtrc(events - 1, background)) if events else 1.0
    detected = chance < limits.significance.value
    leaked = background - limits.fewest_background.value
    most = limits.most_background.value * events + limits.leaked_by_chance.value
    return Detection(background, detected, detected and leaked > most)
