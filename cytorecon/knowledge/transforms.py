"""Rules for choosing scales, from ``transforms.yaml``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.quality import Limit
from cytorecon.values import Frozen

FILE = "transforms.yaml"


class LogicleRules(Frozen):
    """Parameters of the logicle scale of a fluorescence channel."""

    decades: Limit
    negative_quantile: Limit
    fewest_negatives: Limit
    smallest_width: Limit
    largest_width: Limit


class RangeRules(Frozen):
    """When the detector's range is believed."""

    reached_fraction: Limit
    exceeded_factor: Limit
    high_quantile: Limit
    rounding: Limit


class ChannelNumberRules(Frozen):
    """When values are channel numbers of a log amplifier."""

    largest: Limit
    scale_top: Limit
    smallest_median: Limit


class DisplayScaleRules(Frozen):
    """When values are on a display scale (biexponential, compensated) already."""

    top: Limit
    exceeded_factor: Limit
    smallest_top: Limit
    smallest_median: Limit


class ScatterRules(Frozen):
    """Scales of scatter."""

    log_decades: Limit


class TransformRules(Frozen):
    """The file ``transforms.yaml``."""

    logicle: LogicleRules
    range: RangeRules
    channel_numbers: ChannelNumberRules
    display_scale: DisplayScaleRules
    scatter: ScatterRules


@lru_cache(maxsize=8)
def load_transform_rules(folder: Path | None = None) -> TransformRules:
    """Return the rules of ``transforms.yaml``.

    Parameters
    ----------
    folder : Path, optional
        The user's knowledge folder; its file replaces the packaged one.

    Raises
    ------
    KnowledgeError
        If the file is malformed.
    """
    return validated(TransformRules, read_yaml(FILE, folder=folder), subject=FILE)
