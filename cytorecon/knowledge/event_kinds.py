"""What can happen to a patient, and what it means for the clock (``event_kinds.yaml``)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.once import packaged_once
from cytorecon.values import Frozen

EVENT_KINDS_FILE = "event_kinds.yaml"


class EventKind(Frozen):
    """One kind of clinical event.

    Parameters
    ----------
    kind, name : str
        As written in sheets, and for people.
    lane : str
        Events of one lane share a line beside the curves.
    anchor : str
        Prefix of the anchor's name (``HCT`` gives ``HCT1``); empty when it cannot start a clock.
    ends_clock : bool
        True when later counts no longer describe the recovery from the earlier anchor.
    final : bool
        True when nothing of the patient can bear a later day.
    """

    kind: str = Field(pattern="^[a-z][a-z0-9_]*$")
    name: str = Field(min_length=1)
    lane: str = Field(pattern="^[a-z]+$")
    anchor: str = Field(pattern="^[A-Z]*$")
    ends_clock: bool
    final: bool = False


class EventKinds(Frozen):
    """All kinds, in the order of the file."""

    kinds: tuple[EventKind, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Every kind as written in sheets."""
        return tuple(kind.kind for kind in self.kinds)

    @property
    def anchor_kinds(self) -> tuple[str, ...]:
        """Kinds that can start a clock."""
        return tuple(kind.kind for kind in self.kinds if kind.anchor)

    @property
    def ending_kinds(self) -> frozenset[str]:
        """Kinds after which a crossing of the earlier clock does not count."""
        return frozenset(kind.kind for kind in self.kinds if kind.ends_clock)

    @property
    def final_kinds(self) -> frozenset[str]:
        """Kinds after which nothing of the patient can be sampled."""
        return frozenset(kind.kind for kind in self.kinds if kind.final)

    def find(self, kind: str) -> EventKind:
        """Return one kind.

        Raises
        ------
        KnowledgeError
            If there is no such kind.
        """
        for candidate in self.kinds:
            if candidate.kind == kind:
                return candidate
        raise KnowledgeError(
            "There is no such kind of event.",
            subject=EVENT_KINDS_FILE,
            found=kind,
            allowed=", ".join(self.names),
        )


@packaged_once
def load_event_kinds(*, folder: Path | None = None) -> EventKinds:
    """Return all kinds of clinical events.

    Raises
    ------
    KnowledgeError
        If the file cannot be used or a kind occurs twice.

    Examples
    --------
    >>> load_event_kinds().find("transplant").anchor
    'HCT'
    """
    kinds = validated(EventKinds, read_yaml(EVENT_KINDS_FILE, folder=folder), subject=EVENT_KINDS_FILE)
    twice = sorted({name for name in kinds.names if kinds.names.count(name) > 1})
    if twice:
        raise KnowledgeError(
            "A kind occurs twice.", subject=EVENT_KINDS_FILE, field="kind", found=", ".join(twice)
        )
    return kinds
