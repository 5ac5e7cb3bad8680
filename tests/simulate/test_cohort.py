from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cytorecon.simulate import (
    Course,
    PatientPlan,
    SimulationError,
    load_settings,
    plan_cohort,
    simulate_cohort,
)
from cytorecon.simulate.patients import draw_courses
from cytorecon.simulate.priors import load_priors
from cytorecon.simulate.recovery import ar1, expected_blood
from cytorecon.study.model import ClinicalEvent

SETTINGS = load_settings()
PRIORS = load_priors()
ADULT = PatientPlan(patient="P01", scenario="adult_PBSC_CNI_noATG", age_years=40, sex="female")


def event(kind: str, start: int, end: int | None = None, label: str = "") -> ClinicalEvent:
    return ClinicalEvent(patient="P01", kind=kind, label=label, start_day=start, end_day=end)


def with_events(*events: ClinicalEvent) -> PatientPlan:
    rng = np.random.default_rng(2)
    return replace(ADULT, events=events, courses=draw_courses(events, SETTINGS.cohort, rng))


def blood(plan: PatientPlan, day: int) -> dict[str, float]:
    return expected_blood(plan, day, SETTINGS.cohort, PRIORS)


def test_a_median_patient_follows_the_priors_of_every_scenario() -> None:
    for scenario, curves in PRIORS.items():
        plan = replace(ADULT, scenario=scenario)
        for name, population in SETTINGS.cohort.prior_populations.items():
            for day, median in zip(curves[name].days, curves[name].medians, strict=True):
                assert blood(plan, day)[population] == pytest.approx(median)


def test_random_patients_scatter_about_the_priors() -> None:
    cohort = simulate_cohort(patients=900, visits=3, events=1000, seed=31)
    plans = {plan.patient: plan for plan in cohort.patients if not plan.courses}
    for name, population in SETTINGS.cohort.prior_populations.items():
        for visit in ("+14", "+30", "+60"):
            rows = [row for row in cohort.visits if row.visit == visit and row.patient in plans]
            curves = [PRIORS[plans[row.patient].scenario][name] for row in rows]
            distance = np.array(
                [
                    np.log10(row.spec.concentrations[population] / curve.median(row.day))
                    for row, curve in zip(rows, curves, strict=True)
                ]
            )
            sd = float(np.mean([curve.sd(row.day) for row, curve in zip(rows, curves, strict=True)]))
            assert len(rows) > 250
            # The standard error of a median is 1.25 SD / sqrt(n); 4 of them.
            assert abs(np.median(distance)) < 4 * 1.25 * sd / np.sqrt(len(rows))
            assert np.std(distance) == pytest.approx(np.hypot(sd, 0.12), rel=0.2)


def test_same_seed_same_cohort_and_patients_do_not_depend_on_their_number() -> None:
    cohort = simulate_cohort(patients=3, visits=4, events=1000, seed=9)
    assert cohort.visits == simulate_cohort(patients=3, visits=4, events=1000, seed=9).visits
    more = simulate_cohort(patients=5, visits=7, events=1000, seed=9)
    assert more.patients[:3] == cohort.patients
    first = [row for row in more.visits if row.patient in {"P01", "P02", "P03"}]
    days = [(row.patient, row.day) for row in first if row.visit in {"+14", "+30", "+60", "+100"}]
    assert days == [(row.patient, row.day) for row in cohort.visits]
    assert simulate_cohort(patients=3, visits=4, events=1000, seed=10).patients != cohort.patients


def test_visits_have_names_and_rising_days() -> None:
    cohort = simulate_cohort(patients=40, visits=9, events=1000, seed=2)
    for plan in cohort.patients:
        rows = [row for row in cohort.visits if row.patient == plan.patient]
        assert [row.visit for row in rows] == [
            "+14", "+30", "+60", "+100", "+180", "1 y", "2 y", "+910", "+1090",
        ]  # fmt: skip
        days = [row.day for row in rows]
        assert days == sorted(set(days))
        assert 12 <= days[0] <= 16
        assert 688 <= days[6] <= 772
        assert [row.file for row in rows] == [f"fcs/{plan.patient}_d{day}.fcs" for day in days]
    assert len({row.day for row in cohort.visits if row.visit == "1 y"}) > 10


