"""What people decide about gates: records that are only ever added, and what they mean for one tube.

A record is never changed or removed; an undo is a record of its own. Of the records that stand, the
narrowest scope wins (sample, then batch, then template), and of one scope the latest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from cytorecon.gating.lineage import helped_by
from cytorecon.knowledge.template import Template
from cytorecon.values import Frozen

Scope = Literal["sample", "batch", "template"]
Action = Literal["set_threshold", "set_polygon", "accept_auto", "exclude", "undo"]
Vertices = tuple[tuple[float, float], ...]

#: The wider, the less it weighs.
_RANK: Final = {"template": 0, "batch": 1, "sample": 2}


class Override(Frozen):
    """One decision of a person about one gate.

    Parameters
    ----------
    action : str
        ``set_threshold`` and ``set_polygon`` put the gate where the person says. ``accept_auto``: the
        automatic position holds; for one tube it also says that the person has looked at it. ``exclude``:
        the gate is not evaluable (a stain that failed). ``undo`` takes back the record `undoes`.
    template : str
        Name of the template.
    gate : str
        Gate of the template, or a part of it (``GateRecord.gate``) where it has several.
    scope : {"sample", "batch", "template"}
        One tube, all tubes of a batch, all tubes gated by the template.
    target : str
        Tube, or batch; empty for a template.
    threshold : float or None
        Position on the transformed scale.
    vertices : tuple of (float, float)
        Corners on the transformed scale, in order, not closed.
    base_threshold : float or None
        The automatic position that the person saw: the tube's for a tube, the batch's for a batch.
        None when there was none.
    base_vertices : tuple of (float, float)
        The same for a polygon; empty when there was none.
    by : str
        Who: initials, no e-mail.
    on : date
        Day of the decision. Stays with the record: results carry its `id` only.
    why : str
        Reason.
    undoes : str
        Identifier of the record that is taken back.
    """

    action: Action
    template: str
    gate: str
    scope: Scope
    target: str = ""
    threshold: float | None = None
    vertices: Vertices = ()
    base_threshold: float | None = None
    base_vertices: Vertices = ()
    by: str
    on: date
    why: str
    undoes: str = ""

    @property
    def id(self) -> str:
        """Hash of the content, 16 hexadecimal digits: what results carry."""
        # a field that later versions add, and nobody used, changes no identifier
        content = self.model_dump(mode="json", exclude_defaults=True)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def place(self) -> tuple[str, Vertices] | str | None:
        """Where it puts the gate, as something to compare; None for the automatic position."""
        if self.action in ("set_threshold", "set_polygon"):
            return repr(self.threshold), self.vertices
        return "excluded" if self.action == "exclude" else None


def undo(record: Override, *, by: str, on: date, why: str) -> Override:
    """Return the record that takes `record` back."""
    return Override(
        action="undo",
        template=record.template,
        gate=record.gate,
        scope=record.scope,
        target=record.target,
        by=by,
        on=on,
        why=why,
        undoes=record.id,
    )


def standing(records: Iterable[Override]) -> tuple[tuple[int, Override], ...]:
    """Return the records that are not taken back, each with its place in the sequence.

    An undo takes back the last record of that identifier before it.
    """
    left: list[tuple[int, Override]] = []
    for place, record in enumerate(records):
        if record.action != "undo":
            left.append((place, record))
            continue
        for kept in reversed(left):
            if kept[1].id == record.undoes:
                left.remove(kept)
                break
    return tuple(left)


def concerning(records: Iterable[Override], template: str, tube: str, batch: str | None) -> list[Override]:
    """Return the records about a tube, in order; without a batch, those of every batch too."""
    return [
        record
        for record in records
        if record.template == template
        and (
            record.scope == "template"
            or (record.scope == "batch" and batch in (None, record.target))
            or (record.scope == "sample" and record.target == tube)
        )
    ]


@dataclass(frozen=True, slots=True)
class Decision:
    """The record that holds for one gate of one tube.

    `parents_changed`: gates that this one is found with were put elsewhere by people since.
    """

    override: Override
    parents_changed: bool = False


@dataclass(frozen=True, slots=True)
class Decisions:
    """What holds for one tube, by gate or part of gate."""

    by_gate: Mapping[str, Decision] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Hash of all that holds, empty when nothing does."""
        if not self.by_gate:
            return ""
        held = sorted((decision.override.id, decision.parents_changed) for decision in self.by_gate.values())
        return hashlib.sha256(json.dumps(held).encode()).hexdigest()

    def of(self, gate: str) -> dict[str, Decision]:
        """Return what holds for `gate` and its parts."""
        return {name: held for name, held in self.by_gate.items() if gate_of(name) == gate}


def gate_of(part: str) -> str:
    """Return the gate a part belongs to.

    Examples
    --------
    >>> gate_of("CD16_CD56.PE-A")
    'CD16_CD56'
    """
    return part.partition(".")[0]


def decisions(records: Sequence[Override], template: Template, tube: str, batch: str) -> Decisions:
    """Return what the records mean for one tube.

    Parameters
    ----------
    records : sequence of Override
        Oldest first.
    template : Template
        The tube is gated by.
    tube, batch : str
        Which.
    """
    about = concerning(records, template.name, tube, batch)
    now = winners(about)
    held = {}
    for name, (place, record) in now.items():
        before = helped_by(gate_of(name), template) - {gate_of(name)}
        then = winners(about[: place + 1])
        held[name] = Decision(record, _places(then, before) != _places(now, before))
    return Decisions(held)


def winners(records: Sequence[Override]) -> dict[str, tuple[int, Override]]:
    """Return the record that holds for each gate or part, with its place in the sequence.

    Parameters
    ----------
    records : sequence of Override
        About one tube, batch or template, oldest first.
    """
    found: dict[str, tuple[int, Override]] = {}
    for place, record in standing(records):
        current = found.get(record.gate)
        if current is None or _RANK[record.scope] >= _RANK[current[1].scope]:
            found[record.gate] = place, record
    return found


def _places(held: Mapping[str, tuple[int, Override]], gates: set[str]) -> dict[str, object]:
    """Return where people put `gates`; those at their automatic positions are left out."""
    return {
        name: record.place
        for name, (_, record) in held.items()
        if gate_of(name) in gates and record.place is not None
    }
