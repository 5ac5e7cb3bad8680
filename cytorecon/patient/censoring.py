"""Values below a limit in a Gaussian process, by expectation propagation.

What is known of a censored value is ``P(log count < log limit)``. Each such factor is replaced by a
Gaussian (a *site*) that gives its marginal posterior the right mean and variance, in turn until nothing
changes (Minka 2001; Rasmussen & Williams 2006, section 3.6). Without randomness, and exact for one censored
value; the docs (decision 0035) say how close it is for more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import log_ndtr

from cytorecon.errors import CytoreconError
from cytorecon.patient.gaussian import Batch, Solution, residual_precision, solve
from cytorecon.patient.kernel import Array, Kernel

_DAMPING: Final = 0.8
_ROUNDS: Final = 200
#: Largest change of a site in a round, as a share of its precision.
_TOLERANCE: Final = 1e-7
#: Precision of a site that says nothing, because the limit lies far above all that is likely.
_LEAST_PRECISION: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Sites:
    """Gaussian stand-ins for the values, shape (patients, visits); measured values stand for themselves."""

    values: Array
    variances: Array


def first_sites(batch: Batch) -> Sites:
    """Return where the search begins: censored values stand a little below their limit, with an sd of 1."""
    values = np.where(batch.censored, batch.values - 0.5, batch.values)
    return Sites(values, np.where(batch.censored, 1.0, batch.variances))


def propagate(kernel: Kernel, batch: Batch, start: Sites) -> tuple[Sites, Solution]:
    """Return the sites of the censored values and the joint posterior with them.

    Parameters
    ----------
    kernel : Kernel
        Hyperparameters.
    batch : Batch
        `values` of censored entries are log limits.
    start : Sites
        Where to begin; those of a similar kernel are found again in a few rounds.

    Raises
    ------
    CytoreconError
        If the sites do not settle.
    """
    sites, found = start, solve(kernel, batch, start.values, start.variances)
    if not batch.censored.any():
        return sites, found
    # measured values stand for themselves, and those without an interval have a variance of 0
    precision = np.divide(1.0, sites.variances, out=np.zeros_like(sites.variances), where=batch.censored)
    shift = sites.values * precision
    for _ in range(_ROUNDS):
        wanted_precision, wanted_shift = _matched(batch, sites, found)
        change = np.where(batch.censored, wanted_precision - precision, 0.0)
        change_shift = np.where(batch.censored, wanted_shift - shift, 0.0)
        precision, shift = precision + _DAMPING * change, shift + _DAMPING * change_shift
        values = np.divide(shift, precision, out=batch.values.copy(), where=batch.censored)
        variances = np.divide(1.0, precision, out=batch.variances.copy(), where=batch.censored)
        sites = Sites(values, variances)
        found = solve(kernel, batch, sites.values, sites.variances)
        if np.all(np.maximum(np.abs(change), np.abs(change_shift)) < _TOLERANCE * np.maximum(precision, 1.0)):
            return sites, found
    raise CytoreconError(
        "The curve of the cohort could not be found: values below limits did not settle.",
        subject="patient model",
        found=f"{int(batch.censored.sum())} values below limits",
        hint="Leave out populations that are below their limit in nearly every sample.",
    )


def _matched(batch: Batch, sites: Sites, found: Solution) -> tuple[Array, Array]:
    """Return precision and precision x mean of the sites that match the moments of the censored values."""
    own = np.einsum("pvv->pv", residual_precision(batch, found))
    # what all other values say: the value left out is a prediction with the site's variance on top
    mean = sites.values - found.pull / own
    variance = np.maximum(1 / own - sites.variances, 1e-12)
    sd = np.sqrt(variance)
    z = (batch.values - mean) / sd
    ratio = np.exp(-0.5 * z**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(z))
    matched = variance * np.maximum(1 - ratio * (z + ratio), 1e-10)
    precision = np.maximum(1 / matched - 1 / variance, _LEAST_PRECISION)
    matched_mean = mean - sd * ratio
    matched = 1 / (precision + 1 / variance)
    return precision, matched_mean / matched - mean / variance
