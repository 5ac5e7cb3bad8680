"""Covariance of log counts: a curve of the cohort, and each patient's distance from it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from cytorecon.knowledge.patient_model import KernelPriors

Array = npt.NDArray[np.float64]

#: Added to the diagonal of the curve's covariance, as a share of its variance: keeps it invertible.
_JITTER: Final = 1e-8


@dataclass(frozen=True, slots=True)
class Kernel:
    """Hyperparameters: sds in natural log, lengths in log days.

    Parameters
    ----------
    curve_sd, curve_length : float
        Of the cohort's curve about its level: Matérn 5/2.
    patient_sd : float
        Of a patient's distance from the curve that lasts.
    change_sd, change_length : float
        Of the part of that distance that changes with time: Matérn 3/2.
    visit_sd : float
        From visit to visit beyond counting.
    """

    curve_sd: float
    curve_length: float
    patient_sd: float
    change_sd: float
    change_length: float
    visit_sd: float

    @classmethod
    def of_logs(cls, logs: Array) -> Kernel:
        """Return the kernel whose hyperparameters have these logarithms, in the order of the fields."""
        return cls(*np.exp(logs).tolist())

    @property
    def logs(self) -> Array:
        """Logarithms of the hyperparameters, in the order of the fields."""
        return np.log([getattr(self, field.name) for field in fields(self)])


def prior_of(priors: KernelPriors) -> tuple[Array, Array]:
    """Return mean and sd of the logarithms of the hyperparameters."""
    own = [getattr(priors, field.name) for field in fields(Kernel)]
    return np.log([prior.value for prior in own]), np.log([prior.factor for prior in own])


def curve_covariance(kernel: Kernel, knots: Array, level_sd: float) -> Array:
    """Return the covariance of the cohort's curve at its knots, shape (knots, knots)."""
    scaled = _distance(knots, knots) * np.sqrt(5) / kernel.curve_length
    matern = (1 + scaled + scaled**2 / 3) * np.exp(-scaled)
    covariance: Array = level_sd**2 + kernel.curve_sd**2 * (matern + _JITTER * np.eye(len(knots)))
    return covariance


def curve_gradients(kernel: Kernel, knots: Array) -> tuple[Array, Array]:
    """Return the derivatives of :func:`curve_covariance` by log `curve_sd` and log `curve_length`."""
    scaled = _distance(knots, knots) * np.sqrt(5) / kernel.curve_length
    decay = np.exp(-scaled)
    matern = (1 + scaled + scaled**2 / 3) * decay + _JITTER * np.eye(len(knots))
    variance = kernel.curve_sd**2
    return 2 * variance * matern, variance * scaled**2 * (1 + scaled) / 3 * decay


def patient_covariance(kernel: Kernel, first: Array, second: Array) -> Array:
    """Return the covariance of one patient's distance from the curve between two sets of times.

    Parameters
    ----------
    first, second : ndarray, shape (..., n) and (..., m)
        Log times; leading dimensions are patients.

    Returns
    -------
    ndarray, shape (..., n, m)
        Without the noise of visits.
    """
    scaled = _distance(first, second) * np.sqrt(3) / kernel.change_length
    covariance: Array = kernel.patient_sd**2 + kernel.change_sd**2 * (1 + scaled) * np.exp(-scaled)
    return covariance


def patient_gradients(kernel: Kernel, times: Array) -> tuple[Array, Array, Array]:
    """Return the derivatives by log `patient_sd`, log `change_sd` and log `change_length`."""
    scaled = _distance(times, times) * np.sqrt(3) / kernel.change_length
    decay = kernel.change_sd**2 * np.exp(-scaled)
    lasting = np.full_like(scaled, 2 * kernel.patient_sd**2)
    return lasting, 2 * (1 + scaled) * decay, scaled**2 * decay


def _distance(first: Array, second: Array) -> Array:
    return np.abs(first[..., :, None] - second[..., None, :])