def test_there_are_children_and_adults_and_all_kinds_of_events() -> None:
    cohort = simulate_cohort(patients=200, visits=1, events=1000, seed=3)
    ages = [plan.age_years for plan in cohort.patients]
    assert min(ages) < 10
    assert max(ages) > 60
    assert {row.kind for plan in cohort.patients for row in plan.events} == {
        "transplant", "dli", "gvhd_acute", "gvhd_chronic", "cmv", "drug", "relapse",
    }  # fmt: skip
    for plan in cohort.patients:
        assert not any(row.kind == "transplant" and row.start_day <= 0 for row in plan.events)


def test_a_course_fades_in_and_out_in_log() -> None:
    course = Course(factors=(("B", 0.01),), start=10, end=50, onset=10, recovery=20)
    assert course.factor("B", 10) == 1
    assert course.factor("B", 15) == pytest.approx(0.1)
    assert course.factor("B", 20) == course.factor("B", 50) == pytest.approx(0.01)
    assert course.factor("B", 60) == pytest.approx(0.1)
    assert course.factor("B", 70) == 1
    assert course.factor("NK", 30) == 1


def test_cmv_raises_cd8_and_lowers_cd4() -> None:
    plain, infected = blood(ADULT, 80), blood(with_events(event("cmv", 40, 60)), 80)
    assert 2 < infected["CD8_T"] / plain["CD8_T"] < 5
    assert 0.6 < infected["CD4_T"] / plain["CD4_T"] < 0.95
    assert infected["B"] == plain["B"]


def test_acute_gvhd_lowers_cd4_and_b_until_some_weeks_after_it() -> None:
    plan = with_events(event("gvhd_acute", 40, 80))
    assert 0.25 < blood(plan, 70)["CD4_T"] / blood(ADULT, 70)["CD4_T"] < 0.6
    assert 0.15 < blood(plan, 70)["B"] / blood(ADULT, 70)["B"] < 0.5
    assert blood(plan, 140) == blood(ADULT, 140)


def test_rituximab_removes_b_cells_for_half_a_year_and_other_drugs_do_not() -> None:
    plan = with_events(event("drug", 60, label="rituximab"))
    for day in (65, 120, 240):
        assert blood(plan, day)["B"] < 2
        assert blood(plan, day)["NK"] == blood(ADULT, day)["NK"]
    assert blood(plan, 500)["B"] == blood(ADULT, 500)["B"]
    assert blood(with_events(event("drug", 60, label="ciclosporin")), 120) == blood(ADULT, 120)


def test_dli_raises_t_cells_a_month_later() -> None:
    plan = with_events(event("dli", 200))
    assert blood(plan, 225) == blood(ADULT, 225)
    assert 1.3 < blood(plan, 270)["CD4_T"] / blood(ADULT, 270)["CD4_T"] < 2.5


def test_relapse_lowers_everything() -> None:
    plan = with_events(event("relapse", 200, 260))
    assert all(blood(plan, 240)[name] < blood(ADULT, 240)[name] for name in ("CD4_T", "B", "granulocytes"))


def test_a_second_transplant_restarts_the_clock() -> None:
    plan = with_events(event("transplant", 200))
    assert blood(plan, 200) == blood(ADULT, 200)
    assert blood(plan, 260) == pytest.approx(blood(ADULT, 60))


def test_atg_exposure_matters_early_only() -> None:
    plan = replace(ADULT, atg_exposure=0.5)
    assert blood(plan, 18)["CD4_T"] == pytest.approx(blood(ADULT, 18)["CD4_T"] * 0.5**0.9)
    assert blood(plan, 18)["NK"] == blood(ADULT, 18)["NK"]
    assert blood(plan, 200) == blood(ADULT, 200)


