"""What a person wants to know of a file before trusting it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from cytorecon.errors import Issue
from cytorecon.fcs import read_fcs
from cytorecon.fcs.datasets import choose_data_set, find_data_sets
from cytorecon.fcs.read import layout_of
from cytorecon.fcs.source import open_source
from cytorecon.fcs.storage import Kind
from cytorecon.intake import clean
from cytorecon.knowledge.deidentification import load_deidentification
from cytorecon.knowledge.quality import load_quality_limits
from cytorecon.quality import check_quality
from cytorecon.sample import ChannelRole, Sample, Spillover
from cytorecon.values import Frozen

_KINDS: Final = {
    Kind.INTEGER: "integer",
    Kind.FLOAT: "float",
    Kind.DOUBLE: "double",
    Kind.ASCII: "ASCII digits",
}


class ChannelInspection(Frozen):
    """One channel: names, role, markers, detector range and the range of its events (linear).

    `name` is the detector's, or the number of the channel where that could be a person's (``P5-A``);
    `marker_text` is the label (``$PnS``) as far as it consists of known markers and dyes;
    `percent_at_top` the share of events at the end of the detector's range, `percent_below_zero` that of
    negative values; None where there is no detector, or its range is not known.
    """

    name: str
    marker_text: str
    role: str
    markers: tuple[str, ...]
    detector_maximum: float
    lowest: float | None
    median: float | None
    highest: float | None
    percent_at_top: float | None
    percent_below_zero: float | None


class FileInspection(Frozen):
    """A file: instrument, numbers, events, channels, spillover, issues; no name and no date.

    Parameters
    ----------
    sha256 : str
        Of its bytes.
    instrument : str
        Model of the cytometer, as far as it is one we know.
    version : str
        ``"FCS3.1"`` …
    numbers : str
        How values are stored, e.g. ``"float, 32 bits, little endian"``.
    n_events : int
        Events.
    seconds : float or None
        From the first to the last event; None without a clock in seconds.
    events_per_second : float or None
        Over that time.
    spillover : str
        Keyword the matrix is from, or ``"none"``.
    spillover_channels : tuple of str
        Its detectors.
    spillover_condition : float or None
        Its condition number: how much compensation multiplies errors, at worst.
    channels : tuple of ChannelInspection
        In the order of the file.
    issues : tuple of Issue
        Of reading and of acquisition.
    """

    sha256: str
    instrument: str
    version: str
    numbers: str
    n_events: int
    seconds: float | None
    events_per_second: float | None
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
    version, numbers = _format(path, dataset)
    sample = clean(read_fcs(path, dataset=dataset)).sample
    matrix = sample.spillover
    seconds = _seconds(sample)
    return FileInspection(
        sha256=sample.sha256,
        instrument=load_deidentification().instrument(sample.keywords.get("$CYT", "")),
        version=version,
        numbers=numbers,
        n_events=sample.n_events,
        seconds=seconds,
        events_per_second=sample.n_events / seconds if seconds else None,
        spillover=matrix.source if matrix else "none",
        spillover_channels=matrix.channels if matrix else (),
        spillover_condition=_condition(matrix),
        channels=tuple(_channel(sample, index) for index in range(len(sample.channels))),
        issues=(*sample.issues, *check_quality(sample)),
    )


def _format(path: Path, dataset: int | None) -> tuple[str, str]:
    """Return version and kind of numbers, for people."""
    with open_source(path) as source:
        chosen, _, _ = choose_data_set(find_data_sets(source)[0], dataset, source.file)
        storage = layout_of(source, dataset).storage
    kinds = " and ".join(dict.fromkeys(_KINDS[kind] for kind in storage.kinds))
    if Kind.ASCII in storage.kinds:
        return chosen.header.version, kinds
    widths = sorted(set(storage.bits))
    bits = str(widths[0]) if len(widths) == 1 else f"{widths[0]} to {widths[-1]}"
    order = {True: "little endian", False: "big endian", None: "mixed byte order"}[storage.little_endian]
    return chosen.header.version, f"{kinds}, {bits} bits, {order}"


def _seconds(sample: Sample) -> float | None:
    clock = [channel.index for channel in sample.channels if channel.role is ChannelRole.TIME]
    if not clock or any(issue.code == "fcs.no_time_step" for issue in sample.issues):
        return None
    column = sample.events[:, clock[0]]
    column = column[np.isfinite(column)]
    return float(column.max()) - float(column.min()) if column.size else None


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
    # as the quality check looks for saturation: a range below the data says nothing
    is_detector = channel.role not in (ChannelRole.TIME, ChannelRole.OTHER)
    states_range = is_detector and high is not None and 0 < channel.maximum >= high / 1.1
    edge = load_quality_limits().checks.saturation_edge.value * (channel.maximum - 1)
    return ChannelInspection(
        name=channel.name,
        marker_text=channel.marker_text,
        role="other" if channel.role is ChannelRole.OTHER else channel.role.value,
        markers=tuple(sorted(channel.markers)),
        detector_maximum=channel.maximum,
        percent_at_top=_percent(finite >= edge) if states_range else None,
        percent_below_zero=_percent(finite < 0) if is_detector else None,
        lowest=low,
        median=middle,
        highest=high,
    )


def _percent(chosen: npt.NDArray[np.bool_]) -> float | None:
    return 100 * float(chosen.mean()) if chosen.size else None
