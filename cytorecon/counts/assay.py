"""Whether the populations of a tube add up: the laboratory's sums (lymphosum, CD4 + CD8 of CD3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cytorecon.counts.intervals import binomial_interval
from cytorecon.errors import Issue, Severity
from cytorecon.knowledge.quality import SumRule
from cytorecon.results import PopulationTally


@dataclass(frozen=True, slots=True)
class SumOutside:
    """A sum that lies outside its limits by more than chance.

    Parameters
    ----------
    rule : SumRule
        Which sum, with limits, causes and source.
    percent : float
        The sum as a percentage of the whole.
    whole_events : int
        Events of the whole.
    """

    rule: SumRule
    percent: float
    whole_events: int

    @property
    def code(self) -> str:
        """The review code."""
        return f"assay.{self.rule.check}"

    @property
    def issue(self) -> Issue:
        """The sum in words: value, limits, causes, source."""
        rule = self.rule
        message = (
            f"{rule.title}: {self.percent:.0f} {rule.unit} ({self.whole_events} events); "
            f"{rule.low:g} to {rule.high:g} are expected."
        )
        return Issue(self.code, Severity.WARNING, rule.whole, message, f"{rule.causes} ({rule.source})")


def sums_outside(tallies: Sequence[PopulationTally], rules: Sequence[SumRule]) -> Iterator[SumOutside]:
    """Yield the sums of one tube that are outside their limits.

    Parameters
    ----------
    tallies : sequence of PopulationTally
        Of one tube. A rule of which a population is not evaluable, or whose whole is empty, does
        not apply.
    rules : sequence of SumRule
        From ``quality.yaml``.

    Examples
    --------
    >>> from cytorecon.knowledge.quality import load_quality_limits
    >>> events = {"lymphocytes": 1000, "CD3_T": 600, "B": 0, "NK": 150}
    >>> tallies = [PopulationTally(population=name, parent="root", status="counted", events=n)
    ...            for name, n in events.items()]
    >>> [outside.issue.message for outside in sums_outside(tallies, load_quality_limits().assay)]
    ['T + B + NK cells: 75 % of the lymphocytes (1000 events); 90 to 110 are expected.']
    """
    events = {tally.population: tally.events for tally in tallies if tally.events is not None}
    for rule in rules:
        if {*rule.parts, rule.whole} <= set(events) and events[rule.whole]:
            total = sum(events[part] for part in rule.parts)
            if _is_outside(total, events[rule.whole], rule):
                yield SumOutside(rule, 100.0 * total / events[rule.whole], events[rule.whole])


def _is_outside(total: int, whole: int, rule: SumRule) -> bool:
    """Whether the exact 95 % interval of the sum lies outside the limits."""
    _, most = binomial_interval(min(total, whole), whole)
    least_excess, _ = binomial_interval(min(max(total - whole, 0), whole), whole)
    return 100.0 * most < rule.low or 100.0 * (1.0 + least_excess) > rule.high


def doubted(outside: Sequence[SumOutside]) -> Mapping[str, tuple[str, ...]]:
    """Return the review codes of each population that a sum casts doubt on."""
    names = sorted({name for found in outside for name in found.rule.doubts})
    return {name: tuple(found.code for found in outside if name in found.rule.doubts) for name in names}
