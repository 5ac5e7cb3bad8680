"""The numbers of simulated patients: the ``cohort`` part of ``simulator.yaml``."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from cytorecon.simulate.quantity import Fraction, Frozen, Noted, NotNegative, Positive, Quantity

EventKind = Literal["transplant", "dli", "gvhd_acute", "gvhd_chronic", "cmv", "drug", "relapse"]


class VisitDay(Frozen):
    """One planned visit."""

    day: int = Field(gt=0)
    label: str
    jitter_sd: NotNegative


class VisitSettings(Noted):
    """Planned visits, and how they go on after the last."""

    rows: tuple[VisitDay, ...] = Field(min_length=1)
    later_every: Quantity
    later_jitter_sd: Quantity


class Scenario(Frozen):
    """What kind of patient a scenario of the priors is."""

    weight: Positive
    programme: str
    graft: str
    age_low: NotNegative
    age_high: Positive
    atg: bool
    engraftment_day: Positive
    dn: str


class ScenarioBlock(Noted):
    """All scenarios."""

    rows: dict[str, Scenario]


class TCellSettings(Noted):
    """Shares of CD3+ cells without CD4 and CD8, and with both."""

    days: tuple[float, ...]
    double_negative: dict[str, tuple[Fraction, ...]]
    double_positive: Quantity

    @model_validator(mode="after")
    def _one_share_per_day(self) -> Self:
        for name, shares in self.double_negative.items():
            if len(shares) != len(self.days):
                raise ValueError(f"double_negative {name} needs one share per day")
        return self


class MyeloidSettings(Frozen):
    """Granulocytes and monocytes."""

    granulocytes: Quantity
    monocytes: Quantity
    engraftment_width: Quantity
    patient_ln_sd: Quantity
    visit_ln_sd: Quantity


class PatientSettings(Frozen):
    """Differences between patients, and between visits of one patient."""

    shared_correlation: Quantity
    slope_log10_sd: Quantity
    slope_pivot_day: Quantity
    atg_exposure_ln_sd: Quantity
    atg_until_day: Quantity
    visit_ln_sd: Quantity
    visit_correlation: Quantity
    female_share: Quantity


class BloodCountSettings(Frozen):
    """The haematology analyser."""

    cv: Quantity
    lymphocyte_cv: Quantity
    resolution: Quantity


class LaboratorySettings(Frozen):
    """Age of samples, drift of the cytometer, lots of beads."""

    sample_age: Quantity
    sample_age_ln_sd: Quantity
    sample_age_maximum: Quantity
    gain_drift_ln_sd: Quantity
    gain_drift_correlation: Quantity
    service_probability: Quantity
    service_ln_sd: Quantity
    scatter_drift_factor: Quantity
    spillover_error: Quantity
    bead_lots: Quantity
    bead_lot_days: Quantity


class Effect(Frozen):
    """What an event of `kind` (and `label`, unless empty) does to the blood."""

    kind: EventKind
    label: str
    factors: dict[str, Positive]
    factor_ln_sd: NotNegative
    lag: NotNegative
    onset: Positive
    lasts_low: NotNegative | None
    lasts_high: NotNegative | None
    recovery: Positive


class EffectBlock(Noted):
    """All effects."""

    rows: dict[str, Effect]


class Happening(Frozen):
    """What may happen to a random patient."""

    kind: EventKind
    label: str
    probability: Fraction
    start_low: int
    start_high: int
    lasts_low: int | None
    lasts_high: int | None
    only: tuple[str, ...]
    with_drug: str = ""


class Serotherapy(Frozen):
    """Days of T-cell antibodies in scenarios with ATG."""

    label: str
    start: int
    end: int


class Prophylaxis(Frozen):
    """Days of GVHD prophylaxis."""

    label: str
    start: int
    end_low: int
    end_high: int
    only: tuple[str, ...]


class HappeningBlock(Noted):
    """All happenings."""

    rows: tuple[Happening, ...]
    serotherapy: Serotherapy
    prophylaxis: Prophylaxis


class StoryEvent(Frozen):
    """One event of a patient of the sample cohort; days after transplant."""

    kind: EventKind
    label: str
    start_day: int
    end_day: int | None


class StoryPatient(Frozen):
    """One patient of the sample cohort; the fields are those of ``PatientPlan``."""

    patient: str
    story: str
    scenario: str
    age_years: NotNegative
    sex: Literal["female", "male"]
    intercepts: dict[str, float]
    slope: float
    atg_exposure: Positive
    events: tuple[StoryEvent, ...]


class Story(Noted):
    """The sample cohort."""

    seed: int = Field(ge=0)
    visits: int = Field(ge=1)
    events: int = Field(ge=1)
    patients: tuple[StoryPatient, ...] = Field(min_length=1)


class CohortSettings(Frozen):
    """Patients, their visits and what happens to them."""

    visits: VisitSettings
    prior_populations: dict[str, str]
    scenarios: ScenarioBlock
    t_cells: TCellSettings
    myeloid: MyeloidSettings
    patients: PatientSettings
    blood_count: BloodCountSettings
    laboratory: LaboratorySettings
    effects: EffectBlock
    happenings: HappeningBlock
    story: Story

    @model_validator(mode="after")
    def _shares_known(self) -> Self:
        for name, scenario in self.scenarios.rows.items():
            if scenario.dn not in self.t_cells.double_negative:
                raise ValueError(f"scenario {name} names the unknown double_negative row {scenario.dn}")
        return self
