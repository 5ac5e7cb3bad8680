"""Damaged files: what is done to a good one, and what a reader owes for it.

Every file is a function of its seed, so that a finding is a number that can be kept.
"""

from __future__ import annotations

import binascii
import io
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from cytorecon.errors import CytoreconError, Severity
from cytorecon.fcs.layout import Layout
from cytorecon.fcs.read import layout_of, sample_from
from cytorecon.fcs.source import Source
from cytorecon.sample import Sample
from tests.fcs.fcs_bytes import fcs_bytes

NAMES = ("FSC-A", "SSC-A", "FITC-A", "PE-A", "Time")

#: Keywords that say what the bytes of DATA mean: a file in which one is changed says something else.
DECIDES = re.compile(
    r"\$(PAR|DATATYPE|BYTEORD|TOT|MODE|TIMESTEP|(BEGIN|END)(DATA|STEXT)|NEXTDATA|P\d+([NBREG]|DATATYPE))"
)

EXTREMES = (
    b"0", b"1", b"-1", b"4294967296", b"99999999", b"999999999999999999", b"1e400", b"nan", b"", b" ", b"*",
    b"3,4,1,2", b"I", b"F", b"D", b"A", b"0,-1", b"30,1", b"\xff\xfe", "٦".encode(),
)  # fmt: skip


class Outcome(StrEnum):
    """What came of one damaged file."""

    REFUSED = "refused with a clear error"
    SAME = "read as the good file"
    NOTICED = "read otherwise, with an issue"
    STATED = "read otherwise, as its own keywords say"
    IN_PLACE = "damaged values are other values, all the rest is the same"
    DATA = "bytes of DATA were put in or taken out, without a checksum that tells"
    SILENT = "READ OTHERWISE WITHOUT A SIGN"


@dataclass(frozen=True, slots=True)
class Good:
    """A good file and how it is read.

    Parameters
    ----------
    name : str
        What it is.
    content : bytes
        The file.
    sample : Sample
        Its stored values.
    layout : Layout
        Where they are.
    """

    name: str
    content: bytes
    sample: Sample
    layout: Layout

    @property
    def has_checksum(self) -> bool:
        """True when any damage before the last eight bytes must be noticed."""
        return self.name == "checksum"


def read(content: bytes) -> tuple[Sample, Layout]:
    """Read a file in memory: stored values."""
    source = Source(io.BytesIO(content), len(content), "tube.fcs")
    sample_from(source)  # what follows decoding must not stumble either
    return sample_from(source, linearize=False), layout_of(source)


def good_files() -> list[Good]:
    """One file for each way to store numbers and to lay out a file."""
    rng = np.random.default_rng(7)
    floats = rng.lognormal(6, 1, (40, 5))
    counts = rng.integers(1, 1024, (40, 5))
    words = {
        "$P3S": "CD3 FITC",
        "$CYT": "FACSCanto II",
        "$SPILLOVER": "2,FITC-A,PE-A,1,0.1,0.02,1",
        "NOTE": "x",
    }
    with_checksum = fcs_bytes(floats, NAMES, keywords=words)
    with_checksum += f"{binascii.crc_hqx(with_checksum, 0):08d}".encode()
    packed = {f"$P{index}B": "24" for index in range(1, 6)}
    bytes_24 = counts.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    digits = "".join(f"{value:5d}" for value in counts.ravel()).encode()
    ascii_words = {f"$P{index}B": "5" for index in range(1, 6)} | {"$DATATYPE": "A"}
    free_words = {f"$P{index}B": "*" for index in range(1, 6)} | {"$DATATYPE": "A"}
    mixed = np.dtype([("a", "<u4"), ("b", "<f4"), ("c", "<f4"), ("d", "<f8"), ("e", "<f4")])
    mixed_data = np.array([tuple(row) for row in counts], mixed).tobytes()
    mixed_words = {"$P1DATATYPE": "I", "$P4DATATYPE": "D", "$P4B": "64", "$P1R": "4294967296"}

    def coarse(step: int) -> bytes:
        keywords = {"$NEXTDATA": f"{step:08d}", "@Y": "1"}
        return fcs_bytes(
            counts, NAMES, keywords=keywords, version="FCS2.0", datatype="I", bits=16, limit=1024
        )

    contents = {
        "float": fcs_bytes(floats, NAMES, keywords=words),
        "float, big endian": fcs_bytes(floats, NAMES, big_endian=True, delimiter="\\"),
        "double": fcs_bytes(floats, NAMES, datatype="D", bits=64, version="FCS3.0"),
        "integer, masked, log": fcs_bytes(
            counts, NAMES, keywords={"$P3E": "4,1", "$P1G": "2"}, datatype="I", bits=16, limit=1024
        ),
        "24 bits": fcs_bytes(counts, NAMES, datatype="I", limit=1024, data=bytes_24, keywords=packed),
        "ascii": fcs_bytes(counts, NAMES, data=digits, keywords=ascii_words),
        "ascii, delimited": fcs_bytes(counts, NAMES, data=digits, keywords=free_words),
        "kinds side by side": fcs_bytes(
            counts, NAMES, data=mixed_data, keywords=mixed_words, version="FCS3.2"
        ),
        "two data sets": coarse(len(coarse(0)))
        + fcs_bytes(counts * 1000, NAMES, datatype="I", limit=2**20, version="FCS3.0"),
        "checksum": with_checksum,
    }
    return [Good(name, content, *read(content)) for name, content in contents.items()]


