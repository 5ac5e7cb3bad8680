"""Real courses through the whole of the program, as docs/cases.md tells them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cytorecon as cr
from cytorecon import cohort
from cytorecon.patient import fit_recovery, outlook
from cytorecon.patient.curves import band_of
from cytorecon.report import Making, write_patient_sheets
from cytorecon.study import ClinicalEvent, Patient, StudyResult
from tests.report.pages import read_page

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(
        not os.environ.get("CYTORECON_REAL_DATA"), reason="CYTORECON_REAL_DATA names no folder of real files"
    ),
]
DAYS_PER_MONTH = 30.4375


def _folder(name: str) -> Path:
    return Path(os.environ["CYTORECON_REAL_DATA"]) / name


@pytest.fixture(scope="module")
def after_transplant(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    """Return three patients with seven visits each, from their files."""
    folder = _folder("gvhd_longitudinal")
    with (folder / "metadata.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sheet = tmp_path_factory.mktemp("gvhd") / "manifest.csv"
    lines = [
        f"{folder / row['name']}.fcs,G{row['Patient']},{row['Days']},leukocyte_differential" for row in rows
    ]
    sheet.write_text("\n".join(["file,patient,day,panel", *lines]) + "\n", encoding="utf-8")
    (sheet.parent / "patients.csv").write_text(
        "patient,programme\nG5,allo_hsct\nG6,allo_hsct\nG9,allo_hsct\n", encoding="utf-8"
    )
    return cr.analyze_study(cr.load_study(sheet))


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    """Return one row per visit; `CD4` is the square root of cells/µL, times are months."""
    return pd.read_csv(_folder("longitudinal_tables") / "jm_aids_cd4.csv", dtype={"patient": str})


@pytest.fixture(scope="module")
def counted(visits: pd.DataFrame) -> StudyResult:
    """Return 234 patients whose counts somebody else made."""
    cells = (visits["CD4"] ** 2).round().astype(int).astype(str)
    table = pd.DataFrame(
        {
            "patient": visits["patient"],
            "day": (visits["obstime"] * DAYS_PER_MONTH).round().astype(int),
            "population": "CD4_T",
            "value": cells.where(visits["CD4"] > 0, "<1"),
            "unit": "cells/µL",
        }
    )
    people = visits.drop_duplicates("patient")
    deaths = [
        ClinicalEvent(patient=row["patient"], kind="death", start_day=round(row["Time"] * DAYS_PER_MONTH))
        for row in people.to_dict("records")
        if row["death"]
    ]
    patients = [Patient(patient=row["patient"], sex=row["gender"]) for row in people.to_dict("records")]
    return cr.study_of_counts(table, name="CD4 in HIV", patients=patients, events=deaths)


def test_every_tube_after_transplant_is_analysed_and_marked(after_transplant: StudyResult) -> None:
    assert [tube.status for tube in after_transplant.tubes] == ["done"] * 21
    assert all(any(count.review for count in tube.counts) for tube in after_transplant.tubes)


def test_without_beads_there_are_percentages_and_no_milestone_is_claimed(
    after_transplant: StudyResult,
) -> None:
    table = cr.trajectories(after_transplant)
    assert set(table["measure"]) == {"percent_of_parent", "percent_of_leukocytes"}
    reached = cr.milestones(table, after_transplant.study)
    assert set(reached["status"]) <= {"not_assessable", "not_applicable"}
    assert cohort.cumulative_incidence(reached, after_transplant.study).empty


def test_what_is_not_there_is_not_detected_and_not_zero(after_transplant: StudyResult) -> None:
    table = cr.trajectories(after_transplant)
    own = table[table["measure"] == "percent_of_leukocytes"]
    hidden = own[own["reported"].str.startswith("not detected")]
    assert len(hidden) >= 1
    assert hidden["value"].isna().all()
    assert (hidden["lloq"] > 0).all()


def test_bands_hold_the_last_count_of_real_patients(counted: StudyResult) -> None:
    """A quarter of the patients at a time is known up to the last but one visit."""
    table = cr.trajectories(counted)
    # death is what ended most courses, so bands are asked for without knowing of it
    study = counted.study.model_copy(update={"events": ()})
    inside = []
    for turn in range(4):
        last = table[table["days_after_transplant"] > 0].groupby("patient", sort=False)
        held = [
            course.index[-1]
            for place, (_, course) in enumerate(last)
            if place % 4 == turn and len(course) > 1
        ]
        found = fit_recovery(table.drop(index=held), study, ["CD4_T"])
        for row in table.loc[held].to_dict("records"):
            model = found.models[row["patient"], "CD4_T"]
            assert not isinstance(model, str)
            day = [int(row["days_after_transplant"])]
            low, _, high = band_of(model, model.with_visits(model.of_patient(row["patient"], day)))
            value = row["lloq"] / 2 if row["censored"] else row["value"]
            inside.append(bool(low[0] <= value <= high[0]))
    assert len(inside) == 156
    assert 0.82 < np.mean(inside) < 0.95


def test_groups_clusters_and_levels_of_counts_made_elsewhere(
    counted: StudyResult, visits: pd.DataFrame
) -> None:
    table = cr.trajectories(counted)
    drugs = cohort.Groups("drug", dict(zip(visits["patient"], visits["drug"], strict=True)))
    compared = cohort.compare_groups(table, drugs)
    month_6 = compared[compared["window"] == "6 months"]
    assert (int(month_6["n"].iloc[0]), int(month_6["n_versus"].iloc[0])) == (70, 81)
    assert (compared["p_adjusted"] > 0.05).all()
    model = cohort.recovery_model(table, counted.study, groups=drugs, from_day=1)
    terms = {row["term"]: (float(row["low"]), float(row["high"])) for row in model.to_dict("records")}
    assert terms["tenfold time"][1] < 1, "counts fall"
    low, high = terms["ddI / ddC"]
    assert low < 1 < high
    assert (cohort.clusters(table, days=(61, 183, 365))["stability"] > 0.75).all()


def test_what_cannot_be_said_of_them_is_said(counted: StudyResult, tmp_path: Path) -> None:
    table = cr.trajectories(counted)
    assert (table["reference_set"] == "").all(), "nobody knows how they were gated"
    assert table["low"].isna().all()
    found = outlook(fit_recovery(table, counted.study, ["CD4_T"]), table, counted)
    reasons = found.visits.loc[found.visits["reason"] != "", "reason"]
    assert reasons.str.startswith("death on day").sum() == 100
    making = Making(frozenset({"html"}), "0")
    sheet = write_patient_sheets(counted, tmp_path, making, patients=["1"], forecasts=True)
    page = read_page(sheet["1"][0])
    assert "198 patients (programme not stated, any age)" in page.texts["outlook"]
    assert "No distance to health" in page.texts["standing"]
