"""Sums that must come out: T + B + NK of lymphocytes, CD4 + CD8 of CD3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.counts.assay import SumOutside, doubted, sums_outside
from cytorecon.errors import Severity
from cytorecon.knowledge.quality import load_quality_limits
from cytorecon.results import PopulationTally

RULES = {rule.check: rule for rule in load_quality_limits().assay}


def outside(**events: int | None) -> tuple[SumOutside, ...]:
    tallies = [
        PopulationTally(
            population=name, parent="root", status="not_evaluable" if n is None else "counted", events=n
        )
        for name, n in events.items()
    ]
    return tuple(sums_outside(tallies, tuple(RULES.values())))


def test_a_whole_tube_adds_up() -> None:
    assert outside(lymphocytes=1000, CD3_T=700, B=120, NK=150, CD4_T=400, CD8_T=260, DP_T=10) == ()


@pytest.mark.parametrize(("missing", "percent"), [({"CD3_T": 0}, 27), ({"B": 0}, 85), ({"NK": 0}, 82)])
def test_a_lineage_that_is_not_stained_is_missing_in_the_sum(missing: dict[str, int], percent: int) -> None:
    (found,) = outside(lymphocytes=3000, **{"CD3_T": 2100, "B": 360, "NK": 450, **missing})
    assert found.code == "assay.lymphosum"
    assert found.issue.message == (
        f"T + B + NK cells: {percent} % of the lymphocytes (3000 events); 90 to 110 are expected."
    )


def test_the_issue_names_causes_and_source() -> None:
    (found, _) = outside(CD3_T=1000, CD4_T=400, CD8_T=0, DP_T=0)
    assert str(found.issue) == (
        "warning: CD3_T: CD4+ and CD8+ T cells: 40 % of the T cells (1000 events); 90 to 110 are expected. "
        "Low: CD4 or CD8 staining or threshold, labels of CD3 and another marker exchanged, or truly many "
        "gamma-delta or double-negative T cells. High: compensation between CD4 and CD8, counting beads "
        "among T cells, or truly many double-positive T cells. (CDC guideline, MMWR 1997;46(RR-2): CD3+CD4+ "
        "plus CD3+CD8+ within 10 % of CD3+; may be exceeded with many gamma-delta T cells.)"
    )


def test_beads_among_t_cells_make_the_sum_too_large() -> None:
    (found,) = outside(CD3_T=1000, CD4_T=450, CD8_T=350, DP_T=200)
    assert (found.code, round(found.percent)) == ("assay.T_sum", 120)


def test_few_events_outside_by_chance_are_nothing() -> None:
    assert outside(lymphocytes=20, CD3_T=12, B=2, NK=3) == ()
    assert len(outside(lymphocytes=2000, CD3_T=1200, B=200, NK=300)) == 1


def test_a_part_that_is_not_evaluable_is_not_zero() -> None:
    assert outside(lymphocytes=1000, CD3_T=500, B=None, NK=100) == ()


def test_nothing_of_nothing_is_not_outside() -> None:
    assert outside(lymphocytes=0, CD3_T=0, B=0, NK=0) == ()


@given(st.integers(1, 5000), st.floats(0.9, 1.0))
def test_a_sum_inside_its_limits_is_never_outside(lymphocytes: int, share: float) -> None:
    t_cells = max(round(share * lymphocytes), -(-9 * lymphocytes // 10))
    assert outside(lymphocytes=lymphocytes, CD3_T=t_cells, B=0, NK=0) == ()


def test_double_negative_cells_explain_a_sum_only_where_they_are_told_clearly_apart() -> None:
    numbers = {"CD3_T": 1000, "CD4_T": 500, "CD8_T": 300, "DP_T": 0, "DN_T": 200}
    tallies = [
        PopulationTally(population=name, parent="root", status="counted", events=n)
        for name, n in numbers.items()
    ]
    (unclear,) = sums_outside(tallies, tuple(RULES.values()))
    (clear,) = sums_outside(tallies, tuple(RULES.values()), {"DN_T"})
    assert (unclear.explained_by, clear.explained_by) == ("", "DN_T")
    assert set(doubted([unclear])) == set(RULES["T_sum"].doubts)
    assert doubted([clear]) == {}
    assert clear.issue.severity is Severity.INFO
    assert clear.issue.message.endswith("Explained: CD4-CD8- T 20 %; with CD4-CD8- T cells the sum is right.")


def test_each_population_gets_the_codes_that_doubt_it() -> None:
    found = outside(lymphocytes=1000, CD3_T=600, B=0, NK=100, CD4_T=100, CD8_T=200, DP_T=0)
    codes = doubted(found)
    assert codes["lymphocytes"] == ("assay.lymphosum",)
    assert codes["CD4_T"] == ("assay.lymphosum", "assay.T_sum")
    assert codes["B"] == ("assay.lymphosum",)
    assert set(codes) == {*RULES["lymphosum"].doubts, *RULES["T_sum"].doubts}


def test_t_cells_without_cd4_and_cd8_are_a_doubt_about_all_lymphocytes() -> None:
    found = outside(CD3_T=1000, CD4_T=20, CD8_T=30, DP_T=0)
    assert [one.code for one in found] == ["assay.T_sum", "assay.T_identity"]
    assert doubted(found)["B"] == ("assay.T_identity",)


def test_gamma_delta_t_cells_that_fill_the_gap_explain_it() -> None:
    """After a graft without alpha-beta T cells most T cells carry neither CD4 nor CD8."""
    (found, identity) = outside(CD3_T=1000, CD4_T=200, CD8_T=90, DP_T=5, DN_T=705, gdT=690)
    assert str(found.issue).startswith(
        "info: CD3_T: CD4+ and CD8+ T cells: 30 % of the T cells (1000 events); 90 to 110 are expected. "
        "Explained: γδ T 69 %, CD4-CD8- T 70 %; with γδ T cells the sum is right. Low: "
    )
    assert identity.code == "assay.T_identity"
    assert doubted([found, identity]) == {}


def test_double_negative_t_cells_are_named_and_explain_nothing() -> None:
    found = outside(CD3_T=1000, CD4_T=400, CD8_T=200, DP_T=0, DN_T=400)[0]
    assert str(found.issue).startswith(
        "warning: CD3_T: CD4+ and CD8+ T cells: 60 % of the T cells (1000 events); 90 to 110 are expected. "
        "Not explained by itself: CD4-CD8- T 40 %; real, or cells that lost their stain. Low: "
    )
    assert doubted([found])["CD4_T"] == ("assay.T_sum",)


def test_gamma_delta_t_cells_that_are_too_few_explain_nothing() -> None:
    found = outside(CD3_T=1000, CD4_T=400, CD8_T=200, DP_T=0, DN_T=400, gdT=50)[0]
    assert not found.explained_by
