"""The recovery of one population in a pool of patients, and of each patient in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from cytorecon.knowledge.event_kinds import load_event_kinds
from cytorecon.knowledge.patient_model import PatientModelSettings, load_patient_model
from cytorecon.milestone.clock import EndOfClock, EndsOfClocks
from cytorecon.patient.fit import Fit, fit_kernel
from cytorecon.patient.gaussian import Batch, batch_of, spline_basis
from cytorecon.patient.kernel import Array, patient_covariance
from cytorecon.patient.observations import Observations, observations
from cytorecon.patient.pools import Pool, pools_of
from cytorecon.study.model import Patient, Study


@dataclass(frozen=True, slots=True)
class Prediction:
    """Log counts on some days, as one joint normal distribution.

    Parameters
    ----------
    days : ndarray of int
        Days after the first anchor.
    mean, covariance : ndarray, shape (days,) and (days, days)
        Of log(count + added).
    """

    days: npt.NDArray[np.int64]
    mean: Array
    covariance: Array

    @property
    def sd(self) -> Array:
        """Standard deviation of each day."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


@dataclass(frozen=True, slots=True)
class RecoveryModel:
    """A fitted pool of one population.

    Parameters
    ----------
    population : str
        As in the trajectory table.
    pool : Pool
        Whose counts it rests on.
    values : mapping of str to Observations
        Of the pool, in its order.
    batch : Batch
        The same as arrays.
    fit : Fit
        What was found.
    settings : PatientModelSettings
        It was made with.
    """

    population: str
    pool: Pool
    values: Mapping[str, Observations]
    batch: Batch
    fit: Fit
    settings: PatientModelSettings

    def times(self, days: Sequence[int] | npt.NDArray[np.int64]) -> Array:
        """Return log time of days."""
        return log_times(days, self.settings)

    def of_patient(self, patient: str, days: Sequence[int], *, fit: Fit | None = None) -> Prediction:
        """Return the recovery of a patient of the pool on some days, without the noise of visits.

        Parameters
        ----------
        patient : str
            Of the pool (ValueError if not).
        days : sequence of int
            From day 1.
        fit : Fit, optional
            Another fit of the same pool.
        """
        used = fit or self.fit
        place = self.pool.patients.index(patient)
        size = len(self.values[patient].days)
        basis, times = self.batch.basis[place, :size], self.batch.times[place, :size]
        inverse, pull = used.found.inverse[place, :size, :size], used.found.pull[place, :size]
        wanted = self.times(days)
        wanted_basis = spline_basis(self.batch.knots, wanted)
        across = patient_covariance(used.kernel, wanted, times)
        weights = across @ inverse
        curve = wanted_basis - weights @ basis
        mean = wanted_basis @ used.found.curve + across @ pull
        covariance = patient_covariance(used.kernel, wanted, wanted) - weights @ across.T
        covariance = covariance + curve @ used.found.curve_covariance @ curve.T
        return Prediction(np.asarray(days, dtype=np.int64), mean, (covariance + covariance.T) / 2)

    def of_others(self, patient: str, days: Sequence[int]) -> Prediction:
        """Return what is expected of a patient of the pool from the counts of the others alone.

        Parameters
        ----------
        patient : str
            Of the pool; this patient's counts are taken out of the cohort's curve.
        days : sequence of int
            From day 1.

        Notes
        -----
        Hyperparameters are those of the whole pool.
        """
        place, found, kernel = self.pool.patients.index(patient), self.fit.found, self.fit.kernel
        weights = found.inverse[place] @ self.batch.basis[place]
        information = found.information - self.batch.basis[place].T @ weights
        covariance = np.linalg.inv((information + information.T) / 2)
        curve = covariance @ (found.weighted - weights.T @ self.fit.sites.values[place])
        wanted = self.times(days)
        basis = spline_basis(self.batch.knots, wanted)
        spread = patient_covariance(kernel, wanted, wanted) + basis @ covariance @ basis.T
        return Prediction(np.asarray(days, dtype=np.int64), basis @ curve, (spread + spread.T) / 2)

    def with_visits(self, prediction: Prediction, *, fit: Fit | None = None) -> Prediction:
        """Return the same with the noise of visits: what a sample of that day would hold."""
        noise = (fit or self.fit).kernel.visit_sd ** 2 * np.eye(len(prediction.days))
        return Prediction(prediction.days, prediction.mean, prediction.covariance + noise)

    def counts(self, logs: Array) -> Array:
        """Return cells/µL of log counts; never below 0."""
        return np.asarray(np.maximum(np.exp(logs) - self.settings.added.value, 0.0))

    def patients_between(self, from_day: int, to_day: int) -> int:
        """Return how many patients of the pool have a value on one of these days."""
        # half a day beyond either end: the logarithms of whole days are rounded
        first, last = log_times(np.array([from_day - 0.5, to_day + 0.5]), self.settings)
        inside = (self.batch.times >= first) & (self.batch.times <= last) & self.batch.present
        return int(inside.any(axis=1).sum())


