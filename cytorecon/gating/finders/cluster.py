"""Finder: the lymphocyte cloud among other clouds, as a polygon.

Seeds (cells that are certainly lymphocytes, T, B and NK cells apart) say where their clouds are; a
mixture of Gaussians, in which the clouds stay where seeds or batch put them and only their share
and their neighbours are fitted, says where the neighbours begin. The polygon is the part of the
clouds' ellipses in which an event is more likely a lymphocyte than anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2
from sklearn.cluster import kmeans_plusplus

from cytorecon.gating.estimates import ClusterEstimate
from cytorecon.gating.kernels import Floats
from cytorecon.quantiles import quantiles

Inside = npt.NDArray[np.bool_]
Points = npt.NDArray[np.floating]

NEIGHBOURS = 4
#: Fewer events than this show no neighbours.
LEAST_EVENTS = 50 * NEIGHBOURS
#: The mixture is fitted to events counted on a grid of this many bins an axis: quick for any number
#: of events, and independent of their order.
BINS = 100
RAYS = 72
ROUNDS = 40
TRIMMED = float(chi2.ppf(0.975, 2))


@dataclass(frozen=True, slots=True)
class Gaussian:
    """One component: weight, mean (2,), covariance (2, 2)."""

    weight: float
    mean: Floats
    covariance: Floats

    @property
    def determinant(self) -> float:
        """Determinant of the covariance; numpy's takes longer than all the rest on a few points."""
        (a, b), (_, c) = self.covariance.tolist()
        return float(a * c - b * b)

    @property
    def precision(self) -> tuple[float, float, float]:
        """Inverse of the covariance: of x², xy and y²."""
        (a, b), (_, c) = self.covariance.tolist()
        return c / self.determinant, -b / self.determinant, a / self.determinant

    def distance(self, points: Points) -> Floats:
        """Return squared Mahalanobis distances of `points`, shape (n,)."""
        a, b, c = self.precision
        x, y = points[:, 0] - self.mean[0], points[:, 1] - self.mean[1]
        squared: Floats = x * (a * x + 2 * b * y) + c * y * y
        return squared

    def density(self, points: Points) -> Floats:
        """Return weight x normal density at `points`, shape (n,)."""
        scale = self.weight / (2 * np.pi * np.sqrt(self.determinant))
        density: Floats = scale * np.exp(-0.5 * self.distance(points))
        return density


def cloud_of(points: Points) -> ClusterEstimate:
    """Return centre and covariance of `points`, trimmed of outliers in a few rounds."""
    middle = np.array([quantiles(axis, (0.5,))[0] for axis in points.T])
    x, y = away = points.T - middle[:, None]
    spread = [1.4826 * quantiles(np.abs(axis), (0.5,))[0] for axis in away]
    mean, covariance = np.zeros(2), np.diag(np.maximum(spread, 1e-3) ** 2)
    events = float(len(points))
    for _ in range(6):
        inside = (Gaussian(1.0, mean, covariance).distance(away.T) < TRIMMED).astype(np.float64)
        events = float(inside.sum())
        if events < 10:
            break
        inside_x, inside_y = inside * x, inside * y
        mean = np.array([inside_x.sum(), inside_y.sum()]) / events
        xy = float(inside_x @ y)
        squares = np.array([[inside_x @ x, xy], [xy, inside_y @ y]])
        covariance = (squares - events * np.outer(mean, mean)) / (events - 1)
        # Trimming at 97.5 % shrinks a normal covariance by this factor.
        covariance = covariance / 0.906 + 1e-6 * np.eye(2)
    return _estimate(middle + mean, covariance, events)


def _estimate(mean: Floats, covariance: Floats, events: float) -> ClusterEstimate:
    (a, b), (c, d) = covariance.tolist()
    return ClusterEstimate((float(mean[0]), float(mean[1])), ((a, b), (c, d)), events)


