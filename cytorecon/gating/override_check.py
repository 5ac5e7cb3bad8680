"""Whether a record about a gate can be used: what people type is refused before it moves a number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal

from cytorecon.errors import OverrideError
from cytorecon.gating.kernels import GRID_HIGH, GRID_LOW
from cytorecon.gating.overrides import Decisions, Override, Vertices, gate_of, standing
from cytorecon.knowledge.template import (
    AnyGate,
    PlanarGate,
    SingletGate,
    Template,
)

LONGEST_INITIALS: Final = 12
LONGEST_REASON: Final = 500
_INITIALS: Final = f"initials, 1 to {LONGEST_INITIALS} characters, no e-mail"
_REGIONS = SingletGate | PlanarGate


def kind_of(spec: AnyGate) -> Literal["threshold", "polygon"]:
    """Return the shape that a gate of this kind has."""
    return "polygon" if isinstance(spec, _REGIONS) else "threshold"


def check_override(record: Override, template: Template) -> None:
    """Check one record against the template it is about.

    Raises
    ------
    OverrideError
        Naming the field, what was found and what is allowed.
    """
    check_words(record)
    _check_target(record)
    if record.template != template.name:
        raise _error(
            record, "This is a record for another template.", "template", record.template, template.name
        )
    if gate_of(record.gate) not in template.gate_by_name:
        raise _error(
            record,
            "The template has no such gate.",
            "gate",
            record.gate,
            ", ".join(spec.gate for spec in template.gates),
            f"See: cytorecon templates show {template.name}.",
        )
    if record.action == "undo":
        return
    if record.undoes:
        raise _error(record, "Only an undo takes a record back.", "undoes", record.undoes, "nothing")
    _check_shape(record, template.gate_by_name[gate_of(record.gate)])


def check_decisions(held: Decisions, template: Template) -> None:
    """Check all records that hold for a tube; see :func:`check_override`."""
    for decision in held.by_gate.values():
        check_override(decision.override, template)


def check_undo(record: Override, records: Sequence[Override]) -> None:
    """Check that an undo takes back a record that stands.

    Raises
    ------
    OverrideError
        If there is none.
    """
    ids = [kept.id for _, kept in standing(records)]
    if record.undoes not in ids:
        raise _error(
            record,
            "No record that stands has this identifier.",
            "undoes",
            record.undoes or "nothing",
            ", ".join(dict.fromkeys(ids)) or "none: no record stands",
            "An undo cannot be undone; record the decision again.",
        )


def are_initials(by: str) -> bool:
    """Tell whether `by` can stand for a person: short, and no e-mail address.

    Examples
    --------
    >>> are_initials("AB"), are_initials("ab@clinic.example"), are_initials(" ")
    (True, False, False)
    """
    return bool(by.strip()) and len(by) <= LONGEST_INITIALS and "@" not in by and by.isprintable()


def checked_initials(by: str) -> str:
    """Return `by`, of who does something that is no decision about a gate.

    Raises
    ------
    OverrideError
        If it is empty, long, or holds an e-mail address.
    """
    if are_initials(by):
        return by
    raise OverrideError(
        "It must be said who does it.", field="by", found="" if "@" in by else by, allowed=_INITIALS
    )


def check_words(record: Override) -> None:
    """Check who decided and why.

    Raises
    ------
    OverrideError
        If that is missing, or holds an e-mail address.
    """
    by, why = record.by, record.why
    if not are_initials(by):
        raise _error(record, "It must be said who decides.", "by", "" if "@" in by else by, _INITIALS)
    if not why.strip() or len(why) > LONGEST_REASON:
        allowed = f"1 to {LONGEST_REASON} characters"
        found = f"{len(why)} characters" if why.strip() else "nothing"
        raise _error(record, "A decision needs a reason.", "why", found, allowed, "Say what was seen.")


def _check_target(record: Override) -> None:
    if record.scope == "template" and record.target:
        raise _error(
            record, "A record for a template names no tube or batch.", "target", record.target, "nothing"
        )
    if record.scope != "template" and not record.target:
        what = "tube" if record.scope == "sample" else "batch"
        raise _error(record, f"It does not say for which {what} it is.", "target", "nothing", f"a {what}")
    if record.action == "accept_auto" and record.scope == "template":
        raise _error(
            record,
            "Without a record the automatic position holds for all tubes already.",
            "scope",
            record.scope,
            "sample, batch",
            "Accept the gate of a tube, or undo the record that moved it.",
        )


def _check_shape(record: Override, spec: AnyGate) -> None:
    given = [
        name
        for name, there in (("threshold", record.threshold is not None), ("vertices", bool(record.vertices)))
        if there
    ]
    wanted = {"set_threshold": ["threshold"], "set_polygon": ["vertices"]}.get(record.action, [])
    if given != wanted:
        raise _error(
            record,
            f"This is not what {record.action} needs.",
            "threshold, vertices",
            " and ".join(given) or "nothing",
            f"{wanted[0]} only" if wanted else "nothing",
        )
    if record.action == "exclude" and record.gate != spec.gate:
        raise _error(record, "A gate is excluded as a whole.", "gate", record.gate, spec.gate)
    kind = kind_of(spec)
    if wanted and wanted != [{"threshold": "threshold", "polygon": "vertices"}[kind]]:
        raise _error(record, "The gate has another kind of shape.", "action", record.action, f"set_{kind}")
    _check_positions(record)


def _check_positions(record: Override) -> None:
    for name, value in (("threshold", record.threshold), ("base_threshold", record.base_threshold)):
        if value is not None and not GRID_LOW <= value <= GRID_HIGH:
            raise _error(
                record,
                "The position lies outside of the axis.",
                name,
                f"{value:g}",
                f"{GRID_LOW:g} to {GRID_HIGH:g}, on the transformed scale",
                "0 to 1 is the range of the detector; the position is none of its linear values.",
            )
    if not record.vertices:
        return
    if not all(math.isfinite(value) for corner in record.vertices for value in corner):
        allowed = "finite numbers, on the transformed scale"
        raise _error(record, "A corner is no number.", "vertices", str(record.vertices), allowed)
    if len(record.vertices) < 3 or not _area(record.vertices):
        found = f"{len(record.vertices)} points" if len(record.vertices) < 3 else "an area of 0"
        raise _error(record, "These points enclose nothing.", "vertices", found, "3 points or more")


def _area(corners: Vertices) -> float:
    """Return the largest triangle with the first corner: 0 only when all corners lie on a line."""
    (x, y), *others = corners
    return max(
        (abs((a - x) * (d - y) - (c - x) * (b - y)) for a, b in others for c, d in others),
        default=0.0,
    )


def _error(
    record: Override, message: str, name: str, found: str, allowed: str, hint: str = ""
) -> OverrideError:
    return OverrideError(
        message,
        subject=f"override of gate {record.gate}",
        field=name,
        found=found,
        allowed=allowed,
        hint=hint,
    )
