"""Settings of the model of one patient's recovery (``patient_model.yaml``)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

PATIENT_MODEL_FILE = "patient_model.yaml"


class Setting(Frozen):
    """One number with unit, reason and source."""

    value: float = Field(gt=0, allow_inf_nan=False)
    unit: str = Field(min_length=1)
    why: str = Field(min_length=1)
    source: str = Field(min_length=1)


class Prior(Setting):
    """A log-normal prior: `value` is its median, `factor` one standard deviation of it."""

    factor: float = Field(gt=1, allow_inf_nan=False)


class Share(Setting):
    """A setting between 0 and 1."""

    value: float = Field(gt=0, lt=1)


class Number(Setting):
    """A setting that counts something."""

    value: int = Field(gt=0)


class KernelPriors(Frozen):
    """Priors of the six hyperparameters, see :class:`cytorecon.patient.kernel.Kernel`."""

    curve_sd: Prior
    curve_length: Prior
    patient_sd: Prior
    change_sd: Prior
    change_length: Prior
    visit_sd: Prior


class PatientModelSettings(Frozen):
    """All settings, see the file."""

    added: Setting
    day_offset: Setting
    knots: Number
    level_sd: Setting
    band: Share
    minimum_patients: Number
    patients_for_kernel: Number
    minimum_at_day: Number
    adult_from: Setting
    draws: Number
    alternatives: Number
    priors: KernelPriors


def load_patient_model(*, folder: Path | None = None) -> PatientModelSettings:
    """Return the settings of the patient model.

    Raises
    ------
    KnowledgeError
        If the file cannot be used.

    Examples
    --------
    >>> load_patient_model().minimum_patients.value
    20
    """
    content = read_yaml(PATIENT_MODEL_FILE, folder=folder)
    return validated(PatientModelSettings, content, subject=PATIENT_MODEL_FILE)
