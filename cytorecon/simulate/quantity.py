"""A number with its unit and source: the base of all settings of the simulator."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Frozen(BaseModel):
    """Base of all settings: immutable, no unknown fields, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Quantity(Frozen):
    """A number with its unit and where it comes from."""

    value: float
    unit: str = Field(min_length=1)
    source: str = Field(min_length=1)


class Noted(Frozen):
    """Base of a block of numbers that share one unit and one source."""

    unit: str = Field(min_length=1)
    source: str = Field(min_length=1)
