from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from cytorecon.counts.combined import widened
from cytorecon.counts.intervals import poisson_ratio_interval
from cytorecon.errors import CytoreconError, StudyError
from cytorecon.results import GateSpread, PopulationCount, TubeResult
from cytorecon.study import Anchor, Patient, Study, StudyResult, Tube
from cytorecon.tables import TRAJECTORY_COLUMNS
from cytorecon.trajectory import DEFINITION_SWITCH, METHOD_SWITCH, SAME_DAY, Measure, on_clock, trajectories
from tests import builders


def count(population: str, events: int | None = 600, **fields: object) -> PopulationCount:
    row: dict[str, object] = {
        "population": population,
        "parent": "CD3_T" if population in ("CD4_T", "CD8_T") else "lymphocytes",
        "status": "counted",
        "events": events,
        **fields,
    }
    return builders.population_count(row)


def by_beads(population: str, cells: float | None, lloq: float = 5.0, **fields: object) -> PopulationCount:
    events = 0 if cells is None else round(cells * 50 / lloq)
    return count(
        population,
        events,
        cells_per_ul=cells,
        lloq_cells_per_ul=lloq,
        below_lloq=cells is None,
        count_method=fields.pop("count_method", "beads"),
        **fields,
    )


def result(
    visits: Sequence[tuple[int, Sequence[PopulationCount]]],
    *,
    age: float | None = 40.0,
    sex: str = "unknown",
) -> StudyResult:
    tubes = tuple(Tube(tube=f"P01/d{day}/1", patient="P01", day=day) for day, _ in visits)
    study = Study(name="s", patients=(Patient(patient="P01", age_years=age, sex=sex),), tubes=tubes)
    outcomes = tuple(
        TubeResult(tube=f"P01/d{day}/1", status="done", counts=tuple(counts)) for day, counts in visits
    )
    return StudyResult(study=study, tubes=outcomes)


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows, what is not known as None."""
    names = [str(name) for name in table.columns]
    columns = [column(table, name) for name in names]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def column(table: pd.DataFrame, name: str) -> list[object]:
    return [None if pd.isna(value) else value for value in table[name]]


def test_columns_order_and_a_row_for_every_tube() -> None:
    table = trajectories(builders.study_result(), measures=("cells_per_ul",))
    assert tuple(table.columns) == TRAJECTORY_COLUMNS
    populations = list(dict.fromkeys(table["population"]))
    assert populations == [
        "leukocytes", "lymphocytes", "CD3_T", "CD4_T", "CD8_T", "DN_T", "B", "NK", "monocytes",
        "granulocytes",
    ]  # fmt: skip
    b_cells = table[table["population"] == "B"]
    assert len(b_cells) == 17  # 18 tubes, of which one failed
    assert list(dict.fromkeys(b_cells["patient"])) == ["P01", "P02", "P03"]
    assert list(b_cells["days_after_transplant"])[:6] == [14, 30, 60, 100, 180, 365]


def test_a_concentration_with_all_that_belongs_to_it() -> None:
    made = by_beads("CD4_T", 60.0, cells_per_ul_low=50.0, cells_per_ul_high=71.0, review=("gate.a",))
    (row,) = rows(trajectories(result([(30, [made])]), measures=("cells_per_ul",)))
    assert row == {
        "patient": "P01",
        "days_after_transplant": 30,
        "visit": "",
        "tube": "P01/d30/1",
        "population": "CD4_T",
        "measure": "cells_per_ul",
        "value": 60.0,
        "unit": "cells/µL",
        "low": 50.0,
        "high": 71.0,
        "lloq": 5.0,
        "censored": "",
        "reported": "60",
        "count_method": "beads",
        "review": "gate.a",
        "age_years": pytest.approx(40.0 + 30 / 365.25),
        "reference_low": 424.0,
        "reference_high": 1509.0,
        "reference_percentiles": "",
        "reference_set": "mayo_tbbs_2013",
        "reference_position": "below",
        "gate_definition": "CD3+CD4+CD8-",
        "reference_note": "",
        "reference_median": None,
        "reference_z": None,
        "reference_percentile": None,
        "reference_basis": "band 18-56 years",
        "reference_source": "Mayo TBBS catalogue 2013",
    }


@pytest.mark.parametrize(
    ("population", "definition", "measure", "low", "note"),
    [
        ("CD4_RTE", "CD3+CD4+CD45RA+CD31+", "cells_per_ul", 51.0, ""),
        (
            "CD4_RTE",
            "CD3+CD4+CD45RA+CCR7+CD31+",
            "cells_per_ul",
            None,
            "no range of this definition (CD3+CD4+CD45RA+CCR7+CD31+); there are ranges of: CD4+CD45RA+CD31+",
        ),
        ("B", "CD19+", "cells_per_ul", 99.0, ""),
        (
            "B",
            "mouse CD3-CD19+",
            "cells_per_ul",
            None,
            "no range of this definition (mouse CD3-CD19+); there are ranges of: CD19+",
        ),
        ("Th1", "", "cells_per_ul", None, ""),
    ],
)
def test_limits_of_another_gate_definition_are_refused_in_words(
    population: str, definition: str, measure: Measure, low: float | None, note: str
) -> None:
    made = by_beads(population, 60.0, gate_definition=definition)
    (row,) = rows(trajectories(result([(30, [made])]), measures=(measure,)))
    assert (row["reference_low"], row["reference_note"]) == (low, note)


def test_a_change_of_definition_is_marked_and_a_visit_without_result_is_none() -> None:
    by_ccr7 = by_beads("CD4_naive", 60.0, gate_definition="CD3+CD4+CD45RA+CCR7+")
    by_cd62l = by_beads("CD4_naive", 60.0, gate_definition="CD3+CD4+CD45RA+CD62L+")
    unknown = count("CD4_naive", None, status="not_evaluable", gate_definition="CD3+CD4+CD45RA+CD27+")
    visits = [(30, [by_ccr7]), (60, [by_cd62l]), (100, [unknown]), (180, [by_cd62l])]
    table = trajectories(result(visits), measures=("cells_per_ul",))
    assert column(table, "review") == ["", DEFINITION_SWITCH, "", ""]


def test_a_graft_is_no_visit_of_the_patient() -> None:
    """150,000 leukocytes per µL of an apheresis product are not in the patient's blood."""
    made = result([(0, [by_beads("leukocytes", 150_000.0)]), (30, [by_beads("leukocytes", 2500.0)])])
    graft = made.study.tubes[0].model_copy(update={"product_volume_ml": 200.0})
    study = made.study.model_copy(update={"tubes": (graft, made.study.tubes[1])})
    table = trajectories(made.model_copy(update={"study": study}), measures=("cells_per_ul",))
    assert column(table, "days_after_transplant") == [30]