def fit_clouds(
    points: Points,
    starts: Sequence[ClusterEstimate],
    coverage: float,
    *,
    neighbours_compete: bool = True,
    seed: int = 0,
) -> Floats:
    """Fit the lymphocyte clouds beside their neighbours and return the polygon around them.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Events of the parent on both axes; quickest when each axis lies side by side in memory.
    starts : sequence of ClusterEstimate
        Where seeds or batch put each lymphocyte cloud (T, B and NK cells lie a little apart).
    coverage : float
        Share of each fitted normal cloud that its ellipse encloses.
    neighbours_compete : bool
        Whether the polygon ends where a neighbour is likelier; otherwise it is the ellipses.
    seed : int
        Of the neighbours' start.

    Returns
    -------
    ndarray of shape (RAYS, 2)
        Corners of the polygon.
    """
    reach = float(chi2.ppf(coverage, 2))
    clouds = [Gaussian(0.3, np.array(start.mean), np.array(start.covariance)) for start in starts]
    if len(points) < LEAST_EVENTS or not neighbours_compete:
        return _polygon(clouds, [], reach)
    plane, events = _counted(points)
    others = _neighbours(plane, events, clouds, seed)
    total = events.sum()
    # Clouds stay where they are: only their weights change.
    shapes = np.stack([replace(cloud, weight=1.0).density(plane) for cloud in clouds])
    weights = np.array([cloud.weight for cloud in clouds])
    terms = _terms(plane)
    for _ in range(ROUNDS):
        parts = np.concatenate([weights[:, None] * shapes, _densities(others, terms)])
        share = parts * (events / np.maximum(parts.sum(axis=0), 1e-300))
        held = share.sum(axis=1)
        weights = np.maximum(held[: len(clouds)] / total, 1e-6)
        others = _outside(_updated(terms, share[len(clouds) :], total), clouds)
    clouds = [replace(cloud, weight=float(weight)) for cloud, weight in zip(clouds, weights, strict=True)]
    return _polygon(clouds, others, reach)


def _terms(plane: Floats) -> Floats:
    """Return 1, x, y, x², xy and y² of each point, shape (6, n): all that a normal density is made of."""
    x, y = plane.T
    return np.stack([np.ones(len(plane)), x, y, x * x, x * y, y * y])


def _densities(parts: Sequence[Gaussian], terms: Floats) -> Floats:
    """Return weight x normal density of each part at each point, shape (parts, n)."""
    factors = np.empty((len(parts), 6))
    for place, part in enumerate(parts):
        a, b, c = part.precision
        x, y = part.mean.tolist()
        constant = a * x * x + 2 * b * x * y + c * y * y
        factors[place] = constant, -2 * (a * x + b * y), -2 * (b * x + c * y), a, 2 * b, c
        scale = part.weight / (2 * np.pi * np.sqrt(part.determinant))
        factors[place, 0] -= 2 * np.log(scale)
    densities: Floats = np.exp(-0.5 * factors @ terms)
    return densities


def _updated(terms: Floats, share: Floats, total: float) -> list[Gaussian]:
    """M step of the neighbours; one that holds hardly any event is given up."""
    parts = []
    for n, *sums in (share @ terms.T).tolist():
        if n > 5:
            x, y, xx, xy, yy = (value / n for value in sums)
            covariance = np.array([[xx - x * x, xy - x * y], [xy - x * y, yy - y * y]]) + 1e-5 * np.eye(2)
            parts.append(Gaussian(n / total, np.array([x, y]), covariance))
    return parts


def _outside(others: list[Gaussian], clouds: Sequence[Gaussian]) -> list[Gaussian]:
    """Return the neighbours that have not crept into a cloud: one that has would swallow lymphocytes."""
    if not others:
        return others
    centres = np.array([other.mean for other in others])
    nearest = np.minimum.reduce([cloud.distance(centres) for cloud in clouds])
    return [other for other, squared in zip(others, nearest, strict=True) if squared >= TRIMMED]


