"""Whether the cells of a tube carry what such cells carry: the checks of its template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cytorecon.counts.intervals import binomial_interval
from cytorecon.errors import Issue, Severity
from cytorecon.gating.axes import Axes
from cytorecon.gating.estimates import ThresholdEvidence
from cytorecon.gating.expressions import ALL, evaluate
from cytorecon.gating.found import FoundGate
from cytorecon.gating.gated import GatedSample, empty_mask
from cytorecon.gating.residual import residual_slope
from cytorecon.gating.shapes import Mask, Threshold
from cytorecon.knowledge.template import (
    AnyCheck,
    BrightestCheck,
    ShareCheck,
    SpilloverCheck,
    Template,
    names_in,
    positive_names,
)

LABELS, RESIDUAL = "assay.labels", "compensation.residual"
#: Fewer events below a threshold than this do not say where nothing is bound.
LEAST_NEGATIVE = 30
#: Half of the cells of a population lie farther above a threshold than this (0.28 decades); a tail does not.
CLEAR_OF_TAIL = 0.06


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check of the template that the cells of a tube fail, and what was found."""

    spec: AnyCheck
    found: str

    @property
    def code(self) -> str:
        """The review code."""
        if isinstance(self.spec, ShareCheck):
            return self.spec.code
        return RESIDUAL if isinstance(self.spec, SpilloverCheck) else LABELS

    @property
    def issue(self) -> Issue:
        """The check in words: what was found, what is known, and who says so."""
        message = f"{self.spec.title}: {self.found}."
        return Issue(
            self.code, Severity.WARNING, self.spec.check, message, f"{self.spec.why} ({self.spec.source})"
        )


def failed_checks(gated: GatedSample, axes: Axes | None = None) -> Iterator[FailedCheck]:
    """Yield the checks of the template that fail; one whose gates are not evaluable says nothing.

    Parameters
    ----------
    gated : GatedSample
        With masks.
    axes : Axes, optional
        With the scales of the sample; without them the matrix is not checked.
    """
    none = dict.fromkeys(gated.absent, empty_mask(gated.sample))
    values = {**none, **gated.gate_masks, **gated.masks, ALL: gated.everything}
    asked: set[str] = set()
    for spec in gated.template.checks:
        if isinstance(spec, ShareCheck):
            if asked.intersection(spec.unless_asked):
                continue
            if _enough(spec.cells, spec.least_events, values) is not None:
                asked.add(spec.check)
        found = _found(spec, gated, axes, values)
        if found:
            yield FailedCheck(spec, found)


def _found(spec: AnyCheck, gated: GatedSample, axes: Axes | None, values: Mapping[str, Mask]) -> str:
    """Return what is wrong, in words; empty when nothing is."""
    if isinstance(spec, ShareCheck):
        return _share(spec, gated, values)
    if isinstance(spec, BrightestCheck):
        return _brighter(spec, gated, values)
    return _left_over(spec, axes, values)


def doubted_by(failed: Sequence[FailedCheck], template: Template) -> Mapping[str, tuple[str, ...]]:
    """Return the review codes of each population that a failed check casts doubt on.

    Parts of a doubted population are doubted, too: a template that includes a check may divide further. Not
    so those of a whole that only holds too few of them (`doubts_wholes`).
    """
    codes: dict[str, set[str]] = {}
    for entry in template.populations:  # parents come first
        own = {check.code for check in failed if entry.population in check.spec.doubts}
        codes[entry.population] = own | codes.get(entry.parent, set())
    for check in failed:
        for name in check.spec.doubts_wholes:
            codes[name].add(check.code)
    return {name: tuple(sorted(found)) for name, found in codes.items() if found}


def _events(expression: str, values: Mapping[str, Mask]) -> Mask | None:
    if any(name not in values for name in names_in(expression)):
        return None
    return evaluate(expression, values)


def _enough(expression: str, least: int, values: Mapping[str, Mask]) -> Mask | None:
    cells = _events(expression, values)
    return None if cells is None or int(np.count_nonzero(cells)) < least else cells


