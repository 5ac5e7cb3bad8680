"""What is true of a simulated tube: live single cells, and their concentration in the blood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cytorecon.simulate.acquisition import Draw
from cytorecon.simulate.settings import SimulatorSettings
from cytorecon.simulate.spec import BLOOD_POPULATIONS

#: What is reported, and the blood populations each is made of. NKT_like overlaps the T cells and
#: is counted apart.
REPORTED: Final[Mapping[str, tuple[str, ...]]] = {
    "leukocytes": BLOOD_POPULATIONS,
    "lymphocytes": ("CD4_T", "CD8_T", "DN_T", "DP_T", "B", "NK"),
    "CD3_T": ("CD4_T", "CD8_T", "DN_T", "DP_T"),
    **{name: (name,) for name in BLOOD_POPULATIONS},
}

#: What an event can be.
LABELS: Final = (*BLOOD_POPULATIONS, "debris", "doublet", "dead", "beads")


@dataclass(frozen=True, slots=True)
class PopulationTruth:
    """What is true of one population of one tube.

    Parameters
    ----------
    population : str
        Name as in results.
    events : int
        Live single cells recorded. Doublets and dead cells do not count.
    cells_per_ul : float
        Concentration of live cells in the blood, cells/µL.
    """

    population: str
    events: int
    cells_per_ul: float


def true_counts(draw: Draw, settings: SimulatorSettings) -> tuple[PopulationTruth, ...]:
    """Return the true counts of all reported populations, NKT_like last."""
    types = settings.cell_types.rows
    events = {
        name: sum(n for cell, n in draw.live.items() if types[cell].population == name)
        for name in BLOOD_POPULATIONS
    }
    rows = [
        PopulationTruth(
            population=name,
            events=sum(events[part] for part in parts),
            cells_per_ul=float(sum(draw.concentrations[part] for part in parts)),
        )
        for name, parts in REPORTED.items()
    ]
    like = {name: cell for name, cell in types.items() if cell.nkt_like}
    nkt_like = PopulationTruth(
        population="NKT_like",
        events=sum(draw.live[name] for name in like),
        cells_per_ul=float(sum(draw.concentrations[cell.population] * cell.share for cell in like.values())),
    )
    return (*rows, nkt_like)
