"""The maximum likelihood of masses when each observation says only in which places its mass lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import nnls

from cytorecon.errors import CytoreconError
from cytorecon.statistics.checked import Flags, Numbers, Places

#: The log-likelihood lies no further than this below its maximum, per observation.
GAP: Final = 1e-11
_WARM_UP: Final = 5
_STEPS: Final = 400
#: Weight of the equality of the sums in the least squares; they are made exact afterwards.
_STIFF: Final = 1e3
_SHRINK: Final = 30


@dataclass(frozen=True, slots=True)
class Masses:
    """Where the probability lies.

    Parameters
    ----------
    masses : ndarray, shape (places,)
        They add up to 1.
    log_likelihood : float
        At the maximum.
    gap : float
        The maximum is no more than this above `log_likelihood`: a certificate, not a hope.
    """

    masses: Numbers
    log_likelihood: float
    gap: float


def fit_masses(
    covers: Flags,
    weights: Numbers,
    *,
    blocks: Places | None = None,
    shares: Numbers | None = None,
    start: Numbers | None = None,
    gap: float = GAP,
) -> Masses:
    r"""Return the masses that make the observations most likely.

    Parameters
    ----------
    covers : ndarray of bool, shape (n, places)
        Which places each observation may lie in; at least one each.
    weights : ndarray, shape (n,)
        How often it was made.
    blocks : ndarray of int, shape (places,), optional
        To which block a place belongs, from 0.
    shares : ndarray, shape (blocks,), optional
        The mass of each block, where it is given beforehand: for the likelihood ratio.
    start : ndarray, shape (places,), optional
        Where to begin.
    gap : float
        When to stop: how far below its maximum the log-likelihood may be, per observation.

    Returns
    -------
    Masses

    Raises
    ------
    CytoreconError
        If an observation covers nothing, or the maximum is not found.

    Notes
    -----
    Maximises :math:`\sum_i w_i \log \sum_j a_{ij} p_j` over the simplex, a concave problem. A few steps of
    self-consistency (Turnbull 1976, JRSS B 38:290-295), then the constrained Newton method (Wang 2007, JRSS B
    69:185-198): near p the log-likelihood is :math:`-\frac12 \sum_i w_i (s_i p' - 2)^2` with :math:`s_{ij} =
    a_{ij} / (a_i p)`, which non-negative least squares solve, on the places that carry mass and those where
    the gradient is largest between two of them. It ends when the gap :math:`\sum_b \theta_b \max_{j \in b}
    g_j - \sum_i w_i`, :math:`g_j = \sum_i w_i s_{ij}`, which bounds how far the maximum is (Lindsay 1983, Ann
    Stat 11:86-94), is small.

    Examples
    --------
    >>> covers = np.array([[True, False], [True, True], [False, True], [False, True]])
    >>> fit_masses(covers, np.ones(4)).masses.round(6)
    array([0.333333, 0.666667])
    """
    if not covers.any(axis=1).all():
        raise CytoreconError("An observation has no place where it could lie.", subject="fit_masses")
    own_blocks = np.zeros(covers.shape[1], dtype=np.intp) if blocks is None else blocks
    own_shares = np.ones(1) if shares is None else shares
    matrix = covers.astype(np.float64)
    usable = own_shares[own_blocks] > 0
    masses = _begin(matrix, own_blocks, own_shares, start)
    if not (matrix @ masses > 0).all():
        return Masses(masses, -np.inf, 0.0)
    for _ in range(_WARM_UP if start is None else 1):
        masses = _scaled(masses * (weights / (matrix @ masses) @ matrix), own_blocks, own_shares)
    total = float(weights.sum())
    for _ in range(_STEPS):
        chance = matrix @ masses
        gradient = (weights / chance) @ matrix
        above = _gap(gradient, own_blocks, own_shares) - total
        if above <= gap * total:
            return Masses(masses, float(weights @ np.log(chance)), max(above, 0.0))
        chosen = _candidates(masses, gradient, own_blocks) & usable
        level = _level(masses * gradient, own_blocks, own_shares)
        slopes = matrix[:, chosen] / chance[:, None]
        target = _newton(slopes, weights, own_blocks[chosen], own_shares, level)
        full = np.zeros_like(masses)
        full[chosen] = target
        masses, moved = _line_search(matrix, weights, masses, full)
        if not moved:
            masses = _scaled(masses * gradient, own_blocks, own_shares)
    return _last_word(matrix, weights, masses, own_blocks, own_shares)


def _begin(matrix: Numbers, blocks: Places, shares: Numbers, start: Numbers | None) -> Numbers:
    """Return `start`, and some mass everywhere where it leaves a block or an observation without any."""
    usable = shares[blocks] > 0
    everywhere = usable.astype(np.float64)
    if start is None:
        return _scaled(everywhere, blocks, shares)
    sums = np.bincount(blocks, weights=start, minlength=len(shares))
    given = _scaled(np.where(usable, start, 0.0), blocks, shares)
    if (sums[shares > 0] > 0).all() and (matrix @ given > 0).all():
        return given
    return _scaled(np.where(usable, start + 1e-6, 0.0), blocks, shares)


def _last_word(matrix: Numbers, weights: Numbers, masses: Numbers, blocks: Places, shares: Numbers) -> Masses:
    """Accept what rounding allows; refuse what is further off than any use of it."""
    chance, total = matrix @ masses, float(weights.sum())
    gap = _gap((weights / chance) @ matrix, blocks, shares) - total
    if gap > 1e-6 * total:
        raise CytoreconError(
            "The maximum of the likelihood was not found.", subject="fit_masses", found=f"a gap of {gap:.2g}"
        )
    return Masses(masses, float(weights @ np.log(chance)), gap)


def _scaled(masses: Numbers, blocks: Places, shares: Numbers) -> Numbers:
    """Return masses whose sum in each block is its share."""
    sums = np.bincount(blocks, weights=masses, minlength=len(shares))
    factors = np.divide(shares, sums, out=np.zeros_like(shares), where=sums > 0)
    return np.asarray(masses * factors[blocks], dtype=np.float64)


def _level(pull: Numbers, blocks: Places, shares: Numbers) -> Numbers:
    """Return the mean gradient of each block, weighted by mass: its Lagrange multiplier at the maximum."""
    sums = np.asarray(np.bincount(blocks, weights=pull, minlength=len(shares)), dtype=np.float64)
    return np.divide(sums, shares, out=np.zeros_like(sums), where=shares > 0)


def _gap(gradient: Numbers, blocks: Places, shares: Numbers) -> float:
    steepest = np.full(len(shares), -np.inf)
    np.maximum.at(steepest, blocks, gradient)
    return float((shares[shares > 0] * steepest[shares > 0]).sum())


def _candidates(masses: Numbers, gradient: Numbers, blocks: Places) -> Flags:
    """Return the places with mass, and the one with the largest gradient between each two of them."""
    carrying = masses > 0
    chosen = carrying.copy()
    gaps = np.cumsum(carrying) + blocks * (len(masses) + 1)
    order = np.lexsort((gradient, gaps))
    last = np.append(gaps[order][1:] != gaps[order][:-1], True)
    chosen[order[last]] = True
    return chosen


def _newton(
    slopes: Numbers, weights: Numbers, blocks: Places, shares: Numbers, multipliers: Numbers
) -> Numbers:
    """Return the masses that maximise the quadratic approximation.

    The sums are held by a stiff spring that is set off by their Lagrange multipliers, so that it is at
    rest at the maximum.
    """
    direct = _without_limits(slopes, weights, blocks, shares)
    if (direct >= 0).all():
        return _scaled(direct, blocks, shares)
    stiff = _STIFF * float(np.sqrt(weights.sum()))
    sums = np.zeros((len(shares), slopes.shape[1]))
    sums[blocks, np.arange(slopes.shape[1])] = stiff
    left = np.vstack([slopes * np.sqrt(weights)[:, None], sums])
    right = np.concatenate([2.0 * np.sqrt(weights), stiff * shares - multipliers / stiff])
    # The triangle of a QR decomposition has the same least squares in far fewer rows.
    if left.shape[0] > left.shape[1] + 1:
        triangle: Numbers = np.asarray(np.linalg.qr(np.column_stack([left, right]), mode="r"))
        left, right = triangle[:, :-1], triangle[:, -1]
    found, _ = nnls(left, right)
    return _scaled(found, blocks, shares)


def _without_limits(slopes: Numbers, weights: Numbers, blocks: Places, shares: Numbers) -> Numbers:
    """Return the same with masses that may be negative: near the maximum none wants to, and it is quick."""
    places, used = slopes.shape[1], np.flatnonzero(shares > 0)
    system = np.zeros((places + len(used), places + len(used)))
    weighted = slopes * weights[:, None]
    system[:places, :places] = slopes.T @ weighted
    system[places:, :places] = blocks[None, :] == used[:, None]
    system[:places, places:] = system[places:, :places].T
    side = np.concatenate([2.0 * weighted.sum(axis=0), shares[used]])
    try:
        return np.asarray(np.linalg.solve(system, side)[:places], dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full(places, -1.0)


def _line_search(matrix: Numbers, weights: Numbers, masses: Numbers, target: Numbers) -> tuple[Numbers, bool]:
    """Go towards `target` as far as the likelihood grows enough (Armijo's rule)."""
    here, there = matrix @ masses, matrix @ target
    change = there - here
    value = float(weights @ np.log(here))
    slope = float(weights @ (change / here))
    step = 1.0
    for _ in range(_SHRINK):
        chance = here + step * change
        if (chance > 0).all() and float(weights @ np.log(chance)) >= value + 0.1 * step * slope:
            return masses + step * (target - masses), slope > 0
        step /= 2
    return masses, False
