"""Treatment programmes (``programmes.yaml``)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.event_kinds import load_event_kinds
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

PROGRAMMES_FILE = "programmes.yaml"

#: Of a patient whose programme nobody stated.
UNKNOWN_PROGRAMME = "unknown"


class Programme(Frozen):
    """One treatment programme; `anchor_kind` is the kind of its first anchor."""

    programme: str = Field(pattern="^[a-z][a-z0-9_]*$")
    name: str = Field(min_length=1)
    anchor_kind: str


class Programmes(Frozen):
    """All programmes, in the order of the file."""

    programmes: tuple[Programme, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Every programme as written in sheets."""
        return tuple(programme.programme for programme in self.programmes)

    def find(self, programme: str) -> Programme:
        """Return one programme.

        Raises
        ------
        KnowledgeError
            If there is no such programme.
        """
        for candidate in self.programmes:
            if candidate.programme == programme:
                return candidate
        raise KnowledgeError(
            "There is no such programme.",
            subject=PROGRAMMES_FILE,
            found=programme,
            allowed=", ".join(self.names),
        )


def load_programmes(*, folder: Path | None = None) -> Programmes:
    """Return all treatment programmes.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, a programme occurs twice, or an anchor kind is unknown.

    Examples
    --------
    >>> load_programmes().find("car_t").anchor_kind
    'car_t'
    """
    programmes = validated(Programmes, read_yaml(PROGRAMMES_FILE, folder=folder), subject=PROGRAMMES_FILE)
    twice = sorted({name for name in programmes.names if programmes.names.count(name) > 1})
    if twice:
        raise KnowledgeError(
            "A programme occurs twice.", subject=PROGRAMMES_FILE, field="programme", found=", ".join(twice)
        )
    allowed = load_event_kinds(folder=folder).anchor_kinds
    for programme in programmes.programmes:
        if programme.anchor_kind not in allowed:
            raise KnowledgeError(
                "This kind of event cannot start a clock.",
                subject=PROGRAMMES_FILE,
                field=f"{programme.programme}.anchor_kind",
                found=programme.anchor_kind,
                allowed=", ".join(allowed),
            )
    return programmes
