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

Inside = npt.NDArray[np.bool_]

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

    def distance(self, points: Floats) -> Floats:
        """Return squared Mahalanobis distances of `points`, shape (n,)."""
        away = points - self.mean
        squared: Floats = ((away @ np.linalg.inv(self.covariance)) * away).sum(axis=1)
        return squared

    def density(self, points: Floats) -> Floats:
        """Return weight x normal density at `points`, shape (n,)."""
        scale = self.weight / (2 * np.pi * np.sqrt(np.linalg.det(self.covariance)))
        density: Floats = scale * np.exp(-0.5 * self.distance(points))
        return density


def cloud_of(points: Floats) -> ClusterEstimate:
    """Return centre and covariance of `points`, trimmed of outliers in a few rounds."""
    mean = np.median(points, axis=0)
    spread = 1.4826 * np.median(np.abs(points - mean), axis=0)
    covariance = np.diag(np.maximum(spread, 1e-3) ** 2)
    inside = np.ones(len(points), dtype=bool)
    for _ in range(6):
        away = points - mean
        inside = np.einsum("ij,jk,ik->i", away, np.linalg.inv(covariance), away) < TRIMMED
        if inside.sum() < 10:
            break
        mean = points[inside].mean(axis=0)
        # Trimming at 97.5 % shrinks a normal covariance by this factor.
        covariance = np.cov(points[inside].T) / 0.906 + 1e-6 * np.eye(2)
    return _estimate(mean, covariance, float(inside.sum()))


def _estimate(mean: Floats, covariance: Floats, events: float) -> ClusterEstimate:
    (a, b), (c, d) = covariance.tolist()
    return ClusterEstimate((float(mean[0]), float(mean[1])), ((a, b), (c, d)), events)


def fit_clouds(
    points: Floats,
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
        Events of the parent on both axes.
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
    for _ in range(ROUNDS):
        parts = np.stack([part.density(plane) for part in (*clouds, *others)])
        share = parts * (events / np.maximum(parts.sum(axis=0), 1e-300))
        held = share[: len(clouds)].sum(axis=1) / events.sum()
        clouds = [replace(cloud, weight=max(float(w), 1e-6)) for cloud, w in zip(clouds, held, strict=True)]
        others = [_update(plane, row, events.sum()) for row in share[len(clouds) :] if row.sum() > 5]
        others = _outside(others, clouds)
    return _polygon(clouds, others, reach)


def _outside(others: list[Gaussian], clouds: Sequence[Gaussian]) -> list[Gaussian]:
    """Return the neighbours that have not crept into a cloud: one that has would swallow lymphocytes."""
    if not others:
        return others
    centres = np.array([other.mean for other in others])
    nearest = np.minimum.reduce([cloud.distance(centres) for cloud in clouds])
    return [other for other, squared in zip(others, nearest, strict=True) if squared >= TRIMMED]


def _counted(points: Floats) -> tuple[Floats, Floats]:
    """Return the centres of a grid's bins that hold events, shape (k, 2), and how many they hold."""
    low, high = np.quantile(points, [0.0005, 0.9995], axis=0)
    inside = points[((points >= low) & (points <= high)).all(axis=1)]
    counts, *edges = np.histogram2d(inside[:, 0], inside[:, 1], bins=BINS)
    centres = [(edge[1:] + edge[:-1]) / 2 for edge in edges]
    rows, columns = np.nonzero(counts)
    return np.stack([centres[0][rows], centres[1][columns]], axis=1), counts[rows, columns]


def apart(one: ClusterEstimate, other: ClusterEstimate) -> float:
    """Return the distance of two clouds' centres in standard deviations of both together."""
    away = np.array(one.mean) - np.array(other.mean)
    both = np.array(one.covariance) + np.array(other.covariance)
    return float(np.sqrt(away @ np.linalg.inv(both) @ away))


def beside(points: Floats, clouds: Sequence[ClusterEstimate], deviations: float) -> Inside:
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
    belongs = [np.where(nearest == number, weights, 0.0) for number in range(NEIGHBOURS)]
    return [_update(rest, row, events.sum()) for row in belongs if row.sum() > 5]


def _update(plane: Floats, share: Floats, total: float) -> Gaussian:
    """M step of one neighbour."""
    n = float(share.sum())
    mean = share @ plane / n
    away = plane - mean
    covariance = (share[:, None] * away).T @ away / n + 1e-5 * np.eye(2)
    return Gaussian(n / total, mean, covariance)


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
