"""What says that a number of a gated tube needs a look: its gates, its tube, its sums.

One place decides how doubts spread. A gate's own doubts reach every population that rests on it. A
gate that only helps to find another (its seeds) passes on that it lies far from the batch's, not
that its own count is uncertain: a cloud is drawn around the bulk of its seeds. "Hardly any
cell of this tube shows the marker" reaches only what is counted by it: without B cells the T cells are as
certain as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from cytorecon.counts.assay import doubted, sums_outside
from cytorecon.errors import Issue, Severity
from cytorecon.gating.estimates import ThresholdEvidence
from cytorecon.gating.gated import FoundGate, GatedSample
from cytorecon.gating.prior import SETTLED_TUBES, GatingPrior
from cytorecon.gating.shapes import Threshold
from cytorecon.knowledge.quality import load_quality_limits
from cytorecon.knowledge.review_flags import load_review_flags
from cytorecon.knowledge.template import AnyGate, Template, ValleyGate, names_in, positive_names, sources_of

NONE_SEEN = "gate.none_seen"
OUTLIER = "gate.outlier"
#: So few positive cells, as a number and as a share of the parent, are what an unstained tube shows too.
HARDLY_ANY, HARDLY_ANY_SHARE = 10, 0.01
FEW_TUBES = "batch.few_tubes"


def with_doubts(gated: GatedSample, prior: GatingPrior) -> GatedSample:
    """Return `gated` with the review codes of each population, and an issue for each doubt of the tube.

    Parameters
    ----------
    gated : GatedSample
        As the engine found it.
    prior : GatingPrior
        What it leaned on.
    """
    issues = [*gated.issues, *_few_tubes(prior)]
    whole_tube = _codes_of_the_tube(issues)
    outside = tuple(sums_outside(gated.tallies(), load_quality_limits().assay))
    sums = doubted(outside)
    found = {gate.gate: gate for gate in gated.gates}
    review = {
        name: tuple(sorted({*_of_gates(name, gated.template, found), *whole_tube, *sums.get(name, ())}))
        for name in gated.populations
    }
    return replace(gated, review=review, issues=(*issues, *(sum_.issue for sum_ in outside)))


def _few_tubes(prior: GatingPrior) -> Iterator[Issue]:
    if prior.tubes < SETTLED_TUBES:
        flag = load_review_flags()[FEW_TUBES]
        tubes = f"{prior.tubes} tube{'s' if prior.tubes != 1 else ''}"
        message = f"Positions were learned from {tubes}; {SETTLED_TUBES} are needed to trust them."
        yield Issue(FEW_TUBES, Severity.WARNING, "batch", message, flag.hint)


def _codes_of_the_tube(issues: list[Issue]) -> set[str]:
    flags = load_review_flags()
    return {
        issue.code
        for issue in issues
        if issue.severity is not Severity.INFO and issue.code in flags and flags[issue.code].whole_tube
    }


def _of_gates(population: str, template: Template, found: Mapping[str, FoundGate]) -> set[str]:
    """Return the codes of every gate the population rests on, and of those it is counted by."""
    direct = _reached([population], template, lambda spec: (spec.find_in,))
    through_seeds = _reached([population], template, sources_of) - direct
    codes = {f"{code}:{name}" for name in direct for code in _flags(found[name])}
    codes |= {f"{OUTLIER}:{name}" for name in through_seeds if OUTLIER in _flags(found[name])}
    counted_by = (name for name in _counted_by(population, template) if name in found)
    return codes | {f"{NONE_SEEN}:{name}" for name in counted_by if _shows_none(found[name])}


def _flags(gate: FoundGate) -> tuple[str, ...]:
    return (*gate.flags, *(code for part in gate.parts for code in part.flags))


def _reached(
    waiting: list[str], template: Template, looks_at: Callable[[AnyGate], tuple[str, ...]]
) -> set[str]:
    """Return every gate that is reached from the populations `waiting` by what each gate looks at."""
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in template.population_by_name:
            entry = template.population_by_name[name]
            waiting += [*names_in(entry.where), entry.parent]
        elif name in template.gate_by_name:
            waiting += [used for text in looks_at(template.gate_by_name[name]) for used in names_in(text)]
    return seen & set(template.gate_by_name)


def _counted_by(population: str, template: Template) -> Iterator[str]:
    """Yield the gates that the cells of `population`, or of one of its parents, must lie in.

    And those of which the template says that their failure would change it.
    """
    for spec in template.gates:
        if isinstance(spec, ValleyGate) and population in spec.none_seen_doubts:
            yield spec.gate
    while population != "root":
        entry = template.population_by_name[population]
        yield from positive_names(entry.where)
        population = entry.parent


def _shows_none(gate: FoundGate) -> bool:
    """Whether hardly an event lies above a threshold for which the tube has nothing of its own to show."""
    inside, parent = gate.events_in or 0, gate.events_of_parent or 0
    if inside > max(HARDLY_ANY, HARDLY_ANY_SHARE * parent):
        return False
    kept = [part for part in gate.parts if isinstance(part.shape, Threshold) and part.shape.keep == "above"]
    return any(part.method == "batch" and not _shows_some(gate, part.part) for part in kept)


def _shows_some(gate: FoundGate, part: str) -> bool:
    """Whether the tube shows a valley that was overruled by the batch: an outlier, and marked as one."""
    shown = gate.evidence.get(part)
    return isinstance(shown, ThresholdEvidence) and shown.own is not None
