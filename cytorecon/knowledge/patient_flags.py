"""When a patient's course deserves a second look (``patient_flags.yaml``)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.patient_model import Number, Setting
from cytorecon.values import Frozen

PATIENT_FLAGS_FILE = "patient_flags.yaml"


class Percentile(Setting):
    """A setting between 0 and 50 %."""

    value: float = Field(gt=0, lt=50)


class Slower(Frozen):
    """Lower than comparable patients."""

    percentile: Percentile
    minimum_patients: Number


class Pair(Frozen):
    """Two lineages: the one that is back, and the one that is not."""

    back: str = Field(min_length=1)
    lags: str = Field(min_length=1)


class Discordance(Frozen):
    """One lineage is back, another is not."""

    visits: Number
    pairs: tuple[Pair, ...] = Field(min_length=1)


class PatientFlagLimits(Frozen):
    """All limits, see the file."""

    slower: Slower
    discordance: Discordance


def load_patient_flags(*, folder: Path | None = None) -> PatientFlagLimits:
    """Return the limits of flags.

    Raises
    ------
    KnowledgeError
        If the file cannot be used.

    Examples
    --------
    >>> load_patient_flags().slower.percentile.value
    5.0
    """
    content = read_yaml(PATIENT_FLAGS_FILE, folder=folder)
    return validated(PatientFlagLimits, content, subject=PATIENT_FLAGS_FILE)
