"""Whether the counts of a tube meet the criteria of a product: one row each, never a guess."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from cytorecon.knowledge.criteria import CriteriaSet, Criterion, Rule
from cytorecon.results import PopulationCount
from cytorecon.values import Frozen

Verdict = Literal["pass", "fail", "not decided", "not assessable"]

#: Of several populations that answer one question, the first of these decides.
_GRAVEST: Final = ("fail", "not decided", "pass")


class CriterionResult(Frozen):
    """One criterion in one tube.

    Parameters
    ----------
    criterion : str
        What was asked.
    population : str
        The population that answered, of several the worst; empty when none could.
    value, low, high : float or None
        In `unit`, with the exact 95 % interval of a share; a number of events has none. Of what is not
        detected there is the interval only.
    unit : str
        ``"percent of viable cells"``, ``"events"``.
    rule, limit
        As in the set of criteria; `limit` is None where nobody but the user can state it.
    verdict : {"pass", "fail", "not decided", "not assessable"}
        ``not decided``: the interval holds the limit, so more cells have to be counted.
    reason : str
        Why it is not assessable.
    review : tuple of str
        Codes that say the value needs a look.
    """

    criterion: str
    population: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str
    rule: Rule
    limit: float | None
    verdict: Verdict
    reason: str = ""
    review: tuple[str, ...] = ()

    @property
    def value_text(self) -> str:
        """The value with its interval, e.g. ``97.1 % (96.5 to 97.6)`` or ``not detected (below 0.037 %)``.

        Examples
        --------
        >>> CriterionResult(criterion="CD73", value=97.1, low=96.5, high=97.6, unit="percent of viable cells",
        ...                 rule="at_least", limit=95, verdict="pass").value_text
        '97.1 % (96.5 to 97.6)'
        """
        sign = "%" if self.unit.startswith("percent") else self.unit
        if self.value is None:
            return "" if self.high is None else f"not detected (below {self.high:.4g} {sign})"
        interval = "" if self.low is None or self.high is None else f" ({self.low:.4g} to {self.high:.4g})"
        return f"{self.value:.{4 if sign == '%' else 15}g} {sign}{interval}"

    @property
    def text(self) -> str:
        """The verdict in a sentence.

        Examples
        --------
        >>> CriterionResult(criterion="CD73", value=95.3, low=94.0, high=96.4, unit="percent of viable cells",
        ...                 rule="at_least", limit=95, verdict="not decided").text
        'not decided: 95.3 % (94 to 96.4); the interval holds the limit of 95'
        """
        notes = [self.value_text, self.reason]
        if self.verdict == "not decided":
            notes.append(f"the interval holds the limit of {self.limit:g}")
        return f"{self.verdict}: {'; '.join(filter(None, notes))}"


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
    ...     percent_of_parent=99.0, percent_of_parent_low=98.2, percent_of_parent_high=99.5)
    >>> [row.text for row in judge_criteria([count], load_criteria("msc_isct_2006"))][:2]
    ['pass: 99 % (98.2 to 99.5)', 'not assessable: the template does not count it']
    """
    by_name = {count.population: count for count in counts}
    return tuple(
        _judged(row, [by_name[name] for name in row.any_of if name in by_name]) for row in criteria.rows
    )


def _judged(row: Criterion, counts: Sequence[PopulationCount]) -> CriterionResult:
    found = [each for each in (_of_population(row, count) for count in counts) if each is not None]
    if not found:
        reasons = "; ".join(dict.fromkeys(count.reason or "no cells to take a share of" for count in counts))
        return _plain(row).model_copy(update={"reason": reasons or "the template does not count it"})
    limit = row.limit
    if limit is None:
        return found[0].model_copy(update={"reason": row.without_limit})
    return min(found, key=lambda each: (_GRAVEST.index(each.verdict), _margin(each, limit)))


def _of_population(row: Criterion, count: PopulationCount) -> CriterionResult | None:
    """Return what one population answers, or None when it cannot."""
    if row.measure == "events":
        events = count.events if count.status == "counted" else None
        value, low, high = None if events is None else float(events), None, None
    else:
        value, low, high = (
            count.percent_of_parent,
            count.percent_of_parent_low,
            count.percent_of_parent_high,
        )
    if value is None and high is None:
        return None
    answered = {"population": count.population, "value": value, "low": low, "high": high}
    verdict = "not assessable" if row.limit is None else _verdict(row.rule, row.limit, value, low, high)
    return _plain(row).model_copy(update={**answered, "verdict": verdict, "review": count.review})


def _plain(row: Criterion) -> CriterionResult:
    return CriterionResult(
        criterion=row.criterion, unit=row.unit, rule=row.rule, limit=row.limit, verdict="not assessable"
    )


def _verdict(rule: Rule, limit: float, value: float | None, low: float | None, high: float | None) -> Verdict:
    """Judge by both ends of the interval; a value without one by itself."""
    ends = [
        end for end in ((low, high) if low is not None and high is not None else (value,)) if end is not None
    ]
    met = [end >= limit if rule == "at_least" else end <= limit for end in ends]
    if all(met):
        return "pass"
    return "not decided" if any(met) else "fail"


def _margin(result: CriterionResult, limit: float) -> float:
    """Return how far on the good side of the limit a result lies; of what is not detected, its upper end."""
    value = result.value if result.value is not None else result.high
    assert value is not None
    return value - limit if result.rule == "at_least" else limit - value
