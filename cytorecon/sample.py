"""The values that travel along the spine: a channel, a spillover matrix, a sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from cytorecon.errors import Issue, PanelError

Events = npt.NDArray[np.float32]

#: Events of which two copies fit into the processor's cache.
_BLOCK = 2048


class ChannelRole(StrEnum):
    """What a detector measures."""

    FORWARD_SCATTER = "forward_scatter"
    SIDE_SCATTER = "side_scatter"
    FLUORESCENCE = "fluorescence"
    TIME = "time"
    OTHER = "other"


class Scale(StrEnum):
    """What has been done to the events of a sample."""

    STORED = "stored"
    LINEAR = "linear"
    COMPENSATED = "compensated"
    TRANSFORMED = "transformed"


@dataclass(frozen=True, slots=True)
class Channel:
    """One column of the event matrix.

    Parameters
    ----------
    index : int
        Column, from 0.
    name : str
        ``$PnN``, e.g. ``"FITC-A"``.
    marker_text : str
        ``$PnS`` as written, e.g. ``"CD3 FITC"``; empty when absent.
    role : ChannelRole
        Scatter, fluorescence, time or other.
    aspect : str
        ``"A"`` (area), ``"H"`` (height), ``"W"`` (width) or empty.
    markers : frozenset of str
        Canonical markers this detector carries. Two markers in one fluorochrome
        (``{"CD16", "CD56"}``) are the normal case in a clinical TBNK tube.
    maximum : float
        ``$PnR``: upper end of the detector's range on the linear scale; 0 when it is not known.
    """

    index: int
    name: str
    marker_text: str
    role: ChannelRole
    aspect: str = ""
    markers: frozenset[str] = frozenset()
    maximum: float = 0.0

    @property
    def label(self) -> str:
        """Markers and detector for an axis title, e.g. ``"CD16+CD56 · PE-A"``."""
        return f"{'+'.join(sorted(self.markers))} · {self.name}" if self.markers else self.name


@dataclass(frozen=True, slots=True)
class Spillover:
    """Fraction of each dye's light (rows) that each detector (columns) sees.

    Parameters
    ----------
    matrix : ndarray of float64, shape (k, k)
        Spillover, diagonal 1.
    channels : tuple of str
        ``$PnN`` of rows and columns, in order.
    source : str
        Where it came from: ``"$SPILLOVER"``, ``"SPILL"`` or the name of a CSV sheet.
    """

    matrix: npt.NDArray[np.float64]
    channels: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One data set of one FCS file. Frozen: every step returns a new sample.

    Parameters
    ----------
    events : ndarray of float32, shape (events, channels)
        Read-only.
    channels : tuple of Channel
        One per column.
    keywords : mapping of str to str
        TEXT keywords, upper case, ``$`` kept. Only ``cytorecon.fcs.privacy.safe_keywords`` of
        them may be stored, logged or shown.
    spillover : Spillover or None
        The matrix stored in the file.
    scale : Scale
        Linear, compensated or transformed; stored, when :func:`~cytorecon.fcs.read_fcs` was asked
        for values as they are in the file, whose `dtype` may then be wider than float32.
    issues : tuple of Issue
        What was noticed on the way here.
    fingerprint : callable, optional
        Returns the SHA-256 of the file's bytes; see :attr:`sha256`.
    """

    events: Events
    channels: tuple[Channel, ...]
    keywords: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    spillover: Spillover | None = None
    scale: Scale = Scale.LINEAR
    issues: tuple[Issue, ...] = ()
    fingerprint: Callable[[], str] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.events.ndim != 2 or self.events.shape[1] != len(self.channels):
            raise PanelError(
                "The event matrix and the channel list do not agree.",
                found=f"events of shape {self.events.shape} and {len(self.channels)} channels",
                allowed="one column per channel",
            )
        self.events.flags.writeable = False

    def __repr__(self) -> str:
        """Return size and scale: events and keywords are no reading."""
        return f"<Sample of {self.n_events} events x {len(self.channels)} channels, {self.scale.value}>"

    @property
    def n_events(self) -> int:
        """Number of events (rows)."""
        return int(self.events.shape[0])

    @property
    def sha256(self) -> str:
        """Hash of the file's bytes: the identity of the sample; empty for one that was never a file.

        It is computed when first asked for, because it costs several times the reading of the
        events.

        Raises
        ------
        FcsError
            If the file was changed or moved after the sample was read.
        """
        return self.fingerprint() if self.fingerprint else ""

    def channel(self, name: str) -> Channel:
        """Return the channel whose ``$PnN`` is `name`.

        Raises
        ------
        PanelError
            If there is none, or more than one.
        """
        hits = [channel for channel in self.channels if channel.name == name]
        if len(hits) != 1:
            raise PanelError(
                f"{'No' if not hits else 'More than one'} channel is named '{name}'.",
                found=", ".join(channel.name for channel in self.channels),
            )
        return hits[0]

    def column(self, name: str) -> Events:
        """Return the events of channel `name` as a view, shape (events,)."""
        return self.events[:, self.channel(name).index]

    def by_channel(self) -> Sample:
        """Return the same sample with the events of each channel side by side in memory.

        Files hold event after event; whatever looks at one channel after the other is several times
        as quick on this.
        """
        if self.events.flags.f_contiguous:
            return self
        events = np.empty(self.events.shape, dtype=self.events.dtype, order="F")
        for start in range(0, self.n_events, _BLOCK):
            events[start : start + _BLOCK] = self.events[start : start + _BLOCK]
        return replace(self, events=events)

    def with_issues(self, issues: Iterable[Issue]) -> Sample:
        """Return the same sample with `issues` appended."""
        return replace(self, issues=(*self.issues, *issues))
