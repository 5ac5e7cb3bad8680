"""Criteria of products: met, not met, not assessable."""

from __future__ import annotations

import pytest

from cytorecon.counts import CriterionResult, count_populations, judge_criteria
from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.criteria import load_criteria
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.templates import load_template, template_names
from cytorecon.results import PopulationCount, PopulationTally

ISCT = load_criteria("msc_isct_2006")


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
    ("criterion", "population", "events", "verdict", "borderline"),
    [
        ("CD73", "MSC_CD73", 990, "met", False),
        ("CD73", "MSC_CD73", 950, "met", True),
        ("CD73", "MSC_CD73", 949, "not met", True),
        ("CD73", "MSC_CD73", 600, "not met", False),
        ("CD45", "MSC_CD45", 0, "met", False),
        ("CD45", "MSC_CD45", 20, "met", True),
        ("CD45", "MSC_CD45", 21, "not met", True),
        ("CD45", "MSC_CD45", 400, "not met", False),
    ],
)
def test_a_share_is_held_against_its_limit(
    criterion: str, population: str, events: int, verdict: str, borderline: bool
) -> None:
    found = row(criterion, count(population, events))
    assert (found.population, found.percent, found.verdict) == (population, events / 10, verdict)
    assert found.borderline == borderline


def test_what_cannot_be_evaluated_is_not_assessable() -> None:
    """A pure product shows one mode per marker: nobody can say whether it is positive."""
    found = row("HLA-DR", count("MSC_HLA_DR", None))
    assert (found.verdict, found.percent, found.reason) == ("not assessable", None, "one mode only")
    assert row("HLA-DR").reason == "the template does not count it"
    assert row("HLA-DR", count("MSC_HLA_DR", 0, of=0)).reason == "no cells to take a share of"


def test_one_of_two_markers_is_enough_and_the_worse_of_two_counts() -> None:
    assert row("CD14 or CD11b", count("MSC_CD14", None), count("MSC_CD11b", 5)).verdict == "met"
    both = row("CD14 or CD11b", count("MSC_CD14", 300), count("MSC_CD11b", 5))
    assert (both.population, both.verdict) == ("MSC_CD14", "not met")


def test_a_share_that_needs_a_look_says_so() -> None:
    assert row("CD73", count("MSC_CD73", 990, review=("gate.unstable:CD73",))).review == (
        "gate.unstable:CD73",
    )


def test_the_limits_are_those_of_the_position_statement() -> None:
    assert [(each.rule, each.limit) for each in ISCT.rows] == [("at_least", 95)] * 3 + [("at_most", 2)] * 5


def test_sets_that_templates_name_exist_and_ask_for_their_populations() -> None:
    named = {name: load_template(name) for name in template_names() if load_template(name).criteria}
    assert set(named) == {"msc_identity"}
    for template in named.values():
        for name in template.criteria:
            asked = {population for each in load_criteria(name).rows for population in each.any_of}
            assert asked <= {entry.population for entry in template.populations}
            assert asked <= {each.population for each in load_populations().rows}


def test_an_unknown_set() -> None:
    with pytest.raises(KnowledgeError) as caught:
        load_criteria("isct")
    assert str(caught.value) == (
        "criteria.yaml: There is no such set of criteria. Found: isct. Allowed: msc_isct_2006."
    )