def _left_over(spec: SpilloverCheck, axes: Axes | None, values: Mapping[str, Mask]) -> str:
    if axes is None or axes.scales is None:
        return ""
    groups = {name: _enough(text, spec.least_events, values) for name, text in spec.groups.items()}
    shown = {name: cells for name, cells in groups.items() if cells is not None}
    slope = residual_slope(shown, spec.lack, axes, axes.scales, spec.fewest_comparisons)
    if slope is None or abs(slope) <= spec.largest_slope:
        return ""
    what = "too little is taken away, what is left" if slope > 0 else "too much is taken away, the excess"
    return f"{what} is {100 * abs(slope):.0f} % of what the matrix takes"


def _share(spec: ShareCheck, gated: GatedSample, values: Mapping[str, Mask]) -> str:
    cells, inside = _enough(spec.cells, spec.least_events, values), _events(spec.inside, values)
    if cells is None or inside is None or _in_a_tail(spec.cells, cells, gated):
        return ""
    total, part = int(np.count_nonzero(cells)), int(np.count_nonzero(cells & inside))
    low, high = binomial_interval(part, total)
    if 100 * high >= spec.low_percent and 100 * low <= spec.high_percent:
        return ""
    limits = f"{spec.low_percent:g} to {spec.high_percent:g}"
    return f"{100 * part / total:.0f} % of {total} events are {spec.inside}; {limits} % are expected"


def _in_a_tail(expression: str, cells: Mask, gated: GatedSample) -> bool:
    """Whether cells lie close above a threshold that this tube does not show: a batch's may cut a tail."""
    asked = positive_names(expression)
    columns = {channel.name: channel.index for channel in gated.sample.channels}
    for gate in gated.gates:
        for part in gate.parts:
            if gate.gate not in asked or part.method != "batch" or _own_valley(gate, part.part):
                continue
            if isinstance(part.shape, Threshold) and len(part.shape.channels) == 1:
                values = gated.sample.events[cells, columns[part.shape.channels[0]]]
                if np.median(values) < part.shape.value + CLEAR_OF_TAIL:
                    return True
    return False


def _own_valley(gate: FoundGate, part: str) -> bool:
    shown = gate.evidence.get(part)
    return isinstance(shown, ThresholdEvidence) and shown.own is not None


def _brighter(spec: BrightestCheck, gated: GatedSample, values: Mapping[str, Mask]) -> str:
    cells, negative = _enough(spec.cells, spec.least_events, values), _events(spec.negative, values)
    if cells is None or negative is None:
        return ""
    expected = _brightness(spec.gate, cells, negative, gated)
    others = {name: _brightness(name, cells, negative, gated) for name in spec.others}
    seen = {name: value for name, value in others.items() if value is not None}
    if expected is None or not seen:
        return ""
    brightest = max(seen, key=lambda name: seen[name])
    if seen[brightest] - expected <= spec.margin:
        return ""
    return (
        f"the median of {int(np.count_nonzero(cells))} events lies {seen[brightest]:.2f} above the cells "
        f"without {brightest}, and {expected:.2f} above those without {spec.gate} (transformed scale)"
    )


def _brightness(gate: str, cells: Mask, negative: Mask, gated: GatedSample) -> float | None:
    """Return how far cells lie above the negative ones; with several channels, the farthest."""
    columns = {channel.name: channel.index for channel in gated.sample.channels}
    shapes = [
        part.shape
        for found in gated.gates
        if found.gate == gate
        for part in found.parts
        if isinstance(part.shape, Threshold) and len(part.shape.channels) == 1
    ]
    distances = []
    for shape in shapes:
        column = gated.sample.events[:, columns[shape.channels[0]]]
        below = column[negative & (column < shape.value)]
        if below.size >= LEAST_NEGATIVE:
            distances.append(float(np.median(column[cells]) - np.median(below)))
    return max(distances, default=None)