def test_below_the_lloq_is_left_censored_without_a_value() -> None:
    made = by_beads("B", None, lloq=11.2, cells_per_ul_high=8.0)
    (row,) = rows(trajectories(result([(30, [made])]), measures=("cells_per_ul",)))
    assert (row["censored"], row["reported"], row["lloq"], row["high"]) == ("left", "<12", 11.2, 8.0)
    assert row["value"] is None
    assert row["reference_position"] == "below"


@pytest.mark.parametrize(
    ("cells", "lloq", "position"),
    [
        (98.9, 5.0, "below"),
        (99.0, 5.0, "within"),
        (527.0, 5.0, "within"),
        (527.1, 5.0, "above"),
        (None, 99.0, "below"),
        (None, 99.1, ""),
    ],
)
def test_the_position_is_given_only_when_it_is_certain(
    cells: float | None, lloq: float, position: str
) -> None:
    """B of an adult: 99-527/µL (Mayo TBBS 2013)."""
    table = trajectories(result([(30, [by_beads("B", cells, lloq)])]), measures=("cells_per_ul",))
    assert column(table, "reference_position") == [position]


def test_the_interval_of_the_ratio_holds_the_gates_of_both() -> None:
    gates = {"gate_spread": GateSpread(events=0.1)}
    tubes = [[count("CD4_T", 600, **spread), count("CD8_T", 400, **spread)] for spread in ({}, gates)]
    plain, moved = (
        trajectories(result([(30, counts)]), measures=("ratio",)).iloc[0].to_dict() for counts in tubes
    )
    assert moved["value"] == plain["value"] == 1.5
    low, high = widened(1.5, *poisson_ratio_interval(600, 400), math.hypot(0.1, 0.1))
    assert (moved["low"], moved["high"]) == pytest.approx((low, high))
    assert moved["low"] < plain["low"] < plain["high"] < moved["high"]


def test_a_child_grows_out_of_its_reference_band() -> None:
    visits = [(day, [by_beads("CD4_T", 1200.0)]) for day in (30, 400)]
    table = trajectories(result(visits, age=1.0), measures=("cells_per_ul",))
    # Between the bands of 1-2 and 2-6 years the lower limit of CD4 falls from 1300 to 700/µL (Shearer 2003).
    younger, older = column(table, "reference_low")
    assert younger == pytest.approx(1347, abs=1)
    assert older == pytest.approx(1096, abs=1)
    assert column(table, "reference_basis") == [
        "interpolated between bands 0.5-1 and 1-2 years",
        "interpolated between bands 1-2 and 2-6 years",
    ]
    assert column(table, "reference_position") == ["below", "within"]
    assert column(table, "reference_percentiles") == ["10-90", "10-90"]


