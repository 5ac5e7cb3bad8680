"""A map of patients: principal components of z-scores, where not everything was measured of everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from cytorecon.errors import CytoreconError

#: Least share of values that a column needs among the patients, and a patient among the columns.
LEAST_SHARE: Final = 0.5
LEAST_PATIENTS: Final = 10
_STEPS: Final = 500

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CohortMap:
    """Patients on two axes.

    Parameters
    ----------
    patients : ndarray of int, shape (shown,)
        Rows of the input that are shown; the others have too few values.
    columns : ndarray of int, shape (used,)
        Columns of the input that are used.
    positions : ndarray, shape (shown, 2)
        Position of each.
    loadings : ndarray, shape (used, 2)
        Weight of each column on the axes.
    explained : ndarray, shape (2,)
        Share of the variance on each axis.
    known : ndarray, shape (shown,)
        Share of the values of a patient that were measured.
    """

    patients: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    positions: Matrix
    loadings: Matrix
    explained: Matrix
    known: Matrix


def cohort_embedding(scores: npt.ArrayLike) -> CohortMap:
    """Return the first two principal components.

    Parameters
    ----------
    scores : array-like, shape (patients, columns)
        z-scores; NaN where not measured.

    Raises
    ------
    CytoreconError
        If fewer than 10 patients or 2 columns have values enough.

    Notes
    -----
    Columns with values of less than half of the patients are left out, then patients with values in less than
    half of the columns. The values still missing are estimated by the two components themselves, again and
    again until they stay (iterative PCA: Kiers 1997, Psychometrika 62:251-266): a patient lies where the
    values that were measured put him, and `known` says how many those are. Each axis points so that its
    largest loading is positive.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> line = random.normal(size=(20, 1)) @ np.array([[1.0, 2.0, -1.0]])
    >>> cohort_embedding(line).explained.round(3)
    array([1., 0.])
    """
    matrix = np.asarray(scores, dtype=np.float64)
    measured = ~np.isnan(matrix)
    columns = np.flatnonzero(measured.mean(axis=0) >= LEAST_SHARE) if len(matrix) else np.zeros(0, np.intp)
    patients = np.flatnonzero(measured[:, columns].mean(axis=1) >= LEAST_SHARE) if len(columns) else columns
    if len(patients) < LEAST_PATIENTS or len(columns) < 2:
        raise CytoreconError(
            "There are too few patients or columns for a map.",
            subject="scores",
            found=f"{len(patients)} patients, {len(columns)} columns with values enough",
            allowed=f"{LEAST_PATIENTS} patients, 2 columns",
        )
    own = matrix[np.ix_(patients, columns)]
    filled = _filled(own)
    centred = filled - filled.mean(axis=0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    total = float((sizes**2).sum())
    signs = np.sign(right[[0, 1], np.abs(right[:2]).argmax(axis=1)])
    return CohortMap(
        patients,
        columns,
        left[:, :2] * sizes[:2] * signs,
        (right[:2] * signs[:, None]).T,
        sizes[:2] ** 2 / total if total else np.zeros(2),
        (~np.isnan(own)).mean(axis=1),
    )


def _filled(own: Matrix) -> Matrix:
    missing = np.isnan(own)
    filled = np.where(missing, np.nanmean(own, axis=0), own)
    for _ in range(_STEPS):
        middle = filled.mean(axis=0)
        left, sizes, right = np.linalg.svd(filled - middle, full_matrices=False)
        estimate = (left[:, :2] * sizes[:2]) @ right[:2] + middle
        change = float(np.abs(np.where(missing, estimate - filled, 0.0)).max(initial=0.0))
        filled = np.where(missing, estimate, filled)
        if change < 1e-6:
            break
    return np.asarray(filled, dtype=np.float64)
