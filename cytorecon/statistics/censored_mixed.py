"""A mixed model of log counts of which some are only known to lie below a limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import log_ndtr, logsumexp

from cytorecon.errors import CytoreconError
from cytorecon.statistics.checked import Flags, Numbers
from cytorecon.statistics.gauss_hermite import normal_nodes

Matrix = npt.NDArray[np.float64]
#: Nodes of the quadrature per random effect.
NODES: Final = 15
_STEP: Final = 1e-4
#: ln of the least and largest standard deviation: values on a line would have a likelihood without end.
_LOG_SD: Final = (-9.0, 9.0)


@dataclass(frozen=True, slots=True)
class MixedModel:
    """A fitted mixed model.

    Parameters
    ----------
    fixed : ndarray, shape (columns,)
        Fixed effects.
    standard_errors : ndarray, shape (columns,)
        From the curvature of the log-likelihood.
    random_covariance : ndarray, shape (effects, effects)
        Covariance of the random effects between patients.
    residual_sd : float
        Standard deviation within a patient.
    log_likelihood : float
        At the maximum.
    patients, values, censored : int
        How many.
    """

    fixed: Numbers
    standard_errors: Numbers
    random_covariance: Matrix
    residual_sd: float
    log_likelihood: float
    patients: int
    values: int
    censored: int


@dataclass(frozen=True, slots=True)
class _Data:
    """Values of patients side by side, padded to the longest: shape (patients, visits, ...)."""

    y: Matrix
    x: Matrix
    z: Matrix
    seen: Flags
    hidden: Flags


def fit_censored_mixed(
    values: npt.ArrayLike,
    below: npt.ArrayLike,
    patients: npt.ArrayLike,
    fixed: npt.ArrayLike,
    random: npt.ArrayLike,
    *,
    nodes: int = NODES,
) -> MixedModel:
    r"""Fit a mixed model by maximum likelihood.

    Parameters
    ----------
    values : array-like, shape (n,)
        Log counts; the log of the limit for one below it.
    below : array-like of bool, shape (n,)
        Whether the count lies below its limit.
    patients : array-like, shape (n,)
        Whose it is.
    fixed : array-like, shape (n, columns)
        Design of the fixed effects, intercept included.
    random : array-like, shape (n, 1 or 2)
        Design of the random effects: a column of ones, and the clock for a slope.
    nodes : int
        Nodes of the quadrature per random effect.

    Returns
    -------
    MixedModel

    Raises
    ------
    CytoreconError
        If shapes differ, there are fewer than three patients or more than two random effects, the fixed
        effects cannot be told apart, or the maximum is not found.

    Notes
    -----
    :math:`y_{ij} = x_{ij} \beta + z_{ij} b_i + \varepsilon_{ij}`, :math:`b_i \sim N(0, D)`,
    :math:`\varepsilon \sim N(0, \sigma^2)`; a hidden value contributes :math:`\Phi((c - x \beta - z b) /
    \sigma)` (Hughes 1999, Biometrics 55:625-629; Vaida & Liu 2009, J Comput Graph Stat 18:797-817). Given the
    measured values of a patient b is normal with known mean and covariance, so these are integrated exactly
    and the hidden ones by Gauss-Hermite quadrature around that mean. Without hidden values it is the usual
    model by maximum likelihood. It assumes that visits do not depend on the counts beyond what the measured
    ones show, and normal logarithms.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> who, day = np.repeat(np.arange(40), 6), np.tile(np.linspace(-1, 1, 6), 40)
    >>> y = 2 + 0.5 * day + random.normal(0, 0.4, 40)[who] + random.normal(0, 0.2, 240)
    >>> ones = np.ones((240, 1))
    >>> design = np.column_stack([ones, day])
    >>> fit_censored_mixed(np.maximum(y, 1.7), y < 1.7, who, design, ones).fixed.round(1)
    array([2. , 0.5])
    """
    data = _padded(values, below, patients, fixed, random)
    points, weights = normal_nodes(data.z.shape[2], nodes)
    start = _start(data)
    scale = max(float(data.seen.sum() + data.hidden.sum()), 1.0)

    def loss(parameters: Numbers) -> float:
        return -_log_likelihood(parameters, data, points, np.log(weights)) / scale

    found = minimize(loss, start, method="BFGS", options={"gtol": 1e-6, "maxiter": 500})
    # Finite differences stop short of `gtol` by rounding; a further start from there shows whether it is
    # over.
    again = minimize(
        loss, found.x, method="Nelder-Mead", options={"maxiter": 200, "xatol": 1e-8, "fatol": 1e-12}
    )
    if found.fun - again.fun > 1e-6:
        found = minimize(loss, again.x, method="BFGS", options={"gtol": 1e-6, "maxiter": 500})
    best = found.x if found.fun <= again.fun else again.x
    if not np.isfinite(found.fun):
        raise CytoreconError("The maximum of the likelihood was not found.", subject="fit_censored_mixed")
    columns = data.x.shape[2]
    covariance = np.linalg.pinv(_curvature(loss, best) * scale)
    factor, residual = _parts(best[columns:], data.z.shape[2])
    return MixedModel(
        best[:columns],
        np.sqrt(np.maximum(np.diag(covariance)[:columns], 0.0)),
        factor @ factor.T,
        residual,
        -float(loss(best)) * scale,
        len(data.y),
        int(scale),
        int(data.hidden.sum()),
    )


def _padded(
    values: npt.ArrayLike,
    below: npt.ArrayLike,
    patients: npt.ArrayLike,
    fixed: npt.ArrayLike,
    random: npt.ArrayLike,
) -> _Data:
    y, hidden = np.asarray(values, dtype=np.float64), np.asarray(below, dtype=np.bool_)
    x, z = np.asarray(fixed, dtype=np.float64), np.asarray(random, dtype=np.float64)
    _, who = np.unique(np.asarray(patients), return_inverse=True)
    shapes = {y.shape, hidden.shape, who.shape, x.shape[:1], z.shape[:1]}
    if len(shapes) != 1 or x.ndim != 2 or z.ndim != 2 or not 1 <= z.shape[1] <= 2:
        raise CytoreconError(
            "The shapes do not fit.",
            subject="fit_censored_mixed",
            found=f"values {y.shape}, fixed {x.shape}, random {z.shape}",
            allowed="(n,), (n, columns), (n, 1 or 2)",
        )
    if len(y) == 0 or who.max() < 2 or np.linalg.matrix_rank(x) < x.shape[1]:
        raise CytoreconError(
            "The fixed effects cannot be told apart, or there are fewer than three patients.",
            subject="fit_censored_mixed",
            found=f"{len(set(who.tolist()))} patients, {x.shape[1]} fixed effects",
        )
    order = np.argsort(who, kind="stable")
    counts = np.bincount(who)
    place = np.arange(len(y)) - np.repeat(np.cumsum(counts) - counts, counts)
    size = (len(counts), int(counts.max()))
    rows = (who[order], place)
    given = np.zeros(size, dtype=np.bool_)
    given[rows] = True
    padded = [np.zeros((*size, *array.shape[1:])) for array in (y, x, z, hidden)]
    for target, array in zip(padded, (y, x, z, hidden), strict=True):
        target[rows] = array[order]
    veiled = padded[3].astype(np.bool_)
    return _Data(padded[0], padded[1], padded[2], given & ~veiled, given & veiled)


def _start(data: _Data) -> Numbers:
    given = data.seen | data.hidden
    beta, *_ = np.linalg.lstsq(data.x[given], data.y[given], rcond=None)
    spread = float(np.std(data.y[given] - data.x[given] @ beta)) or 1.0
    effects = data.z.shape[2]
    logs = np.full(effects, np.log(spread * 0.7))
    return np.concatenate([beta, logs, np.zeros(effects * (effects - 1) // 2), [np.log(spread * 0.7)]])


def _parts(parameters: Numbers, effects: int) -> tuple[Matrix, float]:
    """Return the Cholesky factor of the covariance of the random effects, and the residual SD."""
    factor = np.diag(np.exp(np.clip(parameters[:effects], *_LOG_SD)))
    factor[np.tril_indices(effects, -1)] = parameters[effects:-1]
    return factor, float(np.exp(np.clip(parameters[-1], *_LOG_SD)))


def _log_likelihood(parameters: Numbers, data: _Data, points: Matrix, log_weights: Numbers) -> float:
    columns, effects = data.x.shape[2], data.z.shape[2]
    factor, sd = _parts(parameters[columns:], effects)
    mean = data.x @ parameters[:columns]
    # Effects in units of the factor, u ~ N(0, 1), so that a variance of 0 is no singularity.
    design = data.z @ factor
    seen = design * data.seen[..., None]
    residual = np.where(data.seen, data.y - mean, 0.0)
    precision = np.eye(effects) + np.einsum("pvi,pvj->pij", seen, seen) / sd**2
    score = np.einsum("pvi,pv->pi", seen, residual) / sd**2
    centre = np.linalg.solve(precision, score[..., None])[..., 0]
    measured = (
        -0.5 * data.seen.sum(axis=1) * np.log(2 * np.pi * sd**2)
        - 0.5 * (residual**2).sum(axis=1) / sd**2
        + 0.5 * (score * centre).sum(axis=1)
        - 0.5 * np.linalg.slogdet(precision)[1]
    )
    some = data.hidden.any(axis=1)
    if some.any():
        root = np.linalg.cholesky(np.linalg.inv(precision[some]))
        effect = centre[some][:, None, :] + np.einsum("pij,qj->pqi", root, points)
        z_score = (data.y - mean)[some][:, None, :] - np.einsum("pvi,pqi->pqv", design[some], effect)
        log_chance = np.where(data.hidden[some][:, None, :], log_ndtr(z_score / sd), 0.0).sum(axis=2)
        measured[some] += logsumexp(log_chance + log_weights, axis=1)
    return float(measured.sum())


def _curvature(loss: Callable[[Numbers], float], best: Numbers) -> Matrix:
    size = len(best)
    steps = np.eye(size) * _STEP
    here = np.empty((size, size))
    for i in range(size):
        for j in range(i + 1):
            plus = loss(best + steps[i] + steps[j]) + loss(best - steps[i] - steps[j])
            minus = loss(best + steps[i] - steps[j]) + loss(best - steps[i] + steps[j])
            here[i, j] = here[j, i] = (plus - minus) / (4 * _STEP**2)
    return here
