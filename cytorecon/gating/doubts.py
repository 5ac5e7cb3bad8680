"""What says that a number of a gated tube needs a look: its gates, its tube, its sums.

One place decides how doubts spread. A doubt about a gate reaches the populations whose count would
change without the gate. A threshold that is uncertain, or lies apart from the batch, reaches those whose
count changes when it moves. One that only helped to find another gate reaches nothing by itself: whether
that gate holds the cells it was drawn around is asked there. "Hardly any cell of this tube shows the
marker" reaches only what is counted by it: without B cells the T cells are as certain as ever. It is no
doubt where the few cells are told from the background, lie clear of the threshold, and no lymphocyte is
left over that could be one of them. A doubt about a cloud that is told from its neighbours reaches those
that would gain by it, too: they hold too few cells where the cloud has lost its own.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cytorecon.counts.assay import doubted, sums_outside, unnamed
from cytorecon.errors import Issue, Severity
from cytorecon.gating.axes import Axes
from cytorecon.gating.certainty import Detection, Move, Reliance
from cytorecon.gating.detection import detections, expected_events, too_small_parents
from cytorecon.gating.estimates import ThresholdEvidence
from cytorecon.gating.expressions import required_names
from cytorecon.gating.found import FoundGate
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.identity import doubted_by, failed_checks
from cytorecon.gating.kinds import kinds_of
from cytorecon.gating.prior import SETTLED_TUBES, GatingPrior
from cytorecon.gating.reliance import moves, reliances
from cytorecon.gating.search.thresholds import STRONG_DEPTH
from cytorecon.gating.shapes import Threshold
from cytorecon.gating.told_from import codes_about, told_otherwise, without_explained
from cytorecon.gating.unstained import unstained
from cytorecon.knowledge.quality import load_quality_limits
from cytorecon.knowledge.review_flags import load_review_flags
from cytorecon.knowledge.template import Template, ValleyGate, names_in

NONE_SEEN = "gate.none_seen"
OUTLIER = "gate.outlier"
UNSTABLE = "gate.unstable"
BACKGROUND = "gate.background"
FEW_TUBES = "batch.few_tubes"
#: So few positive cells, as a number and as a share of the parent, are what an unstained tube shows too.
HARDLY_ANY, HARDLY_ANY_SHARE = 10, 0.01
#: A population rests on a gate without which it would lose this share of its events.
RESTS_ON = 0.05
#: Moving all thresholds by their standard errors may change a count by this share from end to end; putting
#: one where it might as well lie, by this one. Changes within counting noise are none.
UNCERTAIN, APART = 0.11, 0.05
#: Cells lie clear of a threshold when so many of them stay as it moves by its standard error.
CLEAR_OF_THRESHOLD = 0.8


def with_doubts(gated: GatedSample, prior: GatingPrior, axes: Axes | None = None) -> GatedSample:
    """Return `gated` with what is known about its certainty: detection, review codes, issues.

    Parameters
    ----------
    gated : GatedSample
        As the engine found it.
    prior : GatingPrior
        What it leaned on.
    axes : Axes, optional
        For checks that ask for linear light.
    """
    gated = without_explained(gated)
    issues = [*gated.issues, *_few_tubes(prior), *_backgrounds(gated, prior)]
    whole_tube = _codes_of_the_tube(issues)
    limits = load_quality_limits()
    failed = tuple(failed_checks(gated, axes))
    labels = doubted_by(failed, gated.template)
    kinds = kinds_of(gated)
    rests_on, moved = reliances(gated, kinds), moves(gated, kinds)
    tested = detections(gated, rests_on, limits.detection, prior.backgrounds)
    left_over = {part for rule, _, _ in unnamed(gated.tallies(), limits.assay) for part in rule.parts}
    found = {gate.gate: gate for gate in gated.gates}
    codes = _Codes(gated, found, rests_on, moved, tested, left_over)
    clear = {name for rule in limits.assay for name in rule.explained_if_clear if codes.is_clear(name)}
    outside = tuple(sums_outside(gated.tallies(), limits.assay, clear))
    sums = doubted(outside)
    mixed = {name: (BACKGROUND,) for name, test in tested.items() if test.is_mixed}
    by_gates = {name: codes.of(name) for name in gated.populations}
    gains = told_otherwise(gated, {name: {*by_gates[name], *labels.get(name, ())} for name in by_gates})
    spread = {name: _gained(name, gains, by_gates) for name in gated.populations}
    pale = tuple(unstained(gated, tested, limits.assay))
    lost = {each.population: (each.code,) for each in pale}
    review = {
        name: tuple(sorted({*by_gates[name], *whole_tube, *_from(name, spread, sums, labels, mixed, lost)}))
        for name in gated.populations
    }
    return replace(
        gated,
        review=review,
        moves=(*moved, *gains),
        detections=tested,
        reasons={**too_small_parents(gated, tested, limits.detection), **gated.reasons},
        issues=(
            *issues,
            *(sum_.issue for sum_ in outside),
            *(check.issue for check in failed),
            *(each.issue for each in pale),
            *_apart(gated, review),
        ),
    )


def _from(population: str, *doubts: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the codes that any of the `doubts` has for a population."""
    for doubt in doubts:
        yield from doubt.get(population, ())


