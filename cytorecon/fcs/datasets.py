"""The data sets of a file: following ``$NEXTDATA``, and choosing one.

Beckman LMD files hold one tube twice: FCS 2.0 with 10-bit values and labels, then FCS 3.0 with
20-bit values and bare detector names. The second is worth reading, under the labels of the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from cytorecon.errors import FcsError, Issue, Severity
from cytorecon.fcs.container import Header, read_header
from cytorecon.fcs.layout import MOST_PARAMETERS
from cytorecon.fcs.text import number, parse_text
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


def find_data_sets(content: bytes, file: str) -> tuple[list[DataSet], tuple[Issue, ...]]:
    """Return the data sets of a file in order.

    Raises
    ------
    FcsError
        If one has no HEADER or no readable TEXT, or there are too many.
    """
    found: list[DataSet] = []
    offset = 0
    while len(found) < MOST_DATA_SETS:
        found.append(_data_set(content, offset, file))
        step = _next_data(found[-1].keywords, file)
        if step == 0:
            return found, ()
        offset += step  # counted from the beginning of its own data set (FCS 3.1 section 3.2.20)
        if not content[offset:].startswith(b"FCS"):
            message = "$NEXTDATA announces a further data set, but there is none."
            return found, (Issue("fcs.no_further_data_set", Severity.WARNING, "$NEXTDATA", message),)
    raise FcsError("The file chains too many data sets.", subject=file, allowed=f"at most {MOST_DATA_SETS}")


def choose_data_set(
    data_sets: Sequence[DataSet], dataset: int | None, file: str
) -> tuple[DataSet, Mapping[str, str], tuple[Issue, ...]]:
    """Return the data set to read, labels for its detectors from its twins, and how it was chosen.

    Raises
    ------
    FcsError
        If there is no such data set, or it must be said which one.
    """
    infos = [data_set.info(index, file) for index, data_set in enumerate(data_sets)]
    listing = "; ".join(str(info) for info in infos)
    if dataset is not None:
        if not 0 <= dataset < len(data_sets):
            raise FcsError("There is no such data set.", subject=file, found=str(dataset), allowed=listing)
        return data_sets[dataset], {}, ()
    if len(data_sets) == 1:
        return data_sets[0], {}, ()
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


def _is_beckman(data_set: DataSet) -> bool:
    """Tell Beckman's files, whose data sets are one tube, by their keywords that begin with @."""
    return any(keyword.startswith("@") for keyword in data_set.keywords)


def _data_set(content: bytes, offset: int, file: str) -> DataSet:
    header = read_header(content, offset, file)
    text = parse_text(content[offset + header.text.begin : offset + header.text.end + 1], file)
    keywords, issues = dict(text.keywords), text.issues
    begin, end = _supplement(keywords, file)
    if begin and end > begin and begin != header.text.begin and offset + end < len(content):
        supplement = parse_text(content[offset + begin : offset + end + 1], file)
        keywords = {**supplement.keywords, **keywords}
        issues = (*issues, *supplement.issues)
    return DataSet(offset, header, MappingProxyType(keywords), issues)


def _supplement(keywords: Mapping[str, str], file: str) -> tuple[int, int]:
    return number(keywords, "$BEGINSTEXT", file) or 0, number(keywords, "$ENDSTEXT", file) or 0


def _next_data(keywords: Mapping[str, str], file: str) -> int:
    if not keywords.get("$NEXTDATA", "").strip(" \x00"):
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
            if name and label.strip() and label.strip() != name.strip():
                found.setdefault(roles.detector_of(name), set()).add(label.strip())
    return {detector: labels.pop() for detector, labels in found.items() if len(labels) == 1}
