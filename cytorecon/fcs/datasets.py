"""The data sets of a file: following ``$NEXTDATA``, and choosing one.

Beckman LMD files hold one tube twice: FCS 2.0 with 10-bit values and labels, then FCS 3.0 with
20-bit values and bare detector names. The second is worth reading, under the labels of the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from types import MappingProxyType

from cytorecon.errors import FcsError, Issue, Severity
from cytorecon.fcs.channels import MOST_CHARACTERS
from cytorecon.fcs.container import Header, Span, read_header
from cytorecon.fcs.numbers import PADDING, number
from cytorecon.fcs.source import Source
from cytorecon.fcs.storage import DAMAGED, MOST_PARAMETERS
from cytorecon.fcs.text import Text, check_size, merged, parse_text
from cytorecon.knowledge.channel_roles import load_channel_roles

#: More data sets than an instrument chains; a damaged chain must not run on for ever.
MOST_DATA_SETS = 1000


@dataclass(frozen=True, slots=True)
class DataSetInfo:
    """One data set of a file, without its events.

    Parameters
    ----------
    dataset : int
        Number to give to :func:`~cytorecon.fcs.read_fcs`, from 0.
    version : str
        ``"FCS3.1"`` …
    n_events : int or None
        ``$TOT``; None when it is missing.
    n_channels : int
        ``$PAR``.
    resolution_bits : int
        Bits of the widest detector range (``$PnR``): 10 for channels 0-1023.
    channels : tuple of str
        ``$PnN``.
    """

    dataset: int
    version: str
    n_events: int | None
    n_channels: int
    resolution_bits: int
    channels: tuple[str, ...]

    def __str__(self) -> str:
        """Return one line for people."""
        events = "unknown" if self.n_events is None else self.n_events
        return (
            f"{self.dataset}: {self.version}, {events} events, {self.n_channels} channels, "
            f"{self.resolution_bits} bits"
        )


@dataclass(frozen=True, slots=True)
class DataSet:
    """Where a data set begins, its HEADER and its keywords.

    Parameters
    ----------
    offset : int
        First byte in the file.
    header : Header
        Its 58 bytes.
    keywords : mapping of str to str
        Of TEXT and supplemental TEXT; the primary TEXT wins.
    issues : tuple of Issue
        Repairs of TEXT.
    """

    offset: int
    header: Header
    keywords: Mapping[str, str]
    issues: tuple[Issue, ...]

    def info(self, dataset: int, file: str) -> DataSetInfo:
        """Return what a person wants to know to choose; `dataset` is its number."""
        n_channels = number(self.keywords, "$PAR", file) or 0
        indices = range(1, min(n_channels, MOST_PARAMETERS) + 1)
        return DataSetInfo(
            dataset=dataset,
            version=self.header.version,
            n_events=number(self.keywords, "$TOT", file),
            n_channels=n_channels,
            resolution_bits=max((_range_bits(self.keywords, index) for index in indices), default=0),
            channels=tuple(self.keywords.get(f"$P{index}N", "") for index in indices),
        )


def find_data_sets(source: Source) -> tuple[list[DataSet], tuple[Issue, ...]]:
    """Return the data sets of a file in order.

    Raises
    ------
    FcsError
        If one has no HEADER or no readable TEXT, two of them share one, or there are too many.
    """
    found: list[DataSet] = []
    issues: list[Issue] = []
    texts: list[Span] = []
    offset = 0
    while len(found) < MOST_DATA_SETS:
        found.append(_data_set(source, offset, texts))
        step = _next_data(found[-1].keywords, source.file)
        if step == 0:
            return found, tuple(issues)
        if _begins(source, offset + step):  # counted from its own data set (FCS 3.1 section 3.2.20)
            offset += step
        elif step > offset and _begins(source, step):
            offset = step
            message = "$NEXTDATA counts from the beginning of the file; it was followed all the same."
            issues.append(Issue("fcs.absolute_next_data", Severity.WARNING, "$NEXTDATA", message))
        else:
            message = "$NEXTDATA announces a further data set, but there is none."
            issues.append(Issue("fcs.no_further_data_set", Severity.WARNING, "$NEXTDATA", message))
            return found, tuple(issues)
    raise FcsError(
        "The file chains too many data sets.", subject=source.file, allowed=f"at most {MOST_DATA_SETS}"
    )


def _begins(source: Source, offset: int) -> bool:
    return source.part(offset, offset + 3) == b"FCS"


def choose_data_set(
    data_sets: Sequence[DataSet], dataset: int | None, file: str
) -> tuple[DataSet, Mapping[str, str], tuple[Issue, ...]]:
    """Return the data set to read, labels for its detectors from its twins, and how it was chosen.

    Raises
    ------
    FcsError
        If there is no such data set, or it must be said which one.
    """
    _check_is_number(dataset, file)
    if dataset is None and len(data_sets) == 1:
        return data_sets[0], {}, ()
    if dataset is not None and 0 <= dataset < len(data_sets):
        return data_sets[dataset], {}, ()
    infos = [data_set.info(index, file) for index, data_set in enumerate(data_sets)]
    listing = "; ".join(str(info) for info in infos)
    if dataset is not None:
        raise FcsError("There is no such data set.", subject=file, found=str(dataset), allowed=listing)
    best = max(infos, key=lambda info: info.resolution_bits)
    best_is_single = sum(info.resolution_bits == best.resolution_bits for info in infos) == 1
    if not (_is_beckman(data_sets[0]) and len({info.n_events for info in infos}) == 1 and best_is_single):
        raise FcsError(
            "The file holds several data sets.",
            subject=file,
            found=listing,
            hint="Say which one to read: dataset=0, 1 ...",
        )
    message = (
        f"The file holds {len(infos)} data sets of one tube; number {best.dataset}, which has the highest "
        "resolution, was read. Compensation set at the instrument is usually not in it."
    )
    chosen = data_sets[best.dataset]
    issue = Issue(
        "fcs.data_set_chosen", Severity.WARNING, "$NEXTDATA", message, f"The file's data sets: {listing}."
    )
    return chosen, _labels([other for other in data_sets if other is not chosen]), (issue,)


def _check_is_number(dataset: object, file: str) -> None:
    if dataset is not None and (isinstance(dataset, bool) or not isinstance(dataset, Integral)):
        raise FcsError(
            "A data set is named by its number.",
            subject=file,
            field="dataset",
            found=f"a value of type {type(dataset).__name__}",
            allowed="a whole number, from 0 on",
        )


def taken_data_set(source: Source, dataset: int | None = None) -> DataSet:
    """Return the data set of an open file that :func:`~cytorecon.fcs.read_fcs` would read.

    Raises
    ------
    FcsError
        As :func:`find_data_sets` and :func:`choose_data_set`.
    """
    return choose_data_set(find_data_sets(source)[0], dataset, source.file)[0]


def _is_beckman(data_set: DataSet) -> bool:
    """Tell Beckman's files, whose data sets are one tube, by their keywords that begin with @."""
    return any(keyword.startswith("@") for keyword in data_set.keywords)


