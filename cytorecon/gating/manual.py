"""Put a gate where a person decided, beside what the search found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cytorecon.errors import OverrideError
from cytorecon.gating.axes import Axes
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.overrides import Decision, Decisions, Override
from cytorecon.gating.prior import SPREAD_FLOOR
from cytorecon.gating.shapes import Likelier, Polygon, Shape, Threshold
from cytorecon.knowledge.template import (
    AnyGate,
    BeadGate,
    PlanarGate,
    SingletGate,
)

MANUAL = "manual"
RECONFIRM = "gate.reconfirm"


def decided(found: FoundGate, spec: AnyGate, held: Decisions, axes: Axes) -> FoundGate:
    """Return the gate as people decided, or as it was found where they decided nothing.

    Parameters
    ----------
    found : FoundGate
        What the search found; `find_in` could be evaluated.
    spec : gate of a template
        What was looked for.
    held : Decisions
        For this tube, checked against the template.
    axes : Axes
        Of the tube.

    Returns
    -------
    FoundGate
        A gate that a person placed teaches the batch nothing: it has no `evidence`. It is marked
        ``gate.reconfirm`` when what the person saw has moved since.

    Raises
    ------
    OverrideError
        If a record names a part that the gate does not have in this tube.
    """
    mine = held.of(spec.gate)
    if not mine:
        return found
    whole = mine.get(spec.gate)
    if whole is not None and whole.override.action == "exclude":
        reason = "excluded by hand"
        return FoundGate(spec.gate, spec.find_in, "not_evaluable", reason=reason, override=whole.override.id)
    places = {part.part: part.shape.channels for part in found.parts} or _places(spec, axes)
    if not places:
        return found
    _check_parts(mine, spec, places)
    if not any(decision.override.place for decision in mine.values()):
        return _as_found(found, mine)
    return _placed(found, spec, mine, places)


def _as_found(found: FoundGate, mine: Mapping[str, Decision]) -> FoundGate:
    """Return the automatic gate, with what the person says about it."""
    if not found.parts:
        (decision, *_) = mine.values()
        moved = decision.parents_changed or not _saw_nothing(decision.override)
        return _marked(found, decision.override, moved=moved)
    parts = []
    settled = len(mine) == len(found.parts)
    for part in found.parts:
        if part.part not in mine:
            parts.append(part)
            continue
        override, stale = mine[part.part].override, _is_stale(mine[part.part], part)
        accepted = override.scope == "sample" and not stale
        settled &= accepted
        flags = (*part.flags, RECONFIRM) if stale else () if accepted else part.flags
        parts.append(replace(part, flags=flags, override=override.id))
    return replace(found, parts=tuple(parts), accepted=settled)


def _marked(found: FoundGate, override: Override, *, moved: bool) -> FoundGate:
    flags = (*found.flags, RECONFIRM) if moved and override.scope == "sample" else found.flags
    settled = not moved and override.scope == "sample"
    return replace(found, flags=flags, override=override.id, accepted=settled)


def _saw_nothing(override: Override) -> bool:
    return override.base_threshold is None and not override.base_vertices


def _placed(
    found: FoundGate,
    spec: AnyGate,
    mine: Mapping[str, Decision],
    places: Mapping[str, tuple[str, ...]],
) -> FoundGate:
    automatic = {part.part: part for part in found.parts}
    parts = []
    for name, channels in places.items():
        decision, own = mine.get(name), automatic.get(name)
        if decision is not None and decision.override.place:
            parts.append(_manual(name, spec, channels, decision, own))
        elif own is not None:
            parts.append(own)
        else:
            missing = f"set by hand for {', '.join(sorted(mine))} only; {name}: {found.reason}"
            return FoundGate(spec.gate, spec.find_in, "not_evaluable", reason=missing)
    return FoundGate(spec.gate, spec.find_in, "found", tuple(parts))


def _manual(
    name: str, spec: AnyGate, channels: tuple[str, ...], decision: Decision, own: FoundPart | None
) -> FoundPart:
    override = decision.override
    shape: Shape
    if override.threshold is not None:
        below = getattr(own.shape if own else spec, "keep", "above") == "below"
        shape = Threshold(channels, override.threshold, "below" if below else "above")
    else:
        shape = Polygon((channels[0], channels[1]), override.vertices)
    return FoundPart(
        name,
        shape,
        MANUAL,
        flags=(RECONFIRM,) if _is_stale(decision, own) else (),
        batch=own.batch if own else None,
        override=override.id,
        automatic=own.shape if own else None,
    )


def _is_stale(decision: Decision, own: FoundPart | None) -> bool:
    """Whether the person saw something else: gates before this one, or another automatic position.

    A record for a tube is held against the tube's position and its standard error, one for a batch against
    the batch's; one for a template has no single position it could be held against. A position
    without a standard error, and the outline of a polygon, may move by what no instrument repeats.
    """
    override = decision.override
    if decision.parents_changed:
        return True
    if override.scope == "template":
        return False
    if override.scope == "batch":
        learned = own.batch if own else None
        if learned is None or override.base_threshold is None:
            return False
        return abs(learned.position - override.base_threshold) > learned.spread / math.sqrt(learned.tubes)
    if own is None or _saw_nothing(override):
        return (own is None) != _saw_nothing(override)
    if isinstance(own.shape, Threshold):
        error = SPREAD_FLOOR if own.standard_error is None else own.standard_error
        base = override.base_threshold
        return base is None or abs(own.shape.value - base) > error
    return not override.base_vertices or _outline_moved(own.shape, override)


def _outline_moved(shape: Polygon | Likelier, override: Override) -> bool:
    """Whether a side of the box around the polygon has moved; it may be open towards infinity."""
    boxes = [
        np.array([np.min(corners, axis=0), np.max(corners, axis=0)])
        for corners in (np.array(shape.vertices), np.array(override.base_vertices))
    ]
    return not np.allclose(boxes[0], boxes[1], rtol=0.0, atol=SPREAD_FLOOR)


def _check_parts(mine: Mapping[str, Decision], spec: AnyGate, places: Mapping[str, tuple[str, ...]]) -> None:
    for name in mine.keys() - places.keys():
        raise OverrideError(
            "The gate has no such part in this tube.",
            subject=f"override of gate {spec.gate}",
            field="gate",
            found=name,
            allowed=", ".join(places),
            hint="A gate on several channels is decided channel by channel.",
        )


def _places(spec: AnyGate, axes: Axes) -> dict[str, tuple[str, ...]]:
    """Return the channels of each part of a gate that was not found; none when the tube lacks one."""
    if isinstance(spec, BeadGate):
        several = tuple(axes.panel[marker] for marker in spec.markers if marker in axes.panel)
        return {spec.gate: several} if len(several) > 1 else {}
    if isinstance(spec, SingletGate):
        pair = axes.resolve(spec.area), axes.resolve(spec.height)
    elif isinstance(spec, PlanarGate):
        pair = axes.resolve(spec.x), axes.resolve(spec.y)
    else:
        channels = axes.resolve(spec.axis)
        return {
            spec.gate if len(channels) == 1 else f"{spec.gate}.{channel}": (channel,) for channel in channels
        }
    return {spec.gate: (pair[0][0], pair[1][0])} if all(pair) else {}
