"""Read a file, leave names and dates out, write a new file: nothing of the old one is copied."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from cytorecon.errors import FcsError, Issue
from cytorecon.fcs import write_fcs
from cytorecon.fcs.datasets import choose_data_set, find_data_sets
from cytorecon.fcs.layout import Layout
from cytorecon.fcs.linear import MOST_DECADES
from cytorecon.fcs.numbers import decimal
from cytorecon.fcs.read import layout_of, sample_from
from cytorecon.fcs.source import Source, open_source
from cytorecon.fcs.storage import Kind
from cytorecon.fcs.write import OWN_KEYWORDS, Amplifier
from cytorecon.intake.archives import check_no_archive
from cytorecon.intake.clean import clean
from cytorecon.intake.removed import Removed, other_segments
from cytorecon.sample import Sample

#: Written for a matrix that could not be used: the new file must not look like one that never had any.
_UNUSABLE_MATRIX: Final = {"SPILL": "0"}

#: One kind of number for all parameters, and what stored values of it are written as.
_WRITTEN_AS: Final = {Kind.FLOAT: np.float32, Kind.DOUBLE: np.float64}

#: Bits of the widest integer that is written in 32.
_NARROW: Final = 32


@dataclass(frozen=True, slots=True)
class Deidentified:
    """One data set without names and dates, ready to be written.

    Parameters
    ----------
    sample : Sample
        Stored values where the new file holds those, else linear ones; see `amplifiers`.
    amplifiers : tuple of Amplifier or None
        How the stored values of each channel become linear; None for linear values.
    removed : Removed
        What was left out, without values.
    written : tuple of (str, str)
        See :class:`~cytorecon.intake.clean.Cleaned`.
    source_keywords : mapping of str to str
        All keywords of the old file, for whoever has to find patient and day in them. They must
        not be kept.
    """

    sample: Sample
    amplifiers: tuple[Amplifier, ...] | None
    removed: Removed
    written: tuple[tuple[str, str], ...]
    source_keywords: Mapping[str, str]

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What was noticed in the old file."""
        return self.sample.issues

    def write(self, path: Path) -> None:
        """Write the new file; one of that name is replaced when it is complete.

        Raises
        ------
        FcsError
            If the sample holds what no file can.
        """
        sample = self.sample
        keywords = {
            name: value for name, value in sample.keywords.items() if not OWN_KEYWORDS.fullmatch(name)
        }
        spillover = sample.spillover
        if spillover is not None and not np.isfinite(spillover.matrix).all():
            spillover = None
        if spillover is None and any(issue.code.startswith(_LOST) for issue in sample.issues):
            keywords |= _UNUSABLE_MATRIX
        if self.amplifiers is None and "$TIMESTEP" in keywords:
            keywords["$TIMESTEP"] = "1"  # linear time is in seconds
        write_fcs(
            path,
            sample.events,
            sample.channels,
            keywords=keywords,
            spillover=spillover,
            amplifiers=self.amplifiers,
        )


_LOST: Final = ("spillover.unusable", "spillover.singular")


def deidentify(path: str | Path, *, dataset: int | None = None) -> Deidentified:
    """Return one data set of a file without names and dates.

    The new file's values, brought to the linear scale, are those of the old one bit for bit.
    Integers, float and double are written as they are stored (integers after their masks, in 32 or
    64 bits), with their log amplifiers and gains; any other way to store numbers becomes linear
    float32, which is what the reader makes of it.

    Parameters
    ----------
    path : str or Path
        The file.
    dataset : int, optional
        Which data set, from 0; see :func:`~cytorecon.fcs.read_fcs`.

    Raises
    ------
    FcsError
        If it cannot be read, or is an archive.
    """
    path = Path(path)
    check_no_archive(path)
    with open_source(path) as source:
        layout = layout_of(source, dataset)
        segments = _other_segments(source, dataset, layout)
        stored = _is_written_as_stored(layout)
        read = sample_from(source, dataset, linearize=not stored)
        source.check_unchanged()
    cleaned = clean(read)
    removed = cleaned.removed.model_copy(update={"segments": segments})
    if not stored:
        return Deidentified(cleaned.sample, None, removed, cleaned.written, read.keywords)
    sample = _as_written(cleaned.sample, layout)
    is_float = layout.storage.kinds[0] in _WRITTEN_AS
    amplifiers = tuple(_amplifier(read.keywords, channel.index, is_float) for channel in read.channels)
    return Deidentified(sample, amplifiers, removed, cleaned.written, read.keywords)


def data_sets_to_take(path: Path) -> tuple[int | None, ...]:
    """Return which data sets of a file become files of their own.

    One, chosen by the reader, where there is only one or all of them are one tube; else each.

    Raises
    ------
    FcsError
        If it is no FCS file.
    """
    check_no_archive(path)
    with open_source(path) as source:
        data_sets, _ = find_data_sets(source)
        try:
            choose_data_set(data_sets, None, source.file)
        except FcsError:  # it says that one of several has to be chosen: all of them are
            return tuple(range(len(data_sets)))
    return (None,)


def _other_segments(source: Source, dataset: int | None, layout: Layout) -> tuple[str, ...]:
    data_sets, _ = find_data_sets(source)
    taken, _, _ = choose_data_set(data_sets, dataset, source.file)
    return other_segments(source, data_sets, taken, (layout.begin, layout.begin + layout.length))


def _is_written_as_stored(layout: Layout) -> bool:
    kinds = set(layout.storage.kinds)
    return len(kinds) == 1 and Kind.ASCII not in kinds


def _as_written(sample: Sample, layout: Layout) -> Sample:
    """Return the sample with its stored values in the type they are written in."""
    kind = layout.storage.kinds[0]
    bits = max((mask.bit_length() for mask in layout.storage.masks), default=0)
    integers = np.uint32 if bits <= _NARROW else np.uint64
    dtype = np.dtype(_WRITTEN_AS.get(kind, integers))
    return Sample(
        events=sample.events.astype(dtype),  # exact: the reader's type holds every stored value
        channels=sample.channels,
        keywords=sample.keywords,
        spillover=sample.spillover,
        scale=sample.scale,
        issues=sample.issues,
        fingerprint=sample.fingerprint,
    )


def _amplifier(keywords: Mapping[str, str], index: int, is_float: bool) -> Amplifier:
    """Read ``$PnE`` and ``$PnG`` as the reader does; what it ignores is not written.

    Floats are linear by the standard. An amplifier that software left with them is one of the values
    before they were made linear, and readers that apply it make 10,000 infinite.
    """
    parts = [decimal(part) for part in keywords.get(f"$P{index + 1}E", "").split(",")]
    decades, offset = parts if len(parts) == 2 else (math.nan, math.nan)
    gain = decimal(keywords.get(f"$P{index + 1}G", ""))
    valid = 0 <= decades <= MOST_DECADES and offset >= 0 and not is_float
    return Amplifier(decades if valid else 0.0, offset if valid else 0.0, gain if gain > 0 else 1.0)
