from __future__ import annotations

from dataclasses import replace

import pytest

from cytorecon.counts import TubeQuantities
from cytorecon.counts.blood_count import doubts
from cytorecon.knowledge.counting import load_counting_rules
from cytorecon.results import CountMethod

RULES = load_counting_rules()


def codes(method: CountMethod, measured: dict[str, float], **given: float) -> list[str]:
    quantities = replace(TubeQuantities(), **given)  # type: ignore[arg-type]
    return [issue.code for issue in doubts(method, measured, quantities, RULES)]


@pytest.mark.parametrize(
    ("method", "given", "doubted"),
    [
        ("blood_count_wbc", {"wbc_cells_per_ul": 25.0}, True),
        ("blood_count_wbc", {"wbc_cells_per_ul": 99.9}, True),
        ("blood_count_wbc", {"wbc_cells_per_ul": 100.0}, False),
        ("blood_count_wbc", {"wbc_cells_per_ul": 100_000.0}, False),
        ("blood_count_wbc", {"wbc_cells_per_ul": 100_001.0}, True),
        ("blood_count_wbc", {"wbc_cells_per_ul": 50.0, "wbc_given_per_l": True}, False),
        ("blood_count_wbc", {"wbc_cells_per_ul": 300_000.0, "wbc_given_per_l": True}, True),
        ("blood_count_alc", {"lymphocytes_cells_per_ul": 4.9}, True),
        ("blood_count_alc", {"lymphocytes_cells_per_ul": 5.0}, False),
        ("blood_count_alc", {"lymphocytes_cells_per_ul": 4.9, "lymphocytes_given_per_l": True}, False),
        ("blood_count_alc", {"lymphocytes_cells_per_ul": 20_000.0}, False),
        ("blood_count_alc", {"lymphocytes_cells_per_ul": 20_001.0}, True),
        ("blood_count_alc", {"wbc_cells_per_ul": 25.0}, False),
    ],
)
def test_a_count_in_another_unit_is_doubted_where_results_rest_on_it(
    method: CountMethod, given: dict[str, float], doubted: bool
) -> None:
    assert codes(method, {}, **given) == (["count.unit_suspect"] if doubted else [])


@pytest.mark.parametrize(
    ("measured", "doubted"), [(1000.0, False), (1400.0, False), (1401.0, True), (714.0, True), (715.0, False)]
)
def test_beads_and_blood_count_are_compared(measured: float, doubted: bool) -> None:
    found = codes("beads", {"leukocytes": measured}, wbc_cells_per_ul=1000.0)
    assert found == (["count.disagrees_with_blood_count"] if doubted else [])


@pytest.mark.parametrize(("measured", "doubted"), [(0.5, False), (28.0, False), (29.0, True), (3000.0, True)])
def test_a_count_of_0_stands_for_what_the_analyser_cannot_tell_from_none(
    measured: float, doubted: bool
) -> None:
    assert bool(codes("beads", {"leukocytes": measured}, wbc_cells_per_ul=0.0)) is doubted


def test_what_is_not_measured_is_not_compared() -> None:
    assert not codes("beads", {}, wbc_cells_per_ul=1000.0, lymphocytes_cells_per_ul=300.0)


def test_messages() -> None:
    (unit,) = doubts("blood_count_alc", {}, TubeQuantities(lymphocytes_cells_per_ul=0.3), RULES)
    assert str(unit) == (
        "warning: cells/µL: All concentrations rest on a lymphocyte count of 0.3 cells/µL (0.0003 x 10^9/L), "
        "which is unusual. Is it in the column of its unit, lymphocytes_cells_per_ul or "
        "lymphocytes_10e9_per_l?"
    )
    (high,) = doubts("blood_count_wbc", {}, TubeQuantities(wbc_cells_per_ul=310_324.0), RULES)
    assert high.message == (
        "All concentrations rest on a white cell count above 100000 cells/µL (100 x 10^9/L), which is "
        "unusual."
    )
    (other,) = doubts("beads", {"leukocytes": 108.0}, TubeQuantities(wbc_cells_per_ul=60.0), RULES)
    assert str(other) == (
        "warning: cells/µL: The tube shows 108 leukocytes per µL, but the white cell count of the sheet is "
        "60. Check beads per tube, volumes, dilution and that both are of the same draw."
    )


@pytest.mark.parametrize("method", ["beads", "volumetric"])
@pytest.mark.parametrize(
    ("measured", "doubted"),
    [
        ({"leukocytes": 100_000.0, "lymphocytes": 20_000.0}, 0),
        ({"leukocytes": 100_100.0}, 1),
        ({"leukocytes": 50_000.0, "lymphocytes": 20_100.0}, 1),
    ],
)
def test_more_cells_than_blood_can_hold_are_doubted(
    method: CountMethod, measured: dict[str, float], doubted: int
) -> None:
    assert codes(method, measured) == ["count.beyond_blood"] * doubted


def test_a_cell_product_may_hold_more_than_blood() -> None:
    product = TubeQuantities(is_blood=False)
    assert list(doubts("beads", {"leukocytes": 300_000.0}, product, load_counting_rules())) == []
    (issue,) = doubts("beads", {"leukocytes": 300_000.0}, TubeQuantities(), load_counting_rules())
    assert str(issue) == (
        "warning: cells/µL: The tube shows 300000 leukocytes per µL; blood hardly holds more than 100000. "
        "Check beads per tube and its unit, volumes and dilution on the sheet."
    )
