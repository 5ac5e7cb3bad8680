"""The visits of one patient: day, blood, tube, what the sample sheet says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cytorecon.simulate.cohort_settings import CohortSettings
from cytorecon.simulate.laboratory import bead_lot, blood_count, drift, tube_spec_of_visit
from cytorecon.simulate.plan import PatientPlan
from cytorecon.simulate.priors import Priors
from cytorecon.simulate.recovery import expected_blood, visit_noise
from cytorecon.simulate.seeds import Stream, generator, seed_numbers
from cytorecon.simulate.settings import SimulatorSettings
from cytorecon.simulate.spec import BLOOD_POPULATIONS, TubeSpec


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """One visit: when, what is in the tube, what the sample sheet will say.

    Parameters
    ----------
    patient, visit : str
        Pseudonym, and name of the visit such as ``"+30"`` or ``"1 y"``.
    day : int
        Day of the blood draw after transplant.
    file : str
        Path of the FCS file within the cohort's folder, with forward slashes.
    spec : TubeSpec
        The tube.
    seed : tuple of int
        Seed of the tube.
    bead_lot : str
        Lot of the counting beads.
    wbc_cells_per_ul, lymphocytes_cells_per_ul : float or None
        Blood count as the analyser reports it, cells/µL; None when it rounds to 0.
    """

    patient: str
    visit: str
    day: int
    file: str
    spec: TubeSpec
    seed: tuple[int, ...]
    bead_lot: str
    wbc_cells_per_ul: float | None
    lymphocytes_cells_per_ul: float | None


@dataclass(frozen=True, slots=True)
class Programme:
    """What all patients of a cohort share: visits per patient, events per tube, seed, numbers."""

    visits: int
    events: int
    seed: int
    settings: SimulatorSettings
    priors: Priors


def plan_visits(plan: PatientPlan, k: int, shared: Programme) -> list[VisitPlan]:
    """Return the visits of patient number `k` (from 0), in order of the day."""
    settings, seed = shared.settings, shared.seed
    schedule = visit_days(shared.visits, settings.cohort, generator(seed, Stream.DAYS, k))
    noise = visit_noise(shared.visits, settings.cohort, generator(seed, Stream.VISIT_NOISE, k))
    gains = drift(shared.visits, settings, generator(seed, Stream.DRIFT, k))
    lots = int(settings.cohort.laboratory.bead_lots.value)
    first_lot = int(generator(seed, Stream.LOTS, k).integers(lots))
    rows = []
    for i, (day, label) in enumerate(schedule):
        rng = generator(seed, Stream.VISIT, k, i)
        expected = expected_blood(plan, day, settings.cohort, shared.priors)
        # Rounded, so that the last bit of exp() on another processor changes nothing.
        blood = {
            name: round(expected[name] * float(noise[i, j]), 4) for j, name in enumerate(BLOOD_POPULATIONS)
        }
        lot, beads = bead_lot(first_lot, day, seed, settings)
        spec = tube_spec_of_visit(
            blood, events=shared.events, beads_per_tube=beads, gain=gains[i], settings=settings, rng=rng
        )
        wbc, lymphocytes = blood_count(blood, settings, rng)
        rows.append(
            VisitPlan(
                patient=plan.patient,
                visit=label,
                day=day,
                file=f"fcs/{plan.patient}_d{day}.fcs",
                spec=spec,
                seed=seed_numbers(seed, Stream.TUBE, k, i),
                bead_lot=lot,
                wbc_cells_per_ul=wbc,
                lymphocytes_cells_per_ul=lymphocytes,
            )
        )
    return rows


def visit_days(visits: int, settings: CohortSettings, rng: np.random.Generator) -> list[tuple[int, str]]:
    """Return (day, name) of the first `visits` visits; each day is later than the one before.

    After the planned list visits go on at a fixed distance.
    """
    rows = settings.visits.rows
    planned = [(row.day, row.label, row.jitter_sd) for row in rows]
    every, jitter = int(settings.visits.later_every.value), settings.visits.later_jitter_sd.value
    later = [rows[-1].day + every * n for n in range(1, visits - len(rows) + 1)]
    planned += [(day, f"+{day}", jitter) for day in later]
    schedule: list[tuple[int, str]] = []
    for day, label, sd in planned[:visits]:
        moved = day + round(float(np.clip(rng.normal(), -2, 2)) * sd)
        schedule.append((max(moved, schedule[-1][0] + 1 if schedule else 1), label))
    return schedule
