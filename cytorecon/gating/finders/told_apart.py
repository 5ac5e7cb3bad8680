"""Finder: one cloud told from its neighbours on several axes, by a mixture of normal clouds.

Where single thresholds overlap (NK cells and the monocytes that carry CD16 differ a little in CD4, a
little in CD45 and a little in scatter) the axes together tell cells apart. What is known of the cloud
beforehand counts as so many events that were seen; its neighbours, one to three clouds, are fitted freely.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cytorecon.gating.kernels import Floats
from cytorecon.gating.shapes import NormalCloud

#: What is known beforehand counts as so many events for the centre, and for the covariance.
KNOWN_CENTRE, KNOWN_COVARIANCE = 100.0, 300.0
#: Neighbours are one cloud, or up to so many where the events ask for it (BIC, Schwarz 1978, Ann Stat 6:461).
MOST_NEIGHBOURS = 3
#: Squared distance (covariance of the cloud) from which a fitted neighbour is another kind of cell.
ANOTHER_KIND = 30.0
#: Events nearer than this (squared distance) to where the cloud is expected start as its own.
NEAR = 9.2
#: Fewer events than this do not show a neighbour.
LEAST_EVENTS = 15
ROUNDS = 25
#: A round that makes the events less likelier than this (ln) is the last.
SETTLED = 1e-3
#: Keeps a covariance of events that lie on a line invertible (0.003 of the transformed scale, squared).
RIDGE = 1e-5


@dataclass(frozen=True, slots=True)
class Mixture:
    """The cloud and its neighbours as they fit the events best."""

    own: NormalCloud
    others: tuple[NormalCloud, ...]
    likelihood: float


def tell_apart(points: Floats, known: NormalCloud) -> Mixture:
    """Fit a cloud beside its neighbours.

    Parameters
    ----------
    points : ndarray of float64, shape (n, k)
        Events of the cloud and its neighbours.
    known : NormalCloud
        Where the cloud is expected, by cells beside it and by other tubes.

    Returns
    -------
    Mixture
        Of as many neighbours as the events ask for; none where hardly an event lies apart from the cloud.
    """
    near = known.distance(points) < NEAR
    rest = points[~near]
    if len(rest) < LEAST_EVENTS:
        return Mixture(_with_events(known, max(float(len(points)), 0.5)), (), 0.0)
    start = _with_events(known, max(float(np.count_nonzero(near)), 0.5))
    terms = _terms(points)
    first, *others = [_fitted(terms, known, [start, *neighbours]) for neighbours in _starts(rest)]
    sound = [fit for fit in others if min(_distances(fit)) >= ANOTHER_KIND]
    return max((first, *sound), key=lambda fit: _evidence(fit, points))


def _with_events(cloud: NormalCloud, events: float) -> NormalCloud:
    return NormalCloud(events, cloud.mean, cloud.covariance)


def _starts(rest: Floats) -> Iterator[list[NormalCloud]]:
    """Yield one, two and three clouds: the widest is cut across its longest axis each time.

    Unlike random starts these do not depend on the order of the events.
    """
    groups = [rest]
    for count in range(1, MOST_NEIGHBOURS + 1):
        if len(rest) < 30 * count and count > 1:
            return
        if count > 1:
            widest = max(range(len(groups)), key=lambda place: _scatter(groups[place]))
            groups[widest : widest + 1] = _cut(groups[widest])
        if min(map(len, groups)) < LEAST_EVENTS:
            return
        yield [_cloud(group) for group in groups]


def _scatter(group: Floats) -> float:
    return float(len(group) * np.linalg.eigvalsh(np.cov(group.T))[-1])


def _cut(group: Floats) -> list[Floats]:
    axis = np.linalg.eigh(np.cov(group.T))[1][:, -1]
    beyond = (group - group.mean(axis=0)) @ axis > 0
    return [group[~beyond], group[beyond]]


def _cloud(group: Floats) -> NormalCloud:
    covariance = np.cov(group.T) + RIDGE * np.eye(group.shape[1])
    return _normal(float(len(group)), group.mean(axis=0), covariance)


def _normal(events: float, mean: Floats, covariance: Floats) -> NormalCloud:
    return NormalCloud(events, tuple(mean.tolist()), tuple(map(tuple, covariance.tolist())))


def _fitted(terms: Floats, known: NormalCloud, clouds: Sequence[NormalCloud]) -> Mixture:
    """Return the mixture after expectation and maximisation; `clouds` is where it starts, its own first."""
    likelihood = -np.inf
    for _ in range(ROUNDS):
        densities = np.stack([_factors(cloud) for cloud in clouds]) @ terms
        highest = densities.max(axis=0)
        shares = np.exp(densities - highest)
        total = shares.sum(axis=0)
        before, likelihood = likelihood, float((np.log(total) + highest).sum())
        if likelihood - before < SETTLED:
            break
        first, *others = _sums(shares / total, terms, len(known.mean))
        clouds = [_own(first, known), *map(_moved, others, clouds[1:])]
    return Mixture(clouds[0], tuple(clouds[1:]), likelihood)


def _terms(points: Floats) -> Floats:
    """Return 1, every value and every product of two, by row: all that a normal density is made of."""
    rows, columns = np.triu_indices(points.shape[1])
    values = points.T
    return np.vstack([np.ones(len(points)), values, values[rows] * values[columns]])


def _factors(cloud: NormalCloud) -> Floats:
    """Return by what each of the terms counts in ln(events x density)."""
    mean, covariance = np.array(cloud.mean), np.array(cloud.covariance)
    precision = np.linalg.inv(covariance)
    _, log_determinant = np.linalg.slogdet(covariance)
    constant = np.log(cloud.events) - 0.5 * (log_determinant + mean @ precision @ mean)
    products = (0.5 * np.eye(len(mean)) - 1.0) * precision
    return np.concatenate([[constant], precision @ mean, products[np.triu_indices(len(mean))]])


def _sums(shares: Floats, terms: Floats, axes: int) -> list[tuple[float, Floats, Floats]]:
    """Return of each cloud: its events, the sum of their values, and of their products."""
    upper = np.triu_indices(axes)
    sums = []
    for row in shares @ terms.T:
        products = np.zeros((axes, axes))
        products[upper] = row[1 + axes :]
        products.T[upper] = row[1 + axes :]
        sums.append((float(row[0]), row[1 : 1 + axes], products))
    return sums


def _own(sums: tuple[float, Floats, Floats], known: NormalCloud) -> NormalCloud:
    """Return the cloud by its events and by what was known of it (maximum a posteriori)."""
    events, values, products = sums
    mean = (KNOWN_CENTRE * np.array(known.mean) + values) / (KNOWN_CENTRE + events)
    crossed = np.outer(mean, values)
    squares = products - crossed - crossed.T + events * np.outer(mean, mean)
    prior = KNOWN_COVARIANCE * np.array(known.covariance)
    covariance = (prior + squares) / (KNOWN_COVARIANCE + events) + RIDGE * np.eye(len(mean))
    return _normal(max(events, 0.3), mean, covariance)


def _moved(sums: tuple[float, Floats, Floats], cloud: NormalCloud) -> NormalCloud:
    events, values, products = sums
    if events < 10:
        return _with_events(cloud, max(events, 0.3))
    mean = values / events
    covariance = products / events - np.outer(mean, mean) + RIDGE * np.eye(len(mean))
    return _normal(events, mean, covariance)


def _distances(fit: Mixture) -> list[float]:
    """Return the squared distance of each neighbour's centre from the cloud."""
    return [float(fit.own.distance(np.array([other.mean]))[0]) for other in fit.others]


def _evidence(fit: Mixture, points: Floats) -> float:
    events, axes = points.shape
    parameters = len(fit.others) * (1 + axes + axes * (axes + 1) / 2)
    return float(fit.likelihood - 0.5 * parameters * np.log(events))
