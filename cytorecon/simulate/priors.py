"""Median recovery of each scenario: ``knowledge/simulator_priors.csv``. Synthetic, never a reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import Field

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_csv_rows, validated
from cytorecon.simulate.quantity import Frozen, Positive

NAME = "simulator_priors.csv"


class PriorRow(Frozen):
    """One row: median and between-patient SD of a population on a day of a scenario."""

    scenario: str
    population: str
    day: int = Field(gt=0)
    median_cells_per_ul: Positive
    between_patient_sd_log10: float = Field(ge=0)
    status: str = Field(pattern="^SYNTHETIC")
    note: str


@dataclass(frozen=True, slots=True)
class PriorCurve:
    """Median and between-patient SD of one population of one scenario.

    Parameters
    ----------
    days : tuple of int
        Increasing, days after transplant.
    medians : tuple of float
        Cells per microlitre of blood.
    sds : tuple of float
        Between patients, log10.
    """

    days: tuple[int, ...]
    medians: tuple[float, ...]
    sds: tuple[float, ...]

    def median(self, day: float) -> float:
        """Return the median on `day`: log-linear in log-time, flat after the last day.

        Before the first day the first line is continued.
        """
        x, y = np.log10(self.days), np.log10(self.medians)
        at = np.log10(max(day, 1.0))
        if at < x[0]:
            slope = (y[1] - y[0]) / (x[1] - x[0])
            return float(10 ** (y[0] + slope * (at - x[0])))
        return float(10 ** np.interp(at, x, y))

    def sd(self, day: float) -> float:
        """Return the between-patient SD on `day`, log10: linear in log-time, flat outside."""
        return float(np.interp(np.log10(max(day, 1.0)), np.log10(self.days), self.sds))


Priors = Mapping[str, Mapping[str, PriorCurve]]


def load_priors(*, folder: Path | None = None) -> Priors:
    """Return scenario -> population (as in the file) -> curve.

    Raises
    ------
    KnowledgeError
        If the file does not fit, or a curve has fewer than two days or repeats one.

    Examples
    --------
    >>> round(load_priors()["adult_PBSC_ATG"]["CD4"].median(100), 3)
    95.0
    """
    rows = [
        validated(PriorRow, dict(row), subject=f"{NAME}, data row {number}")
        for number, row in enumerate(read_csv_rows(NAME, folder=folder), start=1)
    ]
    keys = dict.fromkeys((row.scenario, row.population) for row in rows)
    priors: dict[str, dict[str, PriorCurve]] = {}
    for scenario, population in keys:
        own = sorted(
            (r for r in rows if (r.scenario, r.population) == (scenario, population)), key=lambda r: r.day
        )
        priors.setdefault(scenario, {})[population] = _curve(own)
    return priors


def _curve(rows: list[PriorRow]) -> PriorCurve:
    days = tuple(row.day for row in rows)
    if len(days) < 2 or len(set(days)) != len(days):
        raise KnowledgeError(
            "A recovery curve needs two or more different days.",
            subject=NAME,
            field=f"{rows[0].scenario}, {rows[0].population}",
            found=", ".join(str(day) for day in days),
        )
    return PriorCurve(
        days, tuple(r.median_cells_per_ul for r in rows), tuple(r.between_patient_sd_log10 for r in rows)
    )
