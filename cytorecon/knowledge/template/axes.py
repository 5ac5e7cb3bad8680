"""The axes a template names: an aspect of scatter, or a marker."""

from __future__ import annotations

from typing import Literal

from cytorecon.values import Frozen


class ScatterAxis(Frozen):
    """An axis taken from scatter: which one, and which aspects will do, best first."""

    scatter: Literal["forward", "side"]
    aspect: tuple[Literal["A", "H", "W", ""], ...] = ("A", "H", "")


class MarkerAxis(Frozen):
    """An axis taken from the channel that carries `marker` (or the set ``CD16+CD56``)."""

    marker: str


Axis = ScatterAxis | MarkerAxis
