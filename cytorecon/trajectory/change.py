"""Why did it change? A change between two visits of one patient, taken apart into what it was made of.

A concentration is a product: lymphocytes (or leukocytes) in the blood x the share of each population in the
one above it x, with beads, what the sheet says of beads and volumes. Its logarithm is a sum, and so is the
logarithm of a change: the parts below add up to the whole exactly.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from cytorecon.counts.combined import deviations, share_interval
from cytorecon.counts.intervals import CONFIDENCE
from cytorecon.errors import CytoreconError
from cytorecon.results import CountMethod, GateSpread, PopulationCount
from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult

PartKind = Literal["blood_count", "share", "beads", "gates"]

#: What a share is taken of, the narrower first.
_WHOLES: Final = ("lymphocytes", "leukocytes")
_WHOLE_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "blood_count_alc": ("lymphocytes",),
    "blood_count_wbc": ("leukocytes",),
}


@dataclass(frozen=True, slots=True)
class ChangePart:
    """One part of a change.

    Parameters
    ----------
    kind : {"blood_count", "share", "beads", "gates"}
        ``beads``: what the sheet says of beads per tube, volume and dilution. ``gates``: nothing by itself;
        its interval says how much of the other parts the positions of gates may be.
    population : str
        Of which; for ``beads`` and ``gates`` the population that changed.
    of : str
        For ``share``: of what.
    ln_ratio : float
        Natural logarithm of after / before; the parts sum to that of the change.
    low, high : float or None
        95 % interval of `ln_ratio`; None where the sheet does not say how precise a blood count is.
    """

    kind: PartKind
    population: str
    of: str
    ln_ratio: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one population between two tubes of one patient.

    Parameters
    ----------
    patient, population : str
        Whose, and of what.
    before_tube, after_tube : str
        The two tubes, the earlier first.
    before_day, after_day : int
        Their days.
    before, after : float or None
        Cells/µL.
    methods : tuple of (str, str)
        Count methods before and after.
    ln_ratio, low, high : float or None
        Natural logarithm of after / before, with its 95 % interval.
    parts : tuple of ChangePart
        Empty when it cannot be taken apart.
    reason : str
        Why it cannot.
    """

    patient: str
    population: str
    before_tube: str
    after_tube: str
    before_day: int
    after_day: int
    before: float | None
    after: float | None
    methods: tuple[CountMethod, CountMethod]
    ln_ratio: float | None = None
    low: float | None = None
    high: float | None = None
    parts: tuple[ChangePart, ...] = ()
    reason: str = ""

    @property
    def is_switch(self) -> bool:
        """Whether the two were counted by different methods: then part of the change may be theirs."""
        return self.methods[0] != self.methods[1]


@dataclass(frozen=True, slots=True)
class _Estimate:
    """A positive number with its interval, where there is one."""

    value: float
    low: float | None
    high: float | None


def explain_change(result: StudyResult, population: str, before: str, after: str) -> Change:
    """Return what a change of a population between two tubes is made of.

    Parameters
    ----------
    result : StudyResult
        A study with its results.
    population : str
        Which.
    before, after : str
        Two tubes of one patient (``Tube.tube``); the earlier one first.

    Returns
    -------
    Change
        With parts that sum to the change, or the reason why there are none: a result that is missing, not
        detected or below its LLOQ has no logarithm that could be trusted.

    Raises
    ------
    CytoreconError
        If the study has no such tubes of one patient, or the second is of an earlier day.

    Notes
    -----
    cells/µL = share of the parent x ... x lymphocytes/µL. Where lymphocytes are none of its parents,
    leukocytes take their place, and of what has neither the concentration itself. With beads in both
    tubes lymphocytes/µL = lymphocytes per bead x beads per µL of blood, the second from the sheet.
    Intervals are those of the two numbers, joined on the logarithmic scale (MOVER, Zou & Donner 2008,
    Stat Med 27:1693-1702).

    The gates of one visit are not put onto the events of the other (no events are stored): how much they may
    account for is taken from their standard errors in both tubes.
    """
    tubes = {tube.tube: tube for tube in result.study.tubes}
    first, second = _pair(tubes, before, after)
    counts = [{count.population: count for count in result.tube(name).counts} for name in (before, after)]
    own = [found.get(population) for found in counts]
    change = Change(
        patient=first.patient,
        population=population,
        before_tube=before,
        after_tube=after,
        before_day=first.day,
        after_day=second.day,
        before=own[0].cells_per_ul if own[0] else None,
        after=own[1].cells_per_ul if own[1] else None,
        methods=(own[0].count_method if own[0] else "none", own[1].count_method if own[1] else "none"),
    )
    for count, tube in zip(own, (first, second), strict=True):
        if reason := _missing(count, tube):
            return replace(change, reason=reason)
    assert own[0] is not None
    assert own[1] is not None
    return _taken_apart(change, (own[0], own[1]), counts)


def _pair(tubes: Mapping[str, Tube], before: str, after: str) -> tuple[Tube, Tube]:
    known = before in tubes and after in tubes
    if not known or tubes[before].patient != tubes[after].patient or tubes[before].day > tubes[after].day:
        raise CytoreconError(
            "A change lies between two tubes of one patient, the earlier first.",
            subject="explain_change",
            found=f"{before}, {after}",
            allowed=", ".join(tubes),
        )
    return tubes[before], tubes[after]


