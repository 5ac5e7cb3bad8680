"""Simulated batches of a good laboratory and of one under stress, with rare cells planted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cytorecon.errors import CytoreconError
from cytorecon.evaluate.labelled import Labelled
from cytorecon.knowledge.evaluation import LaboratoryRow, Planted, load_evaluation_rules
from cytorecon.simulate import SimulatorSettings, TubeSpec, VisitPlan, load_settings, simulate_cohort
from cytorecon.simulate import simulate_tube as simulated
from cytorecon.simulate.truth import REPORTED

#: Streams of random numbers of one seed, apart from those of the simulator.
_GAIN, _PLANTED = 101, 102


@dataclass(frozen=True)
class SimulatedLabelledTube:
    """A simulated visit in one laboratory; made anew whenever it is read.

    Parameters
    ----------
    visit : VisitPlan
        With the laboratory's gains, and the planted numbers.
    settings : SimulatorSettings
        With the laboratory's stain.
    planted : mapping of str to int
        True cells by population, where they were chosen.
    """

    visit: VisitPlan
    settings: SimulatorSettings
    planted: Mapping[str, int]

    @property
    def tube(self) -> str:
        """Patient and day."""
        return f"{self.visit.patient}/d{self.visit.day}"

    @property
    def patient(self) -> str:
        """Pseudonym."""
        return self.visit.patient

    @property
    def group(self) -> str:
        """All tubes of a simulated batch belong together."""
        return "all"

    def read(self) -> Labelled:
        """Return the tube's sample and what each event truly is."""
        seed = np.random.SeedSequence(self.visit.seed)
        tube = simulated(self.visit.spec, seed=seed, settings=self.settings)
        return Labelled.of_masks(tube.sample(), {name: tube.mask(name) for name in REPORTED})


def simulated_batch(
    laboratory: str, *, seed: int, patients: int = 12, visits: int = 6, events: int = 50_000
) -> tuple[SimulatedLabelledTube, ...]:
    """Return the tubes of one simulated batch.

    Parameters
    ----------
    laboratory : str
        ``good_lab`` or ``stress``; the numbers are in ``knowledge/evaluation.yaml``.
    seed, patients, visits, events : int
        As in :func:`~cytorecon.simulate.simulate_cohort`.

    Raises
    ------
    CytoreconError
        If there is no such laboratory.
    SimulationError
        If a number is out of range.

    Examples
    --------
    >>> tubes = simulated_batch("stress", seed=1, patients=2, visits=2, events=500)
    >>> [tube.tube for tube in tubes]
    ['P01/d15', 'P01/d32', 'P02/d14', 'P02/d31']
    """
    row = laboratory_row(laboratory)
    cohort = simulate_cohort(patients=patients, visits=visits, events=events, seed=seed)
    planted = planted_cells(load_evaluation_rules().simulated.planted, len(cohort.visits), seed)
    settings = _settings_of(row)
    rng = np.random.default_rng([seed, _GAIN])
    return tuple(
        SimulatedLabelledTube(_in_laboratory(visit, row, cells, settings, rng), settings, cells)
        for visit, cells in zip(cohort.visits, planted, strict=True)
    )


def laboratory_row(name: str) -> LaboratoryRow:
    """Return the simulated laboratory `name`.

    Raises
    ------
    CytoreconError
        If there is none of that name.
    """
    rows = {row.name: row for row in load_evaluation_rules().laboratories}
    if name not in rows:
        raise CytoreconError(
            "There is no such simulated laboratory.", field="simulate", found=name, allowed=", ".join(rows)
        )
    return rows[name]


def planted_cells(rules: Planted, tubes: int, seed: int) -> list[dict[str, int]]:
    """Return the planted numbers of each tube; populations are planted independently of each other.

    Examples
    --------
    >>> rules = load_evaluation_rules().simulated.planted
    >>> tubes = planted_cells(rules, 72, seed=1)
    >>> sum(tube.get("B") == 0 for tube in tubes), sum("B" not in tube for tube in tubes)
    (10, 38)
    """
    cells: list[int | None] = [row.cells for row in rules.cells for _ in range(round(row.share * tubes))]
    cells += [None] * (tubes - len(cells))
    planted: list[dict[str, int]] = [{} for _ in range(tubes)]
    for place, population in enumerate(rules.populations):
        order = np.random.default_rng([seed, _PLANTED, place]).permutation(tubes)
        for tube, number in zip(order.tolist(), cells, strict=False):
            if number is not None:
                planted[tube][population] = number
    return planted


def _settings_of(row: LaboratoryRow) -> SimulatorSettings:
    settings = load_settings()
    stain = settings.variation.stain_log10_sd.model_copy(update={"value": row.stain_log10_sd.value})
    variation = settings.variation.model_copy(update={"stain_log10_sd": stain})
    return settings.model_copy(update={"variation": variation})


def _in_laboratory(
    visit: VisitPlan,
    row: LaboratoryRow,
    planted: Mapping[str, int],
    settings: SimulatorSettings,
    rng: np.random.Generator,
) -> VisitPlan:
    spec = visit.spec
    fields = spec.model_dump() | {
        "detector_gain": _gains([detector.name for detector in settings.detectors.rows], row, rng),
        "spillover_error": row.spillover_error.value,
        "forced_events": dict(planted),
    }
    return VisitPlan(
        patient=visit.patient,
        visit=visit.visit,
        day=visit.day,
        file=visit.file,
        spec=TubeSpec.model_validate(fields),
        seed=visit.seed,
        bead_lot=visit.bead_lot,
        wbc_cells_per_ul=visit.wbc_cells_per_ul,
        lymphocytes_cells_per_ul=visit.lymphocytes_cells_per_ul,
    )


def _gains(detectors: Sequence[str], row: LaboratoryRow, rng: np.random.Generator) -> dict[str, float]:
    sd = row.gain_ln_sd.value
    scatter = dict.fromkeys(("FSC-A", "SSC-A"), sd * row.scatter_gain_factor.value)
    spread = scatter | dict.fromkeys(detectors, sd)
    # Rounded, so that the last bit of exp() on another processor changes nothing.
    return {name: round(float(np.exp(one * rng.normal())), 4) for name, one in spread.items()}
