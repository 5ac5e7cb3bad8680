"""Shapes a gate can have, and the mask each one makes. Nothing here looks for anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cytorecon.gating.kernels import points_in_polygon

Mask = npt.NDArray[np.bool_]
Column = npt.NDArray[np.float32]
Columns = Mapping[str, Column]


def among(column: Column, mask: Mask) -> Column:
    """Return the values of the events in `mask`; several times as quick as ``column[mask]``."""
    at = np.flatnonzero(mask)
    return column if at.size == column.size else column[at]


@dataclass(frozen=True, slots=True)
class Threshold:
    """One position on one or more channels; with several, every one must hold.

    Parameters
    ----------
    channels : tuple of str
        ``$PnN``.
    value : float
        Position on the transformed scale.
    keep : {"above", "below"}
        ``above`` keeps values at or over the position.
    """

    channels: tuple[str, ...]
    value: float
    keep: Literal["above", "below"] = "above"

    def mask(self, columns: Columns) -> Mask:
        """Return one bool per event."""
        first, *rest = (
            columns[name] >= self.value if self.keep == "above" else columns[name] < self.value
            for name in self.channels
        )
        inside: Mask = first
        for other in rest:
            inside = inside & other
        return inside


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed polygon on two channels.

    Parameters
    ----------
    channels : (str, str)
        ``$PnN`` of x and y.
    vertices : tuple of (float, float)
        On the transformed scale, in order, not closed.
    """

    channels: tuple[str, str]
    vertices: tuple[tuple[float, float], ...]

    def mask(self, columns: Columns) -> Mask:
        """Return one bool per event."""
        x, y = (columns[name] for name in self.channels)
        return points_in_polygon(x, y, np.asarray(self.vertices, dtype=np.float64))


Shape = Threshold | Polygon


def version_of(shapes: tuple[Shape, ...], decided: str = "") -> str:
    """Return a short hash of kind, channels and position: the version of a found gate.

    `decided` stands for what people decided about the gates; empty when they did not.

    Examples
    --------
    >>> version_of((Threshold(("FITC-A",), 0.5),)) == version_of((Threshold(("FITC-A",), 0.5),))
    True
    """
    text = json.dumps([[type(shape).__name__, repr(shape)] for shape in shapes]) + decided
    return hashlib.sha256(text.encode()).hexdigest()[:12]
