"""Limits between the bands of a source, z-scores, strata, and files of the user's own."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.reference_age import (
    AgeLimits,
    limits_at,
    percentile_fractions,
    percentile_of,
    z_score,
)
from cytorecon.knowledge.reference_files import check_reference_file, with_own_references
from cytorecon.knowledge.references import ReferenceRange, References, load_references, with_medians

HEADER = (
    "set,population,measure,age_from,age_below,sex,low,high,percentiles,gate_definition,source,confidence"
)
REFERENCES = load_references()


def limits(
    age: float, population: str = "CD4_T", measure: str = "cells_per_ul", sex: str = "unknown"
) -> AgeLimits:
    row = REFERENCES.find(population, measure, age, sex)
    assert row is not None
    return limits_at(REFERENCES, row, age)


def band(**changes: object) -> ReferenceRange:
    cells: dict[str, object] = {
        "set": "own", "population": "CD4_T", "measure": "cells_per_ul", "age_from": 20, "age_below": 40,
        "sex": "all", "low": 50, "high": 200, "percentiles": "2.5-97.5", "gate_definition": "CD3+CD4+",
        "source": "made", "confidence": "made",
    }  # fmt: skip
    return ReferenceRange.model_validate({**cells, **changes})


def test_in_the_middle_of_its_band_a_row_stands_as_published() -> None:
    found = limits(4.0)
    assert (found.low, found.high) == pytest.approx((700, 2200))


def test_between_two_middles_limits_are_linear_in_the_logarithm_of_age() -> None:
    part = (math.log(6) - math.log(4)) / (math.log(9) - math.log(4))
    expected = (700 + part * (650 - 700), 2200 + part * (1500 - 2200))
    for age in (6 - 1e-9, 6.0):
        found = limits(age)
        assert (found.low, found.high) == pytest.approx(expected), "no step where two bands meet"
        assert found.basis == "interpolated between bands 2-6 and 6-12 years"


@given(st.floats(0, 90))
def test_interpolated_limits_lie_between_those_of_the_two_bands(age: float) -> None:
    row = REFERENCES.find("CD4_T", "cells_per_ul", age, "unknown")
    assert row is not None
    found = limits_at(REFERENCES, row, age)
    near = [
        other
        for other in REFERENCES.of("CD4_T", "cells_per_ul").ranges
        if other.set == row.set
        and (other.age_below == row.age_from or other.age_from == row.age_below or other == row)
    ]
    assert min(other.low for other in near) - 1e-9 <= found.low <= max(other.low for other in near) + 1e-9
    assert found.low < found.high
    assert found.set == row.set


@pytest.mark.parametrize(
    ("age", "basis"),
    [
        (0.0, "band 0-0.25 years"),
        (17.0, "band 12-18 years"),
        (40.0, "band 18-56 years"),
        (80.0, "band from 56 years"),
    ],
)
def test_at_the_ends_of_a_set_and_beside_an_open_band_nothing_is_interpolated(age: float, basis: str) -> None:
    assert limits(age).basis == basis


def test_bands_of_other_percentiles_are_not_interpolated() -> None:
    found = limits(29.0, "CD4_T", "percent_of_parent")
    assert (found.basis, found.median) == ("band 20-30 years", 62.2)
    between = limits(40.0, "CD4_T", "percent_of_parent")
    assert between.basis == "interpolated between bands 30-40 and 40-50 years"
    assert between.median is not None
    assert 63.1 < between.median < 67.8


@given(st.floats(1, 1000), st.floats(0.05, 1), st.floats(0.05, 1), st.floats(-3, 3))
def test_z_of_a_two_piece_log_normal(median: float, low_sd: float, high_sd: float, z: float) -> None:
    own = AgeLimits(
        low=median * math.exp(norm.ppf(0.05) * low_sd), high=median * math.exp(norm.ppf(0.9) * high_sd),
        median=median, percentiles="5-90", set="s", source="s", basis="b",
    )  # fmt: skip
    value = median * math.exp(z * (high_sd if z >= 0 else low_sd))
    found = z_score(value, own)
    assert found == pytest.approx(z, abs=1e-9)
    assert percentile_of(found or 0.0) == pytest.approx(100 * norm.cdf(z), abs=1e-6)


@pytest.mark.parametrize(
    "own",
    [
        band(),
        band(median=100, percentiles=""),
        band(median=100, percentiles="10-40"),
    ],
)
def test_without_a_median_or_known_percentiles_there_is_no_z(own: ReferenceRange) -> None:
    references = References(ranges=(own,), defaults=())
    assert z_score(150.0, limits_at(references, own, 30.0)) is None


def test_no_logarithm_no_z() -> None:
    zero = band(low=0, median=100)
    found = limits_at(References(ranges=(zero,), defaults=()), zero, 30.0)
    assert (z_score(0.0, found), z_score(50.0, found)) == (None, None)
    assert z_score(200.0, found) == pytest.approx(1.96, abs=1e-3)


def test_percentiles_are_read_row_by_row() -> None:
    found = {row.percentiles: percentile_fractions(row.percentiles) for row in REFERENCES.ranges}
    assert found["10-90"] == (0.1, 0.9)
    assert found["2.5-97.5"] == (0.025, 0.975)
    assert found[""] is None


def test_a_stratum_is_taken_where_the_status_is_known_and_never_guessed() -> None:
    rows = (band(), band(stratum="cmv_positive", low=40), band(stratum="cmv_negative", low=60))
    references = REFERENCES.model_copy(update={"ranges": (*REFERENCES.ranges, *rows), "own_sets": ("own",)})
    found = {
        cmv: references.find("CD4_T", "cells_per_ul", 30.0, "male", cmv=cmv)
        for cmv in ("positive", "negative", "unknown")
    }
    assert {cmv: row and row.low for cmv, row in found.items()} == {
        "positive": 40,
        "negative": 60,
        "unknown": 50,
    }
    assert found["positive"] is not None
    assert limits_at(references, found["positive"], 30.0).basis == "band 20-40 years, CMV positive"
    only = references.model_copy(update={"ranges": rows[1:]})
    assert only.find("CD4_T", "cells_per_ul", 30.0, "male") is None


def test_shipped_strata_are_of_other_gates_than_ours_and_not_shown_by_default() -> None:
    strata = [row for row in REFERENCES.ranges if row.stratum]
    assert len(strata) == 48
    for row in strata:
        for cmv in ("positive", "negative"):
            shown = REFERENCES.find(row.population, row.measure, 30.0, "male", cmv=cmv)
            assert shown is None or not shown.stratum


def test_a_median_of_no_row_is_refused() -> None:
    row = {
        "set": "own",
        "population": "CD4_T",
        "measure": "cells_per_ul",
        "gate_definition": "CD3+CD4+",
        "age_from": "21",
        "sex": "all",
        "median": "100",
    }
    with pytest.raises(KnowledgeError) as caught:
        with_medians((band(),), [row])
    assert str(caught.value) == (
        "reference_medians.csv: A median belongs to no row. Found: own, CD4_T, cells_per_ul, CD3+CD4+, "
        "all, 21.0. Allowed: what a row of reference_ranges.csv begins with."
    )


def test_a_median_outside_of_its_limits_is_refused() -> None:
    row = {
        "set": "own",
        "population": "CD4_T",
        "measure": "cells_per_ul",
        "gate_definition": "CD3+CD4+",
        "age_from": "20",
        "sex": "all",
        "median": "300",
    }
    with pytest.raises(KnowledgeError) as caught:
        with_medians((band(),), [row])
    assert str(caught.value) == (
        "reference_ranges.csv, data row 1, median: The median does not lie between the limits. Found: 300. "
        "Allowed: 50 to 200."
    )


def own_file(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "own.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def test_a_file_of_ones_own_is_shown_first(tmp_path: Path) -> None:
    path = own_file(
        tmp_path,
        "site,CD4_T,cells_per_ul,18,60,all,400,1600,2.5-97.5,CD3+CD4+,Our 120 donors,measured,800,",
        header=f"{HEADER},median,stratum",
    )
    assert check_reference_file(path) == ()
    references = with_own_references(path)
    found = references.find("CD4_T", "cells_per_ul", 40.0, "male")
    assert found is not None
    assert (found.set, found.low, found.median) == ("site", 400, 800)
    child = references.find("CD4_T", "cells_per_ul", 4.0, "male")
    assert child is not None
    assert child.set == "shearer_2003", "what the file does not cover is shown as before"


def test_a_file_may_cover_what_no_packaged_set_does(tmp_path: Path) -> None:
    assert REFERENCES.find("lymphocytes", "percent_of_leukocytes", 40.0, "male") is None
    path = own_file(
        tmp_path, "site,lymphocytes,percent_of_leukocytes,18,,all,20,45,,CD45+SSClow,Our donors,measured"
    )
    found = with_own_references(path).find("lymphocytes", "percent_of_leukocytes", 40.0, "male")
    assert found is not None
    assert found.set == "site"


def test_every_problem_of_a_file_is_listed_and_nothing_of_it_is_used(tmp_path: Path) -> None:
    path = own_file(
        tmp_path,
        "site,CD4_T,cells_per_ul,18,60,all,1600,400,,CD3+CD4+,s,measured",
        "site,CD4_T,cells_per_ul,18,60,all,400,1600,,CD4+,s,measured",
        "site,CD8_T,cells_per_ul,18,60,all,400,1600,,CD3+CD8+,s,RECALLED",
        "ucsf,B,cells_per_ul,18,60,all,100,600,,CD19+,s,measured",
    )
    assert [str(problem) for problem in check_reference_file(path)] == [
        (
            "own.csv, data row 1, low: The lower limit is not below the upper one. Found: 1600. "
            "Allowed: below 400."
        ),
        (
            "own.csv, data row 2, gate_definition: This range is of another gate definition than ours, so "
            "nothing may be held against it. Found: CD4+. Allowed: CD3+CD4+, CD3+CD4+CD8-."
        ),
        (
            "own.csv, data row 3, confidence: A recalled figure is not used for patients. Found: RECALLED. "
            "Allowed: a figure that was found in its source."
        ),
        "own.csv, data row 4, set: A packaged set has this name. Found: ucsf. Allowed: another name.",
    ]
    with pytest.raises(KnowledgeError) as caught:
        with_own_references(path)
    assert str(caught.value) == (
        "own.csv, data row 1, low: The lower limit is not below the upper one. Found: 1600. "
        "Allowed: below 400. There are 3 more problems; 'cytorecon references check' lists all."
    )


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (problem,) = check_reference_file(tmp_path / "none.csv")
    assert str(problem) == "none.csv: There is no such file."