def _gained(population: str, gains: Sequence[Move], codes: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return the codes of clouds in doubt that `population` would noticeably gain by."""
    return tuple(
        code
        for move in gains
        if population in move.events and _noticeable_span(move.events[population])
        for code in codes_about(move.gate, codes)
    )


def _noticeable_span(span: tuple[int, int]) -> bool:
    fewest, most = span
    return _noticeable(most - fewest, most, APART)


def _apart(gated: GatedSample, review: Mapping[str, Collection[str]]) -> Iterator[Issue]:
    """Yield the thresholds that lie apart from the batch and cast doubt on no count: a detector set anew."""
    flag = load_review_flags()[OUTLIER]
    doubted_gates = {code for codes in review.values() for code in codes}
    for gate in gated.gates:
        if (
            any(OUTLIER in part.flags for part in gate.parts)
            and f"{OUTLIER}:{gate.gate}" not in doubted_gates
        ):
            message = f"{flag.message} No count differs by 5 % for it."
            yield Issue(OUTLIER, Severity.INFO, f"gate {gate.gate}", message, flag.hint)


def _few_tubes(prior: GatingPrior) -> Iterator[Issue]:
    if prior.tubes < SETTLED_TUBES:
        flag = load_review_flags()[FEW_TUBES]
        tubes = f"{prior.tubes} tube{'s' if prior.tubes != 1 else ''}"
        message = f"Positions were learned from {tubes}; {SETTLED_TUBES} are needed to trust them."
        yield Issue(FEW_TUBES, Severity.WARNING, "batch", message, flag.hint)


def _backgrounds(gated: GatedSample, prior: GatingPrior) -> Iterator[Issue]:
    """Yield what control tubes say about the background of each population of this tube."""
    for name, seen in sorted(prior.backgrounds.items()):
        if name in gated.masks:
            tubes = f"{seen.tubes} control tube{'s' if seen.tubes != 1 else ''} without such cells"
            message = (
                f"{expected_events(gated, name, seen):.1f} events of {name} are expected by {tubes} "
                f"({seen.events} of {seen.parent_events} events)."
            )
            yield Issue("control.background", Severity.INFO, name, message)


def _codes_of_the_tube(issues: list[Issue]) -> set[str]:
    flags = load_review_flags()
    return {
        issue.code
        for issue in issues
        if issue.severity is not Severity.INFO and issue.code in flags and flags[issue.code].whole_tube
    }


@dataclass(frozen=True, slots=True)
class _Codes:
    """The codes that gates give to populations of one tube."""

    gated: GatedSample
    found: Mapping[str, FoundGate]
    rests_on: Sequence[Reliance]
    moved: Sequence[Move]
    tested: Mapping[str, Detection]
    maybe_unstained: Collection[str]

    def of(self, population: str) -> set[str]:
        """Return the codes of `population`."""
        events = int(np.count_nonzero(self.gated.masks[population])) if population in self.gated.masks else 0
        counted_by = _counted_by(population, self.gated.template)
        gates = self._that_matter(population, events) or set(counted_by)
        codes = {f"{code}:{name}" for name in gates for code in _flags(self.found[name])}
        shown = self._shown_by_its_cells(population, events)
        codes |= {
            f"{NONE_SEEN}:{name}"
            for name in counted_by
            if name not in shown and _shows_none(self.found[name])
        }
        codes |= set(self._by_moving(population))
        # a person has looked at the gate of this tube
        return {code for code in codes if not self._is_accepted(code.partition(":")[2])}

    def is_clear(self, population: str) -> bool:
        """Whether all gates that tell `population` stand, undoubted, in deep valleys of the tube's own.

        A valley has cells on both sides: those that carry the marker show that its stain worked, however few.
        """
        if population not in self.gated.masks or self.of(population):
            return False
        where = self.gated.template.population_by_name[population].where
        gates = [self.found[name] for name in names_in(where) if name in self.found]
        return bool(gates) and all(_in_deep_valley(gate) for gate in gates)

    def _shown_by_its_cells(self, population: str, events: int) -> tuple[str, ...]:
        """Return the gates whose stain works, as the cells show that are counted by carrying the marker.

        Of a marker that they are counted by lacking they show nothing: unstained T cells may be among them.
        """
        if not self._is_told_apart(population, events):
            return ()
        return required_names(self.gated.template.population_by_name[population].where)

    def _is_told_apart(self, population: str, events: int) -> bool:
        """Whether the events of `population` are more than background and lie clear of every threshold."""
        if population in self.maybe_unstained or population not in self.tested:
            return False
        if not self.tested[population].detected:
            return False
        fewest = [
            move.events[population][0]
            for move in self.moved
            if population in move.events and move.to == "uncertainty"
        ]
        return min(fewest, default=events) >= CLEAR_OF_THRESHOLD * events

    def _is_accepted(self, gate: str) -> bool:
        return gate in self.found and self.found[gate].accepted

    def _that_matter(self, population: str, events: int) -> set[str]:
        return {
            reliance.gate
            for reliance in self.rests_on
            if reliance.population == population and reliance.lost > RESTS_ON * events
        }

    def _by_moving(self, population: str) -> Iterator[str]:
        spans = [(move, move.events[population]) for move in self.moved if population in move.events]
        for move, (fewest, most) in spans:
            if move.to == "alternative" and _noticeable_span((fewest, most)):
                yield f"{OUTLIER}:{move.gate}"
        uncertain = [
            (most - fewest, most, move.gate) for move, (fewest, most) in spans if move.to == "uncertainty"
        ]
        if uncertain:
            together = math.hypot(*(change for change, _, _ in uncertain))
            _, most, gate = max(uncertain)
            if _noticeable(together, most, UNCERTAIN):
                yield f"{UNSTABLE}:{gate}"


def _noticeable(change: float, events: int, share: float) -> bool:
    """Whether a change is more than `share` of the events, and more than counting noise."""
    return change > share * events and change > 2 * math.sqrt(events) + 2


def _in_deep_valley(gate: FoundGate) -> bool:
    shown = [gate.evidence.get(part.part) for part in gate.parts]
    return bool(shown) and all(
        isinstance(seen, ThresholdEvidence) and seen.own is not None and seen.own.depth >= STRONG_DEPTH
        for seen in shown
    )


def _flags(gate: FoundGate) -> tuple[str, ...]:
    """Return the doubts about a gate that reach all that rests on it.

    That it lies apart from the batch reaches what would be counted otherwise where the batch has it
    (:meth:`_Codes._by_moving`), when that is known.
    """
    of_parts = (
        code for part in gate.parts for code in part.flags if code != OUTLIER or part.alternative is None
    )
    return (*gate.flags, *of_parts)


def _counted_by(population: str, template: Template) -> tuple[str, ...]:
    """Return the gates that every cell of `population` lies in, and those whose failure would change it."""
    names = [
        spec.gate
        for spec in template.gates
        if isinstance(spec, ValleyGate) and population in spec.none_seen_doubts
    ]
    waiting = [population]
    while waiting:
        name = waiting.pop()
        if name in template.population_by_name:
            entry = template.population_by_name[name]
            waiting += [*required_names(entry.where), entry.parent]
        elif name in template.gate_by_name:
            names.append(name)
    return tuple(dict.fromkeys(names))


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
