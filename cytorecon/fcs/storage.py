"""How the values of one event are stored: kinds of numbers, widths, byte order, masks.

FCS 3.2 section 3.3: ``$DATATYPE`` (``$PnDATATYPE``), ``$PnB``, ``$PnR``, ``$BYTEORD``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cytorecon.errors import FcsError, Issue, Severity
from cytorecon.fcs.numbers import PADDING, decimal, number, quoted

#: More detectors than any instrument has, few enough that a damaged $PAR cannot fill the memory.
MOST_PARAMETERS = 30_000

DAMAGED = "The file is damaged or was broken off while copying: copy or export it again."

#: Digits of the longest ASCII number: 2**64 has 20.
_MOST_CHARACTERS = 20


class Kind(StrEnum):
    """What a stored value is; the letters are those of ``$DATATYPE``."""

    INTEGER = "I"
    FLOAT = "F"
    DOUBLE = "D"
    ASCII = "A"


_BITS_OF = {Kind.FLOAT: 32, Kind.DOUBLE: 64}


@dataclass(frozen=True, slots=True)
class Storage:
    """How one event is stored.

    Parameters
    ----------
    kinds : tuple of Kind
        Of each parameter.
    bits : tuple of int
        Width of each parameter; 0 for all of them when numbers are ASCII between delimiters.
    order : tuple of int
        Significance of each byte of a word as it stands in the file, 0 the least: ``(0, 1, 2, 3)``
        is little endian.
    ranges : tuple of float
        ``$PnR`` of each parameter, on the stored scale; 0 where a float's is not known.
    masks : tuple of int
        Bits of each integer that belong to the value.
    """

    kinds: tuple[Kind, ...]
    bits: tuple[int, ...]
    order: tuple[int, ...]
    ranges: tuple[float, ...]
    masks: tuple[int, ...]

    @property
    def n_channels(self) -> int:
        """``$PAR``."""
        return len(self.kinds)

    @property
    def little_endian(self) -> bool | None:
        """True or False; None when the bytes of a word are in neither order."""
        ascending = tuple(range(len(self.order)))
        if self.order == ascending:
            return True
        return False if self.order == ascending[::-1] else None

    @property
    def is_delimited(self) -> bool:
        """True for ASCII numbers of any length between delimiters."""
        return not self.bits[0]


def find_storage(keywords: Mapping[str, str], version: str, file: str) -> tuple[Storage, tuple[Issue, ...]]:
    """Return how events are stored, and what was odd about its description.

    Raises
    ------
    FcsError
        If a needed keyword is missing or wrong.
    """
    kind = _kind(_needed(keywords, "$DATATYPE", file), "$DATATYPE", file)
    n_channels = _n_channels(keywords, file)
    kinds = _kinds(keywords, n_channels, kind, version, file)
    order = _byte_order(keywords, file)
    ranges, range_issues = _ranges(keywords, kinds, file)
    bits, bit_issues = _bits(keywords, kinds, file)
    storage = Storage(kinds, bits, order, tuple(map(float, ranges)), _masks(ranges, bits, kinds))
    _check_words(storage, keywords, file)
    return storage, (*range_issues, *bit_issues)


def with_bits(storage: Storage, bits: Sequence[int]) -> Storage:
    """Return `storage` with other widths of its integers."""
    masks = _masks(storage.ranges, bits, storage.kinds)
    return Storage(storage.kinds, tuple(bits), storage.order, storage.ranges, masks)


def _masks(ranges: Sequence[float], bits: Sequence[int], kinds: Sequence[Kind]) -> tuple[int, ...]:
    if Kind.INTEGER not in kinds:
        return (0,) * len(kinds)
    return tuple(
        _mask(limit, width) if kind is Kind.INTEGER else 0
        for limit, width, kind in zip(ranges, bits, kinds, strict=True)
    )


def _kind(value: str, name: str, file: str) -> Kind:
    try:
        return Kind(value.strip(PADDING).upper())
    except ValueError:
        raise FcsError(
            "Numbers of this kind cannot be read.",
            subject=file,
            field=name,
            found=quoted(value),
            allowed="I (integer), F (float), D (double) or A (ASCII)",
            hint="Export the sample as FCS 3.1 with floating-point data.",
        ) from None


def _kinds(
    keywords: Mapping[str, str], n_channels: int, kind: Kind, version: str, file: str
) -> tuple[Kind, ...]:
    """FCS 3.2 lets each parameter have a kind of its own; ASCII does not mix."""
    kinds = [kind] * n_channels
    for index in range(n_channels):
        name = f"$P{index + 1}DATATYPE"
        if name not in keywords:
            continue
        kinds[index] = _kind(keywords[name], name, file)
        if kinds[index] is not kind and (version != "FCS3.2" or Kind.ASCII in (kind, kinds[index])):
            raise FcsError(
                "Parameters stored as numbers of different kinds cannot be read.",
                subject=file,
                field=name,
                found=f"'{kinds[index]}' beside $DATATYPE {kind} in {version}",
                allowed="I, F and D side by side, in FCS 3.2",
                hint="Export the sample as FCS 3.1.",
            )
    return tuple(kinds)


def _n_channels(keywords: Mapping[str, str], file: str) -> int:
    n_channels = number(keywords, "$PAR", file)
    if n_channels is None or not 1 <= n_channels <= MOST_PARAMETERS:
        raise FcsError(
            "The number of parameters is missing or impossible.",
            subject=file,
            field="$PAR",
            found="nothing" if n_channels is None else str(n_channels),
            allowed=f"1 to {MOST_PARAMETERS}",
            hint=DAMAGED,
        )
    return n_channels


def _byte_order(keywords: Mapping[str, str], file: str) -> tuple[int, ...]:
    """``4,3,2,1`` is big endian: 1 is the least significant byte, and the first to be named comes first."""
    value = _needed(keywords, "$BYTEORD", file)
    parts = [part.strip(PADDING) for part in value.split(",")]
    allowed = [str(place) for place in range(1, len(parts) + 1)]
    if len(parts) <= 8 and sorted(parts) == allowed:
        return tuple(int(part) - 1 for part in parts)
    raise FcsError(
        "The byte order cannot be read.",
        subject=file,
        field="$BYTEORD",
        found=quoted(value),
        allowed="1,2,3,4 or 4,3,2,1, or another order of 1 to 8 bytes",
        hint="Export the sample as FCS 3.1.",
    )


def _ranges(
    keywords: Mapping[str, str], kinds: Sequence[Kind], file: str
) -> tuple[tuple[int | float, ...], tuple[Issue, ...]]:
    """Of integers they say which bits count; of floats only where the scale ends, 0 when it is not known.

    Most files repeat one range a thousand times, hence the memory.
    """
    known: dict[tuple[str, bool], int | float] = {}
    ranges: list[int | float] = []
    unusable: list[str] = []
    for index, kind in enumerate(kinds, start=1):
        name = f"$P{index}R"
        is_float = kind in _BITS_OF
        text = keywords.get(name, "") if is_float else _needed(keywords, name, file)
        if (text, is_float) not in known:
            value = _range(text)
            if not is_float and not 1 <= value <= 2**64:
                raise _bad_range(text, name, file)
            known[text, is_float] = value if 0 <= value <= 2**64 else -1
        ranges.append(max(known[text, is_float], 0))
        if known[text, is_float] < 0:
            unusable.append(name)
    return tuple(ranges), _unknown_ranges(unusable) if unusable else ()


def odd_ranges(storage: Storage) -> tuple[Issue, ...]:
    """Return what is odd about the ranges of integers whose widths are certain."""
    integers = [
        (f"$P{index}R", limit, bits)
        for index, (kind, limit, bits) in enumerate(
            zip(storage.kinds, storage.ranges, storage.bits, strict=True), start=1
        )
        if kind is Kind.INTEGER
    ]
    issues = []
    if nothing := [name for name, limit, _ in integers if limit <= 1]:
        message = "A range of 1 leaves no bit of the stored values: all of them are 0."
        issues.append(Issue("fcs.range_of_one", Severity.WARNING, _listed(nothing), message))
    if beyond := [name for name, limit, bits in integers if limit > 2**bits]:
        message = "The range is larger than what the bits of $PnB can hold."
        hint = "The end of the scale is not reached there; a log amplifier's values may be too small."
        issues.append(Issue("fcs.range_beyond_bits", Severity.WARNING, _listed(beyond), message, hint))
    return tuple(issues)


def _range(text: str) -> int | float:
    bare = text.strip(PADDING)
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) <= 20 else decimal(bare)


def _bad_range(text: str, name: str, file: str) -> FcsError:
    return FcsError(
        "The range of a parameter is not usable.",
        subject=file,
        field=name,
        found=quoted(text),
        allowed="a number of at least 1",
        hint=DAMAGED,
    )


def _unknown_ranges(names: Sequence[str]) -> tuple[Issue, ...]:
    message = "The range is missing or no number of at least 0: where the detector's scale ends is not known."
    hint = "Events at the end of the scale are not looked for in these channels."
    return (Issue("fcs.no_range", Severity.WARNING, _listed(names), message, hint),)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")


def _mask(limit: float, bits: int) -> int:
    """Bits above the next power of two of ``$PnR`` do not belong to the value (FCS 3.1 section 3.3)."""
    return int(min(2 ** (math.ceil(limit) - 1).bit_length(), 2**bits) - 1)


def _bits(
    keywords: Mapping[str, str], kinds: Sequence[Kind], file: str
) -> tuple[tuple[int, ...], tuple[Issue, ...]]:
    if kinds[0] is Kind.ASCII:
        return _characters(keywords, len(kinds), file), ()
    bits = [_BITS_OF.get(kind, 0) for kind in kinds]
    differ: set[Kind] = set()
    for index, kind in enumerate(kinds):
        text = keywords.get(f"$P{index + 1}B", "")
        if kind is Kind.INTEGER:
            bits[index] = _width(keywords, f"$P{index + 1}B", file)
        elif text != str(bits[index]) and number(keywords, f"$P{index + 1}B", file) != bits[index]:
            differ.add(kind)
    issues = [
        Issue(
            "fcs.bits_of_float",
            Severity.WARNING,
            "$PnB",
            f"$DATATYPE {kind} is always {_BITS_OF[kind]} bits wide; $PnB was ignored.",
        )
        for kind in sorted(differ)
    ]
    return tuple(bits), tuple(issues)


def _width(keywords: Mapping[str, str], name: str, file: str) -> int:
    bits = number(keywords, name, file)
    if bits is None or not 1 <= bits <= 64:
        raise FcsError(
            "The width of an integer parameter is missing or impossible.",
            subject=file,
            field=name,
            found="nothing" if bits is None else str(bits),
            allowed="1 to 64 bits",
            hint=DAMAGED,
        )
    return bits


def _characters(keywords: Mapping[str, str], n_channels: int, file: str) -> tuple[int, ...]:
    """Widths of ASCII numbers, in bits; ``*`` says that they stand between delimiters."""
    names = [f"$P{index}B" for index in range(1, n_channels + 1)]
    free = [name for name in names if keywords.get(name, "").strip(PADDING) == "*"]
    if len(free) == n_channels:
        return (0,) * n_channels
    if free:
        raise _bad_characters(free[0], "'*' beside numbers of fixed length", file)
    widths = [number(keywords, name, file) for name in names]
    for name, width in zip(names, widths, strict=True):
        if width is None or not 1 <= width <= _MOST_CHARACTERS:
            raise _bad_characters(name, "nothing" if width is None else str(width), file)
    return tuple(8 * width for width in widths if width is not None)


def _bad_characters(name: str, found: str, file: str) -> FcsError:
    return FcsError(
        "The length of an ASCII parameter is missing or impossible.",
        subject=file,
        field=name,
        found=found,
        allowed=f"1 to {_MOST_CHARACTERS} characters, or * for all parameters",
        hint=DAMAGED,
    )


def _check_words(storage: Storage, keywords: Mapping[str, str], file: str) -> None:
    """Refuse an order that is not up or down over 2, 4 or 8 bytes for widths that are not its own."""
    ordered = storage.little_endian is not None and len(storage.order) in (2, 4, 8)
    if ordered or storage.kinds[0] is Kind.ASCII:
        return
    width = 8 * len(storage.order)
    if any(bits not in (8, width) for bits in storage.bits):
        raise FcsError(
            "The byte order does not say how numbers of these widths are stored.",
            subject=file,
            field="$BYTEORD",
            found=quoted(keywords["$BYTEORD"]),
            allowed=f"parameters of {width} bits, or bytes in ascending or descending order",
            hint="Export the sample as FCS 3.1.",
        )


def _needed(keywords: Mapping[str, str], name: str, file: str) -> str:
    value = keywords.get(name)
    if value is None:
        raise FcsError("A required keyword is missing.", subject=file, field=name, hint=DAMAGED)
    return value
