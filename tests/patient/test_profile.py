from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cytorecon.errors import CytoreconError
from cytorecon.knowledge.profile import DistanceLimits, load_profile_parts
from cytorecon.patient import immune_profile, profile_distance
from cytorecon.study.model import ClinicalEvent, Study
from cytorecon.tables import PROFILE_COLUMNS, PROFILE_DISTANCE_COLUMNS
from cytorecon.trajectory import trajectories
from tests import builders
from tests.patient.made import study, table


def standing(population: str, zs: dict[str, dict[int, float]], measure: str = "cells_per_ul") -> pd.DataFrame:
    """Return a population of patients by their z-scores."""
    own = table({patient: dict.fromkeys(course, 100.0) for patient, course in zs.items()}, population)
    z = np.array([value for course in zs.values() for value in course.values()])
    position = np.where(np.abs(z) < 1.96, "within", np.where(z < 0, "below", "above"))
    return own.assign(
        measure=measure, reference_z=z, reference_position=position, reference_low=50.0, reference_set="made"
    )


def seven() -> Study:
    return study(dict.fromkeys(f"P{number:02d}" for number in range(7)))


def frame() -> pd.DataFrame:
    others = {f"P{number:02d}": {175: float(z)} for number, z in enumerate((-5, -4, -3, -2, -1, 0), start=1)}
    return pd.concat(
        [
            standing("CD4_T", {"P00": {100: -4.0, 180: -3.0}, **others}),
            standing("CD8_T", {"P00": {180: 1.0}}),
            standing("NK", {"P00": {100: 2.5}}).assign(reference_z=np.nan),
        ],
        ignore_index=True,
    )


def test_every_subset_of_the_file_has_a_row_in_its_order() -> None:
    found = immune_profile(frame(), seven(), "P00")
    assert tuple(found.columns) == PROFILE_COLUMNS
    wanted = [
        (part.compartment, each.population, each.measure)
        for part in load_profile_parts().compartments
        for each in part.subsets
    ]
    assert list(zip(found["compartment"], found["population"], found["measure"], strict=True)) == wanted


def row(profile: pd.DataFrame, population: str) -> dict[str, object]:
    own = profile[(profile["population"] == population) & (profile["measure"] == "cells_per_ul")]
    return {str(key): value for key, value in own.to_dict("records")[0].items()}


def test_now_before_and_the_cohort() -> None:
    found = immune_profile(frame(), seven(), "P00")
    cd4 = row(found, "CD4_T")
    assert (cd4["days_after_transplant"], cd4["z"], cd4["position"]) == (180, -3.0, "below")
    assert (cd4["earlier_day"], cd4["earlier_z"]) == (100, -4.0)
    # six others at day 175: the third of six, as a median without interpolation; 4 of 6 below
    assert (cd4["n_cohort"], cd4["cohort_z"], cd4["cohort_position"]) == (6, -3.0, "below")
    nk = row(found, "NK")
    assert (nk["missing"], nk["reported"], nk["earlier_reported"]) == ("not measured", "", "100.0")


def asking(subsets: int, compartments: int) -> DistanceLimits:
    numbers = {"fewest_subsets": subsets, "fewest_compartments": compartments}
    return load_profile_parts().distance.model_copy(update=numbers)


@pytest.mark.parametrize(("subsets", "compartments", "given"), [(2, 1, True), (3, 1, False), (2, 2, False)])
def test_of_few_subsets_or_of_one_compartment_there_is_no_distance(
    subsets: int, compartments: int, given: bool
) -> None:
    profile = immune_profile(frame(), seven(), "P00")
    found = profile_distance(profile, limits=asking(subsets, compartments)).to_dict("records")[0]
    assert pd.notna(found["distance"]) == given
    assert found["words"].startswith("Distance to health 2.2" if given else "No distance to health")


def test_why_there_is_no_distance_is_said() -> None:
    found = profile_distance(immune_profile(frame(), seven(), "P00"))
    assert found["words"].item() == (
        "No distance to health, as too few ranges are known: 2 subsets with a z-score; at least 3 of 3 "
        "compartments are "
        "asked for; 1 of 2 subsets within the limits for the age."
    )


