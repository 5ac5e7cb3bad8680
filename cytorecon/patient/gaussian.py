"""A cohort's log counts as one Gaussian process, solved patient by patient.

With ``y`` the log counts of patient ``i``, ``B`` the values of spline functions at the days and ``u`` the
cohort's curve at its knots, ``y = B u + d + e``: ``u`` has the covariance ``S``, and the patient's distance
``d`` with the noise ``e`` has ``C``. Patients share ``u`` only, so the joint solution needs one small
inversion per patient and one of the size of ``S`` (Woodbury; Rasmussen & Williams 2006, section 2.7): the
effort grows with patients x visits**3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy

from cytorecon.patient.kernel import (
    Array,
    Kernel,
    curve_covariance,
    curve_gradients,
    patient_covariance,
    patient_gradients,
)

Truth = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Batch:
    """The values of all patients of a pool, padded to the most visits.

    Parameters
    ----------
    times, values, variances : ndarray, shape (patients, visits)
        Log time; log count, or the log of what it is known to lie below; variance of counting.
    censored, present : ndarray of bool, shape (patients, visits)
        Whether only an upper limit is known; False of `present` is padding.
    basis : ndarray, shape (patients, visits, knots)
        Spline functions at the times.
    knots : ndarray, shape (knots,)
        Log times at which the cohort's curve is a parameter.
    level_sd : float
        Of the level of that curve.
    """

    times: Array
    values: Array
    variances: Array
    censored: Truth
    present: Truth
    basis: Array
    knots: Array
    level_sd: float


@dataclass(frozen=True, slots=True)
class Solution:
    """The joint posterior, given Gaussian values.

    Parameters
    ----------
    curve, curve_covariance : ndarray, shape (knots,) and (knots, knots)
        The cohort's curve at its knots.
    information : ndarray, shape (knots, knots)
        Inverse of `curve_covariance`.
    weighted : ndarray, shape (knots,)
        `information` times `curve`.
    inverse : ndarray, shape (patients, visits, visits)
        Inverse of each patient's covariance with noise.
    pull : ndarray, shape (patients, visits)
        `inverse` times the distance of the values from the cohort's curve.
    evidence : float
        Log marginal likelihood.
    """

    curve: Array
    curve_covariance: Array
    information: Array
    weighted: Array
    inverse: Array
    pull: Array
    evidence: float


def spline_basis(knots: Array, times: Array) -> Array:
    """Return the natural cubic splines that are 1 at one knot and 0 at the others, shape (*times, knots).

    Examples
    --------
    >>> spline_basis(np.array([0.0, 1.0, 2.0]), np.array([1.0])).tolist()
    [[0.0, 1.0, 0.0]]
    """
    return np.asarray(scipy.interpolate.CubicSpline(knots, np.eye(len(knots)), bc_type="natural")(times))


def batch_of(rows: Sequence[tuple[Array, Array, Array, Truth]], knots: Array, level_sd: float) -> Batch:
    """Return patients, each (times, values, variances, censored), as one padded batch."""
    most = max(len(times) for times, *_ in rows)
    shape = (len(rows), most)
    times, values, variances = np.full(shape, knots[0]), np.zeros(shape), np.ones(shape)
    censored, present = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for place, (own_times, own_values, own_variances, own_censored) in enumerate(rows):
        size = len(own_times)
        times[place, :size], values[place, :size] = own_times, own_values
        variances[place, :size], censored[place, :size] = own_variances, own_censored
        present[place, :size] = True
    basis = spline_basis(knots, times) * present[..., None]
    return Batch(times, values, variances, censored, present, basis, knots, level_sd)


def every_nth(batch: Batch, most: int) -> Batch:
    """Return at most `most` patients of a batch, taken evenly from its order."""
    patients = len(batch.times)
    if patients <= most:
        return batch
    chosen = np.linspace(0, patients - 1, most).round().astype(np.int64)
    return replace(
        batch,
        times=batch.times[chosen],
        values=batch.values[chosen],
        variances=batch.variances[chosen],
        censored=batch.censored[chosen],
        present=batch.present[chosen],
        basis=batch.basis[chosen],
    )


def solve(kernel: Kernel, batch: Batch, values: Array, variances: Array) -> Solution:
    """Return the joint posterior given `values` with noise of `variances`, shape (patients, visits).

    Padding has a variance of 1, is independent of everything and has the value 0, so it adds nothing but a
    constant of 0.
    """
    prior = curve_covariance(kernel, batch.knots, batch.level_sd)
    inverse, log_determinants = _inverses(kernel, batch, variances)
    count = len(batch.knots)
    flat = batch.basis.reshape(-1, count)
    weights = np.matmul(inverse, batch.basis).reshape(-1, count)
    information = np.linalg.inv(prior) + flat.T @ weights
    information = (information + information.T) / 2
    covariance = np.linalg.inv(information)
    weighted = weights.T @ values.reshape(-1)
    curve = covariance @ weighted
    pull = np.einsum("pvw,pw->pv", inverse, values - batch.basis @ curve)
    # (y - Bu)'C^-1 y: the quadratic form of the whole covariance, by Woodbury
    quadratic = float(np.sum(pull * values))
    determinants = log_determinants + _log_determinant(information) + _log_determinant(prior)
    evidence = -0.5 * (quadratic + determinants + int(batch.present.sum()) * np.log(2 * np.pi))
    return Solution(curve, covariance, information, weighted, inverse, pull, evidence)


def evidence_gradient(kernel: Kernel, batch: Batch, found: Solution) -> Array:
    """Return the gradient of the log marginal likelihood by the logarithms of the hyperparameters.

    By Fisher's identity: the expected gradient of the complete log likelihood, the curve being unknown.
    """
    prior = curve_covariance(kernel, batch.knots, batch.level_sd)
    inverse = np.linalg.inv(prior)
    second_moment = np.outer(found.curve, found.curve) + found.curve_covariance
    outer = 0.5 * (inverse @ second_moment @ inverse - inverse)
    of_curve = [float(np.sum(outer * change)) for change in curve_gradients(kernel, batch.knots)]
    own = 0.5 * (found.pull[:, :, None] * found.pull[:, None, :] - residual_precision(batch, found))
    own *= batch.present[:, :, None] & batch.present[:, None, :]
    of_patient = [float(np.sum(own * change)) for change in patient_gradients(kernel, batch.times)]
    of_visit = 2 * kernel.visit_sd**2 * float(np.einsum("pvv->", own))
    return np.array([*of_curve, *of_patient, of_visit])


def residual_precision(batch: Batch, found: Solution) -> Array:
    """Return each patient's block of the inverse of the joint covariance, (patients, visits, visits)."""
    weights = np.matmul(found.inverse, batch.basis)
    block: Array = found.inverse - np.matmul(weights @ found.curve_covariance, weights.transpose(0, 2, 1))
    return block


def _inverses(kernel: Kernel, batch: Batch, variances: Array) -> tuple[Array, float]:
    """Return the inverse of each patient's covariance with noise, and the sum of the log determinants."""
    both = batch.present[:, :, None] & batch.present[:, None, :]
    own = patient_covariance(kernel, batch.times, batch.times) * both
    noise = np.where(batch.present, variances + kernel.visit_sd**2, 1.0)
    own = own + noise[:, :, None] * np.eye(noise.shape[1])
    return np.asarray(np.linalg.inv(own)), float(np.sum(np.linalg.slogdet(own)[1]))


def _log_determinant(matrix: Array) -> float:
    return float(np.linalg.slogdet(matrix)[1])
