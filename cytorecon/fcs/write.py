"""Write FCS 3.1 files that say what they hold: little endian, one data set, with a checksum.

Events are linear float32; stored values (integers, float, double) can be written as they are, beside
what makes them linear.

The delimiter of TEXT is a character that occurs nowhere in it, so that nothing has to be escaped and
no reader can take a value apart in the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cytorecon.errors import FcsError
from cytorecon.fcs.checksum import checksum as checksum_of
from cytorecon.fcs.numbers import decimal
from cytorecon.fcs.spillover import spillover_text
from cytorecon.sample import Channel, ChannelRole, Events, Spillover

#: HEADER, filled up: many readers expect TEXT here.
TEXT_BEGIN = 256

#: The largest offset that HEADER can hold; beyond it, it says 0 and TEXT alone tells.
LARGEST_IN_HEADER = 99_999_999

_DELIMITERS = "/|\\\x0c*!#~^\x1e\x1f\x01\x02\x03"

_BLOCK_EVENTS = 1 << 14

#: What follows from the events and the channels is stated by the writer alone.
OWN_KEYWORDS: Final = re.compile(
    r"\$(?:(?:BEGIN|END)(?:DATA|STEXT|ANALYSIS)|BYTEORD|DATATYPE|MODE|NEXTDATA|PAR|TOT|SPILLOVER"
    r"|P\d+(?:[BEGRNS]|DATATYPE))"
)


#: What can be written: how the type is called in ``$DATATYPE``.
_TYPES: Final = {"float32": "F", "float64": "D", "uint32": "I", "uint64": "I"}

Stored = Events | npt.NDArray[np.float64] | npt.NDArray[np.uint32] | npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Amplifier:
    """How stored values of one channel become linear.

    Parameters
    ----------
    decades, offset : float
        ``$PnE``: a log amplifier; 0 and 0 for a linear one.
    gain : float
        ``$PnG``, above 0.
    """

    decades: float = 0.0
    offset: float = 0.0
    gain: float = 1.0

    @property
    def exponent(self) -> str:
        """``$PnE`` as written."""
        linear = not self.decades and not self.offset
        return "0,0" if linear else f"{float(self.decades)!r},{float(self.offset)!r}"


def write_fcs(
    path: str | Path,
    events: Stored,
    channels: Sequence[Channel],
    *,
    keywords: Mapping[str, str] | None = None,
    spillover: Spillover | None = None,
    checksum: bool = True,
    amplifiers: Sequence[Amplifier] | None = None,
) -> None:
    """Write `events` as one FCS 3.1 data set.

    :func:`~cytorecon.fcs.read_fcs` gives the same events bit for bit, the same names, labels and
    keywords and the same matrix. A file of that name is replaced when the new one is complete.

    Parameters
    ----------
    path : str or Path
        The file; its folder must exist.
    events : ndarray of float32, shape (events, channels)
        Linear values. Those of a time channel are in units of the keyword ``$TIMESTEP``, which is
        ``"1"`` for events that :func:`~cytorecon.fcs.read_fcs` has brought to seconds.
    channels : sequence of Channel
        Name (``$PnN``), label (``$PnS``) and maximum (``$PnR``) of each column. A maximum of 0 is
        not known; the next whole number above the column's values is written.
    keywords : mapping of str to str, optional
        Further keywords, upper case, ``$`` included, as ``sample.keywords`` has them. Those that say
        how data are stored (offsets, ``$PAR``, ``$TOT``, ``$BYTEORD``, ``$DATATYPE``, ``$MODE``, and
        ``$PnB``, ``$PnE``, ``$PnG``, ``$PnR``, ``$PnN``, ``$PnS``) are left out: this function states
        what it writes. A matrix in ``$SPILLOVER`` has to be given as `spillover` too, and the
        ``$TIMESTEP`` of another file has to be ``"1"``, so that neither gets lost or is applied twice.
    spillover : Spillover, optional
        Written as ``$SPILLOVER``.
    checksum : bool
        Whether the CRC is written behind the data.
    amplifiers : sequence of Amplifier, optional
        One per channel: then `events` are stored values, as float32, float64, uint32 or uint64, the
        channels' maxima are on the stored scale, and what is read back with ``linearize=False`` is
        the same bit for bit.

    Raises
    ------
    FcsError
        If something could not be read back as it was given, or there is no folder for the file.

    Examples
    --------
    A copy of a sample whose time is in seconds:

    >>> def copy(sample, path):
    ...     keywords = {**sample.keywords, "$TIMESTEP": "1"}
    ...     write_fcs(path, sample.events, sample.channels, keywords=keywords, spillover=sample.spillover)
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FcsError(
            "There is no folder to write the file into.",
            subject=path.name,
            hint="Make the folder first, or name another one.",
        )
    text = _Text(path.name)
    _check_events(events, channels, amplifiers, path.name)
    text.add_channels(events, channels, amplifiers)
    if spillover is not None:
        _check_spillover(spillover, channels, path.name)
        text.add("$SPILLOVER", spillover_text(spillover))
    _check_keywords(keywords or {}, channels, spillover, amplifiers, path.name)
    for name, value in (keywords or {}).items():
        if not OWN_KEYWORDS.fullmatch(name):
            text.add(name, value)
    head = text.head(events.shape, events.dtype)
    stored = events.dtype.newbyteorder("<")
    part = path.with_name(f"{path.name}.part")
    total = checksum_of(head)
    with part.open("wb") as handle:
        handle.write(head)
        for start in range(0, len(events), _BLOCK_EVENTS):
            block = events[start : start + _BLOCK_EVENTS].astype(stored, copy=False).tobytes()
            total = checksum_of(block, total) if checksum else 0
            handle.write(block)
        if checksum:
            handle.write(f"{total:08d}".encode("ascii"))
    part.replace(path)


