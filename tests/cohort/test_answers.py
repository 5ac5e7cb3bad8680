"""What the tables of a cohort say, against a made cohort whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cytorecon import cohort, tables
from cytorecon.cohort.course import courses
from cytorecon.cohort.groups import Groups
from cytorecon.errors import CytoreconError
from cytorecon.milestone import milestones
from cytorecon.study import study_of_counts
from cytorecon.study.model import ClinicalEvent, Patient, Study, Tube
from cytorecon.trajectory import trajectories
from tests.cohort.made import Made, made_cohort


@pytest.fixture(scope="module")
def made() -> Made:
    return made_cohort(80, 1)


def one_row(table: pd.DataFrame, **cells: str) -> dict[str, Any]:
    """Return the row that has these cells."""
    for name, value in cells.items():
        table = table[table[name] == value]
    (row,) = table.to_dict("records")
    return {str(name): value for name, value in row.items()}


def test_every_table_has_its_columns_and_says_how_it_was_made(made: Made) -> None:
    by_sex = cohort.groups_by(made.study, "sex")
    found = {
        "TIME_TO_MILESTONE": cohort.time_to_milestone(made.reached, made.study, chosen=["cd4_200"]),
        "CUMULATIVE_INCIDENCE": cohort.cumulative_incidence(made.reached, made.study, chosen=["cd4_200"]),
        "LANDMARK": cohort.landmark_table(made.reached, made.study),
        "COMPARISON": cohort.compare_groups(made.table, by_sex),
        "AREA": cohort.recovery_areas(made.table),
        "RATIO": cohort.ratios(made.table),
        "CLUSTER": cohort.clusters(made.table),
        "COHORT_MAP": cohort.cohort_map(made.table),
        "RECOVERY_MODEL": cohort.recovery_model(made.table, made.study, groups=by_sex, populations=["B"]),
    }
    for name, table in found.items():
        assert tuple(table.columns) == getattr(tables, f"{name}_COLUMNS"), name
        assert len(table), name
        assert table["method"].str.len().min() > 20
        assert table["unit"].str.len().min() > 0
        assert (table["n"] >= 0).all()
        if {"low", "high"} <= set(table.columns):
            known = table.dropna(subset=["low", "high"])
            assert (known["low"] <= known["high"]).all(), name


def test_milestone_intervals_hold_the_true_crossing(made: Made) -> None:
    rows = made.reached[made.reached["milestone"] == "cd4_200"].set_index("patient")
    for place, patient in enumerate(made.study.patients):
        row = rows.loc[patient.patient]
        if row["status"] == "reached":
            assert row["after_day"] < made.truth[place] <= row["by_day"]


def test_cumulative_incidence_is_that_of_the_truth() -> None:
    own = made_cohort(80, 2, dies=False)
    table = cohort.cumulative_incidence(own.reached, own.study, chosen=["cd4_200"], days=[180])
    (row,) = table.to_dict("records")
    assert row["low"] <= (own.truth <= 180).mean() <= row["high"]
    assert row["probability_if_unseen"] == pytest.approx(row["probability"])
    alone = cohort.time_to_milestone(own.reached, own.study, chosen=["cd4_200"], days=[180])
    assert alone["probability"].iloc[0] == pytest.approx(row["probability"], abs=1e-6)


def test_death_before_day_100_competes_and_is_never_not_reached(made: Made) -> None:
    """A patient who died on day 20 without any visit that could be judged is counted as dead."""
    nobody = made.study.patients[0].model_copy(update={"patient": "P999"})
    death = ClinicalEvent(patient="P999", kind="death", start_day=20)
    study = made.study.model_copy(
        update={"patients": (*made.study.patients, nobody), "events": (*made.study.events, death)}
    )
    row = made.reached[made.reached["milestone"] == "cd4_200"].iloc[[0]]
    reached = pd.concat([made.reached, row.assign(patient="P999")], ignore_index=True)
    new = reached["patient"] == "P999"
    reached["status"] = reached["status"].mask(new, "not_evaluable")
    reached["after_day"] = reached["after_day"].mask(new)
    reached["by_day"] = reached["by_day"].mask(new)
    before = cohort.cumulative_incidence(made.reached, made.study, chosen=["cd4_200"], days=[30])
    after = cohort.cumulative_incidence(reached, study, chosen=["cd4_200"], days=[30])
    deaths = [one_row(table, cause="death") for table in (before, after)]
    assert deaths[1]["n_events"] == deaths[0]["n_events"] + 1
    assert deaths[1]["probability"] > deaths[0]["probability"]
    share = one_row(after, cause="milestone")
    assert share["probability"] < share["probability_if_unseen"]
    # The incidences of what excludes each other do not add up to more than everybody.
    assert after["probability"].sum() <= 1 + 1e-9


def test_groups_that_differ_are_told_apart_and_by_how_much(made: Made) -> None:
    table = cohort.compare_groups(made.table, cohort.groups_by(made.study, "sex"))
    row = one_row(table, population="CD4_T", window="day 60", measure="cells_per_ul")
    # The level of each patient is known from the day on which the line passes 200/µL.
    level = -0.8 * np.log10(made.truth)
    women = np.array([patient.sex == "female" for patient in made.study.patients])
    mine = women if row["group"] == "female" else ~women
    expected = 10 ** np.median(level[mine][:, None] - level[~mine][None, :])
    assert row["ratio"] == pytest.approx(expected, rel=0.05)
    assert (row["low"] > 1) == (expected > 1) == (row["superiority_low"] > 0.5)
    assert row["p_adjusted"] < 0.05
    assert (table["p_adjusted"].dropna() >= table["p_value"].dropna() - 1e-12).all()
    model = cohort.recovery_model(
        made.table, made.study, groups=cohort.groups_by(made.study, "sex"), populations=["B"]
    )
    assert one_row(model, term="tenfold time")["factor"] == pytest.approx(10**0.8, rel=0.05)
    assert one_row(model, term="level on day 100")["unit"] == "cells/µL"


def test_a_group_of_four_has_a_number_and_nothing_else(made: Made) -> None:
    names = [patient.patient for patient in made.study.patients]
    groups = Groups("donor", dict.fromkeys(names, "sibling") | dict.fromkeys(names[:4], "cord blood"))
    numbers = ("probability", "low", "high", "ratio", "superiority", "survival")
    for table in (
        cohort.cumulative_incidence(made.reached, made.study, groups=groups, chosen=["cd4_200"]),
        cohort.time_to_milestone(made.reached, made.study, groups=groups, chosen=["cd4_200"]),
        cohort.compare_groups(made.table, groups),
    ):
        small = table[table["group"] == "cord blood"]
        assert len(small)
        assert small["suppressed"].all()
        assert small[[name for name in numbers if name in table.columns]].isna().all(axis=None)
    with pytest.raises(CytoreconError) as raised:
        cohort.compare_groups(made.table, cohort.groups_by(made.study))
    assert str(raised.value) == "compare_groups: A comparison needs two groups. Found: all."


def test_a_landmark_takes_those_alive(made: Made) -> None:
    rows = cohort.landmark_table(made.reached, made.study, chosen=["cd4_200"], landmark=100)
    dead = {event.patient for event in made.study.events if event.start_day <= 100}
    assert int(rows["n"].sum()) == len(made.study.patients) - len(dead)
    assert set(rows["n_left_out"]) == {len(dead)}


def of_cd4(
    courses: list[dict[int, float]], deaths: dict[int, int] | None = None
) -> tuple[pd.DataFrame, Study]:
    """Return milestones and study of patients with these CD4 T; deaths by place."""
    names = [f"P{place:02d}" for place in range(len(courses))]
    rows = [
        {"patient": name, "days_after_transplant": day, "population": "CD4_T", "measure": "cells_per_ul",
         "value": value, "low": value, "high": value, "lloq": 1.0, "censored": "", "review": ""}
        for name, course in zip(names, courses, strict=True)
        for day, value in course.items()
    ]  # fmt: skip
    events = tuple(
        ClinicalEvent(patient=names[place], kind="death", start_day=day)
        for place, day in (deaths or {}).items()
    )
    patients = tuple(Patient(patient=name, age_years=40.0, programme="allo_hsct") for name in names)
    tubes = tuple(
        Tube(tube=f"{name}/d{day}/1", patient=name, day=day)
        for name, course in zip(names, courses, strict=True)
        for day in course
    )
    study = Study(name="s", patients=patients, tubes=tubes, events=events)
    return milestones(pd.DataFrame(rows), study), study


def test_a_landmark_does_not_know_what_a_later_visit_confirmed() -> None:
    confirmed_later = {30: 50.0, 60: 60.0, 95: 250.0, 180: 300.0, 365: 320.0}
    confirmed_before = {30: 50.0, 60: 250.0, 95: 250.0, 365: 320.0}
    died = {30: 50.0, 60: 60.0, 95: 250.0}
    reached, study = of_cd4(
        [confirmed_later] * 8 + [died] * 8 + [confirmed_before] * 5, dict.fromkeys(range(8, 16), 130)
    )
    rows = cohort.landmark_table(reached, study, chosen=["cd4_200"], landmark=100).set_index("group")
    assert rows["n"].to_dict() == {"not seen by the landmark": 16, "reached by the landmark": 5}


def test_a_rise_that_fell_again_is_no_event_and_followed_to_the_end() -> None:
    confirmed = {30: 50.0, 60: 60.0, 100: 250.0, 365: 300.0}
    fell = {30: 50.0, 60: 250.0, 100: 60.0, 365: 60.0}
    waits = {30: 50.0, 60: 60.0, 365: 250.0}
    reached, study = of_cd4([confirmed] * 5 + [fell] * 5)
    row = one_row(
        cohort.cumulative_incidence(reached, study, chosen=["cd4_200"], days=[365]), cause="milestone"
    )
    assert (row["n_events"], row["probability"]) == (5, pytest.approx(0.5))
    times = cohort.time_to_milestone(reached, study, chosen=["cd4_200"], days=[365])
    assert times["n_reached"].tolist() == [5]
    assert times["probability"].tolist() == pytest.approx([0.5])
    # who waits for the confirmation is followed to the last day below
    reached, study = of_cd4([confirmed] * 5 + [waits] * 5)
    (course,) = courses(reached, study, cohort.groups_by(study), ["cd4_200"])
    assert set(zip(course.after, course.by, strict=True)) == {(60.0, 100.0), (60.0, np.inf)}
    assert set(course.known_from) == {365.0, np.inf}


def test_a_ratio_of_values_without_intervals_has_none() -> None:
    rows = [
        (30, "CD4_T", "100", 80.0, 125.0),
        (30, "CD8_T", "50", 40.0, 62.5),
        (60, "CD4_T", "100", 80.0, 125.0),
        (60, "CD8_T", "50", None, None),
        (90, "CD4_T", "<20", None, None),
        (90, "CD8_T", "50", None, None),
        (120, "CD4_T", "100", None, None),
        (120, "CD8_T", "<20", None, None),
    ]
    frame = pd.DataFrame(rows, columns=["day", "population", "value", "low", "high"])
    table = trajectories(study_of_counts(frame.assign(patient="P01", unit="cells/µL"), name="s"))
    found = cohort.ratios(table).set_index("days_after_transplant")
    assert found["value"].tolist()[:2] == [2.0, 2.0]
    limits = found[["low", "high"]].to_numpy()
    assert limits[0].tolist() == pytest.approx([2 / 1.3711, 2 * 1.3711], rel=1e-3)
    assert np.isnan(limits[1]).all()
    assert (found.loc[90, "censored"], found.loc[90, "reported"]) == ("left", "<0.40")
    assert (found.loc[120, "censored"], found.loc[120, "low"]) == ("right", 5.0)


def test_areas_and_ratios(made: Made) -> None:
    areas = cohort.recovery_areas(made.table)
    own = areas[(areas["population"] == "CD4_T") & areas["mean_level"].notna()]
    assert ((own["low"] <= own["mean_level"]) & (own["mean_level"] <= own["high"])).all()
    assert own["coverage"].between(0, 1).all()
    hidden = areas[areas["n_censored"] > 0]
    assert hidden["mean_level"].isna().all()
    ratios = cohort.ratios(made.table)
    known = ratios[ratios["censored"] == ""]
    assert known["value"].to_numpy() == pytest.approx(np.full(len(known), 2.0))
    above = ratios[ratios["censored"] == "right"]
    assert (above["reported"].str.startswith(">")).all()


def test_groups_by_what_a_sheet_says(made: Made) -> None:
    ages = set(cohort.groups_by(made.study, "age_years").of.values())
    assert ages == {"under 18 years", "18 years and older"}
    assert cohort.groups_by(made.study, "graft").names == ("unknown",)
    assert cohort.groups_by(made.study, "anchors").names == ("HCT1",)


def test_a_window_that_is_not_there(made: Made) -> None:
    with pytest.raises(CytoreconError) as raised:
        cohort.cohort_map(made.table, window="day 99")
    assert str(raised.value).startswith("cohort_map, window: There is no such window. Found: day 99. ")


def test_rules_of_one_visit_and_of_danger_date_nothing(made: Made) -> None:
    assert {"milestone", "at_visit", "danger"} == set(made.reached["kind"])
    dated = made.reached.loc[made.reached["kind"] == "milestone", "milestone"]
    table = cohort.time_to_milestone(made.reached, made.study)
    assert set(table["milestone"]) <= set(dated)
    with pytest.raises(
        CytoreconError, match=r"^cohort, milestone: There is no such milestone\. Found: cd4_104_d100\."
    ):
        cohort.time_to_milestone(made.reached, made.study, chosen=["cd4_104_d100"])
