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


class QualityLimits(Frozen):
    """The file ``quality.yaml``."""

    compensation: CompensationLimits
    checks: CheckLimits


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
