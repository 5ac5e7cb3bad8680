"""Where the events of a data set are and how they are stored, checked before a byte is decoded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cytorecon.errors import FcsError, Issue, Severity
from cytorecon.fcs.container import HEADER_LENGTH, Header, Span
from cytorecon.fcs.text import number

#: More detectors than any instrument has, few enough that a damaged $PAR cannot fill the memory.
MOST_PARAMETERS = 30_000

_BITS_OF = {"F": 32, "D": 64}
_DAMAGED = "The file is damaged or was broken off while copying: copy or export it again."


@dataclass(frozen=True, slots=True)
class Layout:
    """How the DATA segment is stored.

    Parameters
    ----------
    begin : int
        First byte, from the start of the file.
    n_events, n_channels : int
        ``$TOT`` and ``$PAR``.
    datatype : str
        ``"I"``, ``"F"`` or ``"D"``.
    little_endian : bool
        From ``$BYTEORD``.
    bits : tuple of int
        Width of each parameter.
    ranges : tuple of float
        ``$PnR`` of each parameter, on the stored scale.
    issues : tuple of Issue
        Repairs that were needed.
    """

    begin: int
    n_events: int
    n_channels: int
    datatype: str
    little_endian: bool
    bits: tuple[int, ...]
    ranges: tuple[float, ...]
    issues: tuple[Issue, ...] = ()

    @property
    def event_bytes(self) -> int:
        """Bytes of one event."""
        return sum(self.bits) // 8

    @property
    def data_bytes(self) -> int:
        """Bytes of all events."""
        return self.event_bytes * self.n_events


def find_layout(keywords: Mapping[str, str], header: Header, offset: int, size: int, file: str) -> Layout:
    """Return where and how the events of the data set at byte `offset` are stored.

    Parameters
    ----------
    keywords : mapping of str to str
        TEXT keywords.
    header : Header
        HEADER of the data set.
    offset, size : int
        Start of the data set and size of the file, in bytes.
    file : str
        Name for messages.

    Raises
    ------
    FcsError
        If the data set is not list mode, a needed keyword is missing or wrong, or offsets,
        ``$TOT`` and file size contradict each other in a way that is not a known harmless one.
    """
    issues: list[Issue] = []
    _check_mode(keywords, header, file, issues)
    datatype = _datatype(keywords, file)
    little_endian = _little_endian(keywords, file)
    n_channels = _n_channels(keywords, file)
    ranges = tuple(_range(keywords, index, datatype, file) for index in range(1, n_channels + 1))
    bits = _bits(keywords, n_channels, datatype, file, issues)
    spans = _candidates(keywords, header, file)
    n_events = _n_events(keywords, spans, sum(bits), file, issues)
    if n_events and datatype == "I" and not any(_fits(span, n_events * sum(bits) // 8) for span, _ in spans):
        bits = _stored_bits(bits, spans, n_events, issues)
    begin = _begin(spans, n_events * sum(bits) // 8, header, size - offset, file, issues)
    return Layout(begin + offset, n_events, n_channels, datatype, little_endian, bits, ranges, tuple(issues))


def _check_mode(keywords: Mapping[str, str], header: Header, file: str, issues: list[Issue]) -> None:
    mode = keywords.get("$MODE", "").strip().upper()
    if not mode:
        if header.version != "FCS3.2":  # 3.2 dropped the keyword: list mode is all there is
            issues.append(
                _issue("no_mode", "$MODE", "The file does not say that it is list mode; it was taken for it.")
            )
    elif mode != "L":
        raise FcsError(
            "The file holds histograms, not events.",
            subject=file,
            field="$MODE",
            found=repr(mode[:20]),
            allowed="L (list mode)",
            hint="Export list mode data.",
        )


def _datatype(keywords: Mapping[str, str], file: str) -> str:
    datatype = _needed(keywords, "$DATATYPE", file).strip().upper()
    if datatype not in ("I", "F", "D"):
        raise FcsError(
            "Numbers of this kind cannot be read.",
            subject=file,
            field="$DATATYPE",
            found=repr(datatype[:20]),
            allowed="I (integer), F (float) or D (double)",
            hint="Export the sample as FCS 3.1 with floating-point data.",
        )
    for name, value in keywords.items():
        if name.startswith("$P") and name.endswith("DATATYPE") and value.strip().upper() != datatype:
            raise FcsError(
                "Parameters stored as numbers of different kinds cannot be read.",
                subject=file,
                field=name,
                found=f"{value[:20]!r} beside $DATATYPE {datatype}",
                hint="Export the sample as FCS 3.1.",
            )
    return datatype


def _little_endian(keywords: Mapping[str, str], file: str) -> bool:
    order = [part.strip() for part in _needed(keywords, "$BYTEORD", file).split(",")]
    ascending = [str(number) for number in range(1, len(order) + 1)]
    if len(order) in (1, 2, 4, 8) and order in (ascending, ascending[::-1]):
        return order == ascending
    raise FcsError(
        "The byte order cannot be read.",
        subject=file,
        field="$BYTEORD",
        found=repr(",".join(order)[:40]),
        allowed="1,2,3,4 or 4,3,2,1 (1,2 or 2,1 in FCS 2.0)",
        hint="Export the sample as FCS 3.1.",
    )


def _n_channels(keywords: Mapping[str, str], file: str) -> int:
    n_channels = number(keywords, "$PAR", file)
    if n_channels is None or not 1 <= n_channels <= MOST_PARAMETERS:
        raise FcsError(
            "The number of parameters is missing or impossible.",
            subject=file,
            field="$PAR",
            found="nothing" if n_channels is None else str(n_channels),
            allowed=f"1 to {MOST_PARAMETERS}",
            hint=_DAMAGED,
        )
    return n_channels


def _range(keywords: Mapping[str, str], index: int, datatype: str, file: str) -> float:
    name = f"$P{index}R"
    try:
        value = float(_needed(keywords, name, file).strip(" \x00"))
    except ValueError:
        value = math.nan
    if not 0 <= value <= 2**64 or (datatype == "I" and value < 1):
        raise FcsError(
            "The range of a parameter is not usable.",
            subject=file,
            field=name,
            found=repr(keywords[name][:40]),
            allowed="a number of at least 1" if datatype == "I" else "a number of at least 0",
            hint=_DAMAGED,
        )
    return value


def _bits(
    keywords: Mapping[str, str], n_channels: int, datatype: str, file: str, issues: list[Issue]
) -> tuple[int, ...]:
    stated = [number(keywords, f"$P{index}B", file) for index in range(1, n_channels + 1)]
    if datatype in _BITS_OF:
        if any(bits != _BITS_OF[datatype] for bits in stated):
            issues.append(
                _issue(
                    "bits_of_float",
                    "$PnB",
                    f"$DATATYPE {datatype} is always {_BITS_OF[datatype]} bits wide; $PnB was ignored.",
                )
            )
        return (_BITS_OF[datatype],) * n_channels
    for index, bits in enumerate(stated, start=1):
        if bits is None or not 1 <= bits <= 64:
            raise FcsError(
                "The width of an integer parameter is missing or impossible.",
                subject=file,
                field=f"$P{index}B",
                found="nothing" if bits is None else str(bits),
                allowed="8, 16 or 32 bits",
                hint=_DAMAGED,
            )
    return tuple(bits for bits in stated if bits is not None)


def _stored_bits(
    bits: tuple[int, ...], spans: list[tuple[Span, str]], n_events: int, issues: list[Issue]
) -> tuple[int, ...]:
    """Beckman writes ``$PnB 10`` for ten significant bits in two bytes: the segment's length tells."""
    rounded = tuple(8 if width <= 8 else 16 if width <= 16 else 32 for width in bits)
    if rounded != bits and any(_fits(span, n_events * sum(rounded) // 8) for span, _ in spans):
        issues.append(
            _issue(
                "padded_bits",
                "$PnB",
                "Parameters are stored in whole bytes, wider than $PnB says; DATA fits only so.",
            )
        )
        return rounded
    return bits


def _n_events(
    keywords: Mapping[str, str],
    spans: list[tuple[Span, str]],
    event_bits: int,
    file: str,
    issues: list[Issue],
) -> int:
    n_events = number(keywords, "$TOT", file)
    if n_events is not None:
        return n_events
    lengths = {8 * span.length // event_bits for span, _ in spans if 8 * span.length % event_bits == 0}
    if len(lengths) != 1:
        raise FcsError(
            "The number of events is missing, and the size of DATA does not give it.",
            subject=file,
            field="$TOT",
            found="nothing",
            hint=_DAMAGED,
        )
    issues.append(
        _issue("no_tot", "$TOT", "The number of events is missing; it was taken from the size of DATA.")
    )
    return lengths.pop()


def _candidates(keywords: Mapping[str, str], header: Header, file: str) -> list[tuple[Span, str]]:
    """Where DATA can be: by TEXT (from FCS 3.0 on), and by HEADER; places that say nothing left out."""
    spans = []
    begin, end = number(keywords, "$BEGINDATA", file), number(keywords, "$ENDDATA", file)
    if begin and end is not None and header.version != "FCS2.0":
        spans.append((Span(begin, end), "TEXT"))
    if header.data.begin:
        spans.append((header.data, "HEADER"))
    return spans


def _fits(span: Span, length: int) -> bool:
    """Tell whether `span` has `length` bytes, or one more: many writers give one past the last as the end."""
    return span.length - length in (0, 1)


def _begin(
    spans: list[tuple[Span, str]], length: int, header: Header, size: int, file: str, issues: list[Issue]
) -> int:
    """First byte of DATA: the place that fits $TOT; a contradiction that changes values is refused."""
    if length == 0:
        if all(span.length <= 1 for span, _ in spans):
            return 0
        raise _wrong_length(spans, length, file)
    fitting = [(span, place) for span, place in spans if _fits(span, length)]
    if not fitting:
        beyond = [span for span, _ in spans if span.end > size]
        raise _truncated(beyond[0], size, file) if beyond else _wrong_length(spans, length, file)
    apart = [(span, place) for span, place in fitting if not _overlaps(span, length, header)]
    if not apart:
        raise _overlap(fitting[0][0], header, file)
    fitting = apart
    if len({span.begin for span, _ in fitting}) > 1:
        raise FcsError(
            "HEADER and TEXT give different places for the events, and both are possible.",
            subject=file,
            field="$BEGINDATA",
            found=" and ".join(f"byte {span.begin} ({place})" for span, place in fitting),
            hint="Export the sample again; reading from the wrong place would mix up the columns.",
        )
    span, place = fitting[0]
    if span.begin + length > size:
        raise _truncated(span, size, file)
    if span.length != length:
        issues.append(
            _issue(
                "data_end_off_by_one",
                "$ENDDATA",
                "DATA ends one byte later than $TOT says; the byte was ignored.",
            )
        )
    if len(fitting) < len(spans):
        other = next(where for _, where in spans if where != place)
        issues.append(
            _issue(
                "data_offsets_disagree",
                "$BEGINDATA",
                f"{other} gives a place for DATA that does not fit $TOT; {place} was used.",
            )
        )
    return span.begin


def _overlaps(span: Span, length: int, header: Header) -> bool:
    """Tell whether DATA at `span` runs into HEADER or TEXT; sharing TEXT's last byte is a known slip."""
    return span.begin < HEADER_LENGTH or (
        span.begin < header.text.end and span.begin + length > header.text.begin
    )


def _overlap(span: Span, header: Header, file: str) -> FcsError:
    return FcsError(
        "The events would lie inside HEADER or TEXT.",
        subject=file,
        field="$BEGINDATA",
        found=f"DATA from byte {span.begin}, TEXT from {header.text.begin} to {header.text.end}",
        hint=_DAMAGED,
    )


def _truncated(span: Span, size: int, file: str) -> FcsError:
    return FcsError(
        "The file is truncated: events are missing at its end.",
        subject=file,
        found=f"{size} bytes",
        allowed=f"{span.end + 1} bytes, which the file itself announces",
        hint="Copy it again from the cytometer.",
    )


def _wrong_length(spans: list[tuple[Span, str]], length: int, file: str) -> FcsError:
    return FcsError(
        "The number of events and the size of DATA contradict each other.",
        subject=file,
        field="$TOT",
        found=" and ".join(f"{span.length} bytes of DATA ({place})" for span, place in spans)
        or "no DATA segment",
        allowed=f"{length} bytes, which $TOT needs",
        hint=_DAMAGED,
    )


def _needed(keywords: Mapping[str, str], name: str, file: str) -> str:
    if name not in keywords:
        raise FcsError("A required keyword is missing.", subject=file, field=name, hint=_DAMAGED)
    return keywords[name]


def _issue(code: str, subject: str, message: str) -> Issue:
    return Issue(f"fcs.{code}", Severity.WARNING, subject, message)