def _missing(count: PopulationCount | None, tube: Tube) -> str:
    """Return why a tube has no number to compare; empty when it has."""
    if count is None or count.status == "not_evaluable":
        return f"it was not evaluable on day {tube.day}"
    if count.detected is False:
        return f"it was not detected on day {tube.day}"
    if count.below_lloq:
        return f"it was below the limit of quantification on day {tube.day}"
    if not count.cells_per_ul:
        return f"there is no concentration on day {tube.day}"
    if not (count.events and count.blood_ul_counted):
        return f"its events on day {tube.day} are not known"
    return ""


def _taken_apart(
    change: Change,
    own: tuple[PopulationCount, PopulationCount],
    counts: Sequence[Mapping[str, PopulationCount]],
) -> Change:
    chains = [_chain(count, found) for count, found in zip(own, counts, strict=True)]
    # Tubes of two templates may have other steps in between: then only the first and the last are compared.
    if [one.population for one in chains[0]] != [other.population for other in chains[1]]:
        common = [one for one in chains[0] if one.population in {other.population for other in chains[1]}]
        names = [common[0].population, common[-1].population] if len(common) > 1 else [change.population]
        chains = [[one for one in chain if one.population in names] for chain in chains]
    whole = _whole_parts(change, chains, counts)
    shares = [
        _share(before, after) for before, after in zip(_links(chains[0]), _links(chains[1]), strict=True)
    ]
    low, high = _interval(_concentration(own[0]), _concentration(own[1]))
    parts = (*whole, *reversed(shares), _gates(change.population, own))
    total = math.fsum(part.ln_ratio for part in parts)
    return replace(change, ln_ratio=total, low=low, high=high, parts=parts)


def _chain(count: PopulationCount, found: Mapping[str, PopulationCount]) -> list[PopulationCount]:
    """Return a population and what it is a part of, up to what the blood count counted."""
    chain = [count]
    wholes = _WHOLE_OF.get(count.count_method, _WHOLES)
    name = count.parent
    while chain[-1].population not in wholes and name in found:
        # a step that was not assessed holds all of its parent, so nothing changes there
        if found[name].events:
            chain.append(found[name])
        name = found[name].parent
    reached = chain[-1].population in wholes and chain[-1].blood_ul_counted is not None
    return chain if reached else [count]


def _links(chain: Sequence[PopulationCount]) -> Iterator[tuple[PopulationCount, PopulationCount]]:
    return itertools.pairwise(chain)


def _share(
    before: tuple[PopulationCount, PopulationCount], after: tuple[PopulationCount, PopulationCount]
) -> ChangePart:
    first, second = (_share_of(*link) for link in (before, after))
    return _part("share", after[0].population, after[1].population, first, second)


def _share_of(part: PopulationCount, whole: PopulationCount) -> _Estimate:
    assert part.events is not None
    assert whole.events is not None
    spread = (part.gate_spread or GateSpread()).of_parent
    return _Estimate(part.events / whole.events, *share_interval(part.events, whole.events, spread=spread))


def _whole_parts(
    change: Change,
    chains: Sequence[Sequence[PopulationCount]],
    counts: Sequence[Mapping[str, PopulationCount]],
) -> list[ChangePart]:
    """Return the part of the blood count, and with beads that of the sheet."""
    first, second = chains[0][-1], chains[1][-1]
    name = second.population
    factors = [
        _beads_per_ul(found.get("beads"), last) for found, last in zip(counts, (first, second), strict=True)
    ]
    if factors[0] is None or factors[1] is None:
        return [_part("blood_count", name, "", _concentration(first), _concentration(second))]
    per_bead = [
        _scaled(_concentration(last), 1 / factor)
        for last, factor in zip((first, second), (factors[0], factors[1]), strict=True)
    ]
    by_sheet = math.log(factors[1] / factors[0])
    return [
        _part("blood_count", name, "", per_bead[0], per_bead[1]),
        ChangePart("beads", change.population, "", by_sheet, by_sheet, by_sheet),
    ]


def _beads_per_ul(beads: PopulationCount | None, last: PopulationCount) -> float | None:
    """Return the beads per µL of blood that the sheet states; None where they were not counted by."""
    if last.count_method != "beads" or beads is None or not beads.events or not last.blood_ul_counted:
        return None
    return beads.events / last.blood_ul_counted


def _scaled(estimate: _Estimate, factor: float) -> _Estimate:
    low = None if estimate.low is None else estimate.low * factor
    high = None if estimate.high is None else estimate.high * factor
    return _Estimate(estimate.value * factor, low, high)


def _concentration(count: PopulationCount) -> _Estimate:
    assert count.events is not None
    assert count.blood_ul_counted is not None
    return _Estimate(count.events / count.blood_ul_counted, count.cells_per_ul_low, count.cells_per_ul_high)


def _gates(population: str, own: tuple[PopulationCount, PopulationCount]) -> ChangePart:
    spreads = [count.uncertainty.gate if count.uncertainty else 0.0 for count in own]
    reach = deviations(CONFIDENCE) * math.hypot(*spreads)
    return ChangePart("gates", population, "", 0.0, -reach, reach)


def _part(kind: PartKind, population: str, of: str, before: _Estimate, after: _Estimate) -> ChangePart:
    return ChangePart(kind, population, of, math.log(after.value / before.value), *_interval(before, after))


def _interval(before: _Estimate, after: _Estimate) -> tuple[float | None, float | None]:
    """Return the limits of ln(after / before)."""
    if not before.low or not before.high or not after.low or not after.high:
        return None, None
    change = math.log(after.value / before.value)
    down = math.hypot(math.log(after.value / after.low), math.log(before.high / before.value))
    up = math.hypot(math.log(after.high / after.value), math.log(before.value / before.low))
    return change - down, change + up
