from __future__ import annotations

import pytest

from cytorecon.counts import TubeQuantities
from cytorecon.counts.blood_count import doubts
from cytorecon.knowledge.counting import load_counting_rules
from cytorecon.results import CountMethod

RULES = load_counting_rules()


def codes(method: CountMethod, measured: dict[str, float], **given: float) -> list[str]:
    return [issue.code for issue in doubts(method, measured, TubeQuantities(**given), RULES)]


@pytest.mark.parametrize(("count", "doubted"), [(3.86, True), (19.9, True), (20.0, False), (4000.0, False)])
def test_a_count_in_another_unit_is_doubted_where_results_rest_on_it(count: float, doubted: bool) -> None:
    assert bool(codes("blood_count_wbc", {}, wbc_cells_per_ul=count)) is doubted
    assert not codes("blood_count_alc", {}, wbc_cells_per_ul=count)


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
        "warning: cells/µL: All concentrations rest on a lymphocyte count of 0.3 cells/µL, which is unusual. "
        "If it is in 10^9/L, multiply it by 1000."
    )
    (other,) = doubts("beads", {"leukocytes": 108.0}, TubeQuantities(wbc_cells_per_ul=60.0), RULES)
    assert str(other) == (
        "warning: cells/µL: The tube shows 108 leukocytes per µL, but the white cell count of the sheet is "
        "60. Check beads per tube, volumes, dilution and that both are of the same draw."
    )
