"""What a person wants to know of a file before trusting it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cytorecon.errors import Issue
from cytorecon.fcs import read_fcs, safe_keywords
from cytorecon.fcs.quoting import safe_label
from cytorecon.quality import check_quality
from cytorecon.sample import ChannelRole, Sample, Spillover
from cytorecon.values import Frozen


class ChannelInspection(Frozen):
    """One channel: names, role, markers, detector range and the range of its events (linear).

    `marker_text` is the label (``$PnS``) as far as it consists of known markers and dyes.
    """

    name: str
    marker_text: str
    role: str
    markers: tuple[str, ...]
    detector_maximum: float
    lowest: float | None
    median: float | None
    highest: float | None


class FileInspection(Frozen):
    """A file: instrument, events, channels, spillover, issues. Keywords by allow-list only."""

    sha256: str
    instrument: str
    n_events: int
    spillover: str
    spillover_channels: tuple[str, ...]
    spillover_condition: float | None
    channels: tuple[ChannelInspection, ...]
    issues: tuple[Issue, ...]


def inspect_file(path: Path, *, dataset: int | None = None) -> FileInspection:
    """Read a file and describe it.

    Parameters
    ----------
    path : Path
        An FCS file.
    dataset : int, optional
        Which data set, where it holds several.

    Raises
    ------
    FcsError
        If it cannot be read.
    """
    sample = read_fcs(path, dataset=dataset)
    matrix = sample.spillover
    return FileInspection(
        sha256=sample.sha256,
        instrument=safe_keywords(sample).get("$CYT", ""),
        n_events=sample.n_events,
        spillover=matrix.source if matrix else "none",
        spillover_channels=matrix.channels if matrix else (),
        spillover_condition=_condition(matrix),
        channels=tuple(_channel(sample, index) for index in range(len(sample.channels))),
        issues=(*sample.issues, *check_quality(sample)),
    )


def _condition(matrix: Spillover | None) -> float | None:
    """Return the condition number of a matrix; None without one, or when it holds NaN or infinity."""
    if matrix is None or not np.isfinite(matrix.matrix).all():
        return None
    return float(np.linalg.cond(matrix.matrix))


def _channel(sample: Sample, index: int) -> ChannelInspection:
    channel = sample.channels[index]
    column = sample.events[:, index]
    finite = column[np.isfinite(column)]
    low, middle, high = (
        (float(finite.min()), float(np.median(finite)), float(finite.max()))
        if finite.size
        else (None, None, None)
    )
    return ChannelInspection(
        name=channel.name,
        marker_text=safe_label(channel.marker_text, channel.name),
        role="other" if channel.role is ChannelRole.OTHER else channel.role.value,
        markers=tuple(sorted(channel.markers)),
        detector_maximum=channel.maximum,
        lowest=low,
        median=middle,
        highest=high,
    )
