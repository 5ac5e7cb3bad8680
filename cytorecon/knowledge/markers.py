"""Which antigens a channel's label names, by exact words and a small table of ours.

A label such as ``"CD45 PerCP-Cy5.5"`` is cut into words; every word, or run of words, must be a
known marker, dye, metal or ending. Nothing is searched for inside a word, so CD45 is never found
in CD45RA. When a label can be read in two ways, or a word stays unknown, no marker is assigned
and the reading says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_csv_rows, read_yaml, validated

MARKER_FILE = "markers.csv"
FLUOROCHROME_FILE = "fluorochromes.yaml"

#: Highest CD number of the HLDA workshops (HLDA10); a larger number is a dye or a filter.
_LAST_CD = 371

_GREEK = str.maketrans({"α": "A", "β": "B", "γ": "G", "δ": "D", "ε": "E", "κ": "K", "λ": "L"})
_SEPARATORS = re.compile(r"[\s\-_/\\,;:()\[\]{}+&|'\"]+|(?<!\d)\.|\.(?!\d)")
_CD = re.compile(r"CD(\d{1,3})([A-Z]?)")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MarkerAlias(_Strict):
    """One row of ``markers.csv``."""

    canonical: str
    alias: str
    where: Literal["any", "text"]


class IgnoredPattern(_Strict):
    """One row of ``ignored_patterns`` in ``fluorochromes.yaml``."""

    pattern: str
    source: str


class Fluorochromes(_Strict):
    """The file ``fluorochromes.yaml``."""

    fluorochromes: tuple[str, ...]
    endings: tuple[str, ...]
    metals: tuple[str, ...]
    ignored_patterns: tuple[IgnoredPattern, ...]


@dataclass(frozen=True, slots=True)
class MarkerReading:
    """What a channel's label says.

    Parameters
    ----------
    markers : frozenset of str
        Canonical markers; empty when none, or when the label is ambiguous or partly unknown.
    candidates : tuple of frozenset of str
        The possible readings when there is more than one.
    unknown_words : tuple of str
        Words that are in no table, when the label also names a marker.
    """

    markers: frozenset[str] = frozenset()
    candidates: tuple[frozenset[str], ...] = ()
    unknown_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkerTable:
    """Aliases and dye names, ready for lookup; make it with :func:`load_markers`.

    Parameters
    ----------
    text_aliases, name_aliases : mapping of str to tuple of frozenset of str
        Folded alias -> the marker sets it can stand for, in ``$PnS`` and in ``$PnN``.
    dyes, endings : frozenset of str
        Folded words to skip; `endings` only at the end.
    removed : tuple of compiled patterns
        Metals, filters and trade marks, taken out of the label first.
    """

    text_aliases: Mapping[str, tuple[frozenset[str], ...]]
    name_aliases: Mapping[str, tuple[frozenset[str], ...]]
    dyes: frozenset[str]
    endings: frozenset[str]
    removed: tuple[re.Pattern[str], ...]

    def read(self, label: str, *, detector_name: bool = False) -> MarkerReading:
        """Return which markers `label` names.

        Parameters
        ----------
        label : str
            ``$PnS``, or ``$PnN`` when the channel has no ``$PnS``.
        detector_name : bool
            True for ``$PnN``: words that instruments use as names of detectors are not trusted.

        Examples
        --------
        >>> table = load_markers()
        >>> sorted(table.read("CD16+56 PE").markers)
        ['CD16', 'CD56']
        >>> sorted(table.read("CD45RA APC-Cy7-A").markers)
        ['CD45RA']
        >>> table.read("CD3/4").candidates
        (frozenset({'CD34'}), frozenset({'CD3', 'CD4'}))
        """
        words = self._words(label)
        aliases = self.name_aliases if detector_name else self.text_aliases
        readings = _readings(words, aliases, self.dyes, self.endings)
        sound = {reading.markers for reading in readings if not reading.dubious}
        possible = {reading.markers for reading in readings} if sound else set()
        if len(possible) == 1:
            return MarkerReading(markers=next(iter(possible)))
        if len(possible) > 1:
            return MarkerReading(
                candidates=tuple(sorted(possible, key=lambda found: (len(found), sorted(found))))
            )
        known = {word for word in words if _single(word, aliases)}
        unknown = [word for word in words if word not in known and word not in self.dyes | self.endings]
        return MarkerReading(unknown_words=tuple(unknown) if known else ())

    def canonical(self, name: str) -> frozenset[str]:
        """Return the marker set that `name` (one marker or ``"CD16+CD56"``) stands for.

        Raises
        ------
        KnowledgeError
            If `name` is no marker, or an ambiguous one.
        """
        reading = self.read(name)
        if not reading.markers:
            raise KnowledgeError(
                f"'{name}' is not a marker we know by one meaning.",
                subject=MARKER_FILE,
                found=" or ".join("+".join(sorted(found)) for found in reading.candidates),
                hint="Use a name of the column canonical, or a CD number.",
            )
        return reading.markers

    def _words(self, label: str) -> tuple[str, ...]:
        for pattern in self.removed:
            label = pattern.sub(" ", label)
        return tuple(word for word in _SEPARATORS.split(label.translate(_GREEK).upper()) if word)


@lru_cache(maxsize=8)
def load_markers(folder: Path | None = None) -> MarkerTable:
    """Return the table made of ``markers.csv`` and ``fluorochromes.yaml``.

    Parameters
    ----------
    folder : Path, optional
        The user's knowledge folder; its files replace the packaged ones.

    Raises
    ------
    KnowledgeError
        If a file is malformed.
    """
    rows = [
        validated(MarkerAlias, row, subject=f"{MARKER_FILE}, '{row.get('alias', '')}'")
        for row in read_csv_rows(MARKER_FILE, folder=folder)
    ]
    words = validated(Fluorochromes, read_yaml(FLUOROCHROME_FILE, folder=folder), subject=FLUOROCHROME_FILE)
    symbols = "|".join(words.metals)
    removed = [
        rf"(?<![A-Za-z0-9])\d{{2,3}}({symbols})(?![a-z0-9])(D[di])?",
        rf"(?<![A-Za-z])({symbols})\d{{2,3}}(?=D[di]|[)\s_-]|$)\)?(D[di])?",
        *(row.pattern for row in words.ignored_patterns),
    ]
    return MarkerTable(
        text_aliases=_alias_table(rows),
        name_aliases=_alias_table(row for row in rows if row.where == "any"),
        dyes=frozenset(_fold(word).replace(".", "") for word in words.fluorochromes),
        endings=frozenset(_fold(word) for word in words.endings),
        removed=tuple(re.compile(pattern) for pattern in removed),
    )


def markers_of(label: str) -> MarkerReading:
    """Return which markers the label of a channel names, by the packaged table.

    Examples
    --------
    >>> markers_of("cd45 VioBlue-A").markers
    frozenset({'CD45'})
    """
    return load_markers().read(label)


@dataclass(frozen=True, slots=True)
class _Parse:
    markers: frozenset[str]
    dubious: bool


def _fold(text: str) -> str:
    return "".join(_SEPARATORS.split(text.translate(_GREEK).upper()))


def _alias_table(rows: Iterable[MarkerAlias]) -> dict[str, tuple[frozenset[str], ...]]:
    table: dict[str, set[frozenset[str]]] = {}
    for row in rows:
        table.setdefault(_fold(row.alias), set()).add(frozenset(row.canonical.split("+")))
    return {alias: tuple(sorted(found, key=sorted)) for alias, found in table.items()}


def _single(word: str, aliases: Mapping[str, tuple[frozenset[str], ...]]) -> tuple[frozenset[str], ...]:
    """Markers of one word: from the table, else a CD number as its own name."""
    if word in aliases:
        return aliases[word]
    match = _CD.fullmatch(word)
    if match and 1 <= int(match[1]) <= _LAST_CD:
        return (frozenset({f"CD{int(match[1])}{match[2].lower()}"}),)
    return ()


def _readings(
    words: tuple[str, ...],
    aliases: Mapping[str, tuple[frozenset[str], ...]],
    dyes: frozenset[str],
    endings: frozenset[str],
) -> set[_Parse]:
    """All ways to use up every word. Labels are short: at most a few dozen combinations."""
    if len(words) > _LONGEST_LABEL:
        return set()
    done: dict[int, set[tuple[frozenset[str], bool, bool]]] = {0: {(frozenset(), False, False)}}
    for start in range(len(words)):
        for markers, dubious, after_cd in done.get(start, set()):
            for stop in range(start + 1, min(len(words), start + _LONGEST_RUN) + 1):
                run = words[start:stop]
                joined = "".join(run)
                if joined.replace(".", "") in dyes or (stop == len(words) and joined in endings):
                    done.setdefault(stop, set()).add((markers, dubious, False))
                for found, splits_number in _markers_of_run(run, aliases, after_cd):
                    state = (markers | found, dubious or splits_number, _ends_in_cd_number(run, after_cd))
                    done.setdefault(stop, set()).add(state)
    return {_Parse(markers, dubious) for markers, dubious, _ in done.get(len(words), set())}


_LONGEST_LABEL = 16
_LONGEST_RUN = 5


def _markers_of_run(
    run: tuple[str, ...], aliases: Mapping[str, tuple[frozenset[str], ...]], after_cd: bool
) -> list[tuple[frozenset[str], bool]]:
    """Markers that `run` as one name can mean, and whether a number had to be glued for it."""
    if len(run) == 1:
        found = _single(run[0], aliases)
        if after_cd and run[0].isdigit() and len(run[0]) <= 3:  # CD16+56, CD3-19-20
            found = (*found, *_single(f"CD{run[0]}", aliases))
        return [(markers, False) for markers in found]
    joined = "".join(run)
    found = aliases.get(joined, ()) or (_single(joined, aliases) if run[0] == "CD" and len(run) == 2 else ())
    glued = any(left[-1].isdigit() and right[0].isdigit() for left, right in pairwise(run))
    return [(markers, glued) for markers in found]


def _ends_in_cd_number(run: tuple[str, ...], after_cd: bool) -> bool:
    last = run[-1]
    return bool(_CD.fullmatch("".join(run))) or (after_cd and last.isdigit())