def test_a_percentile_is_given_where_the_source_has_a_median() -> None:
    visit = PopulationCount(
        population="CD4_T", parent="CD3_T", status="counted", events=500, percent_of_parent=63.1,
        percent_of_parent_low=60.0, percent_of_parent_high=66.0,
    )  # fmt: skip
    (row,) = trajectories(result([(0, [visit])], age=35.0), measures=("percent_of_parent",)).to_dict(
        "records"
    )
    assert row["reference_median"] == pytest.approx(63.1)
    assert row["reference_z"] == pytest.approx(0, abs=1e-9)
    assert row["reference_percentile"] == pytest.approx(50)
    assert row["reference_source"].startswith("Milieu Interieur (Patin 2018")


def test_without_an_age_or_before_birth_there_is_no_reference() -> None:
    for age, day in ((None, 30), (0.1, -90)):
        table = trajectories(result([(day, [by_beads("CD4_T", 60.0)])], age=age), measures=("cells_per_ul",))
        assert column(table, "age_years") == [None]
        assert column(table, "reference_low") == [None]
        assert column(table, "reference_set") == [""]
        assert column(table, "reference_position") == [""]


def test_each_measure_has_its_own_unit_and_only_the_populations_that_have_it() -> None:
    table = trajectories(builders.study_result())
    units = {(row["measure"], row["population"]): row["unit"] for row in rows(table)}
    assert units["cells_per_ul", "CD4_T"] == "cells/µL"
    assert units["percent_of_parent", "CD4_T"] == "% of CD3_T"
    assert units["percent_of_lymphocytes", "CD4_T"] == "% of lymphocytes"
    assert units["percent_of_leukocytes", "CD4_T"] == "% of leukocytes"
    assert units["ratio", "CD4_CD8_ratio"] == "ratio"
    assert ("percent_of_lymphocytes", "monocytes") not in units
    assert ("cells_per_ul", "singlets") not in units
    assert ("percent_of_lymphocytes", "lymphocytes") not in units
    assert ("percent_of_leukocytes", "lymphocytes") in units
    assert ("percent_of_parent", "singlets") in units


def test_percentages_have_no_lloq_and_no_count_method() -> None:
    made = count(
        "B", 25, percent_of_lymphocytes=2.5, percent_of_lymphocytes_low=1.6, percent_of_lymphocytes_high=3.7
    )
    (row,) = rows(trajectories(result([(30, [made])]), measures=("percent_of_lymphocytes",)))
    assert (row["value"], row["low"], row["high"], row["reported"]) == (2.5, 1.6, 3.7, "2.5")
    assert (row["censored"], row["count_method"]) == ("", "none")
    assert row["lloq"] is None
    assert (row["reference_low"], row["reference_position"]) == (7.0, "below")


def test_a_gap_stays_visible() -> None:
    lost = count("B", None, status="not_evaluable", reason="no CD19 mode")
    table = trajectories(
        result([(30, [by_beads("B", 60.0)]), (60, [lost]), (90, [count("B")])]), measures=("cells_per_ul",)
    )
    assert column(table, "value") == [60.0, None, None]
    assert column(table, "reported") == ["60", "", ""]
    assert column(table, "censored") == ["", "", ""]


def test_a_population_without_the_measure_anywhere_has_no_rows() -> None:
    table = trajectories(result([(30, [count("B")])]), measures=("cells_per_ul",))
    assert table.empty
    assert tuple(table.columns) == TRAJECTORY_COLUMNS


def test_a_change_of_count_method_is_marked_where_it_happens() -> None:
    methods = ["beads", "beads", "none", "blood_count_alc", "blood_count_alc", "beads"]
    visits = [
        (
            30 * place,
            [count("B")] if method == "none" else [by_beads("B", 60.0, count_method=method, review=("x",))],
        )
        for place, method in enumerate(methods, start=1)
    ]
    table = trajectories(result(visits), measures=("cells_per_ul",))
    assert METHOD_SWITCH == "trajectory.method_switch"
    marked = [METHOD_SWITCH in str(review).split(";") for review in table["review"]]
    assert marked == [False, False, False, True, False, True]
    assert table["review"][3] == "x;trajectory.method_switch"