def _check_keywords(
    keywords: Mapping[str, str],
    channels: Sequence[Channel],
    spillover: Spillover | None,
    amplifiers: Sequence[Amplifier] | None,
    file: str,
) -> None:
    """Refuse keywords of another file with which values or the matrix would not be those that are given."""
    if "$SPILLOVER" in keywords and spillover is None:
        raise FcsError(
            "The spillover matrix is not written from its keyword.",
            subject=file,
            field="$SPILLOVER",
            hint="Give it as spillover=sample.spillover, or take the keyword out.",
        )
    of_a_file = any(OWN_KEYWORDS.fullmatch(name) for name in keywords)
    has_time = any(channel.role is ChannelRole.TIME for channel in channels)
    if of_a_file and has_time and amplifiers is None and decimal(keywords.get("$TIMESTEP", "1")) != 1:
        raise FcsError(
            "The time step is that of another file, and read_fcs has brought time to seconds.",
            subject=file,
            field="$TIMESTEP",
            hint='Give keywords={**sample.keywords, "$TIMESTEP": "1"}.',
        )


class _Text:
    """The TEXT segment while it grows."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._words: dict[str, str] = {}

    def add(self, name: str, value: str) -> None:
        """Add a keyword that can be read back as it is."""
        if name != name.strip().upper() or not name.isascii() or not name.isprintable() or not name:
            raise self._refused("A keyword is in capitals and holds ASCII characters only.", name)
        if name in self._words:
            raise self._refused("A keyword can be written once.", name)
        if not value or "\x00" in value or not _is_encodable(value):
            raise self._refused(
                "A keyword's value cannot be empty or hold zero bytes or half characters.", name
            )
        self._words[name] = value

    def add_channels(
        self, events: Stored, channels: Sequence[Channel], amplifiers: Sequence[Amplifier] | None
    ) -> None:
        """Add what describes each column."""
        unknown = "0" if amplifiers is not None else ""  # a range; linear files of ours have one
        amplifiers = amplifiers or [Amplifier()] * len(channels)
        bits = str(8 * events.dtype.itemsize)
        for index, (channel, amplifier) in enumerate(zip(channels, amplifiers, strict=True)):
            name, label = channel.name, channel.marker_text
            if name != name.strip(" \x00") or not name or "," in name:
                raise self._refused(
                    "A channel's name has no comma and no space around it.", f"$P{index + 1}N"
                )
            if label != label.strip(" \x00"):
                raise self._refused("A channel's label has no space around it.", f"$P{index + 1}S")
            words = {
                "B": bits,
                "E": amplifier.exponent,
                "G": repr(float(amplifier.gain)),
                "R": (not channel.maximum and unknown) or _range(channel, events[:, index]),
                "N": name,
                "S": label,
            }
            for letter, value in words.items():
                if value:
                    self.add(f"$P{index + 1}{letter}", value)

    def head(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
        """Return HEADER and TEXT for events of `shape` and `dtype`."""
        n_events, n_channels = shape
        delimiter = self._delimiter()
        length = dtype.itemsize * n_events * n_channels
        kind = _TYPES[dtype.name]
        begin, text = TEXT_BEGIN, ""
        while (
            TEXT_BEGIN + len(text.encode()) != begin or not text
        ):  # the offsets are part of what they measure
            begin = TEXT_BEGIN + len(text.encode())
            text = self._text(delimiter, begin, length, kind, n_events, n_channels)
        end = begin + length - 1
        in_header = (begin, end) if length and end <= LARGEST_IN_HEADER else (0, 0)
        places = (TEXT_BEGIN, begin - 1, *in_header, 0, 0)
        header = "FCS3.1    " + "".join(f"{place:8d}" for place in places)
        return header.ljust(TEXT_BEGIN).encode("ascii") + text.encode()

    def _text(
        self, delimiter: str, begin: int, length: int, kind: str, n_events: int, n_channels: int
    ) -> str:
        words = {
            "$BEGINANALYSIS": "0", "$BEGINDATA": str(begin if length else 0), "$BEGINSTEXT": "0",
            "$BYTEORD": "1,2,3,4", "$DATATYPE": kind, "$ENDANALYSIS": "0",
            "$ENDDATA": str(begin + length - 1 if length else 0), "$ENDSTEXT": "0", "$MODE": "L",
            "$NEXTDATA": "0", "$PAR": str(n_channels), "$TOT": str(n_events),
        }  # fmt: skip
        pairs = {**words, **self._words}.items()
        return delimiter + "".join(f"{name}{delimiter}{value}{delimiter}" for name, value in pairs)

    def _delimiter(self) -> str:
        used = set("".join(self._words) + "".join(self._words.values()))
        for delimiter in _DELIMITERS:
            if delimiter not in used:
                return delimiter
        raise self._refused("The keywords hold every character that could stand between them.", "TEXT")

    def _refused(self, message: str, field: str) -> FcsError:
        return FcsError(message, subject=self._file, field=field if field.isprintable() else "")


def _check_events(
    events: Stored, channels: Sequence[Channel], amplifiers: Sequence[Amplifier] | None, file: str
) -> None:
    types = ("float32",) if amplifiers is None else tuple(_TYPES)
    shaped = events.ndim == 2 and events.shape[1] == len(channels) and len(channels) > 0
    if not shaped or events.dtype.name not in types:
        raise FcsError(
            f"The events are not a matrix with one column of {' or '.join(types)} per channel.",
            subject=file,
            found=f"{events.dtype} of shape {events.shape} and {len(channels)} channels",
        )
    if amplifiers is not None and len(amplifiers) != len(channels):
        raise FcsError(
            "There is not one amplifier per channel.",
            subject=file,
            found=f"{len(amplifiers)} for {len(channels)} channels",
        )
    names = [channel.name for channel in channels]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FcsError("Two channels have one name.", subject=file, found=", ".join(twice))


def _check_spillover(spillover: Spillover, channels: Sequence[Channel], file: str) -> None:
    unknown = set(spillover.channels) - {channel.name for channel in channels}
    if unknown or not np.isfinite(spillover.matrix).all():
        raise FcsError(
            "The spillover matrix names a channel that is not written, or holds something that is no number.",
            subject=file,
            field="$SPILLOVER",
            found=", ".join(sorted(unknown)),
        )


def _range(channel: Channel, column: Stored) -> str:
    """``$PnR`` as a whole number where it is one, as the standard wants it."""
    maximum = channel.maximum
    if not 0 < maximum <= 2**64:
        finite = column[np.isfinite(column)]
        maximum = float(np.clip(np.floor(finite.max()) + 1 if finite.size else 1, 1, 2**63))
    return str(int(maximum)) if maximum == int(maximum) else repr(float(maximum))


def _is_encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
