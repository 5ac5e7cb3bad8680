"""What is measured outside of the cytometer: names, units, limits (``readouts.yaml``)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.event_kinds import load_event_kinds
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.once import packaged_once
from cytorecon.values import Frozen

READOUTS_FILE: Final = "readouts.yaml"

#: Between the readout and the cells it was measured in, where a series is named: ``chimerism:myeloid``.
_OF: Final = ":"


class Unit(Frozen):
    """A unit and how else it is written, in lower case."""

    unit: str = Field(min_length=1)
    spellings: tuple[str, ...]


class Within(Frozen):
    """Days after a kind of event, the day of the event and the last one included."""

    event: str
    days: int = Field(ge=1)


class ReadoutKind(Frozen):
    """One kind of readout.

    Parameters
    ----------
    readout, name : str
        As written in the sheet, and for people.
    unit : str
        In which it is kept.
    also : dict of str to float
        Other unit -> how many of `unit` one of it is.
    least, most : float
        What a number can be, in `unit`.
    asks_below, asks_above : float
        Outside (0 apart), the number is most likely one of another unit, and is asked about.
    lineages : tuple of str
        Cells it may be measured in; empty when there are none to name.
    replaced_by : Within or None
        An event after which the number is not the patient's own.
    reason, source : str
        Of the limits.
    """

    readout: str = Field(pattern="^[a-z][a-z0-9_]*$")
    name: str = Field(min_length=1)
    unit: str
    also: dict[str, Annotated[float, Field(gt=0)]]
    least: float = Field(ge=0)
    most: float = Field(gt=0)
    asks_below: float = Field(ge=0)
    asks_above: float = Field(gt=0)
    lineages: tuple[str, ...] = ()
    replaced_by: Within | None = None
    reason: str = Field(min_length=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.least <= self.asks_below < self.asks_above <= self.most:
            raise ValueError("limits must lie in order: least, asks_below, asks_above, most")
        if self.unit in self.also:
            raise ValueError("the unit is not one of the other units")
        return self

    @property
    def units(self) -> tuple[str, ...]:
        """Units it may be given in, its own first."""
        return (self.unit, *self.also)

    def is_doubtful(self, value: float) -> bool:
        """Return whether a number (in `unit`) is most likely one of another unit."""
        return value != 0 and not self.asks_below <= value <= self.asks_above


class Readouts(Frozen):
    """All units and readouts, in the order of the file."""

    units: tuple[Unit, ...]
    readouts: tuple[ReadoutKind, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Every readout as written in sheets."""
        return tuple(kind.readout for kind in self.readouts)

    @property
    def lineages(self) -> tuple[str, ...]:
        """Every lineage of any readout."""
        return tuple(dict.fromkeys(lineage for kind in self.readouts for lineage in kind.lineages))

    @property
    def series(self) -> tuple[str, ...]:
        """Every series there can be, e.g. ``anc`` and ``chimerism:myeloid``."""
        return tuple(
            series_of(kind.readout, lineage) for kind in self.readouts for lineage in (kind.lineages or ("",))
        )

    def find(self, readout: str) -> ReadoutKind:
        """Return one kind.

        Raises
        ------
        KnowledgeError
            If there is no such readout.
        """
        for candidate in self.readouts:
            if candidate.readout == readout:
                return candidate
        raise KnowledgeError(
            "There is no such readout.", subject=READOUTS_FILE, found=readout, allowed=", ".join(self.names)
        )

    def unit_called(self, text: str) -> str:
        """Return the unit that is meant by `text`, however it is spelled; empty when none is.

        Examples
        --------
        >>> load_readouts().unit_called("x10^9/L")
        '10^9/L'
        >>> load_readouts().unit_called("G/L")  # giga or gram
        ''
        """
        if text == "G/L":
            return ""
        plain = text.strip().lower().replace("\u03bc", "µ")
        for unit in self.units:
            if plain == unit.unit.lower() or plain in unit.spellings:
                return unit.unit
        return ""

    def series_name(self, series: str) -> str:
        """Return a series in words.

        Examples
        --------
        >>> load_readouts().series_name("chimerism:t_cells")
        'Donor chimerism, t cells'
        """
        readout, _, lineage = series.partition(_OF)
        name = self.find(readout).name
        return f"{name}, {lineage.replace('_', ' ')}" if lineage else name


def series_of(readout: str, lineage: str) -> str:
    """Return the name of a series: the readout, and the lineage where there is one.

    Examples
    --------
    >>> series_of("chimerism", "myeloid"), series_of("anc", "")
    ('chimerism:myeloid', 'anc')
    """
    return f"{readout}{_OF}{lineage}" if lineage else readout


@lru_cache(maxsize=8)
@packaged_once
def load_readouts(*, folder: Path | None = None) -> Readouts:
    """Return the readouts.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, a readout or a spelling occurs twice, or a unit or an event is unknown.

    Examples
    --------
    >>> load_readouts().find("igg").replaced_by.days
    30
    """
    found = validated(Readouts, read_yaml(READOUTS_FILE, folder=folder), subject=READOUTS_FILE)
    spelled = [text for unit in found.units for text in (unit.unit.lower(), *unit.spellings)]
    _check_once("readout", found.names)
    _check_once("spellings", spelled)
    units, events = tuple(unit.unit for unit in found.units), load_event_kinds(folder=folder).names
    for kind in found.readouts:
        _check_known(f"{kind.readout}.unit", kind.units, units)
        if kind.replaced_by is not None:
            _check_known(f"{kind.readout}.replaced_by", (kind.replaced_by.event,), events)
    return found


def _check_once(field: str, names: list[str] | tuple[str, ...]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise KnowledgeError(
            "A name occurs twice.", subject=READOUTS_FILE, field=field, found=", ".join(twice)
        )


def _check_known(field: str, names: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    unknown = [name for name in names if name not in allowed]
    if unknown:
        raise KnowledgeError(
            "This is not known.",
            subject=READOUTS_FILE,
            field=field,
            found=", ".join(unknown),
            allowed=", ".join(allowed),
        )
