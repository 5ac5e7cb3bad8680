"""What was left out of a file, without what it said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cytorecon.fcs.container import HEADER_LENGTH
from cytorecon.fcs.datasets import DataSet
from cytorecon.fcs.numbers import number
from cytorecon.fcs.source import Source
from cytorecon.knowledge.deidentification import load_deidentification
from cytorecon.values import Frozen

#: With these writers fill up segments and the space between them.
_FILLING: Final = b" \x00\r\n"

_BLOCK: Final = 1 << 20

#: Number of a parameter in a keyword: $P12V, $PKN12, P12DISPLAY, BD$P12N, @MB_P12_BASE.
_PARAMETER: Final = re.compile(r"(?<![A-Z])P(?:KN?)?(\d{1,20})", re.ASCII)


class Removed(Frozen):
    """What was left out of one file.

    Parameters
    ----------
    keywords : tuple of str
        Names that the standard or the maker of an instrument gave.
    unknown_keywords : int
        Number of the others, whose names may be those of people.
    labels, detectors : tuple of str
        Channels (``$PnN``, as they are called now) whose label was cut, or whose name was replaced.
    segments : tuple of str
        Parts of the file beside TEXT and events.
    """

    keywords: tuple[str, ...] = ()
    unknown_keywords: int = 0
    labels: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()

    def rows(self) -> tuple[tuple[str, int], ...]:
        """Return (what, how many) for a table."""
        unknown = ((f"unknown keyword{_s(self.unknown_keywords)}", self.unknown_keywords),)
        return (
            *((name, 1) for name in self.keywords),
            *(unknown if self.unknown_keywords else ()),
            *((f"label of {name}", 1) for name in self.labels),
            *((f"name of the detector that is now {name}", 1) for name in self.detectors),
            *((segment, 1) for segment in self.segments),
        )


def removed_keywords(
    before: Mapping[str, str], after: Mapping[str, str], *, parameters: int
) -> tuple[tuple[str, ...], int]:
    """Return the known names of keywords that are in `before` only, and the number of the others.

    Parameters
    ----------
    before, after : mapping of str to str
        Keywords of the old file and of the new one.
    parameters : int
        Number of channels: a keyword of a further one is not known.
    """
    rules = load_deidentification()
    gone = [name for name in before if name not in after]
    known = tuple(
        sorted(
            name
            for name in gone
            if rules.is_known_keyword(name) and not names_other_parameter(name, parameters)
        )
    )
    return known, len(gone) - len(known)


def names_other_parameter(keyword: str, parameters: int) -> bool:
    """Tell whether a keyword belongs to a parameter that the file does not have.

    Its number may then be that of a patient's record.

    Examples
    --------
    >>> [names_other_parameter(word, 12) for word in ("$P12V", "$P4711V", "P4711DISPLAY", "$TOT")]
    [False, True, True, False]
    """
    return any(not 1 <= int(number) <= parameters for number in _PARAMETER.findall(keyword))


def other_segments(
    source: Source, data_sets: Sequence[DataSet], taken: DataSet, events: tuple[int, int]
) -> tuple[str, ...]:
    """Return what else is in the file than TEXT and events of the data set that was taken.

    Parameters
    ----------
    source : Source
        The file.
    data_sets : sequence of DataSet
        All of its data sets.
    taken : DataSet
        The one that was taken.
    events : (int, int)
        First byte of its events, from the start of the file, and the one behind the last.
    """
    start, header = taken.offset, taken.header
    text = (start + header.text.begin, start + header.text.end + 1)
    supplement = _stated(taken, "STEXT", source.file)
    if supplement[0] == text[0]:  # some files call TEXT its own supplement
        supplement = (0, 0)
    analysis = _stated(taken, "ANALYSIS", source.file)
    if not analysis[1] and header.analysis.length:
        analysis = (start + header.analysis.begin, start + header.analysis.end + 1)
    found = [name for name, span in (("supplemental TEXT", supplement), ("ANALYSIS", analysis)) if span[1]]
    if len(data_sets) > 1:
        others = len(data_sets) - 1
        return (*found, f"{others} further data set{_s(others)}")
    known = ((start, start + HEADER_LENGTH), text, events, supplement, analysis)
    if _is_filled(source, known):
        found.append("bytes outside of the segments")
    return tuple(found)


def _stated(data_set: DataSet, segment: str, file: str) -> tuple[int, int]:
    begin, end = (number(data_set.keywords, f"${edge}{segment}", file) or 0 for edge in ("BEGIN", "END"))
    return (data_set.offset + begin, data_set.offset + end + 1) if begin and end > begin else (0, 0)


def _is_filled(source: Source, known: Iterable[tuple[int, int]]) -> bool:
    """Tell whether there is anything but filling bytes and a checksum outside of the `known` spans."""
    place = 0
    for begin, end in (*sorted(known), (source.size, source.size)):
        for start in range(place, begin, _BLOCK):
            gap = source.part(start, min(start + _BLOCK, begin))
            if begin >= source.size:
                gap = re.sub(rb"^[0-9A-Fa-f ]{8}", b"", gap)
            if gap.strip(_FILLING):
                return True
        place = max(place, end)
    return False


def _s(count: int) -> str:
    return "" if count == 1 else "s"
