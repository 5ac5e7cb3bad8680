"""The numbers of the simulator: ``knowledge/simulator.yaml`` as strict, frozen models."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.simulate.cohort_settings import CohortSettings
from cytorecon.simulate.quantity import Fraction, Frozen, Noted, NotNegative, Positive, Quantity

NAME = "simulator.yaml"


class ScaleSettings(Frozen):
    """Range, resolution and clock of the simulated cytometer."""

    maximum: Quantity
    step: Quantity
    time_step: Quantity
    event_rate: Quantity
    scatter_threshold: Quantity
    threshold_ln: Quantity
    height_over_area: Quantity
    height_ln_sd: Quantity
    spillover_decimals: Quantity


class Detector(Frozen):
    """One fluorescence detector, the antibody on its dye and its noise (channel units)."""

    name: str
    marker_text: str
    antibody: str
    markers: tuple[str, ...] = Field(min_length=1)
    units_per_photoelectron: Positive
    dark_sd: NotNegative
    baseline: float
    autofluorescence: NotNegative


class DetectorBlock(Noted):
    """All fluorescence detectors, in the order of the file."""

    rows: tuple[Detector, ...] = Field(min_length=1)
    laser_ln_sd: Quantity


class SpilloverBlock(Noted):
    """Off-diagonal spillover: dye's own detector -> other detector -> fraction."""

    rows: dict[str, dict[str, Fraction]]


class Body(Frozen):
    """Scatter, autofluorescence and Fc binding of one kind of body (medians, channel units)."""

    fsc: Positive
    fsc_ln_sd: NotNegative
    ssc: Positive
    ssc_ln_sd: NotNegative
    autofluorescence: NotNegative
    nonspecific: NotNegative
    death_factor: NotNegative
    tail: Fraction
    fsc_tail_ln: float
    ssc_tail_ln: float


class BodyBlock(Noted):
    """All kinds of bodies."""

    rows: dict[str, Body]
    autofluorescence_ln_sd: Quantity
    nonspecific_ln_sd: Quantity
    scatter_correlation: Quantity


class Stain(Frozen):
    """Bound dye of one antibody: median (channel units), spread (log10), dim tail (fraction)."""

    median: Positive
    log10_sd: NotNegative
    tail: Fraction


class CellType(Frozen):
    """One kind of cell: population it counts for, share of that population, body, stain."""

    population: str
    nkt_like: bool
    share: Fraction
    body: str
    stain: dict[str, Stain]


class CellTypeBlock(Noted):
    """All kinds of cells and debris."""

    rows: dict[str, CellType]
    tail_log10: Quantity
    size_log10: Quantity


class DetectorValues(Noted):
    """One number per detector."""

    values: dict[str, Positive]


class BeadSettings(Frozen):
    """Counting beads."""

    fsc: Quantity
    ssc: Quantity
    scatter_ln_sd: Quantity
    light_ln_sd: Quantity
    light: DetectorValues
    per_tube: Quantity
    lot_ln_sd: Quantity
    blood_volume: Quantity
    pipetting_cv: Quantity
    doublet_propensity: Quantity


class ArtefactSettings(Frozen):
    """Doublets, dead cells, debris and what stays in the tube."""

    doublet_fraction: Quantity
    doublet_hidden_a: Quantity
    doublet_hidden_b: Quantity
    dead_fraction_fresh: Quantity
    dead_fraction_per_hour: Quantity
    dead_fsc: Quantity
    dead_ssc: Quantity
    dead_scatter_ln_sd: Quantity
    dead_antigen: Quantity
    dead_autofluorescence: Quantity
    dead_nonspecific: Quantity
    dead_nonspecific_ln_sd: Quantity
    debris_per_ul: Quantity
    debris_doublet_propensity: Quantity
    maximum_fraction_acquired: Quantity


class VariationSettings(Frozen):
    """Differences between tubes of one laboratory."""

    stain_log10_sd: Quantity
    scatter_ln_sd: Quantity
    spread_ln_sd: Quantity
    tail_ln_sd: Quantity
    nonspecific_ln_sd: Quantity
    debris_ln_sd: Quantity
    doublet_ln_sd: Quantity


class BloodValues(Noted):
    """Cells per microlitre of each population."""

    values: dict[str, NotNegative]


class SimulatorSettings(Frozen):
    """Everything in ``simulator.yaml``.

    Raises
    ------
    pydantic.ValidationError
        If names do not fit together: a spillover row without detector, a stain without antibody,
        a cell type without body, shares of a population that do not add up to 1.
    """

    notice: str
    version: str
    scale: ScaleSettings
    detectors: DetectorBlock
    spillover: SpilloverBlock
    bodies: BodyBlock
    cell_types: CellTypeBlock
    beads: BeadSettings
    artefacts: ArtefactSettings
    variation: VariationSettings
    example_blood: BloodValues
    cohort: CohortSettings

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        detectors = {detector.name for detector in self.detectors.rows}
        antibodies = {detector.antibody for detector in self.detectors.rows}
        if set(self.spillover.rows) != detectors:
            raise ValueError("spillover needs one row per detector")
        for name, row in self.spillover.rows.items():
            if set(row) != detectors - {name}:
                raise ValueError(f"spillover row {name} needs every other detector once")
        if set(self.beads.light.values) != detectors:
            raise ValueError("beads.light needs one value per detector")
        for name, cell in self.cell_types.rows.items():
            if cell.body not in self.bodies.rows:
                raise ValueError(f"cell type {name} has the unknown body {cell.body}")
            if unknown := sorted(set(cell.stain) - antibodies):
                raise ValueError(f"cell type {name} has the unknown antibody {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        for population in self.populations:
            total = sum(cell.share for cell in self.cell_types.rows.values() if cell.population == population)
            if abs(total - 1) > 1e-9:
                raise ValueError(f"shares of population {population} add up to {total:.6g}, not 1")
        return self

    @property
    def populations(self) -> tuple[str, ...]:
        """Populations made of cell types, in the order of the file (debris included)."""
        return tuple(dict.fromkeys(cell.population for cell in self.cell_types.rows.values()))


def load_settings(*, folder: Path | None = None) -> SimulatorSettings:
    """Return the simulator's numbers.

    Parameters
    ----------
    folder : Path, optional
        A user's knowledge folder; a ``simulator.yaml`` in it replaces the packaged one.

    Raises
    ------
    KnowledgeError
        If the file is missing, not YAML, or does not fit the model.

    Examples
    --------
    >>> load_settings().scale.maximum.value
    262144.0
    """
    return validated(SimulatorSettings, read_yaml(NAME, folder=folder), subject=NAME)
