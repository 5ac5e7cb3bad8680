"""Apply a template to one tube: find what its expressions ask for, mark events, say what failed.

The engine knows no marker and no number. It walks the template's expressions, asks a finder for
each gate on the way, and lets "not evaluable" spread to all that depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from cytorecon.errors import Issue, Severity
from cytorecon.gating.axes import Axes
from cytorecon.gating.doubts import with_doubts
from cytorecon.gating.expressions import ALL, evaluate, names_that_matter, required_names
from cytorecon.gating.found import FoundGate, GateStatus
from cytorecon.gating.gated import GatedSample, empty_mask
from cytorecon.gating.manual import decided
from cytorecon.gating.override_check import check_decisions
from cytorecon.gating.overrides import Decisions
from cytorecon.gating.prior import GatingPrior
from cytorecon.gating.search.dispatch import search
from cytorecon.gating.search.placed import doubted
from cytorecon.gating.shapes import Mask, Threshold
from cytorecon.knowledge.template import (
    AnyGate,
    ClusterGate,
    Template,
    ToldApartGate,
    markers_of,
    names_in,
    positive_names,
    sources_of,
)
from cytorecon.sample import ChannelRole, Sample

_SCATTER = (ChannelRole.FORWARD_SCATTER, ChannelRole.SIDE_SCATTER)


@dataclass(frozen=True, slots=True)
class Marked:
    """The events an expression means, or the reason why it has no meaning in this tube.

    `absent`: it asks for a cloud that was looked for and is not there, which is no failure.
    """

    mask: Mask | None
    reason: str = ""
    absent: bool = False


def gate(
    sample: Sample,
    template: Template,
    axes: Axes,
    prior: GatingPrior | None = None,
    held: Decisions | None = None,
) -> GatedSample:
    """Gate one transformed sample.

    Parameters
    ----------
    sample : Sample
        Compensated where needed, and transformed.
    template : Template
        What to look for.
    axes : Axes
        Which channel of this sample carries which marker.
    prior : GatingPrior, optional
        What the batch taught; without it a tube stands on its own.
    held : Decisions, optional
        What people decided about gates of this tube.

    Returns
    -------
    GatedSample
        Gates, one mask per evaluable population, reasons for the others, and how certain they are.

    Raises
    ------
    OverrideError
        If a decision does not fit the template.
    """
    prior = prior or GatingPrior()
    return with_doubts(search_all(sample, template, axes, prior, held or Decisions()), prior, axes)


def search_all(
    sample: Sample, template: Template, axes: Axes, prior: GatingPrior, held: Decisions
) -> GatedSample:
    """Return what :func:`gate` does, without any word on its certainty: what a batch learns from."""
    check_decisions(held, template)
    walk = _Walk(sample, template, axes, prior, _measured(axes), held)
    for entry in template.populations:
        walk.population(entry.population)
    for spec in template.gates:
        walk.gate(spec.gate)
    masks = {name: marked.mask for name, marked in walk.populations.items() if marked.mask is not None}
    reasons = {name: marked.reason for name, marked in walk.populations.items() if marked.mask is None}
    reasons |= _not_assessed(template, walk.found)
    gates = tuple(walk.found[spec.gate] for spec in template.gates)
    return GatedSample(
        sample=sample,
        template=template,
        gates=gates,
        masks=masks,
        reasons=reasons,
        searched=walk.searched,
        gate_masks=walk.gate_masks,
        everything=walk.everything,
        issues=(*sample.issues, *_issues(walk, gates, reasons)),
        overrides_sha256=held.sha256,
    )


@dataclass(slots=True)
class _Walk:
    """What has been found so far in one tube; lives for one call of :func:`gate`."""

    sample: Sample
    template: Template
    axes: Axes
    prior: GatingPrior
    everything: Mask
    held: Decisions
    found: dict[str, FoundGate] = field(default_factory=dict)
    gate_masks: dict[str, Mask] = field(default_factory=dict)
    populations: dict[str, Marked] = field(default_factory=dict)
    searched: dict[str, Mask] = field(default_factory=dict)
    #: For gates that are not evaluable: the gate where it began, and why.
    causes: dict[str, str] = field(default_factory=dict)

    def population(self, name: str) -> Marked:
        if name not in self.populations:
            entry = self.template.population_by_name[name]
            parent = Marked(self.everything) if entry.parent == "root" else self.population(entry.parent)
            inside = self.expression(entry.where)
            if parent.mask is None or inside.mask is None:
                self.populations[name] = Marked(None, inside.reason or parent.reason)
            else:
                self.populations[name] = Marked(parent.mask & inside.mask)
        return self.populations[name]

    def gate(self, name: str) -> FoundGate:
        if name not in self.found:
            spec = self.template.gate_by_name[name]
            self.found[name] = self._find(spec)
        return self.found[name]

    def expression(self, text: str) -> Marked:
        """Return the events `text` means; a gate that is absent holds no event."""
        for name in required_names(text):
            if self._is_absent(name):
                return Marked(None, self.gate(name).reason, absent=True)
        absent = frozenset(name for name in names_in(text) if self._is_absent(name))
        values = dict.fromkeys(names_in(text), empty_mask(self.sample))
        for name in names_that_matter(text, absent):
            marked = self._name(name)
            if marked.mask is None:
                return marked
            values[name] = marked.mask
        return Marked(evaluate(text, values) & self.everything)

    def _is_absent(self, name: str) -> bool:
        return name in self.template.gate_by_name and self.gate(name).status == "absent"

    def _name(self, name: str) -> Marked:
        if name == ALL:
            return Marked(self.everything)
        if name in self.template.population_by_name:
            return self.population(name)
        found = self.gate(name)
        if found.status == "not_evaluable":
            return Marked(None, self.causes[name])
        return Marked(self._gate_mask(found))

    def _gate_mask(self, found: FoundGate) -> Mask:
        if found.gate not in self.gate_masks:
            if found.status in ("passed_through", "not_measured"):
                mask = self.everything
            else:
                mask = empty_mask(self.sample)
                for part in found.parts:
                    mask |= self.axes.mask(part.shape)
                mask &= self.everything
            self.gate_masks[found.gate] = mask
        return self.gate_masks[found.gate]

    def _find(self, spec: AnyGate) -> FoundGate:
        sources = {text: self.expression(text) for text in sources_of(spec)}
        looked_in = sources[spec.find_in]
        if looked_in.mask is None:
            self.causes[spec.gate] = looked_in.reason
            given_up = isinstance(spec, ClusterGate) and spec.without_seeds == "absent"
            status: GateStatus = "absent" if looked_in.absent or given_up else "not_evaluable"
            return FoundGate(spec.gate, spec.find_in, status, reason=looked_in.reason)
        self.searched[spec.find_in] = looked_in.mask
        evaluable = {text: marked.mask for text, marked in sources.items() if marked.mask is not None}
        found = search(spec, evaluable, self.axes, self.prior)
        if found.status == "absent" and isinstance(spec, ToldApartGate):
            found = self._outside(spec, found)
        found = decided(found, spec, self.held, self.axes)
        found = doubted(found, spec, evaluable, self.axes, self.prior)
        if found.status != "found":
            self.causes[spec.gate] = f"{spec.gate}: {found.reason}"
            return found
        inside = looked_in.mask & self._gate_mask(found)
        events, parent = int(np.count_nonzero(inside)), int(np.count_nonzero(looked_in.mask))
        return replace(found, events_in=events, events_of_parent=parent)

    def _outside(self, spec: ToldApartGate, found: FoundGate) -> FoundGate:
        """Return the other side of a threshold, for a cloud that is not told from its neighbours."""
        other = self.gate(spec.otherwise_outside)
        shape = other.parts[0].shape if len(other.parts) == 1 else None
        if not isinstance(shape, Threshold):
            return replace(found, status="not_evaluable", reason=other.reason or found.reason)
        outside = replace(shape, keep="below" if shape.keep == "above" else "above")
        part = replace(other.parts[0], part=spec.gate, shape=outside)
        return replace(found, status="found", reason="", parts=(part,))


def _measured(axes: Axes) -> Mask:
    """Return the events with a place on every axis: NaN lies in no gate, nor outside of one."""
    stained = set(axes.panel.values())
    measured = np.ones(axes.sample.n_events, dtype=bool)
    for channel in axes.sample.channels:
        if channel.name in stained or channel.role in _SCATTER:
            measured &= np.isfinite(axes.columns[channel.name])
    return measured


def _not_assessed(template: Template, found: Mapping[str, FoundGate]) -> dict[str, str]:
    """Return the populations that hold all of their parent because the tube lacks a channel, and which."""
    reasons = {}
    for entry in template.populations:
        own = [found[name] for name in positive_names(entry.where) if name in found]
        if own and all(gate.status == "not_measured" for gate in own):
            reasons[entry.population] = f"not assessed: {own[0].reason}"
    return reasons


def _issues(walk: _Walk, gates: tuple[FoundGate, ...], reasons: Mapping[str, str]) -> list[Issue]:
    """One issue where a failure began, not one for each gate that waited for it."""
    issues = []
    for found in gates:
        spec = walk.template.gate_by_name[found.gate]
        subject, message = f"gate {found.gate}", f"{found.reason[:1].upper()}{found.reason[1:]}."
        if found.status == "not_evaluable" and walk.causes[found.gate] != found.reason:
            if _asked_for_nothing(spec, walk):
                hint = _without_result(walk.causes[found.gate], reasons)
                issues.append(Issue("gate.not_measured", Severity.INFO, subject, message, hint))
                continue
            hint = "What depends on it is not evaluable in this tube."
            issues.append(Issue("gate.not_evaluable", Severity.WARNING, subject, message, hint))
        elif found.status in ("passed_through", "not_measured"):
            issues.append(Issue(f"gate.{found.status}", Severity.INFO, subject, message, spec.why))
    return issues


def _asked_for_nothing(spec: AnyGate, walk: _Walk) -> bool:
    """Return whether the tube lacks a marker of the gate that the template calls optional."""
    lacking = [marker for marker in markers_of(spec) if not walk.axes.has(marker)]
    return bool(lacking) and set(lacking) <= set(walk.template.optional)


def _without_result(cause: str, reasons: Mapping[str, str]) -> str:
    names = [population for population, reason in reasons.items() if reason == cause]
    return f"Without a result for it: {', '.join(names)}." if names else "No population depends on it alone."
