"""Treatment programmes (``programmes.yaml`` and a file each in ``programmes/``)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.event_kinds import load_event_kinds
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.once import packaged_once
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.readouts import load_readouts
from cytorecon.knowledge.templates import template_names
from cytorecon.values import Frozen

PROGRAMMES_FILE = "programmes.yaml"

#: Of a patient whose programme nobody stated.
UNKNOWN_PROGRAMME = "unknown"


class RatioOf(Frozen):
    """A ratio of concentrations: sums of populations above and below the line."""

    ratio: str = Field(min_length=1)
    above: tuple[str, ...] = Field(min_length=1)
    below: tuple[str, ...] = Field(min_length=1)


class Programme(Frozen):
    """One treatment programme: on which clock it runs, and what is looked at first.

    Parameters
    ----------
    programme, name : str
        As written in sheets, and for people.
    anchor_kind : str
        Kind of the first anchor where the sheet names none.
    clock : str
        What day 0 is, in words.
    populations, milestones : tuple of str
        Shown first, in this order; all others follow.
    ratios : tuple of RatioOf
        Ratios of the latest visit that has both parts.
    readouts : tuple of str
        What is measured besides, outside of the cytometer.
    templates : tuple of str
        Gating templates whose tubes answer its questions.
    text, source : str
        How to read it, and where that comes from.
    """

    programme: str = Field(pattern="^[a-z][a-z0-9_]*$")
    name: str = Field(min_length=1)
    anchor_kind: str
    clock: str = Field(min_length=1)
    populations: tuple[str, ...]
    milestones: tuple[str, ...]
    ratios: tuple[RatioOf, ...]
    readouts: tuple[str, ...]
    templates: tuple[str, ...]
    text: str
    source: str

    def in_order(self, populations: tuple[str, ...]) -> tuple[str, ...]:
        """Return populations with those of the programme first, each once.

        Examples
        --------
        >>> load_programmes().find("msc").in_order(("CD4_T", "monocytes"))[:3]
        ('Treg', 'Th17', 'CD4_T')
        """
        return tuple(dict.fromkeys((*self.populations, *populations)))


class _Listed(Frozen):
    programmes: tuple[str, ...]


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


@packaged_once
def load_programmes(*, folder: Path | None = None) -> Programmes:
    """Return all treatment programmes.

    Raises
    ------
    KnowledgeError
        If a file cannot be used, a programme occurs twice or is another one than its file says, or an
        anchor kind, population, readout or template is unknown. A milestone that no rule has is passed
        over: a folder may bring other rules and no other programmes.

    Examples
    --------
    >>> load_programmes().find("car_t").anchor_kind
    'car_t'
    """
    names = validated(_Listed, read_yaml(PROGRAMMES_FILE, folder=folder), subject=PROGRAMMES_FILE).programmes
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise KnowledgeError(
            "A programme occurs twice.", subject=PROGRAMMES_FILE, field="programmes", found=", ".join(twice)
        )
    return Programmes(programmes=tuple(_programme(name, folder) for name in names))


def _programme(name: str, folder: Path | None) -> Programme:
    file = f"programmes/{name}.yaml"
    found = validated(Programme, read_yaml(file, folder=folder), subject=file)
    if found.programme != name:
        raise KnowledgeError(
            "The file is that of another programme.", subject=file, found=found.programme, allowed=name
        )
    anchors = load_event_kinds(folder=folder).anchor_kinds
    if found.anchor_kind not in anchors:
        raise KnowledgeError(
            "This kind of event cannot start a clock.",
            subject=file,
            field="anchor_kind",
            found=found.anchor_kind,
            allowed=", ".join(anchors),
        )
    _check_known(found, file, folder)
    return found


def _check_known(found: Programme, file: str, folder: Path | None) -> None:
    populations = load_populations(folder=folder)
    parts = tuple(name for ratio in found.ratios for name in (*ratio.above, *ratio.below))
    known = tuple(row.population for row in populations.rows)
    for field, names, allowed, where in (
        ("populations", found.populations, known, "populations.csv"),
        ("ratios", parts, known, "populations.csv"),
        ("readouts", found.readouts, load_readouts(folder=folder).names, "readouts.yaml"),
        ("templates", found.templates, template_names(), "the templates"),
    ):
        unknown = [name for name in names if name not in allowed]
        if unknown:
            raise KnowledgeError(
                "This is not known.",
                subject=file,
                field=field,
                found=", ".join(unknown),
                allowed=f"names of {where}",
            )
