"""Given counts that are most likely in another unit are named and marked, and never changed."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.given_counts import GIVEN_COUNTS_FILE, load_given_count_limits
from cytorecon.knowledge.reference_files import check_reference_file
from cytorecon.results import TubeResult
from cytorecon.study import study_of_counts
from cytorecon.study.assay import assay_findings, with_assay_checks
from cytorecon.study.result import StudyResult

UNIT = "Check the unit of the row: 1 x 10^9/L are 1000 cells/µL."


def given(*rows: tuple[int, str, object, str]) -> StudyResult:
    frame = pd.DataFrame(rows, columns=["day", "population", "value", "unit"]).assign(patient="P01")
    return study_of_counts(frame, name="s")


def marks(result: StudyResult) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the codes of what is marked, by tube and population."""
    counts = [(tube.tube, count) for tube in result.tubes for count in tube.counts]
    return {(tube, count.population): count.review for tube, count in counts if count.review}


def said(result: StudyResult) -> list[str]:
    return [f"{finding.code} {finding.issue}" for finding in assay_findings(result)]


@pytest.mark.parametrize(
    ("population", "value", "most"), [("CD4_T", 350, "20,000"), ("granulocytes", 350, "100,000")]
)
def test_more_than_blood_holds(population: str, value: float, most: str) -> None:
    result = given((30, population, value, "10^9/L"))
    assert said(result) == [
        (
            f"assay.given_beyond_blood warning: patient P01, day 30, {population}: 350,000 cells/µL were "
            f"given; blood "
            f"hardly holds more than {most}. {UNIT} (arithmetic)"
        )
    ]
    assert marks(result) == {("P01/d30/1", population): ("assay.given_beyond_blood",)}
    assert result.tubes[0].counts[0].cells_per_ul == 350_000


def test_at_the_limits_nothing_is_said() -> None:
    usual = given((30, "CD4_T", 20, "10^9/L"), (60, "CD4_T", 1, "cells/µL"))
    assert [one for one in said(usual) if "jump" not in one] == []
    assert said(given((30, "granulocytes", 90, "10^9/L"))) == []
    # small subsets are truly so few, and a censored value is no number
    assert said(given((30, "Treg", 0.4, "cells/µL"), (30, "CD4_T", "<0.5", "cells/µL"))) == []


def test_fewer_than_a_tube_can_measure() -> None:
    result = given((30, "CD4_T", 0.35, "cells/µL"))
    assert said(result) == [
        (
            "assay.given_small warning: patient P01, day 30, CD4_T: 0.35 cells/µL were given, fewer than "
            "the "
            "1 that a "
            f"tube can measure; 0.35 x 10^9/L would be 350 cells/µL. {UNIT} (arithmetic)"
        )
    ]
    assert marks(result) == {("P01/d30/1", "CD4_T"): ("assay.given_small",)}


def test_a_part_above_the_whole() -> None:
    result = given((30, "CD3_T", 246, "cells/µL"), (30, "CD4_T", 410, "cells/µL"))
    assert said(result) == [
        (
            "assay.above_parent warning: patient P01, day 30, CD4_T: 410 cells/µL were given, but only 246 "
            "cells/µL of "
            f"CD3 T, which they are part of. {UNIT} Or values of two samples were joined. (arithmetic; "
            f"engineering "
            "limit, as lymphocytes_over_wbc of counting.yaml)"
        )
    ]
    assert set(marks(result)) == {("P01/d30/1", "CD3_T"), ("P01/d30/1", "CD4_T")}


def test_a_part_above_the_whole_within_rounding_and_intervals_is_none() -> None:
    assert said(given((30, "CD3_T", 246, "cells/µL"), (30, "CD4_T", 250, "cells/µL"))) == []
    assert said(given((30, "CD3_T", 2, "cells/µL"), (30, "CD4_T", 3, "cells/µL"))) == []
    frame = pd.DataFrame(
        {"patient": "P01", "day": 30, "population": ["CD3_T", "CD4_T"], "value": [246, 410],
         "low": [150, 240], "high": [350, 600], "unit": "cells/µL"}
    )  # fmt: skip
    assert said(study_of_counts(frame, name="s")) == []