def test_a_tcrab_depleted_graft_is_rich_in_double_negative_t_cells_early() -> None:
    child = replace(ADULT, scenario="child_haplo_TCRab_CD19_depleted")
    early, late = blood(child, 15), blood(child, 365)
    share = [b["DN_T"] / (b["CD4_T"] + b["CD8_T"] + b["DN_T"] + b["DP_T"]) for b in (early, late)]
    assert share == pytest.approx([0.70, 0.09])


def test_granulocytes_engraft() -> None:
    cord = replace(ADULT, scenario="adult_CBT_noATG")
    assert blood(cord, 14)["granulocytes"] < 500 < blood(cord, 30)["granulocytes"]
    assert blood(ADULT, 18)["granulocytes"] > 500


def test_visit_noise_is_correlated_from_visit_to_visit() -> None:
    series = ar1(20_000, 2, 0.4, np.random.default_rng(1))
    assert np.std(series) == pytest.approx(1, abs=0.03)
    assert np.corrcoef(series[1:, 0], series[:-1, 0])[0, 1] == pytest.approx(0.4, abs=0.03)


def test_the_blood_count_is_near_the_truth() -> None:
    cohort = simulate_cohort(patients=60, visits=3, events=1000, seed=4)
    ratios = [
        row.wbc_cells_per_ul / sum(row.spec.concentrations.values())
        for row in cohort.visits
        if row.wbc_cells_per_ul
    ]
    assert np.mean(ratios) == pytest.approx(1, abs=0.02)
    assert 0.01 < np.std(ratios) < 0.08


def test_a_bead_lot_has_one_number_everywhere() -> None:
    cohort = simulate_cohort(patients=30, visits=5, events=1000, seed=4)
    numbers: dict[str, set[float]] = {}
    for row in cohort.visits:
        numbers.setdefault(row.bead_lot, set()).add(row.spec.beads_per_tube)
    assert len(numbers) > 2
    assert all(len(found) == 1 for found in numbers.values())


def test_the_cytometer_drifts() -> None:
    cohort = simulate_cohort(patients=30, visits=5, events=1000, seed=4)
    gains = np.log([row.spec.detector_gain["APC-A"] for row in cohort.visits])
    assert 0.05 < np.std(gains) < 0.3


def test_tubes_come_one_by_one_and_are_those_of_their_visits() -> None:
    cohort = simulate_cohort(patients=1, visits=2, events=800, seed=6)
    made = list(cohort.tubes())
    assert [visit for visit, _ in made] == list(cohort.visits)
    assert made[1][1].events.tobytes() == cohort.tube(cohort.visits[1]).events.tobytes()
    assert made[0][1].events.tobytes() != made[1][1].events.tobytes()


@pytest.mark.parametrize(
    ("field", "value", "least"), [("patients", 0, 1), ("visits", 0, 1), ("events", 0, 1), ("seed", -1, 0)]
)
def test_numbers_out_of_range_are_refused(field: str, value: int, least: int) -> None:
    numbers = {"patients": 1, "visits": 1, "events": 100, "seed": 1, field: value}
    with pytest.raises(SimulationError) as error:
        simulate_cohort(**numbers)
    assert (
        str(error.value)
        == f"{field}: The cohort cannot be simulated. Found: {value}. Allowed: {least} or more."
    )


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(SimulationError) as error:
        plan_cohort([replace(ADULT, scenario="mouse")], visits=1, events=100, seed=1)
    assert str(error.value) == (
        "patient P01, scenario: There is no such recovery scenario. Found: mouse. "
        "Allowed: adult_PBSC_CNI_noATG, adult_PBSC_ATG, adult_BM_CNI, adult_haplo_PTCy, adult_CBT_noATG, "
        "child_CBT_ATG, child_haplo_TCRab_CD19_depleted, adult_auto_lymphoma_myeloma, AHSCT_autoimmune_ATG."
    )
