"""Control tubes of a batch: where negative cells end (FMO), and what shows without a population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cytorecon.errors import CytoreconError
from cytorecon.gating.axes import Axes
from cytorecon.gating.control_of import ControlOf
from cytorecon.gating.expressions import required_names
from cytorecon.gating.finders.control import control_tail
from cytorecon.gating.finders.valley import find_valley
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.prior import Background, GatingPrior, ReferencePrior
from cytorecon.gating.search.thresholds import STRONG_DEPTH
from cytorecon.gating.shapes import Column, Mask
from cytorecon.knowledge.quality import ControlLimits, Limit
from cytorecon.knowledge.template import MarkerAxis, ReferenceTailGate, Template, ValleyGate


@dataclass(frozen=True, slots=True)
class ControlEvidence:
    """What one control tube showed: ends of negative cells by part of gate, backgrounds by population."""

    references: dict[str, ReferencePrior] = field(default_factory=dict)
    backgrounds: dict[str, Background] = field(default_factory=dict)


def check_control(of: ControlOf, template: Template) -> None:
    """Refuse a control that no gate or population of `template` could learn from.

    Parameters
    ----------
    of : ControlOf
        What the tube is said to be.
    template : Template
        Of the tubes it is a control of.

    Raises
    ------
    CytoreconError
        If no gate parts negative from positive cells of the marker, or the template has no such population.

    Examples
    --------
    >>> from cytorecon.knowledge.templates import load_template
    >>> check_control(ControlOf(kind="fmo", name="CD19"), load_template("tbnk"))
    """
    if of.kind == "without":
        allowed = [entry.population for entry in template.populations]
        message = "The template has no such population."
    else:
        allowed = sorted({marker for _, marker in _ending_negatives(template)})
        message = "No gate of the template begins where the negative cells of this marker end."
    if of.name not in allowed:
        raise CytoreconError(
            message,
            subject=f"control tube '{of}'",
            field=of.kind,
            found=of.name,
            allowed=", ".join(allowed),
            hint=f"Is it a control of template {template.name}, and the word right?",
        )


def control_evidence(gated: GatedSample, axes: Axes, of: ControlOf, limits: ControlLimits) -> ControlEvidence:
    """Return what a gated control tube shows.

    Parameters
    ----------
    gated : GatedSample
        The control tube, gated with the prior of its batch.
    axes : Axes
        Of the same tube.
    of : ControlOf
        What it is.
    limits : ControlLimits
        From ``quality.yaml``.

    Raises
    ------
    CytoreconError
        If the template, the panel or the number of events let it teach nothing, or a tube without a
        population shows that population.
    """
    check_control(of, gated.template)
    if of.kind == "without":
        shown = _background(gated, of.name, limits)
        for one in shown.values():
            _refuse_holder(one, of, limits)
        if not shown:
            raise _no_background(gated, of, limits.fewest_parent_events)
        return ControlEvidence(backgrounds=shown)
    _refuse_other_panel(axes, of)
    references: dict[str, ReferencePrior] = {}
    backgrounds: dict[str, Background] = {}
    looked_at = 0
    for spec, marker in _ending_negatives(gated.template):
        inside = gated.events_of(spec.find_in)
        if inside is None or marker != of.name:
            continue
        looked_at = max(looked_at, int(inside.sum()))
        channels = axes.resolve(spec.axis)
        for channel in channels:
            part = spec.gate if len(channels) == 1 else f"{spec.gate}.{channel}"
            column = axes.columns[channel]
            if isinstance(spec, ValleyGate):
                _refuse_stained(column[inside], _learned(part, gated), of, limits)
            end = end_of_negatives(column[inside], limits, _least_deviations(spec))
            if end is not None:
                references[part] = end
                for name in _made_by(spec.gate, gated):
                    seen = _beyond(gated, name, column >= end.position, limits)
                    backgrounds |= {population: one for population, one in seen.items() if len(channels) == 1}
    if not references:
        raise _too_few(of, looked_at, limits.fewest_fmo_events)
    return ControlEvidence(references, backgrounds)


def end_of_negatives(
    values: Column, limits: ControlLimits, least_deviations: float = 0.0
) -> ReferencePrior | None:
    """Return the high percentile of an FMO tube's events; None with too few of them.

    `least_deviations`: robust standard deviations above the median that it lies at least, but never above
    the upper end of the events themselves. Where a marker parts cells clearly, one negative cell in two
    hundred would be as many as the cells of a rare population.

    Its standard error holds sampling (half the distance between the order statistics one standard
    deviation to either side, binomial) and what tubes differ by.

    Examples
    --------
    >>> from cytorecon.knowledge.quality import load_quality_limits
    >>> values = np.random.default_rng(1).normal(0.2, 0.05, 5000).astype(np.float32)
    >>> end = end_of_negatives(values, load_quality_limits().controls)
    >>> round(end.position, 2), 0.01 < end.standard_error < 0.02
    (0.33, True)
    """
    if values.size < limits.fewest_fmo_events.value:
        return None
    position, sampling = _percentile(values, limits.fmo_percentile.value)
    tail = control_tail(values, least_deviations) if least_deviations else None
    if tail is not None and tail.position > position:
        position, sampling = tail.position, tail.standard_error
        # the lower half of cells near zero is wide on the transformed scale, and says little about the upper
        end, error = _percentile(values, limits.fmo_upper_percentile.value)
        if end < position:
            position, sampling = end, error
    error = float(np.hypot(sampling, limits.least_fmo_error.value))
    return ReferencePrior(position=position, standard_error=error, events=int(values.size), tubes=1)


def _percentile(values: Column, percent: float) -> tuple[float, float]:
    """Return a percentile and its sampling error."""
    share = percent / 100
    step = np.sqrt(share * (1 - share) / values.size)
    low, position, high = np.quantile(
        values.astype(np.float64), [share - step, share, min(share + step, 1.0)]
    )
    return float(position), float((high - low) / 2)


def with_controls(prior: GatingPrior, shown: Sequence[ControlEvidence]) -> GatingPrior:
    """Return `prior` with what control tubes showed; those of the same kind count together."""
    parts = sorted({part for one in shown for part in one.references})
    names = sorted({name for one in shown for name in one.backgrounds})
    references = {
        part: _pooled([one.references[part] for one in shown if part in one.references]) for part in parts
    }
    backgrounds = {
        name: _summed([one.backgrounds[name] for one in shown if name in one.backgrounds]) for name in names
    }
    return prior.model_copy(update={"references": references, "backgrounds": backgrounds})


def _ending_negatives(template: Template) -> list[tuple[ValleyGate | ReferenceTailGate, str]]:
    """Return the gates whose threshold is where the negative cells of a marker end, and which marker."""
    return [
        (spec, spec.axis.marker)
        for spec in template.gates
        if isinstance(spec, ValleyGate | ReferenceTailGate)
        and isinstance(spec.axis, MarkerAxis)
        and spec.keep == "above"
        and (spec.cut == "above_dimmest" if isinstance(spec, ValleyGate) else spec.end == "upper")
    ]


def _refuse_other_panel(axes: Axes, of: ControlOf) -> None:
    if not axes.has(of.name):
        raise CytoreconError(
            "No channel of the control tube carries this marker.",
            subject=f"control tube '{of}'",
            field=of.kind,
            found=of.name,
            allowed=", ".join(sorted(axes.panel)),
            hint="A tube stained without a marker keeps the label of its channel, or --map says which it is.",
        )


def _no_background(gated: GatedSample, of: ControlOf, fewest: Limit) -> CytoreconError:
    parent = gated.template.population_by_name[of.name].parent
    held = gated.everything if parent == "root" else gated.masks.get(parent)
    events = f"{int(held.sum())} events of {parent}" if held is not None else f"no {parent}"
    return CytoreconError(
        "It holds too few cells to say how many stray events there are among them.",
        subject=f"control tube '{of}'",
        field=of.kind,
        found=gated.reasons.get(of.name, events),
        allowed=f"at least {fewest.value:g} events",
    )


def _too_few(of: ControlOf, events: int, fewest: Limit) -> CytoreconError:
    return CytoreconError(
        "It holds too few events to say where negative cells end.",
        subject=f"control tube '{of}'",
        field=of.kind,
        found=f"{events} events where the gate looks for them",
        allowed=f"at least {fewest.value:g}",
    )


def _least_deviations(spec: ValleyGate | ReferenceTailGate) -> float:
    return spec.control_tail if isinstance(spec, ValleyGate) else 0.0


def _made_by(gate: str, gated: GatedSample) -> list[str]:
    """Return the populations that are counted by a gate."""
    return [entry.population for entry in gated.template.populations if gate in required_names(entry.where)]


def _background(gated: GatedSample, population: str, limits: ControlLimits) -> dict[str, Background]:
    if population not in gated.masks or population in gated.reasons:
        return {}
    return _beyond(gated, population, gated.masks[population], limits)


def _refuse_holder(seen: Background, of: ControlOf, limits: ControlLimits) -> None:
    percent, most = 100 * seen.events / seen.parent_events, limits.most_background_percent
    if percent > most.value:
        raise CytoreconError(
            "It holds the cells that it should be without.",
            subject=f"control tube '{of}'",
            field=of.name,
            found=f"{percent:.1f} % of the parent ({seen.events} of {seen.parent_events} events)",
            allowed=f"at most {most.value:g} %",
            hint="Is it a tube of a patient, or another control?",
        )


def _learned(part: str, gated: GatedSample) -> float | None:
    """Return where the batch puts a threshold; None where it was not learned."""
    parts = (each for found in gated.gates for each in found.parts if each.part == part)
    return next((each.batch.position for each in parts if each.batch is not None), None)


def _refuse_stained(values: Column, learned: float | None, of: ControlOf, limits: ControlLimits) -> None:
    """Refuse a tube whose cells part into negative and positive ones where the batch parts them, too."""
    valley = find_valley(values, "above_dimmest")
    if valley is None or valley.depth < STRONG_DEPTH:
        return
    begin = valley.position if learned is None else max(learned, valley.position)
    above = int(np.count_nonzero(values >= begin))
    if 100 * above > limits.most_background_percent.value * values.size:
        raise CytoreconError(
            "It shows cells with the marker that it should lack.",
            subject=f"control tube '{of}'",
            field=of.name,
            found=f"{100 * above / values.size:.1f} % of the events ({above} of {values.size}) beyond a deep "
            "valley",
            allowed=f"at most {limits.most_background_percent.value:g} %",
            hint="Is it a tube that was stained with all markers, or another control?",
        )


def _beyond(
    gated: GatedSample, population: str, counted: Mask, limits: ControlLimits
) -> dict[str, Background]:
    """Return how many events of the population's parent are `counted`, where there are enough of them."""
    name = gated.template.population_by_name[population].parent
    parent = gated.everything if name == "root" else gated.masks.get(name)
    if parent is None or int(parent.sum()) < limits.fewest_parent_events.value:
        return {}
    return {
        population: Background(events=int((parent & counted).sum()), parent_events=int(parent.sum()), tubes=1)
    }


def _pooled(ends: Sequence[ReferencePrior]) -> ReferencePrior:
    """Return the median; tubes that differ by more than their errors widen its error."""
    positions = np.array([end.position for end in ends])
    spread = float(positions.std()) if len(ends) > 1 else 0.0
    return ReferencePrior(
        position=float(np.median(positions)),
        standard_error=max(float(np.median([end.standard_error for end in ends])), spread),
        events=sum(end.events for end in ends),
        tubes=len(ends),
    )


def _summed(seen: Sequence[Background]) -> Background:
    return Background(
        events=sum(one.events for one in seen),
        parent_events=sum(one.parent_events for one in seen),
        tubes=len(seen),
    )
