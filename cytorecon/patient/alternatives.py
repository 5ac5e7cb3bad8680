"""Other hyperparameters and curves of the cohort that its counts leave possible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cytorecon.patient.fit import Fit
from cytorecon.patient.gaussian import solve
from cytorecon.patient.kernel import Kernel
from cytorecon.patient.model import RecoveryModel


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


def _fit(model: RecoveryModel, kernel: Kernel, rng: np.random.Generator) -> Fit:
    sites, batch = model.fit.sites, model.batch
    found = solve(kernel, batch, sites.values, sites.variances)
    curve = rng.multivariate_normal(found.curve, found.curve_covariance, method="eigh")
    pull = np.einsum("pvw,pw->pv", found.inverse, sites.values - batch.basis @ curve)
    known = replace(found, curve=curve, pull=pull, curve_covariance=np.zeros_like(found.curve_covariance))
    return replace(model.fit, kernel=kernel, found=known)