def test_distance_is_the_root_mean_square() -> None:
    found = profile_distance(immune_profile(frame(), seven(), "P00"), limits=asking(1, 1))
    assert tuple(found.columns) == PROFILE_DISTANCE_COLUMNS
    one = found.to_dict("records")[0]
    assert one["distance"] == pytest.approx(np.sqrt((9 + 1) / 2))
    assert (one["n"], one["earlier_distance"], one["n_earlier"]) == (2, 4.0, 1)
    assert (one["cohort_distance"], one["n_cohort"]) == (3.0, 1)
    assert (one["n_within"], one["n_placed"]) == (1, 2)
    assert one["words"] == (
        "Distance to health 2.2 (2 subsets; 1 is usual); over the 1 known then too 3.0, it was 4.0 on "
        "day 100; 1 of 2 subsets within the limits for the age."
    )


def test_without_medians_there_is_no_distance_and_it_says_so() -> None:
    without = frame().drop(columns="reference_z")
    profile = immune_profile(without, seven(), "P00")
    assert row(profile, "CD4_T")["missing"] == "no median"
    found = profile_distance(profile)
    assert found["distance"].isna().all()
    assert found["words"].item() == (
        "No distance to health, as too few ranges are known: 0 subsets with a z-score; at least 3 of 3 "
        "compartments are "
        "asked for; 1 of 2 subsets within the limits for the age."
    )


def test_few_others_give_no_median() -> None:
    few = frame()
    few = few[~few["patient"].isin(["P01", "P02"])]
    cd4 = row(immune_profile(few, seven(), "P00"), "CD4_T")
    assert (cd4["n_cohort"], cd4["cohort_position"]) == (4, "")
    assert np.isnan(float(str(cd4["cohort_z"])))


def test_others_whose_clock_has_ended_and_other_programmes_are_no_cohort() -> None:
    own = study(
        dict.fromkeys(f"P{n:02d}" for n in range(7)),
        events=[ClinicalEvent(patient="P01", kind="relapse", start_day=90)],
    )
    assert row(immune_profile(frame(), own, "P00"), "CD4_T")["n_cohort"] == 5
    people = tuple(
        each.model_copy(update={"programme": "auto_hsct"}) if each.patient == "P02" else each
        for each in own.patients
    )
    mixed = own.model_copy(update={"patients": people})
    assert row(immune_profile(frame(), mixed, "P00"), "CD4_T")["n_cohort"] == 4


def test_a_value_below_the_lloq_is_lower_than_all_measured_ones() -> None:
    zs = {f"P{number:02d}": {175: float(z)} for number, z in enumerate((-3, -3, -3, 0, 0), start=1)}
    own = standing("CD4_T", {"P00": {180: -3.0}, **zs})
    own.loc[own["patient"].isin(["P01", "P02", "P03"]), ["value", "reference_z"]] = np.nan
    own.loc[own["patient"].isin(["P01", "P02", "P03"]), "censored"] = "left"
    cd4 = row(immune_profile(own, study(dict.fromkeys(f"P{n:02d}" for n in range(6))), "P00"), "CD4_T")
    assert cd4["cohort_position"] == "below"
    # the median is one of them: how low is not known
    assert np.isnan(float(str(cd4["cohort_z"])))


def test_a_study_of_the_product_has_a_profile() -> None:
    result = builders.study_result()
    found = immune_profile(trajectories(result), result.study, "P01")
    assert found["days_after_transplant"].unique().tolist() == [365]
    assert row(found, "CD4_T")["reported"] == "420"
    assert row(found, "mDC")["missing"] == "not measured"


def test_an_unknown_patient_is_named() -> None:
    with pytest.raises(CytoreconError) as error:
        immune_profile(frame(), study({"P00": 1, "P01": 1}), "P09")
    assert str(error.value) == (
        "profile, patient: There is no such patient in the study. Found: P09. Allowed: P00, P01."
    )
