"""What a simulated tube shall contain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)

from cytorecon.errors import CytoreconError

#: Populations a tube is made of. They share no cell, so their counts can be chosen freely.
BLOOD_POPULATIONS = ("CD4_T", "CD8_T", "DN_T", "DP_T", "B", "NK", "monocytes", "granulocytes")


class SimulationError(CytoreconError):
    """A tube or cohort was asked for that cannot be simulated."""


class TubeSpec(BaseModel):
    """One whole-blood TBNK tube: the blood, what was pipetted and how long it waited.

    Parameters
    ----------
    concentrations : mapping of str to float
        Live cells per microlitre of blood of CD4_T, CD8_T, DN_T, DP_T, B, NK, monocytes and
        granulocytes. A population that is not named is absent (0). NKT-like cells are part of
        the T cells; their share is in ``knowledge/simulator.yaml``.
    events : int
        Expected number of recorded events of all kinds; it fixes the blood volume acquired,
        unless the tube runs empty first.
    forced_events : mapping of str to int
        Exact number of live single cells of a population, instead of a Poisson number about
        its concentration; for tests of the detection limit.
    beads_per_tube : float
        Counting beads added; 0 for a tube without beads.
    blood_volume_ul : float
        Nominal blood volume, microlitres.
    pipetting_error : float
        Relative error of the real blood volume: 0.02 is 2 % too much.
    sample_age_hours : float
        From venepuncture to acquisition; more cells are dead in older blood.
    variation : float
        Multiplies the tube-to-tube differences of ``simulator.yaml``; 0 switches them off.
    tails : float
        Multiplies the fraction of cells in dim tails; 0 gives symmetric clusters.
    detector_gain : mapping of str to float
        Gain of a channel (``$PnN`` area name, scatter included) relative to set-up: drift.
    spillover_error : float
        Relative SD of the error of each coefficient of the stored matrix.
    doublets, debris, dead : float
        Multiply the usual number of these; 0 for a tube without them.

    Raises
    ------
    SimulationError
        If a value is out of range, naming every field that cannot be used.

    Examples
    --------
    >>> TubeSpec(concentrations={"CD4_T": 50, "granulocytes": 3000}, events=20_000).events
    20000
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    concentrations: Mapping[str, float]
    events: int = Field(default=50_000, ge=1, le=5_000_000)
    forced_events: Mapping[str, int] = Field(default_factory=dict)
    beads_per_tube: float = Field(default=50_000.0, ge=0)
    blood_volume_ul: float = Field(default=50.0, gt=0)
    pipetting_error: float = Field(default=0.0, gt=-0.5, lt=0.5)
    sample_age_hours: float = Field(default=6.0, ge=0, le=96)
    variation: float = Field(default=1.0, ge=0, le=10)
    tails: float = Field(default=1.0, ge=0, le=10)
    detector_gain: Mapping[str, float] = Field(default_factory=dict)
    spillover_error: float = Field(default=0.0, ge=0, le=1)
    doublets: float = Field(default=1.0, ge=0, le=20)
    debris: float = Field(default=1.0, ge=0, le=100)
    dead: float = Field(default=1.0, ge=0, le=50)

    @model_validator(mode="wrap")
    @classmethod
    def _readable(cls, fields: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(fields)
        except ValidationError as error:
            problems = error.errors(include_url=False)
            raise SimulationError(
                "The tube cannot be simulated.",
                subject="tube specification",
                field=", ".join(".".join(str(part) for part in problem["loc"]) for problem in problems),
                allowed="; ".join(problem["msg"].removeprefix("Value error, ") for problem in problems),
            ) from error

    @field_validator("concentrations", "forced_events")
    @classmethod
    def _populations(cls, numbers: Mapping[str, float]) -> Mapping[str, float]:
        unknown = sorted(set(numbers) - set(BLOOD_POPULATIONS))
        if unknown:
            raise ValueError(
                f"unknown population {', '.join(unknown)}; known: {', '.join(BLOOD_POPULATIONS)}"
            )
        if any(value < 0 for value in numbers.values()):
            raise ValueError("a count cannot be negative")
        return numbers

    @field_validator("detector_gain")
    @classmethod
    def _gains(cls, numbers: Mapping[str, float]) -> Mapping[str, float]:
        if any(value <= 0 for value in numbers.values()):
            raise ValueError("a gain must be above 0")
        return numbers


def tube_spec(**fields: object) -> TubeSpec:
    """Return a :class:`TubeSpec` of untyped `fields`, e.g. those of a user's sheet.

    Raises
    ------
    SimulationError
        Naming every field that cannot be used.

    Examples
    --------
    >>> tube_spec(concentrations={"CD4_T": 50}, events=20_000).blood_volume_ul
    50.0
    """
    return TubeSpec.model_validate(fields)
