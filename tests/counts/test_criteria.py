"""Criteria of products: pass, fail, not decided, not assessable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cytorecon.counts import CriterionResult, count_populations, judge_criteria
from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.criteria import load_criteria
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.templates import load_template, template_names
from cytorecon.results import PopulationCount, PopulationTally

ISCT = load_criteria("msc_isct_2006")
#: Of what is not detected there is no share, only the interval from 0 on.
NOT_DETECTED: dict[str, Any] = {"detected": False, "percent_of_parent": None, "percent_of_parent_low": 0.0}


def count(
    population: str, events: int | None, of: int = 1000, review: tuple[str, ...] = ()
) -> PopulationCount:
    """Return a count of `events`, or one that is not evaluable."""
    tally = PopulationTally(
        population=population,
        parent="viable",
        status="not_evaluable" if events is None else "counted",
        reason="one mode only" if events is None else "",
        events=events,
        parent_events=None if events is None else of,
        review=review,
    )
    (counted,) = count_populations([tally])
    return counted


def row(criterion: str, *counts: PopulationCount) -> CriterionResult:
    return next(each for each in judge_criteria(counts, ISCT) if each.criterion == criterion)


@pytest.mark.parametrize(
    ("criterion", "population", "events", "text"),
    [
        ("CD73", "MSC_CD73", 990, "pass: 99 % (98.17 to 99.52)"),
        ("CD73", "MSC_CD73", 950, "not decided: 95 % (93.46 to 96.27); the interval holds the limit of 95"),
        ("CD73", "MSC_CD73", 940, "not decided: 94 % (92.34 to 95.39); the interval holds the limit of 95"),
        ("CD73", "MSC_CD73", 600, "fail: 60 % (56.89 to 63.05)"),
        ("CD73", "MSC_CD73", 0, "fail: 0 % (0 to 0.3682)"),
        ("CD45", "MSC_CD45", 0, "pass: 0 % (0 to 0.3682)"),
        ("CD45", "MSC_CD45", 20, "not decided: 2 % (1.226 to 3.072); the interval holds the limit of 2"),
        ("CD45", "MSC_CD45", 400, "fail: 40 % (36.95 to 43.11)"),
    ],
)
def test_a_share_passes_or_fails_with_its_whole_interval(
    criterion: str, population: str, events: int, text: str
) -> None:
    found = row(criterion, count(population, events))
    assert (found.population, found.value, found.text) == (population, events / 10, text)


def test_more_cells_decide_what_fewer_could_not() -> None:
    few, many = (row("CD73", count("MSC_CD73", round(0.96 * of), of)) for of in (1000, 100_000))
    assert (few.verdict, many.verdict) == ("not decided", "pass")


def test_what_cannot_be_evaluated_is_not_assessable() -> None:
    """A pure product shows one mode per marker: nobody can say whether it is positive."""
    found = row("HLA-DR", count("MSC_HLA_DR", None))
    assert (found.verdict, found.value, found.text) == (
        "not assessable",
        None,
        "not assessable: one mode only",
    )
    assert row("HLA-DR").reason == "the template does not count it"
    assert row("HLA-DR", count("MSC_HLA_DR", 0, of=0)).reason == "no cells to take a share of"


def test_what_is_not_detected_is_judged_by_what_there_may_be_at_most() -> None:
    few, many = (row("CD45", replace(count("MSC_CD45", 1, of=of), **NOT_DETECTED)) for of in (100, 10_000))
    assert few.text == ("not decided: not detected (below 5.446 %); the interval holds the limit of 2")
    assert many.text == "pass: not detected (below 0.0557 %)"
    lacking = row("CD73", replace(count("MSC_CD73", 1, of=1000), **NOT_DETECTED))
    assert lacking.text == "fail: not detected (below 0.5559 %)"


def test_one_of_two_markers_is_enough_and_the_worse_of_two_counts() -> None:
    assert row("CD14 or CD11b", count("MSC_CD14", None), count("MSC_CD11b", 5)).verdict == "pass"
    both = row("CD14 or CD11b", count("MSC_CD14", 300), count("MSC_CD11b", 5))
    assert (both.population, both.verdict) == ("MSC_CD14", "fail")
    unsure = row("CD14 or CD11b", count("MSC_CD14", 5), count("MSC_CD11b", 20))
    assert (unsure.population, unsure.verdict) == ("MSC_CD11b", "not decided")
    passed = row("CD14 or CD11b", count("MSC_CD14", 1), count("MSC_CD11b", 5))
    assert (passed.population, passed.verdict) == ("MSC_CD11b", "pass")


def test_a_share_that_needs_a_look_says_so() -> None:
    assert row("CD73", count("MSC_CD73", 990, review=("gate.unstable:CD73",))).review == (
        "gate.unstable:CD73",
    )


@pytest.mark.parametrize(
    ("events", "text"),
    [
        (100, "pass: 100 events"),
        (99, "fail: 99 events"),
        (123_456, "pass: 123456 events"),
        (None, "not assessable: one mode only"),
    ],
)
def test_a_number_of_cells_is_what_was_counted(events: int | None, text: str) -> None:
    (found,) = judge_criteria([count("CD34_ISHAGE", events, of=10**6)], load_criteria("cd34_events"))
    assert (found.limit, found.unit, found.text) == (100, "events", text)


def test_without_a_sourced_limit_the_value_is_told_and_not_judged() -> None:
    """Limits of residual pluripotent cells are those of a product or bank."""
    (found,) = judge_criteria([count("iPSC_residual", 3, of=100_000)], load_criteria("ips_residual"))
    assert (found.limit, found.verdict) == (None, "not assessable")
    assert found.text == (
        "not assessable: 0.003 % (0.0006187 to 0.008767); the limit is that of the product or the bank, "
        "and none is stated in general"
    )


def test_the_limits_are_those_of_the_position_statement() -> None:
    assert [(each.rule, each.limit) for each in ISCT.rows] == [("at_least", 95)] * 3 + [("at_most", 2)] * 5


def test_sets_that_templates_name_exist_and_ask_for_their_populations() -> None:
    named = {name: load_template(name) for name in template_names() if load_template(name).criteria}
    assert set(named) == {"cd34", "ips_product", "msc_identity"}
    for template in named.values():
        for name in template.criteria:
            asked = {population for each in load_criteria(name).rows for population in each.any_of}
            assert asked <= {entry.population for entry in template.populations}
            assert asked <= {each.population for each in load_populations().rows}


def test_an_unknown_set() -> None:
    with pytest.raises(KnowledgeError) as caught:
        load_criteria("isct")
    assert str(caught.value) == (
        "criteria.yaml: There is no such set of criteria. Found: isct. Allowed: msc_isct_2006, "
        "cd34_events, ips_residual."
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("limit: 101, unit: percent of viable cells", "a limit in percent is at most 100"),
        ("limit: 5, unit: events", "unit and measure disagree"),
        ("limit: 5, measure: events, unit: percent of viable cells", "unit and measure disagree"),
        ("limit: , unit: percent of viable cells", "say why there is no limit under without_limit"),
        ("limit: 5, without_limit: x, unit: percent of viable cells", "say why there is no limit"),
    ],
)
def test_a_criterion_that_contradicts_itself(tmp_path: Path, row: str, message: str) -> None:
    (tmp_path / "criteria.yaml").write_text(
        "sets:\n  - criteria: own\n    title: Own\n    source: us\n    rows:\n"
        f"      - {{criterion: x, any_of: [B], rule: at_least, {row}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(KnowledgeError) as caught:
        load_criteria("own", tmp_path)
    assert message in str(caught.value)
