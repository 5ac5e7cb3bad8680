"""Other hyperparameters and curves of the cohort that its counts leave possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cytorecon.patient.fit import Fit
from cytorecon.patient.gaussian import solve
from cytorecon.patient.kernel import Kernel
from cytorecon.patient.model import Prediction, RecoveryModel


def alternatives(model: RecoveryModel, *, seed: int) -> tuple[Fit, ...]:
    """Return fits drawn from what is not known about the cohort.

    Parameters
    ----------
    model : RecoveryModel
        A fitted pool.
    seed : int
        Same seed, same fits.

    Returns
    -------
    tuple of Fit
        As many as the settings say. Hyperparameters are drawn from their Laplace approximation and the
        cohort's curve from its posterior with them, so the curve of each is certain. Stand-ins for censored
        values are those of `model`.
    """
    rng = np.random.default_rng(seed)
    number = model.settings.alternatives.value
    logs = rng.multivariate_normal(
        model.fit.kernel.logs, model.fit.logs_covariance, size=number, method="eigh"
    )
    return tuple(_fit(model, Kernel.of_logs(each), rng) for each in logs)


def sigma_points(model: RecoveryModel) -> tuple[Fit, ...]:
    """Return fits whose hyperparameters have the mean and covariance of what is known of them.

    Parameters
    ----------
    model : RecoveryModel
        A fitted pool.

    Returns
    -------
    tuple of Fit
        Two for each hyperparameter, all of the same weight (unscented transform, Julier & Uhlmann 1997).
    """
    logs, spread = model.fit.kernel.logs, model.fit.logs_covariance
    values, vectors = np.linalg.eigh(spread)
    steps = (vectors * np.sqrt(np.maximum(values, 0.0) * len(logs))).T
    points = [logs + sign * step for step in steps for sign in (1.0, -1.0)]
    return tuple(_solved(model, Kernel.of_logs(point)) for point in points)


def blended(model: RecoveryModel, patient: str, days: Sequence[int], fits: Sequence[Fit]) -> Prediction:
    """Return the recovery of a patient over several fits: the mean and covariance of their mixture.

    Parameters
    ----------
    model : RecoveryModel
        The pool of the fits.
    patient : str
        Of the pool.
    days : sequence of int
        From day 1.
    fits : sequence of Fit
        Of the same weight.
    """
    found = [model.of_patient(patient, days, fit=fit) for fit in fits]
    means = np.array([each.mean for each in found])
    mean = means.mean(axis=0)
    within = np.mean([each.covariance for each in found], axis=0)
    between = (means - mean).T @ (means - mean) / len(found)
    return Prediction(found[0].days, mean, within + between)


def with_visits(prediction: Prediction, fits: Sequence[Fit]) -> Prediction:
    """Return a blended prediction with the noise of visits."""
    noise = float(np.mean([fit.kernel.visit_sd**2 for fit in fits]))
    return replace(prediction, covariance=prediction.covariance + noise * np.eye(len(prediction.days)))


def _solved(model: RecoveryModel, kernel: Kernel) -> Fit:
    sites = model.fit.sites
    return replace(model.fit, kernel=kernel, found=solve(kernel, model.batch, sites.values, sites.variances))


def _fit(model: RecoveryModel, kernel: Kernel, rng: np.random.Generator) -> Fit:
    sites, batch = model.fit.sites, model.batch
    found = _solved(model, kernel).found
    curve = rng.multivariate_normal(found.curve, found.curve_covariance, method="eigh")
    pull = np.einsum("pvw,pw->pv", found.inverse, sites.values - batch.basis @ curve)
    known = replace(found, curve=curve, pull=pull, curve_covariance=np.zeros_like(found.curve_covariance))
    return replace(model.fit, kernel=kernel, found=known)
