"""Which events disturb a recovery (``event_free.yaml``)."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, field_validator

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

EVENT_FREE_FILE = "event_free.yaml"


class DisturbingEvent(Frozen):
    """A kind of event that disturbs, but for labels that match `unless_label`."""

    kind: str = Field(min_length=1)
    unless_label: str = ""
    reason: str = Field(min_length=1)

    @field_validator("unless_label")
    @classmethod
    def _is_a_pattern(cls, text: str) -> str:
        re.compile(text)
        return text

    def is_met_by(self, kind: str, label: str) -> bool:
        """Return whether an event of this kind and label disturbs."""
        excused = bool(self.unless_label) and re.search(self.unless_label, label, re.IGNORECASE) is not None
        return kind == self.kind and not excused


class EventFree(Frozen):
    """All of ``event_free.yaml``."""

    events: tuple[DisturbingEvent, ...] = Field(min_length=1)
    source: str = Field(min_length=1)

    def disturbs(self, kind: str, label: str) -> bool:
        """Return whether an event takes a patient out of the undisturbed ones.

        Examples
        --------
        >>> rules = load_event_free()
        >>> [rules.disturbs("gvhd_acute", label) for label in ("grade I, skin", "grade II, gut", "")]
        [False, True, True]
        """
        return any(event.is_met_by(kind, label) for event in self.events)


def load_event_free(*, folder: Path | None = None) -> EventFree:
    """Return which events disturb a recovery.

    Raises
    ------
    KnowledgeError
        If the file cannot be used.
    """
    return validated(EventFree, read_yaml(EVENT_FREE_FILE, folder=folder), subject=EVENT_FREE_FILE)