def test_several_tubes_of_a_day_and_panel_are_marked_each_of_them() -> None:
    days = [("P01/d30/1", 30, "tbnk"), ("P01/d30/2", 30, "tbnk"), ("P01/d30/3", 30, "t_cd4_cd8")]
    days += [("P01/d60/1", 60, "tbnk"), ("P01/d60/2", 60, "tbnk")]
    tubes = tuple(Tube(tube=name, patient="P01", day=day, template=panel) for name, day, panel in days)
    cells = [by_beads("CD4_T", 60.0), by_beads("CD4_T", None), *(by_beads("CD4_T", 90.0) for _ in range(2))]
    outcomes = [
        TubeResult(tube=tube.tube, status="done", counts=(one,))
        for tube, one in zip(tubes, cells, strict=False)
    ]
    outcomes.append(TubeResult(tube="P01/d60/2", status="failed", error="broken"))
    study = Study(name="s", patients=(Patient(patient="P01"),), tubes=tubes)
    table = trajectories(StudyResult(study=study, tubes=tuple(outcomes)), measures=["cells_per_ul"])
    assert SAME_DAY == "trajectory.same_day"
    assert list(table["review"]) == [SAME_DAY, SAME_DAY, "", ""]


def test_methods_of_other_patients_do_not_matter() -> None:
    table = trajectories(builders.study_result(), measures=("cells_per_ul",))
    marked = table[table["review"].str.contains(METHOD_SWITCH)]
    assert {(row["patient"], row["days_after_transplant"]) for row in rows(marked)} == {("P01", 180)}


def test_the_ratio_needs_both_and_has_the_interval_of_two_counts() -> None:
    pair = [by_beads("CD4_T", 60.0), by_beads("CD8_T", 40.0)]
    (row,) = rows(trajectories(result([(30, pair)], sex="female"), measures=("ratio",)))
    low, high = poisson_ratio_interval(600, 400)
    assert (row["population"], row["unit"], row["value"], row["reported"]) == (
        "CD4_CD8_ratio",
        "ratio",
        1.5,
        "1.50",
    )
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert (row["reference_low"], row["reference_position"]) == (0.70, "within")


@pytest.mark.parametrize(
    "second",
    [
        by_beads("CD8_T", None),
        count("CD8_T", 49),
        count("CD8_T", 0),
        count("CD8_T", None, status="not_evaluable"),
    ],
)
def test_no_ratio_when_one_side_cannot_be_quantified(second: PopulationCount) -> None:
    whole = [by_beads("CD4_T", 60.0), by_beads("CD8_T", 40.0)]
    table = trajectories(result([(30, whole), (60, [by_beads("CD4_T", 60.0), second])]), measures=("ratio",))
    assert column(table, "value") == [1.5, None]
    alone = trajectories(result([(30, [by_beads("CD4_T", 60.0)])]), measures=("ratio",))
    assert alone.empty


def test_without_a_count_method_the_ratio_asks_for_the_same_number_of_events() -> None:
    table = trajectories(result([(30, [count("CD4_T", 100), count("CD8_T", 50)])]), measures=("ratio",))
    assert column(table, "value") == [2.0]


def test_an_unknown_measure_is_refused() -> None:
    wrong: list[Measure] = ["cells"]  # type: ignore[list-item]
    with pytest.raises(CytoreconError) as caught:
        trajectories(result([]), measures=wrong)
    assert str(caught.value) == (
        "trajectories, measures: There is no such measure. Found: cells. Allowed: cells_per_ul, "
        "percent_of_parent, percent_of_lymphocytes, percent_of_leukocytes, ratio."
    )


def test_another_clock_shifts_days_and_keeps_who_has_it() -> None:
    made = builders.study_result()
    table = trajectories(made, measures=("cells_per_ul",))
    shifted = on_clock(table, made.study, "DLI1")
    assert set(shifted["patient"]) == {"P02"}
    own = table[table["patient"] == "P02"]
    assert list(shifted["days_after_transplant"]) == [day - 120 for day in own["days_after_transplant"]]
    assert list(shifted.dtypes) == list(table.dtypes)
    assert list(shifted["value"].dropna()) == list(own["value"].dropna())
    same = on_clock(table, made.study, "HCT1")
    pd.testing.assert_frame_equal(same, table)


def test_a_clock_nobody_has() -> None:
    anchors = (Anchor(name="HCT1", kind="transplant"), Anchor(name="DLI1", kind="dli", day=50))
    study = Study(name="s", patients=(Patient(patient="P01", anchors=anchors),), tubes=())
    with pytest.raises(StudyError) as caught:
        on_clock(pd.DataFrame({"patient": [], "days_after_transplant": []}), study, "HCT2")
    assert str(caught.value) == "anchor: No patient has an anchor called 'HCT2'. Allowed: HCT1, DLI1."
