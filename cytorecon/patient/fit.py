"""Hyperparameters of a pool of patients by penalised marginal likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy

from cytorecon.knowledge.patient_model import PatientModelSettings
from cytorecon.patient.censoring import Sites, first_sites, propagate
from cytorecon.patient.gaussian import Batch, Solution, every_nth, evidence_gradient, solve
from cytorecon.patient.kernel import Array, Kernel, prior_of

#: Rounds of (values below limits, hyperparameters); each holds the other still.
_ROUNDS: Final = 25
_SETTLED: Final = 2e-3
#: Hyperparameters stay within so many sds of their prior: beyond, matrices cannot be inverted.
_FURTHEST: Final = 5.0
#: Step of the second derivative by central differences of the gradient, log.
_STEP: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Fit:
    """Kernel, stand-ins for censored values and joint posterior of a pool.

    Parameters
    ----------
    kernel : Kernel
        At the highest penalised marginal likelihood.
    sites : Sites
        Values as Gaussians, see :mod:`cytorecon.patient.censoring`.
    found : Solution
        With `kernel` and `sites`.
    logs_covariance : ndarray, shape (6, 6)
        Of the logarithms of the hyperparameters: inverse of minus the second derivative (Laplace).
    """

    kernel: Kernel
    sites: Sites
    found: Solution
    logs_covariance: Array


def fit_kernel(batch: Batch, settings: PatientModelSettings) -> Fit:
    """Return the hyperparameters and the posterior of a pool.

    Parameters
    ----------
    batch : Batch
        Values of the pool.
    settings : PatientModelSettings
        For the priors.

    Notes
    -----
    Where the sites have settled, the gradient of the marginal likelihood with the sites held
    still is that of the approximate marginal likelihood itself (Rasmussen & Williams 2006, section 5.5.2),
    so what alternation settles at is a maximum of it.

    Raises
    ------
    CytoreconError
        If values below limits do not settle.
    """
    mean, sd = prior_of(settings.priors)
    part = every_nth(batch, settings.patients_for_kernel.value)
    logs, sites = mean, first_sites(part)
    for _ in range(_ROUNDS):
        sites, _ = propagate(Kernel.of_logs(logs), part, sites)
        best = _best(part, sites, logs, mean, sd)
        moved = float(np.abs(best - logs).max())
        logs = best
        if moved < _SETTLED or not part.censored.any():
            break
    kernel = Kernel.of_logs(logs)
    spread = _laplace(part, propagate(kernel, part, sites)[0], logs, mean, sd)
    sites, found = propagate(kernel, batch, first_sites(batch))
    return Fit(kernel, sites, found, spread)


def _best(batch: Batch, sites: Sites, start: Array, mean: Array, sd: Array) -> Array:
    bounds = list(zip(mean - _FURTHEST * sd, mean + _FURTHEST * sd, strict=True))
    result = scipy.optimize.minimize(
        _objective, start, args=(batch, sites, mean, sd), jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 60, "ftol": 1e-9},
    )  # fmt: skip
    return np.asarray(result.x, dtype=np.float64)


def _objective(logs: Array, batch: Batch, sites: Sites, mean: Array, sd: Array) -> tuple[float, Array]:
    kernel = Kernel.of_logs(logs)
    found = solve(kernel, batch, sites.values, sites.variances)
    away = (logs - mean) / sd
    value = found.evidence - 0.5 * float(away @ away)
    return -value, -(evidence_gradient(kernel, batch, found) - away / sd)


def _laplace(batch: Batch, sites: Sites, logs: Array, mean: Array, sd: Array) -> Array:
    """Return the covariance of the log hyperparameters, never wider than their prior in any direction."""
    steps = np.eye(len(logs)) * _STEP
    rows = [
        _objective(logs + step, batch, sites, mean, sd)[1]
        - _objective(logs - step, batch, sites, mean, sd)[1]
        for step in steps
    ]
    curvature = np.array(rows) / (2 * _STEP)
    # in units of the prior's sd the prior alone has a curvature of 1
    scaled = (curvature + curvature.T) / 2 * np.outer(sd, sd)
    values, vectors = np.linalg.eigh(scaled)
    return np.asarray((vectors / np.maximum(values, 1.0)) @ vectors.T * np.outer(sd, sd))
