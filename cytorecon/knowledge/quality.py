"""Limits of the quality checks and of compensation, from ``quality.yaml``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import Field

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

FILE = "quality.yaml"


class Limit(Frozen):
    """One limit: its value, unit and reason."""

    value: float = Field(ge=0, allow_inf_nan=False)
    unit: str
    why: str


class CompensationLimits(Frozen):
    """When a spillover matrix is refused."""

    largest_condition_number: Limit


class CheckLimits(Frozen):
    """When acquisition deserves a remark."""

    fewest_events: Limit
    most_saturated: Limit
    saturation_edge: Limit
    most_negative_scatter: Limit
    longest_gap: Limit
    most_backward_time: Limit
    fewest_events_for_time: Limit


class SourcedLimit(Limit):
    """A limit that says who set it."""

    source: str


class AcquisitionLimits(Frozen):
    """When signal or flow rate change during a run."""

    drift_bins: SourcedLimit
    fewest_bins: SourcedLimit
    fewest_events_per_bin: SourcedLimit
    most_events_looked_at: SourcedLimit
    largest_drift: SourcedLimit
    background: SourcedLimit
    drift_errors: SourcedLimit
    least_share_drifting: SourcedLimit
    intervals: SourcedLimit
    fewest_intervals: SourcedLimit
    fewest_events_per_interval: SourcedLimit
    fewest_ticks_per_interval: SourcedLimit
    burst: SourcedLimit
    slow_flow: SourcedLimit
    rate_errors: SourcedLimit
    least_share_bursting: SourcedLimit
    least_share_slow: SourcedLimit
    most_at_lower_end: SourcedLimit


class DetectionLimits(Frozen):
    """When a population counts as seen."""

    fewest_background: Limit
    significance: Limit
    most_background: Limit
    leaked_by_chance: Limit
    absent_share: SourcedLimit


class ControlLimits(Frozen):
    """How control tubes of a batch are read."""

    fmo_percentile: SourcedLimit
    fmo_upper_percentile: SourcedLimit
    fewest_fmo_events: SourcedLimit
    least_fmo_error: SourcedLimit
    most_background_percent: SourcedLimit
    fewest_parent_events: SourcedLimit


class SumRule(Frozen):
    """Populations whose sum must make up another one.

    Parameters
    ----------
    check : str
        Name; the review code is ``assay.<check>``.
    title : str
        The parts, in words.
    parts : tuple of str
        Populations that are added; one named twice counts twice.
    whole : str
        What they are a percentage of.
    low, high : float
        Limits of the sum, percent of `whole`.
    unit : str
        Of the limits, in words.
    doubts : tuple of str
        Populations that a sum outside the limits casts doubt on.
    causes, source : str
        What it may come from, and who set the limits.
    explained_by : tuple of str
        Populations measured on their own that fill a gap: a sum that is right with one of them is explained.
    explained_if_clear : tuple of str
        The same for populations that are what others leave over: only where every gate that tells them
        stands in a deep valley of the tube's own, with some cells on either side.
    named_with : tuple of str
        Populations whose share is told beside a sum that is too low.
    unstained_below : float
        Of a sum below this, percent of `whole`, a part that is not detected may have lost its stain; 0:
        never.
    """

    check: str = Field(pattern=r"^[A-Za-z_]+$")
    title: str
    parts: tuple[str, ...] = Field(min_length=1)
    whole: str
    low: float = Field(ge=0, le=100)
    high: float = Field(ge=100)
    unit: str
    doubts: tuple[str, ...] = Field(min_length=1)
    causes: str
    source: str
    explained_by: tuple[str, ...] = ()
    explained_if_clear: tuple[str, ...] = ()
    named_with: tuple[str, ...] = ()
    unstained_below: float = Field(default=0, ge=0, le=100)


class BetweenTubesLimits(Frozen):
    """When tubes of one patient do not fit each other, or hold too little."""

    fewest_lymphocytes: SourcedLimit
    replicate_CD3: SourcedLimit  # noqa: N815 - a name of the file
    delta: SourcedLimit
    delta_days: SourcedLimit
    drift_visits: SourcedLimit
    drift_tubes: SourcedLimit
    drift_spreads: SourcedLimit


class QualityLimits(Frozen):
    """The file ``quality.yaml``."""

    compensation: CompensationLimits
    detection: DetectionLimits
    checks: CheckLimits
    acquisition: AcquisitionLimits
    controls: ControlLimits
    assay: tuple[SumRule, ...]
    between_tubes: BetweenTubesLimits


@lru_cache(maxsize=8)
def load_quality_limits(folder: Path | None = None) -> QualityLimits:
    """Return the limits of ``quality.yaml``.

    Parameters
    ----------
    folder : Path, optional
        The user's knowledge folder; its file replaces the packaged one.

    Raises
    ------
    KnowledgeError
        If the file is malformed.
    """
    return validated(QualityLimits, read_yaml(FILE, folder=folder), subject=FILE)
