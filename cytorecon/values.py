"""The base of all values that are stored or read from files."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value: immutable, and a field nobody knows is refused.

    Examples
    --------
    >>> class Volume(Frozen):
    ...     microlitres: float
    >>> Volume(microlitres=50).microlitres
    50.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
