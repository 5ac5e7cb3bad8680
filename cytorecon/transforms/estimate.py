"""Choose the scales of a batch: one per channel, from all its samples together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from cytorecon.errors import Issue, Severity, TransformError
from cytorecon.knowledge.transforms import TransformRules, load_transform_rules
from cytorecon.sample import ChannelRole
from cytorecon.transforms.logicle import Logicle
from cytorecon.transforms.scales import Linear, Log
from cytorecon.transforms.summary import NEGATIVE_BIN_EDGES, ChannelSummary
from cytorecon.transforms.transform_set import Transform, TransformSet


def estimate_transforms(
    summaries: Iterable[Sequence[ChannelSummary]], *, channel_numbers: bool | None = None
) -> TransformSet:
    """Return the scales for a batch.

    Fluorescence is logicle. Its top t is the detector's range when any fluorescence channel of
    this range comes near it, else the next power of ten above the batch's largest value; its
    width is ``w = (m - log10(t / |r|)) / 2`` with r the 5th percentile of the batch's negative
    values (Parks 2006). Forward scatter is linear; side scatter is
    logarithmic, where lymphocytes stand clear of granulocytes. When all
    fluorescence lies within 0..1023 the values are taken for channel numbers of a log amplifier,
    which are logarithmic already, and stay as they are; so do values of an export on a display scale of
    4,096 channels, biexponential already, which are known by their high medians.

    Parameters
    ----------
    summaries : iterable of sequence of ChannelSummary
        One entry per sample, of :func:`~cytorecon.transforms.summarise_channels`.
    channel_numbers : bool, optional
        Whether fluorescence values are channel numbers; decided by the rule above when None.

    Returns
    -------
    TransformSet
        With an issue for each assumption.

    Raises
    ------
    TransformError
        If there is no sample.
    """
    pooled = _pool(summaries)
    rules = load_transform_rules()
    stained = [parts for parts in pooled.values() if parts[0].role is ChannelRole.FLUORESCENCE]
    assumed = channel_numbers is None and _are_channel_numbers(stained, rules)
    displayed = channel_numbers is None and not assumed and _are_displayed(stained, rules)
    scales: dict[str, Transform] = {}
    for name, parts in pooled.items():
        if parts[0].role is not ChannelRole.FLUORESCENCE:
            top = _scatter_top(parts, rules)
            side = parts[0].role is ChannelRole.SIDE_SCATTER
            scales[name] = Log(t=top, m=rules.scatter.log_decades.value) if side else Linear(t=top)
        elif channel_numbers or assumed:
            scales[name] = Linear(t=rules.channel_numbers.scale_top.value)
        elif displayed:
            scales[name] = Linear(t=rules.display_scale.top.value)
        else:
            scales[name] = _logicle(parts, _fluorescence_top(parts, stained, rules), rules)
    issues = [_channel_number_issue(rules)] if assumed else []
    issues += [_display_issue(rules)] if displayed else []
    return TransformSet(tuple(sorted(scales.items())), tuple(issues))


def _pool(summaries: Iterable[Sequence[ChannelSummary]]) -> dict[str, list[ChannelSummary]]:
    pooled: dict[str, list[ChannelSummary]] = {}
    for sample in summaries:
        for summary in sample:
            pooled.setdefault(summary.channel, []).append(summary)
    if not pooled:
        raise TransformError(
            "There is no sample to choose scales from.", hint="Every tube of the batch failed to read."
        )
    return pooled


def _are_channel_numbers(stained: list[list[ChannelSummary]], rules: TransformRules) -> bool:
    parts = [part for channel in stained for part in channel if part.n]
    limits = rules.channel_numbers
    return (
        bool(parts)
        and not any(part.log_amplified for part in parts)
        and min(part.smallest for part in parts) >= 0
        and max(part.largest for part in parts) <= limits.largest.value
        and float(np.median([part.median for part in parts])) >= limits.smallest_median.value
    )


def _are_displayed(stained: list[list[ChannelSummary]], rules: TransformRules) -> bool:
    parts = [part for channel in stained for part in channel if part.n]
    limits = rules.display_scale
    return (
        bool(parts)
        and not any(part.log_amplified for part in parts)
        and max(part.largest for part in parts) <= limits.exceeded_factor.value * limits.top.value
        and max(part.high for part in parts) > limits.smallest_top.value
        and float(np.median([part.median for part in parts])) >= limits.smallest_median.value
    )


def _display_issue(rules: TransformRules) -> Issue:
    return Issue(
        "transform.display_scale",
        Severity.INFO,
        "fluorescence",
        f"Values of the batch end at {rules.display_scale.top.value:g} and are high in most channels; they "
        "were taken for an export on a display scale (compensated and biexponential) and not transformed.",
        "If they are linear values, do not trust these gates.",
    )


def _channel_number_issue(rules: TransformRules) -> Issue:
    return Issue(
        "transform.channel_numbers",
        Severity.INFO,
        "fluorescence",
        f"All values of the batch lie within 0..{rules.channel_numbers.largest.value:g}; they were taken for "
        "channel numbers of a four-decade log amplifier and not transformed.",
        "If they are linear values, do not trust these gates.",
    )


def _fluorescence_top(
    parts: list[ChannelSummary], stained: list[list[ChannelSummary]], rules: TransformRules
) -> float:
    """Believe the range, or not, for all channels that state the same one: a dim dye proves nothing."""
    stated = _stated_range(parts)
    same = [part for channel in stained if _stated_range(channel) == stated for part in channel]
    if _range_holds(same, stated, rules):
        return stated
    largest = max(part.largest for part in same)
    return _next_power(largest / rules.range.rounding.value, 10) if largest > 0 else stated or 1.0


def _scatter_top(parts: list[ChannelSummary], rules: TransformRules) -> float:
    stated = _stated_range(parts)
    if _range_holds(parts, stated, rules):
        return stated
    largest = max(part.largest for part in parts)
    return _next_power(largest / rules.range.rounding.value, 2) if largest > 0 else stated or 1.0


def _range_holds(parts: list[ChannelSummary], stated: float, rules: TransformRules) -> bool:
    reached = max(part.largest for part in parts) > rules.range.reached_fraction.value * stated
    exceeded = max(part.high for part in parts) > rules.range.exceeded_factor.value * stated
    return stated > 0 and reached and not exceeded


def _stated_range(parts: list[ChannelSummary]) -> float:
    return max(part.detector_range for part in parts)


def _next_power(value: float, base: int) -> float:
    return float(base) ** math.ceil(math.log(value) / math.log(base) - 1e-9)


def _logicle(parts: list[ChannelSummary], top: float, rules: TransformRules) -> Logicle:
    limits = rules.logicle
    decades = limits.decades.value
    counts = np.sum([part.negatives for part in parts if part.negatives], axis=0)
    if np.sum(counts) < limits.fewest_negatives.value:
        return Logicle(t=top, w=limits.smallest_width.value, m=decades)
    # The histogram runs from small to large negative values: its upper tail is the 5th percentile.
    share = np.cumsum(counts) / np.sum(counts)
    place = int(np.searchsorted(share, 1 - limits.negative_quantile.value))
    edge = math.sqrt(NEGATIVE_BIN_EDGES[place] * NEGATIVE_BIN_EDGES[place + 1])
    width = (decades - math.log10(top / edge)) / 2
    width = min(max(width, limits.smallest_width.value), limits.largest_width.value)
    return Logicle(t=top, w=round(width, 4), m=decades)