def damaged(good: Good, seed: int) -> tuple[bytes, range | None]:
    """Return `good` after 1 to 3 changes; and the bytes that changed, when they are all in DATA."""
    chance = random.Random(seed)
    content = bytearray(good.content)
    begin, end = good.layout.begin, good.layout.begin + good.layout.length
    if chance.random() < 0.2:
        place = chance.randrange(begin, end)
        length = min(chance.choice((1, 1, 2, 4, 16)), end - place)
        content[place : place + length] = chance.randbytes(length)
        return bytes(content), range(place, place + length)
    for _ in range(chance.randint(1, 3)):
        chance.choice(CHANGES)(content, begin, chance)
    return bytes(content), None


def judge(good: Good, content: bytes, inside: range | None) -> Outcome:
    """Read a damaged file. Whatever is not a :class:`CytoreconError` is raised."""
    try:
        sample, layout = read(content)
    except CytoreconError:
        return Outcome.REFUSED
    if _same(sample, good.sample):
        return Outcome.SAME
    known = {(issue.code, issue.subject) for issue in good.sample.issues}
    if any(
        issue.severity is not Severity.INFO and (issue.code, issue.subject) not in known
        for issue in sample.issues
    ):
        return Outcome.NOTICED
    if good.has_checksum and content[layout.begin + layout.length :][:8] == good.content[-8:]:
        return Outcome.SILENT
    if inside is not None:
        return Outcome.IN_PLACE if _only_there(sample, good, inside) else Outcome.SILENT
    if _says_otherwise(sample, good.sample):
        return Outcome.STATED
    place = slice(layout.begin, layout.begin + layout.length)
    same_place = replace(layout, issues=()) == replace(good.layout, issues=())
    unlike = content[place] != good.content[place]
    return Outcome.DATA if same_place and unlike else Outcome.SILENT


def _same(sample: Sample, other: Sample) -> bool:
    return (
        sample.events.shape == other.events.shape
        and sample.events.tobytes() == other.events.tobytes()
        and [(channel.name, channel.maximum) for channel in sample.channels]
        == [(channel.name, channel.maximum) for channel in other.channels]
    )


def _says_otherwise(sample: Sample, other: Sample) -> bool:
    names = {name for name in {*sample.keywords, *other.keywords} if DECIDES.fullmatch(name)}
    return any(sample.keywords.get(name) != other.keywords.get(name) for name in names)


def _only_there(sample: Sample, good: Good, inside: range) -> bool:
    """Tell whether only values differ whose own bytes were changed."""
    if sample.events.shape != good.sample.events.shape:
        return False
    if not good.layout.event_bits:  # ASCII between delimiters: a changed delimiter may shift what follows
        return True
    ends = np.cumsum(good.layout.storage.bits) // 8
    size = good.layout.event_bits // 8
    touched = np.zeros(good.sample.events.shape, bool)
    for place in inside:
        event, at = divmod(place - good.layout.begin, size)
        touched[event, np.searchsorted(ends, at, side="right")] = True
    as_bits = f"u{sample.events.itemsize}"
    differ = sample.events.view(as_bits) != good.sample.events.view(as_bits)
    return not (differ & ~touched).any()


def _flip(content: bytearray, begin: int, chance: random.Random) -> None:
    content[chance.randrange(min(begin, len(content)))] ^= 1 << chance.randrange(8)


def _overwrite(content: bytearray, begin: int, chance: random.Random) -> None:
    content[chance.randrange(min(begin, len(content)))] = chance.choice(b"0123456789/|\\,$ \x00\r\nPA*-")


def _digit(content: bytearray, begin: int, chance: random.Random) -> None:
    digits = [place for place, byte in enumerate(content[:begin]) if 48 <= byte <= 57]
    if digits:
        content[chance.choice(digits)] = chance.choice(b"0123456789")


def _insert(content: bytearray, begin: int, chance: random.Random) -> None:
    place = chance.randrange(min(begin, len(content)) + 1)
    content[place:place] = chance.choice((b"/", b"|", b"0", b"//", b"\x00", chance.randbytes(3)))


def _delete(content: bytearray, begin: int, chance: random.Random) -> None:
    place = chance.randrange(len(content))
    del content[place : place + chance.choice((1, 1, 2, 8, 100))]


def _header(content: bytearray, begin: int, chance: random.Random) -> None:
    value = chance.choice((0, 1, 57, 58, 99999999, len(content), len(content) - 1, chance.randrange(2000)))
    place = 10 + 8 * chance.randrange(6)
    content[place : place + 8] = f"{value:8d}".encode()


def _value(content: bytearray, begin: int, chance: random.Random) -> None:
    """Another value of the same length for one keyword, or any length: offsets are then wrong as well."""
    pairs = re.finditer(rb"(\$[A-Z0-9]+)[|\\]([^|\\]*)[|\\]", bytes(content))
    found = [match.span(2) for match in pairs]
    if found:
        start, stop = chance.choice(found)
        value = chance.choice(EXTREMES)
        content[start:stop] = value.rjust(stop - start) if chance.random() < 0.7 else value


def _truncate(content: bytearray, begin: int, chance: random.Random) -> None:
    del content[chance.randrange(1, len(content) + 1) :]


def _append(content: bytearray, begin: int, chance: random.Random) -> None:
    content += chance.randbytes(chance.choice((1, 8, 100)))


def _repeat(content: bytearray, begin: int, chance: random.Random) -> None:
    place = chance.randrange(len(content))
    content[place:place] = content[place : place + chance.choice((1, 8, 40))]


CHANGES: tuple[Callable[[bytearray, int, random.Random], None], ...] = (
    _flip, _overwrite, _overwrite, _digit, _digit, _insert, _delete, _header, _value, _value, _truncate,
    _append, _repeat,
)  # fmt: skip