def _data_set(source: Source, offset: int, texts: list[Span]) -> DataSet:
    """Read the TEXT of the data set at byte `offset`, and add its place in the file to `texts`."""
    header = read_header(source, offset)
    _take(texts, offset, header.text, source.file)
    segment = _content(source, offset, header.text)
    header = replace(header, text_is_closed=segment[-1:] == segment[:1])
    text = parse_text(segment, source.file)
    begin, end = (number(text.keywords, name, source.file) or 0 for name in ("$BEGINSTEXT", "$ENDSTEXT"))
    if begin and end != begin - 1 and begin != header.text.begin:  # an end before its begin: no bytes
        place = Span(begin, end)
        if _is_supplement(place, segment[:1], header, source, offset):
            _take(texts, offset, place, source.file)
            text = merged(text, parse_text(_content(source, offset, place), source.file))
        else:
            message = "There is no supplemental TEXT where the file says it is; it was left out."
            issue = Issue("fcs.no_supplement", Severity.WARNING, "$BEGINSTEXT", message)
            text = Text(text.keywords, (*text.issues, issue))
    return DataSet(offset, header, MappingProxyType(text.keywords), (*header.issues, *text.issues))


def _take(texts: list[Span], offset: int, place: Span, file: str) -> None:
    """Refuse keywords that a data set before has read already: they would be read a thousand times."""
    span = Span(offset + place.begin, offset + place.end)
    if any(span.begin < other.end and other.begin < span.end for other in texts):
        raise FcsError(
            "Two data sets of the file have the same TEXT.",
            subject=file,
            field="$NEXTDATA",
            found=f"TEXT from byte {span.begin} to {span.end}, which was read already",
            allowed="a TEXT of its own for each data set",
            hint=DAMAGED,
        )
    texts.append(span)


def _is_supplement(place: Span, delimiter: bytes, header: Header, source: Source, offset: int) -> bool:
    """Tell whether a supplemental TEXT lies at `place`; some files point to something else there."""
    inside = any(
        place.begin <= segment.end and segment.begin <= place.end
        for segment in (header.text, header.data)
        if segment.length
    )
    in_file = place.length and offset + place.end < source.size
    return bool(
        in_file and not inside and source.part(offset + place.begin, offset + place.begin + 1) == delimiter
    )


def _content(source: Source, offset: int, place: Span) -> bytes:
    check_size(place.length, source.file)
    return source.part(offset + place.begin, offset + place.end + 1)


def _next_data(keywords: Mapping[str, str], file: str) -> int:
    if not keywords.get("$NEXTDATA", "").strip(PADDING):
        return 0
    return number(keywords, "$NEXTDATA", file) or 0


def _range_bits(keywords: Mapping[str, str], index: int) -> int:
    value = keywords.get(f"$P{index}R", "").strip()
    return (int(value) - 1).bit_length() if value.isascii() and value.isdigit() and len(value) < 20 else 0


def _labels(twins: Sequence[DataSet]) -> dict[str, str]:
    """Detector -> $PnS, where the twins agree."""
    roles = load_channel_roles()
    found: dict[str, set[str]] = {}
    for twin in twins:
        for key, label in twin.keywords.items():
            name = twin.keywords.get(f"{key[:-1]}N", "") if key.startswith("$P") and key.endswith("S") else ""
            if max(len(name), len(label)) > MOST_CHARACTERS:
                continue
            if name and label.strip() and label.strip() != name.strip():
                found.setdefault(roles.detector_of(name), set()).add(label.strip())
    return {detector: labels.pop() for detector, labels in found.items() if len(labels) == 1}
