"""Groups of curves of the same shape, and whether they would be found again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from cytorecon.errors import CytoreconError
from cytorecon.statistics.checked import Places

#: Patients that each cluster needs on average; below twice this there is nothing to find.
PATIENTS_PER_CLUSTER: Final = 10
#: A cluster that is found again with less than this Jaccard similarity is not a finding (Hennig 2007).
STABLE: Final = 0.75

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Clusters:
    """Clusters of curves.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        From 0, in the order of the mean level of their centres.
    centres : ndarray, shape (clusters, days)
        Mean curves.
    silhouette : float
        From -1 to 1: how much nearer patients are to their own cluster than to the next.
    stability : ndarray, shape (clusters,)
        Mean Jaccard similarity of each cluster with the one found most like it in resamples.
    """

    labels: Places
    centres: Matrix
    silhouette: float
    stability: Matrix


def trajectory_clusters(curves: npt.ArrayLike, *, seed: int, most: int = 5, resamples: int = 50) -> Clusters:
    r"""Return clusters of curves, as many as the mean silhouette prefers.

    Parameters
    ----------
    curves : array-like, shape (n, days)
        One curve per patient on the same days, e.g. log10 of cells/µL; no missing values.
    seed : int
        For starts and resamples.
    most : int
        Most clusters to look for; fewer where there are not 10 patients for each.
    resamples : int
        Bootstrap samples for the stability.

    Raises
    ------
    CytoreconError
        With fewer than 20 patients, or missing values.

    Notes
    -----
    k-means of the curves (scikit-learn, 10 starts), k by the largest mean silhouette (Rousseeuw 1987, J
    Comput Appl Math 20:53-65). Stability: each bootstrap sample is clustered anew, and every cluster is
    compared with its most similar one, :math:`|A \cap B| / |A \cup B|` over the patients drawn (Hennig 2007,
    Comput Stat Data Anal 52:258-271). Below 0.75 a cluster is not to be taken for a finding: k-means always
    finds clusters.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> low, high = random.normal(1, 0.1, (15, 4)), random.normal(3, 0.1, (15, 4))
    >>> found = trajectory_clusters(np.vstack([low, high]), seed=1, resamples=5)
    >>> np.bincount(found.labels), found.stability.round(2)
    (array([15, 15]), array([1., 1.]))
    """
    matrix = _checked(curves)
    limit = min(most, len(matrix) // PATIENTS_PER_CLUSTER)
    tried = [
        (_silhouette(matrix, labels), labels)
        for k in range(2, limit + 1)
        for labels in [_k_means(matrix, k, seed)]
    ]
    silhouette, labels = max(tried, key=lambda item: item[0])
    labels = _ordered(matrix, labels)
    k = int(labels.max()) + 1
    centres = np.array([matrix[labels == one].mean(axis=0) for one in range(k)])
    return Clusters(labels, centres, silhouette, _stability(matrix, labels, k, seed, resamples))


def _checked(curves: npt.ArrayLike) -> Matrix:
    matrix = np.asarray(curves, dtype=np.float64)
    least = 2 * PATIENTS_PER_CLUSTER
    if matrix.ndim != 2 or len(matrix) < least:
        raise CytoreconError(
            "There are too few patients to look for clusters.",
            subject="curves",
            found=str(len(matrix)),
            allowed=f"{least} or more, {PATIENTS_PER_CLUSTER} for each cluster",
        )
    if not np.isfinite(matrix).all():
        raise CytoreconError(
            "A curve has a gap.", subject="curves", hint="Leave that patient out, and say so."
        )
    return matrix


def _k_means(matrix: Matrix, k: int, seed: int) -> Places:
    return np.asarray(KMeans(k, n_init=10, random_state=seed).fit_predict(matrix), dtype=np.intp)


def _silhouette(matrix: Matrix, labels: Places) -> float:
    return float(silhouette_score(matrix, labels)) if len(np.unique(labels)) > 1 else -1.0


def _ordered(matrix: Matrix, labels: Places) -> Places:
    names = np.unique(labels)
    order = np.argsort([matrix[labels == name].mean() for name in names])
    place = np.empty(len(names), dtype=np.intp)
    place[order] = np.arange(len(names))
    return np.asarray(place[np.searchsorted(names, labels)], dtype=np.intp)


def _stability(matrix: Matrix, labels: Places, k: int, seed: int, resamples: int) -> Matrix:
    random = np.random.default_rng(seed)
    found: list[list[float]] = [[] for _ in range(k)]
    for turn in range(resamples):
        drawn = np.unique(random.integers(len(matrix), size=len(matrix)))
        again = _k_means(matrix[drawn], k, seed + turn + 1)
        for one in range(k):
            own = labels[drawn] == one
            if own.any():
                found[one].append(max(_jaccard(own, again == other) for other in range(k)))
    return np.array([np.mean(values) if values else np.nan for values in found])


def _jaccard(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())
