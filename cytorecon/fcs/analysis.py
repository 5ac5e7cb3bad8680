"""The ANALYSIS segment: what the instrument's software made of the events, gates and counts, say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from cytorecon.errors import FcsTruncatedError, Issue, Severity
from cytorecon.fcs.container import Span
from cytorecon.fcs.datasets import DataSet, taken_data_set
from cytorecon.fcs.numbers import number
from cytorecon.fcs.source import open_source
from cytorecon.fcs.text import parse_text


@dataclass(frozen=True, slots=True)
class Analysis:
    """One ANALYSIS segment.

    Parameters
    ----------
    content : bytes
        As it stands in the file; empty when there is none.
    keywords : mapping of str to str
        Its keywords, upper case; empty when it is not written as TEXT is.
    """

    content: bytes
    keywords: Mapping[str, str]


def read_analysis(path: str | Path, *, dataset: int | None = None) -> Analysis:
    """Return the ANALYSIS segment of one data set. Like TEXT it may hold names and dates.

    Parameters
    ----------
    path : str or Path
        The file.
    dataset : int, optional
        Which data set, from 0; see :func:`~cytorecon.fcs.read_fcs`.

    Raises
    ------
    FcsTruncatedError
        If the file ends before the segment does.
    FcsError
        If it is not an FCS file, or there is no such data set.
    """
    with open_source(path) as source:
        chosen = taken_data_set(source, dataset)
        span = _place(chosen, source.file)
        content = (
            source.part(chosen.offset + span.begin, chosen.offset + span.end + 1) if span.length else b""
        )
        if len(content) < span.length:
            raise FcsTruncatedError(
                "The file ends inside its ANALYSIS segment.",
                subject=source.file,
                found=f"{source.size - chosen.offset} bytes",
                allowed=f"{span.end + 1} bytes, which the file itself announces",
                hint="Copy it again from the cytometer.",
            )
        return Analysis(content, MappingProxyType(_keywords(content, source.file)))


def lost_analysis(data_set: DataSet, size: int, file: str) -> tuple[Issue, ...]:
    """Return an issue when the file ends before the ANALYSIS segment of `data_set` does."""
    if data_set.offset + _place(data_set, file).end < size:
        return ()
    message = "The file ends before its ANALYSIS segment does: its end was lost."
    return (Issue("fcs.analysis_lost", Severity.WARNING, "ANALYSIS", message, "Copy it again."),)


def _place(data_set: DataSet, file: str) -> Span:
    begin, end = (number(data_set.keywords, name, file) or 0 for name in ("$BEGINANALYSIS", "$ENDANALYSIS"))
    in_text = Span(begin, end)
    return in_text if begin and in_text.length else data_set.header.analysis


def _keywords(content: bytes, file: str) -> dict[str, str]:
    """Return the keywords of a segment that begins and ends with one character, no letter or digit."""
    bare = content.rstrip(b" \x00\r\n")
    if len(bare) < 2 or bare[0] != bare[-1] or bare[:1].isalnum():
        return {}
    return dict(parse_text(bare, file).keywords)
