from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import multivariate_normal

from cytorecon.errors import CytoreconError
from cytorecon.statistics.censored_mixed import fit_censored_mixed


def cohort(patients: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    who, clock = np.repeat(np.arange(patients), 6), np.tile(np.linspace(-1, 1, 6), patients)
    effects = random.multivariate_normal([0, 0], [[0.16, 0.03], [0.03, 0.04]], patients)
    y = 1.5 + 0.6 * clock + effects[who, 0] + effects[who, 1] * clock + random.normal(0, 0.25, len(who))
    return y, who, np.column_stack([np.ones(len(who)), clock])


def test_without_hidden_values_it_is_the_mixed_model_of_statsmodels() -> None:
    y, who, design = cohort(40, 1)
    found = fit_censored_mixed(y, np.zeros(len(y)), who, design, design)
    theirs = sm.MixedLM(y, design, groups=who, exog_re=design).fit(reml=False, method="bfgs", gtol=1e-8)
    assert found.log_likelihood == pytest.approx(theirs.llf, abs=1e-4)
    assert found.fixed == pytest.approx(theirs.fe_params, abs=1e-3)
    assert found.standard_errors == pytest.approx(theirs.bse_fe, rel=0.02)
    assert found.random_covariance == pytest.approx(np.asarray(theirs.cov_re), abs=2e-3)
    assert found.residual_sd == pytest.approx(np.sqrt(theirs.scale), abs=1e-3)


def test_the_likelihood_is_that_of_the_normal_distribution() -> None:
    """Two visits, one hidden: density of one times the conditional distribution of the other."""
    y, who, design = cohort(30, 2)
    keep = np.tile([True, False, False, False, False, True], 30)
    y, who, ones = y[keep], who[keep], design[keep][:, :1]
    hidden = np.tile([True, False], 30) & (y < 1.0)
    values = np.where(hidden, 1.0, y)
    found = fit_censored_mixed(values, hidden, who, ones, ones, nodes=25)
    sd = np.sqrt(found.random_covariance[0, 0] + found.residual_sd**2)
    shared = found.random_covariance[0, 0]
    expected = 0.0
    for one in range(30):
        (first, second), veiled = values[who == one] - found.fixed[0], hidden[who == one][0]
        if veiled:
            mean, spread = shared / sd**2 * second, np.sqrt(sd**2 - shared**2 / sd**2)
            expected += multivariate_normal.logpdf(second, 0, sd**2)
            expected += multivariate_normal.logcdf(first, mean, spread**2)
        else:
            expected += multivariate_normal.logpdf(
                [first, second], [0, 0], [[sd**2, shared], [shared, sd**2]]
            )
    assert found.log_likelihood == pytest.approx(expected, abs=1e-5)


def test_hidden_values_do_not_bias_it_as_putting_the_limit_in_their_place_does() -> None:
    y, who, design = cohort(80, 3)
    hidden = y < 1.2
    values = np.where(hidden, 1.2, y)
    found = fit_censored_mixed(values, hidden, who, design, design, nodes=7)
    replaced = fit_censored_mixed(values, np.zeros(len(y)), who, design, design)
    assert found.censored == hidden.sum() > 100
    assert np.abs(found.fixed - [1.5, 0.6]).max() < 0.1
    assert found.residual_sd == pytest.approx(0.25, abs=0.03)
    assert replaced.fixed[1] < 0.5


def test_errors() -> None:
    y, who, design = cohort(4, 1)
    with pytest.raises(CytoreconError) as raised:
        fit_censored_mixed(y, np.zeros(len(y)), who, design[:5], design)
    assert str(raised.value) == (
        "fit_censored_mixed: The shapes do not fit. Found: values (24,), fixed (5, 2), random (24, 2). "
        "Allowed: (n,), (n, columns), (n, 1 or 2)."
    )
    with pytest.raises(CytoreconError) as raised:
        fit_censored_mixed(y, np.zeros(len(y)), who, np.ones((24, 2)), design)
    assert str(raised.value) == (
        "fit_censored_mixed: The fixed effects cannot be told apart, or there are fewer than three patients. "
        "Found: 4 patients, 2 fixed effects."
    )
