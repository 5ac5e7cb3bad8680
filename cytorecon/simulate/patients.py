"""Draw random patients and what happens to them."""

from __future__ import annotations

import numpy as np

from cytorecon.simulate.cohort_settings import CohortSettings, Effect, Happening, Scenario
from cytorecon.simulate.plan import Course, PatientPlan
from cytorecon.study.model import ClinicalEvent

Random = np.random.Generator


def draw_patient(patient: str, settings: CohortSettings, rng: Random) -> PatientPlan:
    """Return one random patient with events and their effects."""
    names = list(settings.scenarios.rows)
    weights = np.array([settings.scenarios.rows[name].weight for name in names])
    name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    scenario = settings.scenarios.rows[name]
    events = draw_events(patient, scenario, settings, rng)
    sizes = settings.patients
    exposure = float(np.exp(rng.normal() * sizes.atg_exposure_ln_sd.value))
    return PatientPlan(
        patient=patient,
        scenario=name,
        age_years=_age(scenario, rng),
        sex="female" if rng.random() < sizes.female_share.value else "male",
        intercepts=_intercepts(settings, rng),
        slope=float(rng.normal() * sizes.slope_log10_sd.value),
        atg_exposure=exposure if scenario.atg else 1.0,
        granulocytes=float(np.exp(rng.normal() * settings.myeloid.patient_ln_sd.value)),
        monocytes=float(np.exp(rng.normal() * settings.myeloid.patient_ln_sd.value)),
        events=events,
        courses=draw_courses(events, settings, rng),
    )


def draw_events(
    patient: str, scenario: Scenario, settings: CohortSettings, rng: Random
) -> tuple[ClinicalEvent, ...]:
    """Return what happens to one patient, in order of start."""
    events = standing_events(patient, scenario, settings, rng)
    for happening in settings.happenings.rows:
        happens = rng.random() < happening.probability
        start = int(rng.integers(happening.start_low, happening.start_high, endpoint=True))
        length = _length(happening, rng)
        if happens and scenario.programme in happening.only:
            events += _happened(patient, happening, start, length)
    return tuple(sorted(events, key=lambda event: (event.start_day, event.kind, event.label)))


def standing_events(
    patient: str, scenario: Scenario, settings: CohortSettings, rng: Random
) -> list[ClinicalEvent]:
    """Return serotherapy and GVHD prophylaxis, which every patient of a scenario has."""
    sero, prophylaxis = settings.happenings.serotherapy, settings.happenings.prophylaxis
    end = int(rng.integers(prophylaxis.end_low, prophylaxis.end_high, endpoint=True))
    events = []
    if scenario.atg:
        events.append(_drug(patient, sero.label, sero.start, sero.end))
    if scenario.programme in prophylaxis.only:
        events.append(_drug(patient, prophylaxis.label, prophylaxis.start, end))
    return events


def draw_courses(
    events: tuple[ClinicalEvent, ...], settings: CohortSettings, rng: Random
) -> tuple[Course, ...]:
    """Return what `events` do to the blood; an event without a known effect does nothing."""
    return tuple(
        _course(event, effect, rng)
        for event in events
        for effect in settings.effects.rows.values()
        if effect.kind == event.kind and effect.label in {"", event.label}
    )


def _course(event: ClinicalEvent, effect: Effect, rng: Random) -> Course:
    start = event.start_day + effect.lag
    if effect.lasts_low is not None and effect.lasts_high is not None:
        end = start + rng.uniform(effect.lasts_low, effect.lasts_high)
    else:
        end = event.end_day if event.end_day is not None else event.start_day
    spread = float(np.exp(rng.normal() * effect.factor_ln_sd))
    # The draw makes the effect of this event stronger or weaker in the same direction for all.
    factors = tuple((name, factor**spread) for name, factor in effect.factors.items())
    return Course(factors, float(start), max(float(end), float(start)), effect.onset, effect.recovery)


def _intercepts(settings: CohortSettings, rng: Random) -> tuple[tuple[str, float], ...]:
    rho = settings.patients.shared_correlation.value
    shared = rng.normal()
    return tuple(
        (name, float(np.sqrt(rho) * shared + np.sqrt(1 - rho) * rng.normal()))
        for name in settings.prior_populations.values()
    )


def _age(scenario: Scenario, rng: Random) -> float:
    return round(float(rng.uniform(scenario.age_low, scenario.age_high)), 1)


def _length(happening: Happening, rng: Random) -> int | None:
    if happening.lasts_low is None or happening.lasts_high is None:
        return None
    return int(rng.integers(happening.lasts_low, happening.lasts_high, endpoint=True))


def _happened(patient: str, happening: Happening, start: int, length: int | None) -> list[ClinicalEvent]:
    end = None if length is None else start + length
    events = [
        ClinicalEvent(
            patient=patient, kind=happening.kind, label=happening.label, start_day=start, end_day=end
        )
    ]
    if happening.with_drug:
        events.append(_drug(patient, happening.with_drug, start, end))
    return events


def _drug(patient: str, label: str, start: int, end: int | None) -> ClinicalEvent:
    return ClinicalEvent(patient=patient, kind="drug", label=label, start_day=start, end_day=end)
