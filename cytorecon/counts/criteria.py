"""Whether the counts of a tube meet the criteria of a product: one row each, never a guess."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cytorecon.knowledge.criteria import CriteriaSet, Criterion
from cytorecon.results import PopulationCount
from cytorecon.values import Frozen

Verdict = Literal["met", "not met", "not assessable"]


class CriterionResult(Frozen):
    """One criterion in one tube.

    Parameters
    ----------
    criterion : str
        What was asked.
    population : str
        The population that answered, of several the worst; empty when none could.
    percent, percent_low, percent_high : float or None
        Its share of the parent, percent, with the exact 95 % interval.
    rule, limit, unit
        As in the set of criteria.
    verdict : {"met", "not met", "not assessable"}
        By `percent`.
    borderline : bool
        Whether the interval holds the limit.
    reason : str
        Why it is not assessable.
    review : tuple of str
        Codes that say the share needs a look.
    """

    criterion: str
    population: str = ""
    percent: float | None = None
    percent_low: float | None = None
    percent_high: float | None = None
    rule: Literal["at_least", "at_most"]
    limit: float
    unit: str
    verdict: Verdict
    borderline: bool = False
    reason: str = ""
    review: tuple[str, ...] = ()


def judge_criteria(counts: Sequence[PopulationCount], criteria: CriteriaSet) -> tuple[CriterionResult, ...]:
    """Return one row for each criterion of the set.

    Parameters
    ----------
    counts : sequence of PopulationCount
        Of one tube.
    criteria : CriteriaSet
        From ``criteria.yaml``.

    Examples
    --------
    >>> from cytorecon.knowledge.criteria import load_criteria
    >>> count = PopulationCount(population="MSC_CD73", parent="viable", status="counted",
    ...                         percent_of_parent=99.0)
    >>> [row.verdict for row in judge_criteria([count], load_criteria("msc_isct_2006"))][:2]
    ['met', 'not assessable']
    """
    by_name = {count.population: count for count in counts}
    return tuple(
        _judged(row, [by_name[name] for name in row.any_of if name in by_name]) for row in criteria.rows
    )


def _judged(row: Criterion, counts: Sequence[PopulationCount]) -> CriterionResult:
    known = [(count, count.percent_of_parent) for count in counts if count.percent_of_parent is not None]
    if not known:
        reasons = "; ".join(dict.fromkeys(count.reason or "no cells to take a share of" for count in counts))
        reason = reasons or "the template does not count it"
        return CriterionResult(
            criterion=row.criterion,
            rule=row.rule,
            limit=row.limit,
            unit=row.unit,
            verdict="not assessable",
            reason=reason,
        )
    farthest = min if row.rule == "at_least" else max
    worst, percent = farthest(known, key=lambda pair: pair[1])
    low, high = worst.percent_of_parent_low, worst.percent_of_parent_high
    met = percent >= row.limit if row.rule == "at_least" else percent <= row.limit
    return CriterionResult(
        criterion=row.criterion,
        population=worst.population,
        percent=percent,
        percent_low=low,
        percent_high=high,
        rule=row.rule,
        limit=row.limit,
        unit=row.unit,
        verdict="met" if met else "not met",
        borderline=low is not None and high is not None and low <= row.limit <= high,
        review=worst.review,
    )
