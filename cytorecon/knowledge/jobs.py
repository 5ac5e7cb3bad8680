"""What one job may use, from ``jobs.yaml``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cytorecon.knowledge.deidentification import QuarantineLimit
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

FILE = "jobs.yaml"


class JobLimits(Frozen):
    """Limits of the process that does one job."""

    address_space: QuarantineLimit
    processor_time: QuarantineLimit
    wall_clock: QuarantineLimit


class Tidying(Frozen):
    """What ``cytorecon db tidy`` leaves alone."""

    young: QuarantineLimit


class JobRules(Frozen):
    """The file ``jobs.yaml``."""

    limits: JobLimits
    tidying: Tidying


@lru_cache(maxsize=8)
def load_job_rules(folder: Path | None = None) -> JobRules:
    """Return the rules of ``jobs.yaml``.

    Parameters
    ----------
    folder : Path, optional
        The user's knowledge folder; its file replaces the packaged one.

    Raises
    ------
    KnowledgeError
        If the file is malformed.

    Examples
    --------
    >>> load_job_rules().limits.wall_clock.unit
    's'
    """
    return validated(JobRules, read_yaml(FILE, folder=folder), subject=FILE)
