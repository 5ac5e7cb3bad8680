"""Shapes a gate can have, and the mask each one makes. Nothing here looks for anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cytorecon.gating.kernels import Floats, points_in_polygon

Mask = npt.NDArray[np.bool_]
Column = npt.NDArray[np.float32]
Columns = Mapping[str, Column]

#: Corners of an outline, and the squared distance within which 95 % of it lie (chi-square, 2 d.f.).
_OUTLINE, _SHOWN = 72, 5.991


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


@dataclass(frozen=True, slots=True)
class NormalCloud:
    """A normal distribution of events on some channels, and how many events it explains.

    Parameters
    ----------
    events : float
        Expected events.
    mean : tuple of float, length k
        On the transformed scale.
    covariance : tuple of tuple of float, shape (k, k)
        Of the events.
    """

    events: float
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]

    def distance(self, points: Floats) -> Floats:
        """Return squared Mahalanobis distances of `points`, shape (n, k)."""
        away = points - np.array(self.mean)
        squared: Floats = np.einsum("ij,ij->i", away @ np.linalg.inv(np.array(self.covariance)), away)
        return squared

    def log_density(self, points: Floats) -> Floats:
        """Return ln(events x normal density) of `points`, up to a constant that all clouds share."""
        _, log_determinant = np.linalg.slogdet(np.array(self.covariance))
        density: Floats = np.log(self.events) - 0.5 * (log_determinant + self.distance(points))
        return density


@dataclass(frozen=True, slots=True)
class Likelier:
    """Where an event is likelier of one cloud than of any of its neighbours, on several channels.

    Parameters
    ----------
    channels : tuple of str, length k
        ``$PnN``; the first two are those a picture shows.
    own : NormalCloud
        The cloud.
    others : tuple of NormalCloud
        Its neighbours.
    reach : float
        Squared Mahalanobis distance beyond which nothing belongs to the cloud.
    value : float
        ln(odds) at which the gate begins; 0 is as likely as not.
    """

    channels: tuple[str, ...]
    own: NormalCloud
    others: tuple[NormalCloud, ...]
    reach: float
    value: float = 0.0

    def mask(self, columns: Columns) -> Mask:
        """Return one bool per event."""
        return self.log_odds(columns) >= self.value

    def log_odds(self, columns: Columns) -> Floats:
        """Return ln(odds) for the cloud against its neighbours; -inf beyond its reach and for no value."""
        odds = np.full(columns[self.channels[0]].shape, -np.inf)
        at = np.flatnonzero(self._near(columns))
        points = np.stack([columns[name][at] for name in self.channels], axis=1).astype(np.float64)
        within = self.own.distance(points) <= self.reach
        at, points = at[within], points[within]
        rivals = [other.log_density(points) for other in self.others]
        rival = np.logaddexp.reduce(rivals) if rivals else np.full(at.size, -np.inf)
        odds[at] = self.own.log_density(points) - rival
        return odds

    def _near(self, columns: Columns) -> Mask:
        """Return the events in the box around the reach: most events need no distance."""
        near = np.ones(columns[self.channels[0]].shape, dtype=bool)
        for place, name in enumerate(self.channels):
            half = np.sqrt(self.reach * self.own.covariance[place][place])
            near &= np.abs(columns[name] - np.float32(self.own.mean[place])) <= half
        return near

    @property
    def vertices(self) -> tuple[tuple[float, float], ...]:
        """The ellipse that holds 95 % of the cloud on the first two channels, for pictures."""
        covariance = np.array(self.own.covariance)[:2, :2]
        turn = np.linspace(0, 2 * np.pi, _OUTLINE, endpoint=False)
        circle = np.stack([np.cos(turn), np.sin(turn)])
        ellipse = np.sqrt(_SHOWN) * np.linalg.cholesky(covariance) @ circle
        x, y = self.own.mean[:2]
        return tuple((round(x + float(dx), 9), round(y + float(dy), 9)) for dx, dy in ellipse.T)


Shape = Threshold | Polygon | Likelier


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