def test_shares_are_compared_and_the_closest_whole_that_is_known_counts() -> None:
    share = "% of lymphocytes"
    (only,) = said(given((30, "CD3_T", 40, share), (30, "CD4_T", 60, share)))
    assert "60 % of lymphocytes were given, but only 40 % of lymphocytes of CD3 T" in only
    (only,) = said(given((30, "lymphocytes", 300, "cells/µL"), (30, "CD4_T", 410, "cells/µL")))
    assert "but only 300 cells/µL of Lymphocytes" in only


def test_of_a_series_the_value_that_stands_alone_is_marked() -> None:
    rows = ((30, "CD8_T", 350, "cells/µL"), (60, "CD8_T", 0.4, "10^9/L"), (90, "CD8_T", 0.4, "cells/µL"))
    result = given(*rows, (120, "CD8_T", 420, "cells/µL"))
    jump = [one for one in said(result) if "given_jump" in one]
    assert jump == [
        (
            "assay.given_jump warning: patient P01, day 90, CD8_T: 0.4 cells/µL were given here and 400 on "
            "day 60: 1,000 "
            f"times apart, as one count is in two units. {UNIT} (arithmetic; engineering limit, not a "
            f"clinical one)"
        )
    ]


def test_of_two_values_both_are_marked_and_recovery_is_no_jump() -> None:
    both = marks(given((30, "CD8_T", 2, "cells/µL"), (60, "CD8_T", 2000, "cells/µL")))
    assert list(both) == [("P01/d30/1", "CD8_T"), ("P01/d60/1", "CD8_T")]
    recovery = [(14, 2), (30, 60), (60, 500), (100, 1500)]
    assert said(given(*((day, "CD8_T", value, "cells/µL") for day, value in recovery))) == []


def test_gated_tubes_are_left_to_their_own_checks() -> None:
    result = given((30, "CD4_T", 350, "10^9/L"))
    (tube,) = result.tubes
    gated = TubeResult(tube=tube.tube, status="done", counts=tube.counts)
    plain = StudyResult(study=result.study, tubes=(gated,))
    assert [one for one in said(plain) if "given" in one] == []
    assert with_assay_checks(result) == result


def test_own_references_in_another_unit_are_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    head = (
        "set,population,measure,age_from,age_below,sex,low,high,percentiles,gate_definition,source,confidence"
    )
    file.write_text(
        f"{head}\nmylab,CD4_T,cells_per_ul,18,60,all,0.45,1.4,2.5-97.5,CD3+CD4+CD8-,own,high\n"
        "mylab,CD8_T,cells_per_ul,18,60,all,200,900,2.5-97.5,CD3+CD8+CD4-,own,high\n",
        encoding="utf-8",
    )
    assert [str(problem) for problem in check_reference_file(file)] == [
        (
            "own.csv, data row 1, high: An upper limit so low is most likely in another unit. Found: 1.4. "
            "Allowed: at "
            "least 20 cells/µL for CD4_T. 1 x 10^9/L are 1000 cells/µL."
        )
    ]


def test_limits_name_known_populations_in_order(tmp_path: Path) -> None:
    packaged = resources.files("cytorecon.knowledge").joinpath(GIVEN_COUNTS_FILE).read_text(encoding="utf-8")
    (tmp_path / GIVEN_COUNTS_FILE).write_text(packaged.replace("CD4_T", "CD99"), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_given_count_limits(folder=tmp_path)
    assert str(caught.value) == (
        "given_counts.yaml, populations: There is no such population. Found: CD99. Allowed: a name of "
        "populations.csv."
    )
    (tmp_path / GIVEN_COUNTS_FILE).write_text(packaged.replace("most: 3000", "most: 30"), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="least must be below most"):
        load_given_count_limits(folder=tmp_path)
