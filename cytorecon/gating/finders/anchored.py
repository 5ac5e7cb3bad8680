"""Finder: a threshold in a subset that may hold one population only, told which one by an anchor.

A subset with one mode cannot say whether it is negative or positive. The anchor, a valley seen in a wider
set of cells, can: it lies between the negative and the positive cells of the same marker.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from cytorecon.gating.estimates import ValleyEstimate
from cytorecon.gating.finders.valley import (
    BOOTSTRAPS,
    NARROWEST,
    WIDEST,
    modes_of,
    valley_between,
    without_floor,
)
from cytorecon.gating.kernels import BIN_WIDTH, CENTRES, Floats, bandwidth, binned, smoothed

OneMode = Literal["anchor", "mirror"]
#: The mirror image of a cloud is trusted from one deviation beyond its mode on; below it lies this share.
LOWER_TAIL = 0.1587
#: A valley this share as deep as the deepest is deep.
NEARLY = 0.5


@dataclass(frozen=True, slots=True)
class Anchored:
    """A threshold and how it came about: ``own_valley``, ``mirror`` or ``anchor``.

    `agrees` is False when the subset has two modes, but both on one side of the anchor.
    """

    position: float
    standard_error: float
    method: Literal["own_valley", "mirror", "anchor"]
    agrees: bool = True


def anchor_valley(values: npt.NDArray[np.float32]) -> ValleyEstimate | None:
    """Return the brightest of the deep valleys, or None when there is one mode only.

    Kinds of cells differ in what their negative cells look like (autofluorescence, spillover) more than in
    their positive ones; a valley between two negative kinds can be the deepest, so it takes the brightest
    that is at least `NEARLY` as deep.
    """
    counts = binned(without_floor(values))
    valleys = [valley_between(counts, left, right) for left, right in pairwise(modes_of(counts))]
    deepest = max((valley.depth for valley in valleys), default=0.0)
    deep = [valley for valley in valleys if valley.depth >= NEARLY * deepest]
    return deep[-1] if deep else None


def anchored_threshold(
    values: npt.NDArray[np.float32], anchor: ValleyEstimate, one_mode: OneMode
) -> Anchored:
    """Return the threshold of a subset.

    1. Two modes on either side of the anchor: the valley between them.
    2. One mode, below the anchor, and `one_mode` is ``mirror``: negative cells are symmetric about their
       mode, so what lies above it in excess of the mirror image is positive; the threshold is where the
       excess outweighs the image, the anchor at most. For positive cells that are a shoulder.
    3. Two modes on one side of the anchor: the brightest deep valley between them, which contradicts the
       anchor.
    4. Else the anchor.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
        The subset, transformed scale.
    anchor : ValleyEstimate
        Where negative and positive cells part in a wider set.
    one_mode : {"anchor", "mirror"}
        See 2.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> dim, bright = rng.normal(0.25, 0.04, 900), rng.normal(0.6, 0.05, 900)
    >>> anchor = anchor_valley(np.concatenate([dim, bright]).astype(np.float32))
    >>> anchored_threshold(dim.astype(np.float32), anchor, "anchor").method
    'anchor'
    >>> shoulder = np.concatenate([dim, rng.uniform(0.3, 0.6, 500)]).astype(np.float32)
    >>> 0.3 < anchored_threshold(shoulder, anchor, "mirror").position < 0.4
    True
    """
    counts = binned(without_floor(values))
    peaks = modes_of(counts)
    for left, right in pairwise(peaks):
        if CENTRES[left] < anchor.position < CENTRES[right]:
            own = valley_between(counts, left, right)
            return Anchored(own.position, own.standard_error, "own_valley")
    own_deep = anchor_valley(values)
    if own_deep is not None:
        return Anchored(own_deep.position, own_deep.standard_error, "own_valley", agrees=False)
    if one_mode == "mirror" and peaks and CENTRES[peaks[0]] < anchor.position:
        return _mirrored(counts, peaks[0], anchor)
    return Anchored(anchor.position, anchor.standard_error, "anchor")


def _mirrored(counts: Floats, mode: int, anchor: ValleyEstimate) -> Anchored:
    width = bandwidth(counts, low=NARROWEST, high=WIDEST)
    draws = np.random.default_rng(0).poisson(counts, size=(BOOTSTRAPS, counts.size)).astype(np.float64)
    again = [_end_of_image(row, mode, width, anchor.position) for row in draws]
    position = _end_of_image(counts, mode, width, anchor.position)
    return Anchored(position, max(float(np.std(again)), BIN_WIDTH), "mirror")


def _end_of_image(counts: Floats, mode: int, width: float, limit: float) -> float:
    """Return where the events above the mode outweigh twice the mirror image of those below it."""
    density = smoothed(counts, width)
    below = np.cumsum(counts[: mode + 1])
    deviation = mode - int(np.searchsorted(below, 2 * LOWER_TAIL * below[-1]))
    steps = np.arange(max(deviation, 1), int(np.searchsorted(CENTRES, limit)) - mode)
    image = np.where(steps <= mode, density[np.maximum(mode - steps, 0)], 0.0)
    outweighed = steps[density[mode + steps] > 2 * image]
    return float(CENTRES[mode + outweighed[0]]) if outweighed.size else limit
