"""Values below limits against numerical integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

import cytorecon.patient.censoring as censoring
from cytorecon.errors import CytoreconError
from cytorecon.patient.censoring import first_sites, propagate
from cytorecon.patient.gaussian import Batch, Solution, batch_of, residual_precision
from cytorecon.patient.kernel import Array, curve_covariance, patient_covariance
from tests.patient.made import KERNEL, KNOTS, LEVEL_SD, Row, rows


def one(values: list[float], below: list[bool], times: list[float] | None = None) -> Batch:
    at = np.array(times or [3.0, 3.6, 4.2][: len(values)])
    variances = np.where(below, 1.0, 0.01)
    return batch_of([(at, np.array(values), variances, np.array(below))], KNOTS, LEVEL_SD)


def covariance(batch: Batch) -> Array:
    """Return that of all values of one patient, the noise of visits and counting with it."""
    basis, times = batch.basis[0], batch.times[0]
    noise = np.where(batch.censored[0], 0.0, batch.variances[0]) + KERNEL.visit_sd**2
    own = patient_covariance(KERNEL, times, times)
    return np.asarray(basis @ curve_covariance(KERNEL, KNOTS, LEVEL_SD) @ basis.T + own + np.diag(noise))


def integrated(batch: Batch) -> tuple[Array, Array]:
    """Return mean and sd of the censored log counts on a fine grid below their limits."""
    below = batch.censored[0]
    full, values = covariance(batch), batch.values[0]
    gain = full[np.ix_(below, ~below)] @ np.linalg.inv(full[np.ix_(~below, ~below)])
    mean = gain @ values[~below]
    spread = full[np.ix_(below, below)] - gain @ full[np.ix_(~below, below)]
    axes = [
        np.linspace(min(center - 9 * sd, limit - 9 * sd), limit, 1201)
        for center, sd, limit in zip(mean, np.sqrt(np.diag(spread)), values[below], strict=True)
    ]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    away = grid - mean
    weight = np.exp(-0.5 * np.einsum("...i,ij,...j->...", away, np.linalg.inv(spread), away))
    # trapezoids: the limit is the edge of the grid
    for axis in range(len(axes)):
        edges = [slice(None)] * len(axes)
        for end in (0, -1):
            edges[axis] = end  # type: ignore[call-overload]
            weight[tuple(edges)] /= 2
    weight /= weight.sum()
    means = np.array([(weight * grid[..., place]).sum() for place in range(len(axes))])
    squares = np.array([(weight * grid[..., place] ** 2).sum() for place in range(len(axes))])
    return means, np.sqrt(squares - means**2)


def posterior(batch: Batch, found: Solution, sites: censoring.Sites) -> tuple[Array, Array]:
    """Return mean and sd of the censored log counts as the stand-ins give them."""
    block = residual_precision(batch, found)[0]
    variance = sites.variances[0]
    mean = sites.values[0] - variance * found.pull[0]
    spread = variance - variance**2 * np.diag(block)
    return mean[batch.censored[0]], np.sqrt(spread[batch.censored[0]])


@pytest.mark.parametrize("limit", [2.0, 3.0, 3.6, 5.0])
def test_one_value_below_a_limit_is_exact(limit: float) -> None:
    batch = one([3.0, limit, 3.8], [False, True, False])
    sites, found = propagate(KERNEL, batch, first_sites(batch))
    mean, sd = posterior(batch, found, sites)
    expected_mean, expected_sd = integrated(batch)
    assert mean == pytest.approx(expected_mean, abs=1e-4)
    assert sd == pytest.approx(expected_sd, abs=1e-4)


@pytest.mark.parametrize("limits", [(1.6, 1.6), (2.5, 2.0), (1.0, 3.0)])
def test_two_values_below_limits_are_close(limits: tuple[float, float]) -> None:
    batch = one([*limits, 3.0], [True, True, False])
    sites, found = propagate(KERNEL, batch, first_sites(batch))
    mean, sd = posterior(batch, found, sites)
    expected_mean, expected_sd = integrated(batch)
    # the approximation is Gaussian, the truth is not: a few hundredths of its sd
    assert np.abs(mean - expected_mean).max() < 0.03 * expected_sd.min()
    assert sd == pytest.approx(expected_sd, rel=0.03)


def test_a_limit_far_above_says_nothing() -> None:
    with_limit = one([3.0, 12.0, 3.8], [False, True, False])
    without = one([3.0, 3.8], [False, False], times=[3.0, 4.2])
    _, found = propagate(KERNEL, with_limit, first_sites(with_limit))
    _, expected = propagate(KERNEL, without, first_sites(without))
    assert found.curve == pytest.approx(expected.curve, abs=1e-3)


def test_a_value_below_a_limit_pulls_down_and_is_not_put_at_it() -> None:
    batch = one([3.0, 2.0, 3.8], [False, True, False])
    sites, found = propagate(KERNEL, batch, first_sites(batch))
    mean, _ = posterior(batch, found, sites)
    assert mean[0] < 2.0
    predicted = integrated(one([3.0, 2.0, 3.8], [False, True, False]))[0]
    assert predicted[0] < 2.0


def test_where_the_search_begins_does_not_matter() -> None:
    patients: list[Row] = rows(12, seed=3, limit=2.2)
    batch = batch_of(patients, KNOTS, LEVEL_SD)
    assert batch.censored.sum() > 5
    start = first_sites(batch)
    elsewhere = censoring.Sites(
        np.where(batch.censored, start.values - 2, start.values),
        np.where(batch.censored, 4.0, start.variances),
    )
    first, second = (propagate(KERNEL, batch, each)[1] for each in (start, elsewhere))
    assert first.curve == pytest.approx(second.curve, abs=1e-5)


def test_it_says_when_values_do_not_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = one([3.0, 2.0, 3.8], [False, True, False])
    monkeypatch.setattr(censoring, "_ROUNDS", 1)
    with pytest.raises(CytoreconError) as error:
        propagate(KERNEL, batch, first_sites(batch))
    assert str(error.value) == (
        "patient model: The curve of the cohort could not be found: values below limits did not settle. "
        "Found: 1 values below limits. Leave out populations that are below their limit "
        "in nearly every sample."
    )


def test_grid_integrates_a_known_case() -> None:
    # one value far from others: a normal cut at its limit has a known mean
    batch = one([3.0, 3.0], [False, True], times=[3.0, 3.2])
    full = covariance(batch)
    mean = full[1, 0] / full[0, 0] * 3.0
    sd = float(np.sqrt(full[1, 1] - full[1, 0] ** 2 / full[0, 0]))
    z = (3.0 - mean) / sd
    assert integrated(batch)[0][0] == pytest.approx(mean - sd * norm.pdf(z) / norm.cdf(z), abs=1e-5)
