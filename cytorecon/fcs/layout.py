"""Where the events of a data set are, checked before a byte is decoded.

HEADER and TEXT both say where DATA is, ``$TOT`` and the widths say how long it must be. Real files
get one of them wrong; what fits is taken, with an issue, and a contradiction that could change a
value is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cytorecon.errors import FcsAmbiguousError, FcsError, FcsTruncatedError, Issue, Severity
from cytorecon.fcs.checksum import LENGTH as CHECKSUM_LENGTH
from cytorecon.fcs.container import HEADER_LENGTH, Header, Span
from cytorecon.fcs.numbers import number, quoted
from cytorecon.fcs.storage import DAMAGED, Kind, Storage, find_storage, odd_ranges, with_bits

#: Place of DATA and who says so.
Candidate = tuple[Span, str]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the DATA segment is stored.

    Parameters
    ----------
    begin : int
        First byte, from the start of the file.
    length : int
        Bytes of all events.
    n_events : int
        ``$TOT``.
    storage : Storage
        How one event is stored.
    event_bits : int
        From the beginning of an event to that of the next; 0 when that varies.
    issues : tuple of Issue
        Repairs that were needed.
    """

    begin: int
    length: int
    n_events: int
    storage: Storage
    event_bits: int
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class _Fit:
    """One way to understand the widths: what DATA would be like, and what must be said about it."""

    storage: Storage
    event_bits: int
    issue: Issue | None = None
    name: str = "bit by bit"

    def length(self, n_events: int) -> int:
        """Bytes that `n_events` need."""
        return -(-n_events * self.event_bits // 8)


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
    FcsTruncatedError
        If the file ends before DATA does.
    FcsAmbiguousError
        If HEADER and TEXT name two places that are both possible.
    FcsError
        If the data set is not list mode, a needed keyword is missing or wrong, or offsets,
        ``$TOT`` and file size contradict each other in a way that is not a known harmless one.
    """
    issues: list[Issue] = []
    _check_mode(keywords, header, file, issues)
    storage, storage_issues = find_storage(keywords, header.version, file)
    issues += storage_issues
    spans = _candidates(keywords, header, file)
    room = size - offset
    if storage.kinds[0] is Kind.ASCII and storage.is_delimited:
        return _delimited(storage, spans, keywords, header, offset, room, issues, file)
    fit = _Fit(storage, sum(storage.bits))
    n_events = _n_events(keywords, spans, fit.event_bits, file, issues)
    fit = _best_fit(fit, spans, n_events, file)
    if fit.issue is not None:
        issues.append(fit.issue)
    issues += odd_ranges(fit.storage)
    length = fit.length(n_events)
    begin = _begin(spans, length, header, room, file, issues)
    return Layout(begin + offset, length, n_events, fit.storage, fit.event_bits, tuple(issues))


def _check_mode(keywords: Mapping[str, str], header: Header, file: str, issues: list[Issue]) -> None:
    mode = keywords.get("$MODE", "").strip().upper()
    if not mode:
        if header.version != "FCS3.2":  # 3.2 dropped the keyword: list mode is all there is
            message = "The file does not say that it is list mode; it was taken for it."
            issues.append(_issue("no_mode", "$MODE", message))
    elif mode != "L":
        raise FcsError(
            "The file holds histograms, not events.",
            subject=file,
            field="$MODE",
            found=repr(mode) if mode in ("C", "U") else quoted(mode),
            allowed="L (list mode)",
            hint="Export list mode data.",
        )


def _candidates(keywords: Mapping[str, str], header: Header, file: str) -> list[Candidate]:
    """Where DATA can be: by TEXT (from FCS 3.0 on), and by HEADER; places that say nothing left out."""
    spans = []
    begin, end = number(keywords, "$BEGINDATA", file), number(keywords, "$ENDDATA", file)
    if begin and end is not None and header.version != "FCS2.0":
        spans.append((Span(begin, end), "TEXT"))
    # A begin without an end is what is left of offsets that need more than eight digits.
    if header.data.begin and (header.data.end or not spans):
        spans.append((header.data, "HEADER"))
    return spans


def _n_events(
    keywords: Mapping[str, str], spans: list[Candidate], event_bits: int, file: str, issues: list[Issue]
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
            hint=DAMAGED,
        )
    message = "The number of events is missing; it was taken from the size of DATA."
    issues.append(_issue("no_tot", "$TOT", message))
    return lengths.pop()


def _best_fit(stated: _Fit, spans: list[Candidate], n_events: int, file: str) -> _Fit:
    """Widths as stated, else in one of the two ways in which software pads what is not whole bytes.

    What fits by the standard and to the byte is taken. Else each way counts that fits as far as an end one
    byte too late is forgiven; more than one of them are different values, and nobody can tell which.
    """
    storage = stated.storage
    if not n_events or all(width % 8 == 0 for width in storage.bits):
        return stated
    spare = {span.length for span, _ in spans}
    if stated.length(n_events) in spare:
        return stated
    fits = [_padded_values(storage)]
    if storage.little_endian is False:  # bits in a row have no other order
        fits = [stated, *fits, _padded_events(storage)]
    fitting = [fit for fit in fits if any(_fits(span, fit.length(n_events)) for span, _ in spans)]
    if len(fitting) > 1:
        raise FcsAmbiguousError(
            "Numbers that do not fill whole bytes can be read in several ways, and DATA fits them all.",
            subject=file,
            field="$PnB",
            found=" and ".join(f"{length} bytes of DATA" for length in sorted(spare)),
            allowed=" or ".join(f"{fit.length(n_events)} bytes ({fit.name})" for fit in fitting),
            hint="Export the sample as FCS 3.1 with floating-point data.",
        )
    return fitting[0] if fitting else stated


def _padded_values(storage: Storage) -> _Fit:
    """Beckman writes ``$PnB 10`` for ten significant bits in two bytes: the segment's length tells."""
    message = "Parameters are stored in whole bytes, wider than $PnB says; DATA fits only so."
    bits = tuple(next(size for size in (8, 16, 32, 64) if width <= size) for width in storage.bits)
    return _Fit(with_bits(storage, bits), sum(bits), _issue("padded_bits", "$PnB", message), "whole bytes")


def _padded_events(storage: Storage) -> _Fit:
    message = "Each event begins with a new byte; DATA fits only so."
    event_bits = -(-sum(storage.bits) // 8) * 8
    return _Fit(storage, event_bits, _issue("padded_events", "$PnB", message), "each event from a new byte")


def _fits(span: Span, length: int) -> bool:
    """Tell whether `span` has `length` bytes, or one more: many writers give one past the last as the end."""
    return span.length - length in (0, 1)


def _begin(
    spans: list[Candidate], length: int, header: Header, room: int, file: str, issues: list[Issue]
) -> int:
    """First byte of DATA: the place that fits $TOT; a contradiction that changes values is refused."""
    if length == 0:
        if all(span.length <= 1 for span, _ in spans):
            return 0
        raise _wrong_length(spans, length, file)
    fitting = [(span, place) for span, place in spans if _fits(span, length)]
    if not fitting:
        beyond = [span for span, _ in spans if span.end > room]
        raise _truncated(beyond[0], room, file) if beyond else _wrong_length(spans, length, file)
    apart = [(span, place) for span, place in fitting if not _overlaps(span, length, header)]
    if not apart:
        raise _overlap(fitting[0][0], header, file)
    if len({span.begin for span, _ in apart}) > 1:
        raise _two_places(apart, file)
    span, place = apart[0]
    if span.begin + length > room:
        raise _truncated(span, room, file)
    if span.length != length:
        issues.append(_off_by_one())
    if len(apart) < len(spans):
        other = next(where for _, where in spans if where != place)
        message = f"{other} gives a place for DATA that does not fit $TOT; {place} was used."
        issues.append(_issue("data_offsets_disagree", "$BEGINDATA", message))
    return span.begin


def _delimited(
    storage: Storage,
    spans: list[Candidate],
    keywords: Mapping[str, str],
    header: Header,
    offset: int,
    room: int,
    issues: list[Issue],
    file: str,
) -> Layout:
    """ASCII numbers of any length: ``$TOT`` does not tell how long DATA is, so both places must agree."""
    n_events = number(keywords, "$TOT", file)
    if n_events is None:
        raise FcsError(
            "The number of events is missing, and the size of DATA does not give it.",
            subject=file,
            field="$TOT",
            found="nothing",
            hint=DAMAGED,
        )
    if not spans:
        if n_events:
            raise _wrong_length(spans, 2 * n_events * storage.n_channels - 1, file)
        return Layout(0, 0, 0, storage, 0, tuple(issues))
    span = min((span for span, _ in spans), key=lambda span: span.end)
    if len({(each.begin, each.length) for each, _ in spans}) > 1:
        # Of ends that differ by one the first holds where exactly a checksum stands behind it.
        by_one = all(each.begin == span.begin and each.end - span.end <= 1 for each, _ in spans)
        if not (by_one and room - span.end - 1 == CHECKSUM_LENGTH):
            raise _two_places(spans, file)
        issues.append(_off_by_one())
    if span.end >= room:
        raise _truncated(span, room, file)
    if _overlaps(span, span.length, header):
        raise _overlap(span, header, file)
    if span.length + 1 < 2 * n_events * storage.n_channels:  # a digit and a delimiter each
        raise _wrong_length(spans, 2 * n_events * storage.n_channels - 1, file)
    return Layout(span.begin + offset, span.length, n_events, storage, 0, tuple(issues))


def _overlaps(span: Span, length: int, header: Header) -> bool:
    """Tell whether DATA at `span` runs into HEADER or TEXT.

    An end of TEXT that is the first byte of DATA is a known slip, unless that byte is TEXT's delimiter.
    """
    last = header.text.end + header.text_is_closed
    return span.begin < HEADER_LENGTH or (span.begin < last and span.begin + length > header.text.begin)


def _overlap(span: Span, header: Header, file: str) -> FcsError:
    return FcsError(
        "The events would lie inside HEADER or TEXT.",
        subject=file,
        field="$BEGINDATA",
        found=f"DATA from byte {span.begin}, TEXT from {header.text.begin} to {header.text.end}",
        hint=DAMAGED,
    )


def _two_places(spans: list[Candidate], file: str) -> FcsAmbiguousError:
    return FcsAmbiguousError(
        "HEADER and TEXT give different places for the events, and both are possible.",
        subject=file,
        field="$BEGINDATA",
        found=" and ".join(f"bytes {span.begin} to {span.end} ({place})" for span, place in spans),
        hint="Export the sample again; reading from the wrong place would mix up the columns.",
    )


def _truncated(span: Span, room: int, file: str) -> FcsTruncatedError:
    return FcsTruncatedError(
        "The file is truncated: events are missing at its end.",
        subject=file,
        found=f"{room} bytes",
        allowed=f"{span.end + 1} bytes, which the file itself announces",
        hint="Copy it again from the cytometer.",
    )


def _wrong_length(spans: list[Candidate], length: int, file: str) -> FcsError:
    return FcsError(
        "The number of events and the size of DATA contradict each other.",
        subject=file,
        field="$TOT",
        found=" and ".join(f"{span.length} bytes of DATA ({place})" for span, place in spans)
        or "no DATA segment",
        allowed=f"{length} bytes, which $TOT needs",
        hint=DAMAGED,
    )


def _off_by_one() -> Issue:
    message = "DATA ends one byte later than $TOT says; the byte was ignored."
    return _issue("data_end_off_by_one", "$ENDDATA", message)


def _issue(code: str, subject: str, message: str) -> Issue:
    return Issue(f"fcs.{code}", Severity.WARNING, subject, message)
