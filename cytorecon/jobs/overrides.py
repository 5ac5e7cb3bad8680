"""Record what a person decided about a gate of a stored study; the next batch gates with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cytorecon.errors import OverrideError
from cytorecon.gating.conflicts import check_seen
from cytorecon.gating.override_check import check_override, check_undo, check_words
from cytorecon.gating.overrides import Action, Override, Scope, Vertices, gate_of, standing, undo
from cytorecon.jobs.done import batch_of_result
from cytorecon.knowledge.template import Template
from cytorecon.pipeline import AnalysisSettings
from cytorecon.results import GateRecord
from cytorecon.store import StudyStore


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants with a gate; see :class:`~cytorecon.gating.overrides.Override`.

    `seen`: identifier of the decision that held for the gate of this target when the person looked, empty
    for the automatic position. None takes what holds at the moment for what was seen.
    """

    action: Action
    gate: str
    scope: Scope
    target: str
    threshold: float | None = None
    vertices: Vertices = ()
    seen: str | None = None


def add_override(
    store: StudyStore, wish: Wish, template: Template, *, by: str, on: date, why: str
) -> Override:
    """Add a record to a study, with the automatic position as it stands now.

    Parameters
    ----------
    store : StudyStore
        The study.
    wish : Wish
        What is wanted.
    template : Template
        The gate is of.
    by, why : str
        Initials and reason.
    on : date
        Day of the decision.

    Returns
    -------
    Override
        As it was stored. Results stay as they are until a batch analyses their tubes again.

    Raises
    ------
    OverrideConflictError
        If another decision about the gate holds than the one that was seen; nothing is added.
    OverrideError
        If it names a gate, tube or batch that is not there, or has no usable shape.
    """
    settings = AnalysisSettings.from_json(store.settings())
    _check_target(wish, template, store, settings)
    base_threshold, base_vertices = _automatic(store, wish, settings)
    record = Override(
        action=wish.action,
        template=template.name,
        gate=wish.gate,
        scope=wish.scope,
        target=wish.target,
        threshold=wish.threshold,
        vertices=wish.vertices,
        base_threshold=base_threshold,
        base_vertices=base_vertices,
        by=by,
        on=on,
        why=why,
    )
    check_override(record, template)
    if wish.seen is None:
        store.add_override(record)
        return record
    seen, batch = wish.seen, _batch(store, wish, settings)
    store.add_override(record, lambda records: check_seen(record, seen, records, batch=batch))
    return record


def _batch(store: StudyStore, wish: Wish, settings: AnalysisSettings) -> str | None:
    if wish.scope != "sample":
        return None
    return batch_of_result(store.tube_result(wish.target).provenance, settings)


def undo_override(store: StudyStore, wanted: str, *, by: str, on: date, why: str) -> Override:
    """Add the record that takes back the one called `wanted`, and return it.

    Raises
    ------
    OverrideError
        If no such record stands.
    """
    known = {kept.id: kept for _, kept in standing(store.overrides())}
    if wanted not in known:
        raise OverrideError(
            "No record that stands has this identifier.",
            field="override",
            found=wanted,
            allowed=", ".join(known) or "none: no record stands",
            hint="See: cytorecon override list STUDY.",
        )
    record = undo(known[wanted], by=by, on=on, why=why)
    check_words(record)
    store.add_override(record, lambda records: check_undo(record, records))
    return record


def template_of(store: StudyStore, scope: Scope, target: str) -> str:
    """Return the name of the template that a tube or batch of the study was gated by.

    Raises
    ------
    OverrideError
        If the study has no such tube or batch, or the tube has no result.
    """
    if scope == "template":
        return target
    if scope == "batch":
        batches = AnalysisSettings.from_json(store.settings()).batches
        if target not in batches:
            raise _unknown("batch", target, list(batches))
        return batches[target].template
    tubes = [tube.tube for tube in store.study().tubes]
    if target not in tubes:
        raise _unknown("tube", target, tubes)
    result = store.tube_result(target)
    if result.status != "done":
        raise OverrideError(
            "The tube has no result, so nobody can have looked at its gates.",
            field="tube",
            found=target,
            allowed="a tube that was analysed",
        )
    return result.provenance.template


def _check_target(wish: Wish, template: Template, store: StudyStore, settings: AnalysisSettings) -> None:
    if wish.scope == "template":
        known = sorted({batch.template for batch in settings.batches.values()})
        if template.name not in known:
            raise _unknown("template", template.name, known)
        return
    gated_by = template_of(store, wish.scope, wish.target)
    if gated_by != template.name:
        raise OverrideError(
            f"{wish.target} was gated by another template.",
            subject=f"override of gate {wish.gate}",
            field="template",
            found=template.name,
            allowed=gated_by,
        )


def _unknown(what: str, found: str, known: Sequence[str]) -> OverrideError:
    return OverrideError(
        f"The study has no such {what}.",
        field=what,
        found=found,
        allowed=", ".join(known) or f"none: the study has no {what} with a result",
    )


def _automatic(store: StudyStore, wish: Wish, settings: AnalysisSettings) -> tuple[float | None, Vertices]:
    """Return where the gate lies automatically: in the tube's result, or in what the batch learned."""
    if wish.action == "exclude" or wish.scope == "template":
        return None, ()
    if wish.scope == "batch":
        learned = settings.batches[wish.target].prior.thresholds.get(wish.gate)
        return (learned.position if learned else None), ()
    parts = [
        found for found in store.tube_result(wish.target).gates if gate_of(found.gate) == gate_of(wish.gate)
    ]
    for found in parts:
        if found.gate == wish.gate:
            return _position(found)
    if parts and parts[0].kind != "none":
        raise OverrideError(
            "The gate has no such part in this tube.",
            subject=f"override of gate {wish.gate}",
            field="gate",
            found=wish.gate,
            allowed=", ".join(found.gate for found in parts),
            hint="A gate on several channels is decided channel by channel.",
        )
    return None, ()


def _position(found: GateRecord) -> tuple[float | None, Vertices]:
    if found.method == "manual":
        return found.automatic_threshold, found.automatic_vertices
    return found.threshold, found.vertices
