"""What the user says about the files of a run: ``--map`` and ``--spillover``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from cytorecon.sample import Spillover


@dataclass(frozen=True, slots=True)
class GivenWords:
    """Marker -> channel, and a matrix; None where the user said nothing."""

    mapping: Mapping[str, str] | None
    spillover: Spillover | None


NOTHING_GIVEN: Final = GivenWords(None, None)


def read_given(pairs: Sequence[str] | None, spillover: Path | None) -> GivenWords:
    """Return what the options say; the CSV file is read.

    Raises
    ------
    typer.BadParameter
        If `pairs` cannot be read.
    CompensationError
        If the file cannot be read or holds no matrix.
    """
    from cytorecon.fcs import read_spillover_csv

    mapping = parse_mapping(pairs) if pairs else None
    return GivenWords(mapping, None if spillover is None else read_spillover_csv(spillover))


def parse_mapping(pairs: Sequence[str]) -> dict[str, str]:
    """Return marker -> channel of ``MARKER=CHANNEL`` words.

    Raises
    ------
    typer.BadParameter
        If a word has no marker or no channel, or a marker is given twice.
    """
    mapping: dict[str, str] = {}
    for pair in pairs:
        marker, _, channel = (part.strip() for part in pair.partition("="))
        if not marker or not channel:
            raise typer.BadParameter(f"'{pair}' is not MARKER=CHANNEL, e.g. CD3=FITC-A.", param_hint="--map")
        if marker in mapping:
            raise typer.BadParameter(f"The marker {marker} is given twice.", param_hint="--map")
        mapping[marker] = channel
    return mapping
