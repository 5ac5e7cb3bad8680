"""A person decides on what they saw: whether another decision about the same gate came in between."""

from __future__ import annotations

from collections.abc import Sequence

from cytorecon.errors import OverrideError
from cytorecon.gating.overrides import Override, Scope, concerning, gate_of, winners

AUTOMATIC = "the automatic position"


class OverrideConflictError(OverrideError):
    """Somebody else decided about the gate since the person looked.

    Parameters
    ----------
    wanted : Override
        What the person wanted; it was not stored.
    seen : Override or None
        What stood when they looked; None for the automatic position.
    stands : Override or None
        What stands now.
    """

    def __init__(self, wanted: Override, seen: Override | None, stands: Override | None) -> None:
        self.wanted = wanted
        self.seen = seen
        self.stands = stands
        super().__init__(
            "Somebody else decided about this gate meanwhile; nothing was stored.",
            subject=f"override of gate {wanted.gate}",
            field="seen",
            found=f"now {decision_in_words(stands)}",
            allowed=f"what you saw: {decision_in_words(seen)}",
            hint="Look at what stands now, then decide again.",
        )


def decision_in_words(record: Override | None) -> str:
    """Return what was decided, by whom, when and why.

    Parameters
    ----------
    record : Override or None
        None where nothing was decided.

    Examples
    --------
    >>> decision_in_words(None)
    'the automatic position'
    """
    if record is None:
        return AUTOMATIC
    return (
        f"{position_in_words(record)}, {scope_in_words(record)}, by {record.by} on {record.on}: {record.why}"
    )


def position_in_words(record: Override) -> str:
    """Return where a decision puts the gate."""
    if record.threshold is not None:
        return f"set to {record.threshold:.4g}"
    if record.vertices:
        return f"a polygon of {len(record.vertices)} corners"
    return {"exclude": "excluded", "accept_auto": "automatic position accepted"}.get(record.action, "undone")


def scope_in_words(record: Override) -> str:
    """Return for what a decision holds."""
    return f"for {'batch ' if record.scope == 'batch' else ''}{record.target or record.template}"


def in_force(
    records: Sequence[Override],
    template: str,
    gate: str,
    *,
    scope: Scope,
    target: str = "",
    batch: str | None = None,
) -> Override | None:
    """Return the decision that holds for a gate of a tube, a batch or a template; None for none.

    Where several hold (parts of a gate, and the gate as a whole), it is the last of them: whatever is
    decided about the gate, its parts or the whole changes what this returns.

    Parameters
    ----------
    records : sequence of Override
        Oldest first.
    template, gate : str
        The gate, or a part of it.
    scope, target : str
        As in :class:`~cytorecon.gating.overrides.Override`.
    batch : str, optional
        Of the tube `target`; without it, decisions for every batch count.
    """
    if scope == "sample":
        about = concerning(records, template, target, batch)
    else:
        about = concerning(records, template, "", target)
        about = [one for one in about if one.scope == "template" or one.scope == scope == "batch"]
    whole = gate_of(gate)
    held = [
        found
        for name, found in winners(about).items()
        if name in (gate, whole) or (gate == whole and gate_of(name) == whole)
    ]
    return max(held, key=lambda found: found[0])[1] if held else None


def check_seen(record: Override, seen: str, records: Sequence[Override], *, batch: str | None = None) -> None:
    """Check that what a person saw still holds.

    Parameters
    ----------
    record : Override
        What they want to store.
    seen : str
        Identifier of the decision that held when they looked; empty for the automatic position.
    records : sequence of Override
        All there are, read in the transaction that stores `record`.
    batch : str, optional
        Of the tube the record is about.

    Raises
    ------
    OverrideConflictError
        If another decision holds by now.
    OverrideError
        If there is no decision `seen`.
    """
    stands = in_force(
        records, record.template, record.gate, scope=record.scope, target=record.target, batch=batch
    )
    if seen == (stands.id if stands is not None else ""):
        return
    saw = next((kept for kept in records if kept.id == seen), None)
    if seen and saw is None:
        raise OverrideError(
            "No decision of this study has this identifier.",
            subject=f"override of gate {record.gate}",
            field="seen",
            found=seen,
            allowed="the identifier of a decision; empty for the automatic position",
            hint="See: cytorecon override list STUDY.",
        )
    raise OverrideConflictError(record, saw, stands)
