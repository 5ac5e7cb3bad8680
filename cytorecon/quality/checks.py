"""Checks of acquisition on the linear scale; limits and their reasons stand in ``quality.yaml``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cytorecon.errors import Issue, Severity
from cytorecon.knowledge.quality import AcquisitionLimits, CheckLimits, load_quality_limits
from cytorecon.quality.acquisition import check_drift, check_flow_rate, check_lower_end
from cytorecon.sample import Channel, ChannelRole, Events, Sample

_SCATTER = (ChannelRole.FORWARD_SCATTER, ChannelRole.SIDE_SCATTER)


def check_quality(sample: Sample) -> tuple[Issue, ...]:
    """Return what is remarkable about the acquisition of `sample`.

    Checked are the number of events, events at either end of the detector's range, negative
    scatter, channels of a single value, gaps in time and time that runs backwards; and, where the
    clock says that events stand in order, signals that drift, bursts and slow flow.

    Parameters
    ----------
    sample : Sample
        On the linear scale, as :func:`~cytorecon.fcs.read_fcs` returns it.

    Returns
    -------
    tuple of Issue
        Codes ``quality.few_events``, ``quality.saturated``, ``quality.lower_end``,
        ``quality.negative_scatter``, ``quality.constant_channel``, ``quality.time_gap``,
        ``quality.time_backwards``, ``quality.drift``, ``quality.background_drift``,
        ``quality.burst``, ``quality.slow_flow``. Empty when nothing is remarkable.
    """
    every = load_quality_limits()
    limits = every.checks
    issues = _number_of_events(sample, limits)
    if sample.n_events < 2:
        return tuple(issues)
    for channel in sample.channels:
        column = sample.events[:, channel.index]
        if not np.isfinite([column.min(), column.max()]).all():
            column = column[np.isfinite(column)]
        if not len(column):
            continue
        if channel.role is ChannelRole.TIME:
            issues += _time(column, limits)
        elif channel.role is not ChannelRole.OTHER:
            issues += _detector(channel, column, limits)
    issues += check_lower_end(sample, every.acquisition)
    return (*issues, *_against_time(sample, issues, every.acquisition))


def _against_time(sample: Sample, issues: Sequence[Issue], limits: AcquisitionLimits) -> Iterator[Issue]:
    """Yield what changes during the run; without a clock that runs forward nobody knows the order."""
    clocks = [channel for channel in sample.channels if channel.role is ChannelRole.TIME]
    if not clocks or any(issue.code == "quality.time_backwards" for issue in issues):
        return
    time = sample.events[:, clocks[0].index]
    if np.isfinite(time).all() and time[0] < time[-1]:
        yield from check_drift(sample, limits)
        stood_still = any(issue.code == "quality.time_gap" for issue in issues)
        for issue in check_flow_rate(time, limits):
            if issue.code != "quality.slow_flow" or not stood_still:
                yield issue


def _number_of_events(sample: Sample, limits: CheckLimits) -> list[Issue]:
    if sample.n_events >= limits.fewest_events.value:
        return []
    message = f"{sample.n_events} events; fewer than {limits.fewest_events.value:g} give no usable gates."
    return [_warning("few_events", "events", message, "Acquire more events if there is blood left.")]


def _detector(channel: Channel, column: Events, limits: CheckLimits) -> list[Issue]:
    smallest, largest = float(column.min()), float(column.max())
    if smallest == largest:
        message = f"Every event has the value {smallest:g}."
        return [
            _warning(
                "constant_channel",
                channel.name,
                message,
                "The detector was off, or the column was not exported.",
            )
        ]
    issues = []
    # A $PnR below the data (converted files) says nothing about saturation; one at them does.
    edge = limits.saturation_edge.value * (channel.maximum - 1)
    if 0 < edge <= largest <= 1.1 * channel.maximum:
        saturated = np.count_nonzero(column >= edge) / len(column)
        if saturated > limits.most_saturated.value:
            message = f"{saturated:.1%} of the events lie at the end of the detector's range."
            issues.append(
                _warning("saturated", channel.name, message, "Lower the detector's voltage or gain.")
            )
    if channel.role in _SCATTER:
        negative = np.count_nonzero(column < 0) / len(column)
        if negative > limits.most_negative_scatter.value:
            message = f"{negative:.1%} of the events have a negative value."
            issues.append(
                _warning(
                    "negative_scatter", channel.name, message, "Check the scatter threshold and baseline."
                )
            )
    return issues


def _time(column: Events, limits: CheckLimits) -> list[Issue]:
    steps = np.diff(column.astype(np.float64))
    span = float(column.max()) - float(column.min())
    if len(column) < limits.fewest_events_for_time.value or span == 0:
        return []
    issues = []
    backwards = np.count_nonzero(steps < 0) / len(steps)
    if backwards > limits.most_backward_time.value:
        message = f"Time runs backwards at {backwards:.1%} of the events."
        issues.append(
            _warning(
                "time_backwards", "time", message, "Files were merged or sorted, or the clock overflowed."
            )
        )
    else:
        # a coarse clock jumps by whole ticks without any pause
        tick = float(np.min(steps, initial=span, where=steps > 0))
        gap = (float(steps.max()) - tick) / span
        if gap > limits.longest_gap.value:
            message = f"No event came for {gap:.0%} of the acquisition time."
            issues.append(_warning("time_gap", "time", message, "Look for a clog or an air bubble."))
    return issues


def _warning(code: str, subject: str, message: str, hint: str) -> Issue:
    return Issue(f"quality.{code}", Severity.WARNING, subject, message, hint)
