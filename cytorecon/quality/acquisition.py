"""Acquisition: signal that drifts, flow that stands still or bursts, events at the end of a detector.

Drift and rate are told from parts of the run, as flowAI (Monaco 2016) and PeacoQC (Emmaneel 2022) do, on a
fixed share of the events, so that it costs little and the same file gives the same answer. Nothing is removed
(docs/decisions/0023).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cytorecon.errors import Issue, Severity
from cytorecon.knowledge.quality import AcquisitionLimits
from cytorecon.quality.modes import Mode, modes_over_time
from cytorecon.sample import Channel, ChannelRole, Events, Sample

_SIGNALS = (ChannelRole.FORWARD_SCATTER, ChannelRole.SIDE_SCATTER, ChannelRole.FLUORESCENCE)

Flags = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where in the run something is unusual.

    Parameters
    ----------
    share : float
        Fraction of the events concerned.
    begin, end : float
        First and last of them, as fractions of the run.
    """

    share: float
    begin: float
    end: float

    def __str__(self) -> str:
        """Return share and place for people."""
        return f"{self.share:.0%} of the events, between {self.begin:.0%} and {self.end:.0%} of the run"


def _looked_at(sample: Sample, limits: AcquisitionLimits) -> tuple[list[Channel], Events]:
    """Return the detectors and every n-th event of them."""
    channels = [channel for channel in sample.channels if channel.role in _SIGNALS]
    stride = max(1, sample.n_events // int(limits.most_events_looked_at.value))
    values = sample.events[::stride, [channel.index for channel in channels]]
    measured = np.flatnonzero(np.isfinite(values).any(axis=0))
    return [channels[at] for at in measured], values[:, measured]


def check_lower_end(sample: Sample, limits: AcquisitionLimits) -> Iterator[Issue]:
    """Yield one issue ``quality.lower_end`` if many events stand at the lowest value of a detector.

    Parameters
    ----------
    sample : Sample
        On the linear scale.
    limits : AcquisitionLimits
        From ``quality.yaml``.
    """
    channels, values = _looked_at(sample, limits)
    if not channels or sample.n_events < limits.fewest_events_per_bin.value:
        return
    lowest, highest = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    shares = (values == lowest).mean(axis=0)
    found = [
        f"{channel.name} ({share:.0%})"
        for channel, share, varies in zip(channels, shares, lowest < highest, strict=True)
        if varies and share > limits.most_at_lower_end.value
    ]
    if found:
        message = f"Events stand at the lowest value of {', '.join(found)}."
        hint = "The baseline is too low, or the export cut values off; negative cells are not whole."
        yield Issue("quality.lower_end", Severity.INFO, "signal", message, hint)


def check_drift(sample: Sample, limits: AcquisitionLimits) -> Iterator[Issue]:
    """Yield ``quality.drift`` or ``quality.background_drift`` if a signal moves during the run.

    The brightness of each cloud of each detector (a mode of its histogram) is followed through bins of
    equal numbers of events. A share of cells that changes moves no cloud.

    Parameters
    ----------
    sample : Sample
        On the linear scale, events in the order in which they were acquired.
    limits : AcquisitionLimits
        From ``quality.yaml``.
    """
    bins = int(min(limits.drift_bins.value, sample.n_events // limits.fewest_events_per_bin.value))
    channels, values = _looked_at(sample, limits)
    if bins < limits.fewest_bins.value or not channels:
        return
    bright: list[_Move] = []
    background: list[_Move] = []
    for channel, modes in zip(channels, modes_over_time(values, bins), strict=True):
        for mode in modes:
            is_background = mode.brightness < limits.background.value
            if (moved := _moved(channel.name, mode, limits)) is not None:
                (background if is_background else bright).append(moved)
    if bright:
        yield _drift(bright)
    elif background:
        yield _background_drift(background)


@dataclass(frozen=True, slots=True)
class _Move:
    """How far a cloud of a channel moves, as a factor, and in which parts of the run."""

    channel: str
    factor: float
    where: Flags


def _moved(channel: str, mode: Mode, limits: AcquisitionLimits) -> _Move | None:
    """Return how far a cloud moves, None when it stands still."""
    tolerance = math.log10(limits.largest_drift.value)
    level = mode.level(tolerance)
    apart = mode.medians - level
    sure = np.abs(apart) > tolerance + limits.drift_errors.value * mode.errors
    if sure.mean() < limits.least_share_drifting.value:
        return None
    moved, usual = (10 ** abs(place) - 1 for place in (level + float(np.median(apart[sure])), level))
    return _Move(channel, moved / max(usual, 1e-9), sure)


def _drift(moves: Sequence[_Move]) -> Issue:
    most = {move.channel: move for move in sorted(moves, key=lambda move: abs(math.log(move.factor)))}
    channels = ", ".join(f"{move.channel} (x {move.factor:.2f})" for move in moves if move in most.values())
    message = f"The signal moves in {channels}: {_where(moves)}."
    hint = "Gates fit one part of the run only. Look for a clog, an air bubble, or a laser that warms up."
    return Issue("quality.drift", Severity.WARNING, "signal", message, hint)


def _background_drift(moves: Sequence[_Move]) -> Issue:
    channels = ", ".join(dict.fromkeys(move.channel for move in moves))
    message = f"The negative cells move in {channels}, the bright ones do not: {_where(moves)}."
    hint = "Look for free dye, carry-over or a baseline that moves; dim cells may be counted as positive."
    return Issue("quality.background_drift", Severity.WARNING, "signal", message, hint)


def _where(moves: Sequence[_Move]) -> Stretch:
    return _stretch(np.any([move.where for move in moves], axis=0))


def _stretch(unusual: Flags, weights: Doubles | None = None) -> Stretch:
    """Return where bins are unusual; `weights` are their events, all the same by default."""
    at = np.flatnonzero(unusual)
    events = np.ones(len(unusual)) if weights is None else weights
    share = float(events[at].sum() / events.sum())
    return Stretch(share, float(at[0]) / len(unusual), float(at[-1] + 1) / len(unusual))


def check_flow_rate(time: Events, limits: AcquisitionLimits) -> Iterator[Issue]:
    """Yield ``quality.burst`` and ``quality.slow_flow`` where the event rate leaves its limits.

    Parameters
    ----------
    time : ndarray of float32, shape (events,)
        Time of each event, in any unit; running forward.
    limits : AcquisitionLimits
        From ``quality.yaml``.
    """
    counts = _events_per_interval(time, limits)
    if len(counts) < limits.fewest_intervals.value:
        return
    # The first and the last interval are cut off by the operator.
    whole = np.ones(len(counts), dtype=bool)
    whole[[0, -1]] = False
    usual = float(np.median(counts[whole]))
    most, fewest = limits.burst.value * usual, limits.slow_flow.value * usual
    burst = whole & (counts > most + limits.rate_errors.value * np.sqrt(most))
    slow = whole & (counts < fewest - limits.rate_errors.value * np.sqrt(fewest))
    if burst.mean() >= limits.least_share_bursting.value:
        message = (
            f"Events come in a burst, up to {counts[burst].max() / usual:.1f} times the usual rate: "
            f"{_stretch(burst, counts)}."
        )
        hint = "Air bubbles, carry-over and coincidences come in bursts; look at the populations over time."
        yield Issue("quality.burst", Severity.WARNING, "time", message, hint)
    if slow.mean() >= limits.least_share_slow.value:
        stretch = _stretch(slow, counts)
        message = (
            f"The flow slows down to less than {limits.slow_flow.value:.0%} of its usual rate for "
            f"{slow.mean():.0%} of the run ({stretch})."
        )
        hint = "Look for a clog, or a sample that ran empty; volumes counted by time are wrong."
        yield Issue("quality.slow_flow", Severity.WARNING, "time", message, hint)


def _events_per_interval(time: Events, limits: AcquisitionLimits) -> Doubles:
    """Return the events of equal intervals; none when the clock or the events are too few."""
    # The few events that come with an earlier time than the one before count at that one's.
    ordered = np.maximum.accumulate(time)
    begin, end = float(ordered[0]), float(ordered[-1])
    ticks = np.count_nonzero(np.diff(ordered)) + 1
    wanted = min(
        limits.intervals.value,
        len(ordered) / limits.fewest_events_per_interval.value,
        ticks / limits.fewest_ticks_per_interval.value,
    )
    if wanted < 1 or end <= begin:
        return np.zeros(0)
    edges = np.linspace(begin, end, int(wanted) + 1).astype(np.float32)
    return np.diff([0, *np.searchsorted(ordered, edges[1:-1]), len(ordered)]).astype(np.float64)
