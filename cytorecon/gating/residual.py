"""How much light of other dyes a matrix leaves, or takes too much of, where cells lack the marker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cytorecon.gating.axes import Axes
from cytorecon.gating.shapes import Mask
from cytorecon.knowledge.template import MarkerAxis
from cytorecon.transforms import TransformSet

#: Quantiles of a group on each channel: median, and one standard deviation to either side.
_QUANTILES = (0.1587, 0.5, 0.8413)


def residual_slope(
    groups: Mapping[str, Mask],
    lack: Mapping[str, Sequence[str]],
    axes: Axes,
    scales: TransformSet,
    fewest_comparisons: int,
) -> float | None:
    """Return the slope of what is left between groups on what the matrix took away from them.

    Parameters
    ----------
    groups : mapping of str to ndarray of bool
        Cells of one kind each.
    lack : mapping of str to sequence of str
        Marker -> groups that do not carry it; those that are not in `groups` do not count.
    axes : Axes
        A sample that was compensated with its own matrix, and the scales it was transformed on.
    scales : TransformSet
        Of `axes`.
    fewest_comparisons : int
        With fewer differences between groups there is no slope.

    Returns
    -------
    float or None
        0 for a matrix that fits; 1 when it takes half of what it should; -0.5 when it takes twice as
        much. None without a matrix, or with too few groups.

    Notes
    -----
    Medians on the linear scale. Each channel has an offset of its own (autofluorescence, and the light of
    dyes that all cells carry), so only differences between groups count, in units of the channel's noise.
    """
    matrix = axes.sample.spillover
    if matrix is None:
        return None
    quantiles = {
        name: np.array([_linear(axes, scales, channel, cells) for channel in matrix.channels])
        for name, cells in groups.items()
    }
    taken: list[float] = []
    left: list[float] = []
    comparisons = 0
    for marker, names in lack.items():
        shown = [quantiles[name] for name in names if name in quantiles]
        for channel in axes.resolve(MarkerAxis(marker=marker)):
            if len(shown) < 2 or channel not in matrix.channels:
                continue
            place = matrix.channels.index(channel)
            column = np.delete(matrix.matrix[:, place], place)
            light = np.array([np.delete(group[:, 1], place) @ column for group in shown])
            seen = np.array([group[place, 1] for group in shown])
            noise = max(min((group[place, 2] - group[place, 0]) / 2 for group in shown), 1e-9)
            taken += ((light - light.mean()) / noise).tolist()
            left += ((seen - seen.mean()) / noise).tolist()
            comparisons += len(shown) - 1
    whole = float(np.dot(taken, taken))
    if comparisons < fewest_comparisons or whole <= 0:
        return None
    return float(np.dot(taken, left)) / whole


def _linear(axes: Axes, scales: TransformSet, channel: str, cells: Mask) -> list[float]:
    """Return median and spread of `cells` on the linear scale: quantiles survive a monotonic one."""
    seen = np.quantile(axes.columns[channel][cells].astype(np.float64), _QUANTILES)
    return [float(value) for value in np.asarray(scales.scale_of(channel).inverse(seen))]
