"""A simulated cohort: planned as a whole, tubes made one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cytorecon.simulate.patients import draw_patient
from cytorecon.simulate.plan import PatientPlan
from cytorecon.simulate.priors import load_priors
from cytorecon.simulate.seeds import Stream, generator
from cytorecon.simulate.settings import SimulatorSettings, load_settings
from cytorecon.simulate.spec import SimulationError
from cytorecon.simulate.tube import SimulatedTube, simulate_tube
from cytorecon.simulate.visits import Programme, VisitPlan, plan_visits


@dataclass(frozen=True)
class SimulatedCohort:
    """Patients and visits; :meth:`tubes` makes the tubes.

    Parameters
    ----------
    patients : tuple of PatientPlan
        In order.
    visits : tuple of VisitPlan
        Patient by patient, in order of the day.
    settings : SimulatorSettings
        The numbers it was made with.
    """

    patients: tuple[PatientPlan, ...]
    visits: tuple[VisitPlan, ...]
    settings: SimulatorSettings

    def tube(self, visit: VisitPlan) -> SimulatedTube:
        """Return the tube of one visit."""
        return simulate_tube(visit.spec, seed=np.random.SeedSequence(visit.seed), settings=self.settings)

    def tubes(self) -> Iterator[tuple[VisitPlan, SimulatedTube]]:
        """Yield each visit with its tube; only one tube is in memory at a time."""
        for visit in self.visits:
            yield visit, self.tube(visit)


def simulate_cohort(*, patients: int, visits: int, events: int, seed: int) -> SimulatedCohort:
    """Plan a random cohort over the scenarios of ``knowledge/simulator_priors.csv``.

    A patient is the same whatever the number of patients, and so are the first visits whatever
    the number of visits. Planning is quick; tubes are made when they are asked for.

    Parameters
    ----------
    patients, visits : int
        Number of patients, and of visits of each.
    events : int
        Expected events per tube.
    seed : int
        Same seed and numbers, same cohort, byte for byte.

    Returns
    -------
    SimulatedCohort

    Raises
    ------
    SimulationError
        If a number is below 1 (the seed: below 0).

    Examples
    --------
    >>> cohort = simulate_cohort(patients=2, visits=3, events=2000, seed=5)
    >>> [visit.visit for visit in cohort.visits]
    ['+14', '+30', '+60', '+14', '+30', '+60']
    """
    _check(patients=(patients, 1), visits=(visits, 1), events=(events, 1), seed=(seed, 0))
    settings = load_settings()
    width = max(2, len(str(patients)))
    plans = [
        draw_patient(f"P{k + 1:0{width}d}", settings.cohort, generator(seed, Stream.PATIENT, k))
        for k in range(patients)
    ]
    return plan_cohort(plans, visits=visits, events=events, seed=seed, settings=settings)


def plan_cohort(
    plans: Sequence[PatientPlan],
    *,
    visits: int,
    events: int,
    seed: int,
    settings: SimulatorSettings | None = None,
) -> SimulatedCohort:
    """Plan the visits of given patients: days, blood, drift of the cytometer, beads, blood count.

    Parameters
    ----------
    plans : sequence of PatientPlan
        The patients.
    visits, events, seed : int
        As in :func:`simulate_cohort`.
    settings : SimulatorSettings, optional
        Default: the packaged ``simulator.yaml``.

    Raises
    ------
    SimulationError
        If a number is out of range, or a patient has a scenario without priors.
    """
    _check(visits=(visits, 1), events=(events, 1), seed=(seed, 0))
    settings = settings or load_settings()
    priors = load_priors()
    for plan in plans:
        if plan.scenario not in priors or plan.scenario not in settings.cohort.scenarios.rows:
            raise SimulationError(
                "There is no such recovery scenario.",
                subject=f"patient {plan.patient}",
                field="scenario",
                found=plan.scenario,
                allowed=", ".join(settings.cohort.scenarios.rows),
            )
    shared = Programme(visits=visits, events=events, seed=seed, settings=settings, priors=priors)
    rows = [visit for k, plan in enumerate(plans) for visit in plan_visits(plan, k, shared)]
    return SimulatedCohort(tuple(plans), tuple(rows), settings)


def _check(**numbers: tuple[int, int]) -> None:
    for name, (value, least) in numbers.items():
        if value < least:
            raise SimulationError(
                "The cohort cannot be simulated.", field=name, found=str(value), allowed=f"{least} or more"
            )
