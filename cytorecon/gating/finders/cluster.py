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
from scipy.stats import chi2
from sklearn.mixture import GaussianMixture

from cytorecon.gating.estimates import ClusterEstimate
from cytorecon.gating.kernels import Floats

NEIGHBOURS = 4
#: Events used to fit the neighbours; more change nothing and cost time.
FIT_EVENTS = 5000
RAYS = 72
ROUNDS = 25
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
    points: Floats, starts: Sequence[ClusterEstimate], coverage: float, *, seed: int = 0
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
    seed : int
        Of the neighbours' start.

    Returns
    -------
    ndarray of shape (RAYS, 2)
        Corners of the polygon.
    """
    step = max(1, len(points) // FIT_EVENTS)
    sparse = points[::step]
    clouds = [Gaussian(0.3, np.array(start.mean), np.array(start.covariance)) for start in starts]
    others = _neighbours(sparse, clouds, seed)
    for _ in range(ROUNDS):
        parts = np.stack([part.density(sparse) for part in (*clouds, *others)])
        share = parts / np.maximum(parts.sum(axis=0), 1e-300)
        clouds = [
            replace(cloud, weight=max(float(row.mean()), 1e-6))
            for cloud, row in zip(clouds, share, strict=False)
        ]
        others = [_update(sparse, row) for row in share[len(clouds) :] if row.sum() > 5]
    return _polygon(clouds, others, float(chi2.ppf(coverage, 2)))


def apart(one: ClusterEstimate, other: ClusterEstimate) -> float:
    """Return the distance of two clouds' centres in standard deviations of both together."""
    away = np.array(one.mean) - np.array(other.mean)
    both = np.array(one.covariance) + np.array(other.covariance)
    return float(np.sqrt(away @ np.linalg.inv(both) @ away))


def _neighbours(points: Floats, clouds: Sequence[Gaussian], seed: int) -> list[Gaussian]:
    rest = points[np.minimum.reduce([cloud.distance(points) for cloud in clouds]) > TRIMMED]
    if len(rest) < 50 * NEIGHBOURS:
        return []
    mixture = GaussianMixture(
        NEIGHBOURS, random_state=seed, reg_covar=1e-5, max_iter=60, tol=1e-3, init_params="k-means++"
    ).fit(rest)
    share = len(rest) / len(points)
    return [
        Gaussian(float(weight) * share, mean, covariance)
        for weight, mean, covariance in zip(
            mixture.weights_, mixture.means_, mixture.covariances_, strict=True
        )
    ]


def _update(points: Floats, share: Floats) -> Gaussian:
    """M step of one neighbour."""
    n = float(share.sum())
    mean = share @ points / n
    away = points - mean
    covariance = (share[:, None] * away).T @ away / n + 1e-5 * np.eye(2)
    return Gaussian(n / len(points), mean, covariance)


def _polygon(clouds: Sequence[Gaussian], others: Sequence[Gaussian], reach: float) -> Floats:
    """Walk out from the centre along rays until a neighbour is likelier or the ellipses end."""
    total = sum(cloud.weight for cloud in clouds)
    centre = sum((cloud.weight / total * cloud.mean for cloud in clouds), np.zeros(2))
    spread = np.max([np.linalg.cholesky(cloud.covariance).diagonal() for cloud in clouds], axis=0)
    turn = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
    directions = np.stack([np.cos(turn), np.sin(turn)], axis=1) * spread
    radii = np.linspace(0, 3 * np.sqrt(reach), 240)[1:]
    corners = []
    for direction in directions:
        path = centre + radii[:, None] * direction
        own = sum((cloud.density(path) for cloud in clouds), np.zeros(len(path)))
        rival = sum((other.density(path) for other in others), np.zeros(len(path)))
        near = np.minimum.reduce([cloud.distance(path) for cloud in clouds]) <= reach
        lost = np.flatnonzero(~near | (rival > own))
        corners.append(path[max(int(lost[0]) - 1, 0)] if lost.size else path[-1])
    return np.array(corners)
