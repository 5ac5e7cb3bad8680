"""What differs from visit to visit in the laboratory: age of blood, drift, beads, blood count."""

from __future__ import annotations

import numpy as np

from cytorecon.simulate.recovery import ar1
from cytorecon.simulate.seeds import Stream, generator
from cytorecon.simulate.settings import SimulatorSettings
from cytorecon.simulate.spec import TubeSpec
from cytorecon.simulate.truth import REPORTED


def tube_spec_of_visit(
    blood: dict[str, float],
    *,
    events: int,
    beads_per_tube: float,
    gain: dict[str, float],
    settings: SimulatorSettings,
    rng: np.random.Generator,
) -> TubeSpec:
    """Return the tube a laboratory would make of `blood` (cells/µL): pipetting, age, drift, beads."""
    laboratory, beads = settings.cohort.laboratory, settings.beads
    age = laboratory.sample_age.value * np.exp(laboratory.sample_age_ln_sd.value * rng.normal())
    pipetting = float(np.clip(rng.normal(), -3, 3)) * beads.pipetting_cv.value
    return TubeSpec(
        concentrations=blood,
        events=events,
        beads_per_tube=beads_per_tube,
        blood_volume_ul=beads.blood_volume.value,
        pipetting_error=round(pipetting, 4),
        sample_age_hours=round(min(float(age), laboratory.sample_age_maximum.value), 1),
        detector_gain=gain,
        spillover_error=laboratory.spillover_error.value,
    )


def bead_lot(first: int, day: int, seed: int, settings: SimulatorSettings) -> tuple[str, float]:
    """Return name and beads per tube of the lot in use on `day`.

    Parameters
    ----------
    first : int
        Lot in use on day 0, from 0.
    day : int
        Day of the visit.
    seed : int
        Of the cohort: all patients meet the same lots.
    """
    laboratory = settings.cohort.laboratory
    lot = int(first + day // laboratory.bead_lot_days.value) % int(laboratory.bead_lots.value)
    factor = np.exp(settings.beads.lot_ln_sd.value * generator(seed, Stream.BEAD_LOT, lot).normal())
    # The label of a lot gives the number to the nearest ten.
    return f"LOT{lot + 1:02d}", float(round(settings.beads.per_tube.value * factor / 10) * 10)


def drift(visits: int, settings: SimulatorSettings, rng: np.random.Generator) -> list[dict[str, float]]:
    """Return the gain of every channel at each visit: slow AR(1) drift, and a step at a service."""
    laboratory = settings.cohort.laboratory
    names = ("FSC-A", "SSC-A", *(detector.name for detector in settings.detectors.rows))
    slow = ar1(visits, len(names), laboratory.gain_drift_correlation.value, rng)
    service = rng.random(visits) < laboratory.service_probability.value
    steps = rng.normal(size=(visits, len(names))) * laboratory.service_ln_sd.value * service[:, None]
    ln = slow * laboratory.gain_drift_ln_sd.value + np.cumsum(steps, axis=0)
    ln[:, :2] *= laboratory.scatter_drift_factor.value
    return [dict(zip(names, np.round(np.exp(row), 4).tolist(), strict=True)) for row in ln]


def blood_count(
    blood: dict[str, float], settings: SimulatorSettings, rng: np.random.Generator
) -> tuple[float | None, float | None]:
    """Return white cells and lymphocytes, cells/µL, as an analyser reports them.

    None when it rounds to 0: an empty field is unknown, a 0 would be a claim.
    """
    count = settings.cohort.blood_count
    wbc = sum(blood.values()) * (1 + count.cv.value * rng.normal())
    alc = sum(blood[name] for name in REPORTED["lymphocytes"]) * (
        1 + count.lymphocyte_cv.value * rng.normal()
    )
    step = count.resolution.value
    return round(wbc / step) * step or None, round(alc / step) * step or None
