"""Which count method a tube allows, and how much blood its events stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cytorecon.counts.blood_count import doubts
from cytorecon.counts.populations import BEADS
from cytorecon.counts.quantities import CountMethodRequest, TubeQuantities
from cytorecon.errors import Issue, Severity
from cytorecon.knowledge.counting import CountingRules, load_counting_rules
from cytorecon.results import CountMethod, PopulationCount

#: Best first: one platform before two (between-laboratory CV of CD4 9.6 % against 18.2 %, multisite study
#: PMC95877 table 7), beads before an instrument's own volume, the narrower denominator before the wider.
PREFERENCE: Final[tuple[CountMethod, ...]] = ("beads", "volumetric", "blood_count_alc", "blood_count_wbc")

#: What a blood count counts; concentrations by it are shares of that.
DENOMINATORS: Final[dict[CountMethod, str]] = {
    "blood_count_alc": "lymphocytes",
    "blood_count_wbc": "leukocytes",
}

_SUBJECT: Final = "cells/µL"
_WORDS: Final[dict[CountMethod, str]] = {
    "beads": "counting beads",
    "volumetric": "the acquired volume",
    "blood_count_alc": "the lymphocyte count of the blood count",
    "blood_count_wbc": "the white cell count of the blood count",
    "none": "nothing",
}


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """The method used for one tube.

    Parameters
    ----------
    method : str
        A count method, ``"none"`` when no concentration can be given.
    blood_ul_counted : float or None
        Blood the counted events stand for, µL.
    bead_events : int or None
        Beads counted, when beads are used.
    review : tuple of str
        Codes that go with every concentration of the tube.
    issues : tuple of Issue
        What was passed over and why; empty when the best method was used without remark.
    """

    method: CountMethod
    blood_ul_counted: float | None = None
    bead_events: int | None = None
    review: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()


def choose_method(
    counts: Sequence[PopulationCount],
    quantities: TubeQuantities,
    *,
    method: CountMethodRequest = "auto",
    rules: CountingRules | None = None,
) -> MethodChoice:
    """Choose how events become cells/µL, and say what was passed over.

    Parameters
    ----------
    counts : sequence of PopulationCount
        Of one tube; beads, lymphocytes and leukocytes are looked up by name.
    quantities : TubeQuantities
        What the sheet says.
    method : str
        ``auto`` takes the first possible of beads, volumetric, blood count (ALC), blood count
        (WBC) that the sheet gives; a named method is used or nothing is.
    rules : CountingRules, optional
        Limits; the packaged ones by default.

    Returns
    -------
    MethodChoice
        With an issue for every method the sheet gave that could not be used.
    """
    limits = rules or load_counting_rules()
    if method == "none":
        return MethodChoice(method="none")
    if method != "auto":
        problem = _problem(method, counts, quantities, limits)
        if problem:
            return MethodChoice(method="none", issues=(_not_possible(method, problem),))
        return _chosen(method, counts, quantities, limits, [])
    passed_over: list[tuple[CountMethod, str]] = []
    for candidate in PREFERENCE:
        if _quantity(candidate, quantities) is None:
            continue
        problem = _problem(candidate, counts, quantities, limits)
        if not problem:
            remarks = [_fallback(candidate, passed_over)] if passed_over else []
            remarks += _unused_beads(counts, quantities, limits)
            return _chosen(candidate, counts, quantities, limits, remarks)
        passed_over.append((candidate, problem))
    none = _no_method(passed_over)
    return MethodChoice(
        method="none",
        # Beads that were added and cannot be found lie somewhere else: among the leukocytes.
        review=(none.code,) if passed_over else (),
        issues=(none, *_unused_beads(counts, quantities, limits)),
    )


def _quantity(method: CountMethod, quantities: TubeQuantities) -> float | None:
    """Return the quantity whose presence on the sheet means that `method` was intended."""
    return {
        "beads": quantities.beads_per_tube,
        "volumetric": quantities.acquired_volume_ul,
        "blood_count_alc": quantities.lymphocytes_cells_per_ul,
        "blood_count_wbc": quantities.wbc_cells_per_ul,
    }[method]


def _problem(
    method: CountMethod, counts: Sequence[PopulationCount], quantities: TubeQuantities, limits: CountingRules
) -> str:
    """Return why `method` cannot be used; empty when it can."""
    if method == "beads":
        return _bead_problem(counts, quantities, limits)
    if method == "volumetric":
        return "" if quantities.acquired_volume_ul is not None else "the sheet gives no acquired_volume_ul"
    if method == "blood_count_alc":
        if quantities.lymphocytes_cells_per_ul is None:
            return "the sheet gives no lymphocyte count"
        if quantities.lymphocytes_cells_per_ul == 0:
            return "the lymphocyte count of the sheet is 0"
        return _denominator_problem("lymphocytes", counts)
    if quantities.wbc_cells_per_ul is None:
        return "the sheet gives no white cell count"
    if quantities.wbc_cells_per_ul == 0:
        return "the white cell count of the sheet is 0"
    return _denominator_problem("leukocytes", counts)


def _bead_problem(
    counts: Sequence[PopulationCount], quantities: TubeQuantities, limits: CountingRules
) -> str:
    missing = [name for name in ("beads_per_tube", "blood_volume_ul") if getattr(quantities, name) is None]
    if missing:
        return f"the sheet gives no {' and no '.join(missing)}"
    problem = _denominator_problem(BEADS, counts)
    if problem:
        return problem
    events = _events(BEADS, counts)
    least = limits.beads.minimum_events.value
    return "" if events >= least else f"only {events} bead events were counted, at least {least} are needed"


def _denominator_problem(population: str, counts: Sequence[PopulationCount]) -> str:
    count = _find(population, counts)
    if count is None:
        return f"the gating template has no population '{population}'"
    if count.status == "not_evaluable":
        return f"'{population}' is not evaluable" + (f" ({count.reason})" if count.reason else "")
    return "" if count.events else f"'{population}' has no events"


def _chosen(
    method: CountMethod,
    counts: Sequence[PopulationCount],
    quantities: TubeQuantities,
    limits: CountingRules,
    remarks: Sequence[Issue],
) -> MethodChoice:
    issues = list(remarks)
    bead_events = _events(BEADS, counts) if method == "beads" else None
    if bead_events is not None and bead_events < limits.beads.review_events.value:
        issues.append(_few_beads(bead_events, limits.beads.review_events.value))
    blood_ul = _blood_ul(method, counts, quantities)
    measured = {
        count.population: count.events / blood_ul
        for count in counts
        if count.population in ("leukocytes", "lymphocytes") and count.events is not None
    }
    issues += doubts(method, measured, quantities, limits)
    return MethodChoice(
        method=method,
        blood_ul_counted=blood_ul,
        bead_events=bead_events,
        review=tuple(issue.code for issue in issues),
        issues=tuple(issues),
    )


def _blood_ul(method: CountMethod, counts: Sequence[PopulationCount], quantities: TubeQuantities) -> float:
    """Return the µL of blood that the counted events stand for: cells/µL = events / this."""
    quantity = _quantity(method, quantities)
    assert quantity is not None
    if method == "beads":
        # cells/µL = cells / bead events x beads per tube / blood volume x dilution
        assert quantities.blood_volume_ul is not None
        return _events(BEADS, counts) * quantities.blood_volume_ul / (quantity * quantities.dilution)
    if method == "volumetric":
        return quantity / quantities.dilution
    return _events(DENOMINATORS[method], counts) / quantity


def _unused_beads(
    counts: Sequence[PopulationCount], quantities: TubeQuantities, limits: CountingRules
) -> tuple[Issue, ...]:
    beads = _find(BEADS, counts)
    if quantities.beads_per_tube is not None or beads is None or beads.events is None:
        return ()
    if beads.events < limits.beads.minimum_events.value:
        return ()
    return (
        Issue(
            code="count.beads_not_on_sheet",
            severity=Severity.WARNING,
            subject=_SUBJECT,
            message=f"The tube holds {beads.events} bead events, but the sheet gives no beads_per_tube.",
            hint="Fill in beads_per_tube (of this lot) and blood_volume_ul to count by beads.",
        ),
    )


def _no_method(passed_over: Sequence[tuple[CountMethod, str]]) -> Issue:
    if not passed_over:
        return Issue(
            code="count.no_method",
            severity=Severity.INFO,
            subject=_SUBJECT,
            message="The sheet gives no beads, acquired volume or blood count; there are percentages only.",
            hint="Fill in beads_per_tube and blood_volume_ul, or a blood count of the same draw.",
        )
    return Issue(
        code="count.no_method",
        severity=Severity.WARNING,
        subject=_SUBJECT,
        message=f"No concentration can be given: {_listed(passed_over)}.",
        hint="Complete the sheet or look at the gates named.",
    )


def _fallback(method: CountMethod, passed_over: Sequence[tuple[CountMethod, str]]) -> Issue:
    return Issue(
        code="count.method_fallback",
        severity=Severity.WARNING,
        subject=_SUBJECT,
        message=f"Counted by {_WORDS[method]} instead: {_listed(passed_over)}.",
        hint="Do not compare with visits counted by another method without this mark.",
    )


def _not_possible(method: CountMethod, problem: str) -> Issue:
    return Issue(
        code="count.method_not_possible",
        severity=Severity.ERROR,
        subject=_SUBJECT,
        message=f"The sheet asks for count_method '{method}', but {problem}; no concentration is given.",
        hint="Complete the sheet, or set count_method to auto to allow another method.",
    )


def _few_beads(events: int, limit: int) -> Issue:
    return Issue(
        code="count.few_beads",
        severity=Severity.WARNING,
        subject=_SUBJECT,
        message=f"Only {events} bead events were counted; below {limit} the beads widen every interval.",
        hint="Acquire the tube longer.",
    )


def _listed(passed_over: Sequence[tuple[CountMethod, str]]) -> str:
    return "; ".join(f"{_WORDS[method]} cannot be used because {problem}" for method, problem in passed_over)


def _find(population: str, counts: Sequence[PopulationCount]) -> PopulationCount | None:
    return next((count for count in counts if count.population == population), None)


def _events(population: str, counts: Sequence[PopulationCount]) -> int:
    count = _find(population, counts)
    assert count is not None
    assert count.events is not None
    return count.events
