"""Whether the populations of a tube add up: the laboratory's sums (lymphosum, CD4 + CD8 of CD3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cytorecon.counts.intervals import binomial_interval
from cytorecon.errors import Issue, Severity
from cytorecon.knowledge.populations import load_populations
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
    shares : tuple of (str, float)
        Populations that may fill the gap, in percent of the whole, as the rule names them.
    explained_by : str
        Population with which the sum is right; empty when there is none.
    """

    rule: SumRule
    percent: float
    whole_events: int
    shares: tuple[tuple[str, float], ...] = ()
    explained_by: str = ""

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
        severity = Severity.INFO if self.explained_by else Severity.WARNING
        hint = f"{rule.causes} ({rule.source})"
        return Issue(self.code, severity, rule.whole, message + self._explanation(), hint)

    def _explanation(self) -> str:
        """Return what may fill the gap, in words; empty when nothing is known to."""
        if not self.shares:
            return ""
        names = load_populations()
        told = ", ".join(f"{names.display_name(name)} {percent:.0f} %" for name, percent in self.shares)
        if self.explained_by:
            return f" Explained: {told}; with {names.display_name(self.explained_by)} cells the sum is right."
        return f" Not explained by itself: {told}; real, or cells that lost their stain."


def sums_outside(
    tallies: Sequence[PopulationTally], rules: Sequence[SumRule], clear: Collection[str] = ()
) -> Iterator[SumOutside]:
    """Yield the sums of one tube that are outside their limits.

    Parameters
    ----------
    tallies : sequence of PopulationTally
        Of one tube. A rule of which a population is not evaluable, or whose whole is empty, does
        not apply.
    rules : sequence of SumRule
        From ``quality.yaml``.
    clear : collection of str
        Populations that deep valleys of the tube's own tell apart.

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
                yield _outside(rule, total, events, clear)


def unnamed(
    tallies: Sequence[PopulationTally], rules: Sequence[SumRule]
) -> Iterator[tuple[SumRule, int, int]]:
    """Yield the sums so low that one of their parts may have lost its stain.

    Parameters
    ----------
    tallies, rules
        As for :func:`sums_outside`.

    Yields
    ------
    (SumRule, int, int)
        The sum, events of the whole that are none of its parts, and events of the whole.

    Examples
    --------
    >>> from cytorecon.knowledge.quality import load_quality_limits
    >>> events = {"lymphocytes": 1000, "CD3_T": 770, "B": 0, "NK": 150}
    >>> tallies = [PopulationTally(population=name, parent="root", status="counted", events=n)
    ...            for name, n in events.items()]
    >>> [(rule.check, *counted) for rule, *counted in unnamed(tallies, load_quality_limits().assay)]
    [('lymphosum', 80, 1000)]
    """
    events = {tally.population: tally.events for tally in tallies if tally.events is not None}
    for rule in rules:
        if rule.unstained_below and {*rule.parts, rule.whole} <= set(events) and events[rule.whole]:
            total, whole = sum(events[part] for part in rule.parts), events[rule.whole]
            if 100.0 * total < rule.unstained_below * whole:
                yield rule, whole - total, whole


def _outside(rule: SumRule, total: int, events: Mapping[str, int], clear: Collection[str]) -> SumOutside:
    whole = events[rule.whole]
    shares: tuple[tuple[str, float], ...] = ()
    explained_by = ""
    if 100.0 * total / whole < rule.low:
        shares = tuple((name, 100.0 * events[name] / whole) for name in rule.named_with if name in events)
        told_apart = (name for name in rule.explained_if_clear if name in clear)
        filling = (name for name in (*rule.explained_by, *told_apart) if name in events)
        explained_by = next(
            (name for name in filling if not _is_outside(total + events[name], whole, rule)), ""
        )
    return SumOutside(rule, 100.0 * total / whole, whole, shares, explained_by)


def _is_outside(total: int, whole: int, rule: SumRule) -> bool:
    """Whether the exact 95 % interval of the sum lies outside the limits."""
    _, most = binomial_interval(min(total, whole), whole)
    least_excess, _ = binomial_interval(min(max(total - whole, 0), whole), whole)
    return 100.0 * most < rule.low or 100.0 * (1.0 + least_excess) > rule.high


def doubted(outside: Sequence[SumOutside]) -> Mapping[str, tuple[str, ...]]:
    """Return the review codes of each population that a sum casts doubt on; an explained one casts none."""
    doubtful = [found for found in outside if not found.explained_by]
    names = sorted({name for found in doubtful for name in found.rule.doubts})
    return {name: tuple(found.code for found in doubtful if name in found.rule.doubts) for name in names}
