"""How many of everything go through the cytometer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cytorecon.simulate.cells import TubeVariation
from cytorecon.simulate.settings import SimulatorSettings
from cytorecon.simulate.spec import BLOOD_POPULATIONS, SimulationError, TubeSpec


@dataclass(frozen=True, slots=True)
class Draw:
    """Numbers of events of one tube.

    Parameters
    ----------
    acquired_blood_ul : float
        Blood acquired, microlitres.
    concentrations : mapping of str to float
        True cells/µL per blood population; of a forced population, what the forced number is.
    live, dead, debris : mapping of str to int
        Events per cell type.
    beads, doublets : int
        Events.
    """

    acquired_blood_ul: float
    concentrations: Mapping[str, float]
    live: Mapping[str, int]
    dead: Mapping[str, int]
    debris: Mapping[str, int]
    beads: int
    doublets: int


def draw_numbers(
    spec: TubeSpec, tube: TubeVariation, settings: SimulatorSettings, rng: np.random.Generator
) -> Draw:
    """Return Poisson numbers of events for the blood volume that ``spec.events`` asks for.

    Raises
    ------
    SimulationError
        If nothing would be recorded, or the forced events alone exceed ``spec.events``.
    """
    volume = _acquired_volume(spec, tube, settings)
    blood = {name: float(spec.concentrations.get(name, 0.0)) for name in BLOOD_POPULATIONS}
    # Drawn also where forced, so that forcing one population leaves the others as they were.
    numbers = {name: int(rng.poisson(per_ul * volume)) for name, per_ul in blood.items()}
    numbers |= spec.forced_events
    blood |= {name: n / volume for name, n in spec.forced_events.items()}
    live: dict[str, int] = {}
    for population, n in numbers.items():
        live |= _split(population, n, settings, rng)
    expected_dead = _dead_per_ul(blood, spec, settings)
    dead = {name: int(rng.poisson(per_ul * volume)) for name, per_ul in expected_dead.items()}
    debris = {
        name: int(rng.poisson(per_ul * volume)) for name, per_ul in _debris_per_ul(tube, settings).items()
    }
    singles = sum(live.values()) + sum(dead.values())
    return Draw(
        acquired_blood_ul=volume,
        concentrations=blood,
        live=live,
        dead=dead,
        debris=debris,
        beads=int(rng.poisson(_beads_per_ul(spec) * volume)),
        doublets=int(rng.poisson(singles * _doublets_per_cell(tube, settings))),
    )


def _acquired_volume(spec: TubeSpec, tube: TubeVariation, settings: SimulatorSettings) -> float:
    free = {name: per_ul for name, per_ul in spec.concentrations.items() if name not in spec.forced_events}
    forced = sum(spec.forced_events.values())
    with_doublets = 1 + _doublets_per_cell(tube, settings)
    cells = sum(free.values()) + sum(_dead_per_ul(free, spec, settings).values())
    debris = sum(_debris_per_ul(tube, settings).values())
    per_ul = cells * with_doublets + debris + _beads_per_ul(spec)
    wanted = spec.events - forced * with_doublets
    if per_ul <= 0 or wanted <= 0:
        raise SimulationError(
            "The tube leaves no blood volume to acquire.",
            subject="tube specification",
            field="events",
            found=f"{spec.events} events, {forced} of them forced, {per_ul:.6g} other events per µL",
            hint="Ask for more events than are forced, and for another population, beads or debris.",
        )
    return min(wanted / per_ul, _blood_ul(spec) * settings.artefacts.maximum_fraction_acquired.value)


def _split(population: str, n: int, settings: SimulatorSettings, rng: np.random.Generator) -> dict[str, int]:
    shares = {
        name: cell.share for name, cell in settings.cell_types.rows.items() if cell.population == population
    }
    return dict(zip(shares, rng.multinomial(n, list(shares.values())).tolist(), strict=True))


def _dead_per_ul(blood: Mapping[str, float], spec: TubeSpec, settings: SimulatorSettings) -> dict[str, float]:
    artefacts = settings.artefacts
    fresh, per_hour = artefacts.dead_fraction_fresh.value, artefacts.dead_fraction_per_hour.value
    per_live = (fresh + per_hour * spec.sample_age_hours) * spec.dead
    return {
        name: blood.get(cell.population, 0.0)
        * cell.share
        * per_live
        * settings.bodies.rows[cell.body].death_factor
        for name, cell in settings.cell_types.rows.items()
        if cell.population in BLOOD_POPULATIONS
    }


def _debris_per_ul(tube: TubeVariation, settings: SimulatorSettings) -> dict[str, float]:
    per_ul = settings.artefacts.debris_per_ul.value * tube.debris
    rows = settings.cell_types.rows.items()
    return {name: per_ul * cell.share for name, cell in rows if cell.population == "debris"}


def _doublets_per_cell(tube: TubeVariation, settings: SimulatorSettings) -> float:
    return settings.artefacts.doublet_fraction.value * tube.doublets


def _beads_per_ul(spec: TubeSpec) -> float:
    return spec.beads_per_tube / _blood_ul(spec)


def _blood_ul(spec: TubeSpec) -> float:
    return spec.blood_volume_ul * (1 + spec.pipetting_error)
