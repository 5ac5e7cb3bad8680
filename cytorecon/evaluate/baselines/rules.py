"""Rules that place a threshold on one channel; they know no template and no batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from sklearn.mixture import GaussianMixture

from cytorecon.gating.kernels import BIN_WIDTH, CENTRES, Floats, bandwidth, binned, smoothed
from cytorecon.gating.shapes import Column

#: openCyto smooths with R's ``bw.nrd0`` times ``adjust = 2``.
ADJUST: Final = 2.0
#: A mixture sees at most so many events; more change its means by less than a bin.
MIXTURE_EVENTS: Final = 2000
#: Gates that keep what is below a threshold lose everything when a rule says "all is positive".
Rule = Callable[[Column], float]


def minimum_between_peaks(values: Column) -> float:
    """Return the lowest density between the two highest peaks; with one peak, the lowest value.

    After openCyto's ``gate_mindensity`` with its defaults and no range: one peak means that every
    event is positive.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> dim, bright = rng.normal(0.2, 0.05, 900), rng.normal(0.8, 0.05, 300)
    >>> 0.35 < minimum_between_peaks(np.concatenate([dim, bright]).astype(np.float32)) < 0.65
    True
    >>> bool((dim.astype(np.float32) >= minimum_between_peaks(dim.astype(np.float32))).all())
    True
    """
    if values.size < 2:
        return float(values.min(initial=np.inf)) if values.size else float("inf")
    found = _between_two_highest(_density(binned(values)))
    return float(values.min()) if found is None else float(CENTRES[found])


def minimum_or_shoulder(values: Column) -> float:
    """Return the valley as above; with one peak, the shoulder above it, and never "everything".

    After openCyto's ``gate_mindensity2``: where there is no minimum, the inflection right of the
    peak, where the second derivative is greatest.
    """
    if values.size < 2:
        return float("inf")
    density = _density(binned(values))
    found = _between_two_highest(density)
    if found is not None:
        return float(CENTRES[found])
    peak = int(np.argmax(density))
    bend = np.gradient(np.gradient(density[peak:]))
    return float(CENTRES[peak + int(np.argmax(bend))])


def mixture_of_two(values: Column) -> float:
    """Return where two normal components are equally likely; both always exist."""
    if values.size < 2:
        return float("inf")
    rng = np.random.default_rng(0)
    seen = values if values.size <= MIXTURE_EVENTS else rng.choice(values, MIXTURE_EVENTS, replace=False)
    seen = seen.astype(np.float64)
    if np.unique(seen).size < 2:
        return float("inf")
    fit = GaussianMixture(2, random_state=0).fit(seen[:, None])
    low, high = np.argsort(fit.means_[:, 0])
    grid = np.linspace(fit.means_[low, 0], fit.means_[high, 0], 512)
    bright = fit.predict_proba(grid[:, None])[:, high]
    return float(grid[int(np.argmax(bright >= 0.5))])


def pooled_minimum(columns: Sequence[Column]) -> float:
    """Return one threshold for all tubes: the minimum between peaks of their joint density.

    Every tube counts the same, however many events it has.
    """
    shown = [binned(values) / values.size for values in columns if values.size]
    if not shown:
        return float("inf")
    joint = np.sum(shown, axis=0) * (sum(values.size for values in columns) / len(shown))
    found = _between_two_highest(_density(joint))
    return (
        float(min(values.min() for values in columns if values.size))
        if found is None
        else float(CENTRES[found])
    )


#: Rules that look at one tube alone, by the name they have in tables.
PER_TUBE: Final[Mapping[str, Rule]] = {
    "valley (mindensity)": minimum_between_peaks,
    "valley (mindensity2)": minimum_or_shoulder,
    "mixture of 2": mixture_of_two,
}
POOLED: Final = "one pooled threshold"


def _density(counts: Floats) -> Floats:
    inner = counts.copy()
    inner[[0, -1]] = 0.0  # there lies all that is beyond the grid
    return smoothed(inner, ADJUST * bandwidth(inner, low=2 * BIN_WIDTH, high=1.0))


def _between_two_highest(density: Floats) -> int | None:
    """Return the bin of the lowest density between the two highest local maxima; None with one."""
    inner = density[1:-1]
    peaks = np.flatnonzero((inner > density[:-2]) & (inner >= density[2:])) + 1
    if peaks.size < 2:
        return None
    first, second = np.sort(peaks[np.argsort(density[peaks])[-2:]])
    return int(first + np.argmin(density[first : second + 1]))