def _counted(points: Points) -> tuple[Floats, Floats]:
    """Return the centres of a grid's bins that hold events, shape (k, 2), and how many they hold."""
    within = np.ones(len(points), dtype=bool)
    for axis in points.T:
        low, high = quantiles(axis, (0.0005, 0.9995))
        within &= (axis >= low) & (axis <= high)
    at = np.flatnonzero(within)
    lows, widths = np.empty((2, 1)), np.empty((2, 1))
    bins = np.zeros(at.size, dtype=np.intp)
    for number, axis in enumerate(points.T):
        place = axis[at].astype(np.float64)
        low = place.min()
        width = max(float(place.max() - low), 1e-9) / BINS
        place -= low
        place /= width
        bins = bins * BINS + np.minimum(place, BINS - 1, out=place).astype(np.intp)
        lows[number], widths[number] = low, width
    counts = np.bincount(bins, minlength=BINS**2)
    held = np.flatnonzero(counts)
    centres = lows + widths * (np.stack(np.divmod(held, BINS)) + 0.5)
    return centres.T, counts[held].astype(np.float64)


def apart(one: ClusterEstimate, other: ClusterEstimate) -> float:
    """Return the distance of two clouds' centres in standard deviations of both together."""
    away = np.array(one.mean) - np.array(other.mean)
    both = np.array(one.covariance) + np.array(other.covariance)
    return float(np.sqrt(away @ np.linalg.inv(both) @ away))


def beside(points: Points, clouds: Sequence[ClusterEstimate], deviations: float) -> Inside:
    """Return which `points` lie within so many standard deviations of any of the `clouds`."""
    near = np.zeros(len(points), dtype=bool)
    for cloud in clouds:
        body = Gaussian(1.0, np.array(cloud.mean), np.array(cloud.covariance))
        near |= body.distance(points) < deviations**2
    return near


def _neighbours(plane: Floats, events: Floats, clouds: Sequence[Gaussian], seed: int) -> list[Gaussian]:
    """Return a start for the neighbours: spread over what the clouds do not explain."""
    outside = np.minimum.reduce([cloud.distance(plane) for cloud in clouds]) > TRIMMED
    rest, weights = plane[outside], events[outside]
    if weights.sum() < LEAST_EVENTS or len(rest) < NEIGHBOURS:
        return []
    centres, _ = kmeans_plusplus(rest, NEIGHBOURS, sample_weight=weights, random_state=seed)
    nearest = np.argmin(((rest[:, None, :] - centres) ** 2).sum(axis=2), axis=1)
    belongs = np.where(nearest == np.arange(NEIGHBOURS)[:, None], weights, 0.0)
    return _updated(_terms(rest), belongs, events.sum())


def _polygon(clouds: Sequence[Gaussian], others: Sequence[Gaussian], reach: float) -> Floats:
    """Walk out from the centre along rays until a neighbour is likelier or the ellipses end."""
    total = sum(cloud.weight for cloud in clouds)
    centre = sum((cloud.weight / total * cloud.mean for cloud in clouds), np.zeros(2))
    spread = np.max([np.linalg.cholesky(cloud.covariance).diagonal() for cloud in clouds], axis=0)
    turn = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
    directions = np.stack([np.cos(turn), np.sin(turn)], axis=1) * spread
    radii = np.linspace(0, 3 * np.sqrt(reach), 240)[1:]
    paths = centre + radii[:, None] * directions[:, None, :]
    flat = paths.reshape(-1, 2)
    own = sum((cloud.density(flat) for cloud in clouds), np.zeros(len(flat)))
    rival = sum((other.density(flat) for other in others), np.zeros(len(flat)))
    near = np.minimum.reduce([cloud.distance(flat) for cloud in clouds]) <= reach
    lost = (~near | (rival > own)).reshape(RAYS, -1)
    first = np.where(lost.any(axis=1), lost.argmax(axis=1), lost.shape[1])
    corners: Floats = paths[np.arange(RAYS), np.maximum(first - 1, 0)]
    return corners