@dataclass(frozen=True, slots=True)
class Recovery:
    """The models of a study, for each patient and population that was asked for.

    Parameters
    ----------
    models : mapping of (patient, population) to RecoveryModel or str
        The text says why there is none.
    ends : mapping of str to EndOfClock
        Patients whose clock has ended.
    patients : mapping of str to Patient
        Of the study.
    """

    models: Mapping[tuple[str, str], RecoveryModel | str]
    ends: Mapping[str, EndOfClock]
    patients: Mapping[str, Patient]

    def of(self, patient: str) -> Recovery:
        """Return the models that one patient is asked about with; the pools in them are whole."""
        own = {key: model for key, model in self.models.items() if key[0] == patient}
        return Recovery(own, self.ends, self.patients)


def fit_recovery(
    table: pd.DataFrame,
    study: Study,
    populations: Sequence[str],
    *,
    patients: Iterable[str] | None = None,
    settings: PatientModelSettings | None = None,
) -> Recovery:
    """Return the recovery of populations in a study, pooled over comparable patients.

    Parameters
    ----------
    table : DataFrame
        Of :func:`cytorecon.trajectory.trajectories`, on the patients' own clocks; concentrations are used.
    study : Study
        Programmes, ages, events.
    populations : sequence of str
        One model each.
    patients : iterable of str, optional
        Who is asked about; their pools are fitted, with everybody in them. All by default.
    settings : PatientModelSettings, optional
        The packaged file by default.

    Returns
    -------
    Recovery

    Raises
    ------
    CytoreconError
        If values below limits do not settle.

    Notes
    -----
    docs/decisions/0035: a Gaussian process of log(count + added) against log(day + offset), the
    cohort's curve and each patient's distance from it; values below a limit enter as such, and every value
    with its own counting error.
    """
    used = settings or load_patient_model()
    ends = EndsOfClocks.of(study, load_event_kinds()).of_patients(study.patients)
    people = {patient.patient: patient for patient in study.patients}
    asked = list(people) if patients is None else list(patients)
    models: dict[tuple[str, str], RecoveryModel | str] = {}
    for population in populations:
        found = observations(table, population, ends, used)
        pools = pools_of(study, [people[name] for name in asked if name in found], found, used)
        fitted: dict[tuple[str, ...], RecoveryModel] = {}
        for name in asked:
            pool = pools.get(name, "no visit could be judged")
            if isinstance(pool, str):
                models[name, population] = pool
                continue
            if pool.patients not in fitted:
                # many small matrices: threads of the linear algebra only wait for each other
                with threadpool_limits(1):
                    fitted[pool.patients] = fit_pool(population, pool, found, used)
            models[name, population] = fitted[pool.patients]
    return Recovery(models, ends, people)


def unfitted_recovery(
    study: Study, populations: Sequence[str], *, patients: Iterable[str], reason: str
) -> Recovery:
    """Return a recovery without any model: what needs none can be said all the same.

    Parameters
    ----------
    study : Study
        Patients and events.
    populations : sequence of str
        As for :func:`fit_recovery`.
    patients : iterable of str
        Who is asked about.
    reason : str
        Stands wherever a model would be asked.
    """
    ends = EndsOfClocks.of(study, load_event_kinds()).of_patients(study.patients)
    people = {patient.patient: patient for patient in study.patients}
    models = {(name, population): reason for name in patients for population in populations}
    return Recovery(models, ends, people)


def fit_pool(
    population: str, pool: Pool, found: Mapping[str, Observations], settings: PatientModelSettings
) -> RecoveryModel:
    """Return the model of one pool.

    Parameters
    ----------
    population : str
        For the reader.
    pool : Pool
        Whose values are put together.
    found : mapping of str to Observations
        Of at least these patients.
    settings : PatientModelSettings
        Numbers of the model.
    """
    own = {patient: found[patient] for patient in pool.patients}
    rows = [
        (log_times(each.days, settings), each.values, each.variances, each.censored) for each in own.values()
    ]
    times = np.concatenate([own_times for own_times, *_ in rows])
    # one log day at least, so that the knots of a pool of one visit differ
    knots = np.linspace(times.min(), max(times.max(), times.min() + 1.0), settings.knots.value)
    batch = batch_of(rows, knots, settings.level_sd.value)
    return RecoveryModel(population, pool, own, batch, fit_kernel(batch, settings), settings)


def log_times(
    days: Sequence[int] | npt.NDArray[np.integer | np.floating], settings: PatientModelSettings
) -> Array:
    """Return log(day + offset)."""
    return np.asarray(np.log(np.asarray(days, dtype=np.float64) + settings.day_offset.value))
