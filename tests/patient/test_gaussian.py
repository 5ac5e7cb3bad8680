"""The solution patient by patient against the same process written as one large matrix."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Kernel, Matern

from cytorecon.knowledge.patient_model import load_patient_model
from cytorecon.patient import kernel as ours
from cytorecon.patient.gaussian import Batch, batch_of, every_nth, evidence_gradient, solve, spline_basis
from cytorecon.patient.kernel import Array, curve_covariance, patient_covariance, prior_of
from tests.patient.made import KERNEL, KNOTS, LEVEL_SD, rows


class Joint(Kernel):  # type: ignore[misc]
    """Covariance of log counts at rows of (number of the patient, log time), for scikit-learn."""

    def __init__(self) -> None:
        """Take no parameter: scikit-learn reads this signature."""

    def __call__(  # scikit-learn's names
        self,
        X: Array,  # noqa: N803
        Y: Array | None = None,  # noqa: N803
        eval_gradient: bool = False,
    ) -> Array:
        other = X if Y is None else Y
        curve = curve_covariance(KERNEL, KNOTS, LEVEL_SD)
        shared = spline_basis(KNOTS, X[:, 1]) @ curve @ spline_basis(KNOTS, other[:, 1]).T
        own = patient_covariance(KERNEL, X[:, 1], other[:, 1])
        joint: Array = shared + own * (X[:, :1] == other[:, 0])
        return joint

    def diag(self, X: Array) -> Array:  # noqa: N803
        return np.diag(self(X))

    def is_stationary(self) -> bool:
        return False


def one_matrix(batch: Batch) -> tuple[GaussianProcessRegressor, Array]:
    patients = np.repeat(np.arange(len(batch.times)), batch.present.sum(axis=1))
    inputs = np.column_stack([patients, batch.times[batch.present]])
    noise = batch.variances[batch.present] + KERNEL.visit_sd**2
    regressor = GaussianProcessRegressor(Joint(), alpha=noise, optimizer=None)
    return regressor.fit(inputs, batch.values[batch.present]), inputs


def test_kernels_are_those_of_scikit_learn() -> None:
    times = np.array([2.0, 2.5, 4.0, 6.0])
    own = ConstantKernel(KERNEL.patient_sd**2) + ConstantKernel(KERNEL.change_sd**2) * Matern(
        length_scale=KERNEL.change_length, nu=1.5
    )
    assert patient_covariance(KERNEL, times, times) == pytest.approx(own(times[:, None]), abs=1e-12)
    curve = ConstantKernel(KERNEL.curve_sd**2) * Matern(length_scale=KERNEL.curve_length, nu=2.5)
    assert curve_covariance(KERNEL, KNOTS, 3.0) == pytest.approx(9.0 + curve(KNOTS[:, None]), abs=1e-6)


def test_evidence_is_that_of_one_matrix() -> None:
    batch = batch_of(rows(8, seed=1), KNOTS, LEVEL_SD)
    regressor, _ = one_matrix(batch)
    found = solve(KERNEL, batch, batch.values, batch.variances)
    assert found.evidence == pytest.approx(regressor.log_marginal_likelihood_value_, abs=1e-6)


def test_curve_of_the_cohort_is_that_of_one_matrix() -> None:
    batch = batch_of(rows(8, seed=2), KNOTS, LEVEL_SD)
    regressor, _ = one_matrix(batch)
    found = solve(KERNEL, batch, batch.values, batch.variances)
    # somebody without a value: the cohort's curve and the distance nobody knows
    mean, covariance = regressor.predict(np.column_stack([np.full(12, 99), KNOTS]), return_cov=True)
    assert found.curve == pytest.approx(mean, abs=1e-6)
    expected = covariance - patient_covariance(KERNEL, KNOTS, KNOTS)
    assert found.curve_covariance == pytest.approx(expected, abs=1e-6)


def test_gradient_is_the_slope_of_the_evidence() -> None:
    batch = batch_of(rows(6, seed=3), KNOTS, LEVEL_SD)
    logs = prior_of(load_patient_model().priors)[0]

    def evidence(at: Array) -> float:
        return solve(ours.Kernel.of_logs(at), batch, batch.values, batch.variances).evidence

    found = solve(ours.Kernel.of_logs(logs), batch, batch.values, batch.variances)
    slopes = [(evidence(logs + step) - evidence(logs - step)) / 2e-5 for step in np.eye(6) * 1e-5]
    assert evidence_gradient(ours.Kernel.of_logs(logs), batch, found) == pytest.approx(slopes, abs=1e-4)


def test_padding_says_nothing() -> None:
    patients = rows(5, seed=4)
    short = [tuple(part[:2] for part in patient) for patient in patients[:3]]
    alone = batch_of(short, KNOTS, LEVEL_SD)  # type: ignore[arg-type]
    padded = batch_of([*short, patients[4]], KNOTS, LEVEL_SD)  # type: ignore[list-item]
    variances = padded.variances.copy()
    variances[3] = 1e12
    first = solve(KERNEL, alone, alone.values, alone.variances)
    second = solve(KERNEL, padded, padded.values, variances)
    assert first.curve == pytest.approx(second.curve, abs=1e-6)


def test_part_of_a_batch_is_taken_evenly() -> None:
    batch = batch_of(rows(9, seed=5), KNOTS, LEVEL_SD)
    part = every_nth(batch, 3)
    assert (part.values == batch.values[[0, 4, 8]]).all()
    assert every_nth(batch, 9) is batch
