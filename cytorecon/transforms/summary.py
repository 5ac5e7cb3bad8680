"""What choosing scales needs to know of one sample: small, and exactly poolable over a batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cytorecon.errors import TransformError
from cytorecon.knowledge.transforms import load_transform_rules
from cytorecon.quantiles import quantiles
from cytorecon.sample import Channel, ChannelRole, Events, Sample, Scale

#: Bins of the histogram of negative values: 1/20 decade from -0.01 down to -10 million. The value
#: of a percentile is then known within 6 %, which is 0.01 of a logicle's width in decades.
NEGATIVE_BIN_EDGES = 10.0 ** np.linspace(-2, 7, 181)


@dataclass(frozen=True, slots=True)
class ChannelSummary:
    """One channel of one sample.

    Parameters
    ----------
    channel : str
        ``$PnN``.
    role : ChannelRole
        Fluorescence or scatter.
    detector_range : float
        ``$PnR`` on the linear scale; 0 when unknown.
    log_amplified : bool
        True when the file says that its integers came from a log amplifier (they are linear now).
    n : int
        Finite events; the following are 0 when there is none.
    smallest, median, high, largest : float
        Minimum, median, 0.999 quantile and maximum.
    negatives : tuple of int
        Events below zero by the size of their value, in the bins of ``NEGATIVE_BIN_EDGES``.
    """

    channel: str
    role: ChannelRole
    detector_range: float
    log_amplified: bool
    n: int
    smallest: float
    median: float
    high: float
    largest: float
    negatives: tuple[int, ...]


def summarise_channels(sample: Sample) -> tuple[ChannelSummary, ...]:
    """Return a summary of each fluorescence and scatter channel of `sample`.

    Parameters
    ----------
    sample : Sample
        Linear or compensated: the values that the scales are for.

    Raises
    ------
    TransformError
        If the sample is transformed already.
    """
    if sample.scale is Scale.TRANSFORMED:
        raise TransformError("The sample is transformed already.", allowed="a linear or compensated sample")
    roles = (ChannelRole.FLUORESCENCE, ChannelRole.FORWARD_SCATTER, ChannelRole.SIDE_SCATTER)
    return tuple(
        _summary(channel, sample.events[:, channel.index], _log_amplified(sample, channel))
        for channel in sample.channels
        if channel.role in roles
    )


def _summary(channel: Channel, column: Events, log_amplified: bool) -> ChannelSummary:
    finite = np.isfinite(column)
    values = column if finite.all() else column[finite]
    rules = load_transform_rules().range
    if not len(values):
        smallest = median = high = largest = 0.0
    else:
        smallest, median, high, largest = quantiles(values, (0, 0.5, rules.high_quantile.value, 1))
    below = -values[values < 0]
    counts, _ = np.histogram(
        np.clip(below, NEGATIVE_BIN_EDGES[0], NEGATIVE_BIN_EDGES[-1]), NEGATIVE_BIN_EDGES
    )
    return ChannelSummary(
        channel=channel.name,
        role=channel.role,
        detector_range=channel.maximum,
        log_amplified=log_amplified,
        n=len(values),
        smallest=smallest,
        median=median,
        high=high,
        largest=largest,
        negatives=tuple(int(count) for count in counts) if len(below) else (),
    )


def _log_amplified(sample: Sample, channel: Channel) -> bool:
    decades = sample.keywords.get(f"$P{channel.index + 1}E", "0").split(",")[0].strip()
    is_integer = sample.keywords.get("$DATATYPE", "").strip().upper() == "I"
    return is_integer and decades.replace(".", "", 1).isdigit() and float(decades) > 0
