"""The columns of the trajectory table against the table made row by row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from cytorecon.counts import censoring_limit
from cytorecon.knowledge.references import References, load_references
from cytorecon.results import GateSpread, PopulationCount, TubeResult
from cytorecon.study import Patient, Study, StudyResult, Tube
from cytorecon.trajectory import MEASURES, trajectories
from tests import builders
from tests.trajectory_by_row import trajectories_by_row

#: Those of ratios, of several reference sets and definitions, without a range, and one only a template knows.
POPULATIONS = ("CD4_T", "CD8_T", "B", "NK_CD56bright", "lymphocytes", "Treg", "RTE_CD4", "leukocytes", "own")
DEFINITIONS = ("", "CD3+CD4+", "CD3-CD56bright", "CD3-CD16-CD56bright", "CD19+", "of a template")

NUMBERS = st.none() | st.floats(0, 5000) | st.sampled_from([0.0, 9.96, 700.0, 1500.0])
PERCENTS = st.none() | st.floats(0, 100)


@st.composite
def a_count(draw: st.DrawFn, population: str) -> PopulationCount:
    percents: dict[str, Any] = {
        f"percent_of_{whole}{end}": draw(PERCENTS)
        for whole in ("parent", "lymphocytes", "leukocytes")
        for end in ("", "_low", "_high")
    }
    made = PopulationCount(
        population=population,
        parent=draw(st.sampled_from(["CD3_T", "lymphocytes"])),
        status=draw(st.sampled_from(["counted", "counted", "not_evaluable"])),
        gate_definition=draw(st.sampled_from(DEFINITIONS)),
        events=draw(st.none() | st.integers(0, 10_000)),
        detected=draw(st.sampled_from([None, True, False])),
        **percents,
        cells_per_ul=draw(NUMBERS),
        cells_per_ul_low=draw(NUMBERS),
        cells_per_ul_high=draw(NUMBERS),
        lloq_cells_per_ul=draw(NUMBERS),
        below_lloq=draw(st.sampled_from([None, False, False, True])),
        count_method=draw(st.sampled_from(["none", "beads", "volumetric"])),
        gate_spread=draw(st.none() | st.just(GateSpread(events=0.1))),
        review=draw(st.sampled_from([(), (), ("gate.a",), ("gate.a", "gate.b")])),
    )
    # What is censored has a limit.
    return replace(made, below_lloq=None) if made.below_lloq and censoring_limit(made) is None else made


@st.composite
def a_study(draw: st.DrawFn) -> StudyResult:
    patients = tuple(
        Patient(
            patient=f"P{number}",
            age_years=draw(
                st.none() | st.sampled_from([0.0, 0.5, 2.0, 5.9, 18.0, 40.0, 90.0]) | st.floats(0, 90)
            ),
            sex=draw(st.sampled_from(["female", "male", "unknown"])),
            cmv=draw(st.sampled_from(["negative", "positive", "unknown"])),
        )
        for number in range(draw(st.integers(0, 3)))
    )
    tubes, results = [], []
    for patient in patients:
        for number in range(draw(st.integers(0, 4))):
            tube = Tube(
                tube=f"{patient.patient}/{number}",
                patient=patient.patient,
                day=draw(st.sampled_from([-7, 0, 30, 30, 400])),
                template=draw(st.sampled_from(["tbnk", "treg"])),
                product_volume_ml=draw(st.sampled_from([None, None, None, 10.0])),
                visit=draw(st.sampled_from(["", "+30"])),
            )
            names = draw(st.lists(st.sampled_from(POPULATIONS), unique=True))
            counts = tuple(draw(a_count(name)) for name in names)
            tubes.append(tube)
            if draw(st.booleans()) or counts:
                results.append(TubeResult(tube=tube.tube, status="done", counts=counts))
    study = Study(name="s", patients=patients, tubes=tuple(tubes))
    return StudyResult(study=study, tubes=tuple(results))


def assert_same(result: StudyResult, references: References | None = None) -> None:
    columns = trajectories(result, references=references)
    rows = trajectories_by_row(result, MEASURES, references)
    pd.testing.assert_frame_equal(columns, rows, rtol=1e-12, atol=0)


def test_the_example_cohort() -> None:
    result = builders.study_result()
    assert len(trajectories(result)) > 500
    assert_same(result)


def test_an_empty_study() -> None:
    assert_same(StudyResult(study=Study(name="s", patients=(), tubes=()), tubes=()))


@given(a_study())
@settings(max_examples=150, deadline=None)
def test_any_study(result: StudyResult) -> None:
    assert_same(result)


def with_strata() -> References:
    """Return the packaged limits, and a set of the own laboratory by sex and CMV with bands that adjoin."""
    packaged = load_references()
    row = next(row for row in packaged.ranges if (row.population, row.measure) == ("CD4_T", "cells_per_ul"))
    own = [
        row.model_copy(
            update={
                "set": "own", "age_from": start, "age_below": end, "low": low, "median": 2 * low,
                "high": 5 * low, "percentiles": "10-90", "stratum": stratum, "sex": sex,
            }
        )
        for start, end, low in ((0.0, 2.0, 0.0), (2.0, 20.0, 500.0), (20.0, 60.0, 300.0), (60.0, None, 200.0))
        for stratum in ("", "cmv_negative")
        for sex in ("female", "male")
    ]  # fmt: skip
    return packaged.model_copy(update={"ranges": (*packaged.ranges, *own), "own_sets": ("own",)})


@given(a_study())
@settings(max_examples=50, deadline=None)
def test_any_study_beside_limits_of_its_own(result: StudyResult) -> None:
    assert_same(result, with_strata())


def test_the_limits_of_the_own_set_are_those_that_are_compared() -> None:
    """Else the test before would compare without strata."""
    patients = tuple(
        Patient(patient=cmv, age_years=30.0, sex="female", cmv=cmv) for cmv in ("negative", "positive")
    )
    tubes = tuple(Tube(tube=one.patient, patient=one.patient, day=30) for one in patients)
    count = PopulationCount(
        population="CD4_T", parent="CD3_T", status="counted", events=500, cells_per_ul=500.0,
        below_lloq=False, count_method="beads",
    )  # fmt: skip
    results = tuple(TubeResult(tube=tube.tube, status="done", counts=(count,)) for tube in tubes)
    result = StudyResult(study=Study(name="s", patients=patients, tubes=tubes), tubes=results)
    table = trajectories(result, measures=("cells_per_ul",), references=with_strata())
    assert list(table["reference_set"]) == ["own", "own"]
    assert [("CMV negative" in basis) for basis in table["reference_basis"]] == [True, False]


def test_all_populations_of_the_example_have_rows_of_every_kind() -> None:
    """The comparison is worth something only if the values it compares are not all of one kind."""
    table = trajectories(builders.study_result())
    assert {"", "left"} == set(table["censored"])
    assert {"below", "within", ""} <= set(table["reference_position"])
    assert table["reference_z"].notna().any()
    assert table["review"].str.contains("trajectory.method_switch").any()
