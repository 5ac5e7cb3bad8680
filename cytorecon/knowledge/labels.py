"""Reading a channel's label word by word: every way in which all its words have a meaning.

``"CD45 PerCP-Cy5.5-A"`` is the words CD45, PERCP, CY5.5, A. Neighbouring words may be one name
(PERCP CY5.5 is a dye, HLA DR a marker). Nothing is searched for inside a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

Markers = frozenset[str]
Numbers = tuple[str, ...]

#: Highest CD number of the HLDA workshops (HLDA10); a larger number is a dye or a filter.
_LAST_CD = 371

#: A longer text is a sentence, not a label; it is not read.
_MOST_WORDS = 16

#: The longest name in the tables has five words (TCR gamma 9 delta 2 ...).
_LONGEST_NAME = 5

_GREEK = str.maketrans({"α": "A", "β": "B", "γ": "G", "δ": "D", "ε": "E", "κ": "K", "λ": "L"})

#: A point between digits belongs to the word: Cy5.5, Va7.2.
_SEPARATORS = re.compile(r"[\s\-_/\\,;:()\[\]{}+&|'\"]+|(?<!\d)\.|\.(?!\d)")

_CD = re.compile(r"CD(\d{1,3})([A-Z]?)")

#: Three numbers of a date, set apart: 04/07/64, 4.7.1964, 1964-07-04.
_DATE = re.compile(
    r"(?<![\w/.\-])(?:\d{1,2}([/.\-])\d{1,2}\1(?:\d{4}|\d{1,2})|\d{4}([/.\-])\d{1,2}\2\d{1,2})(?![\w/\-])",
    re.ASCII,
)

#: Of several numbers behind a CD number none may be a month, and none has three digits: of CD3-19-20
#: nobody makes a date, of CD3 12/64 one may.
_LISTED = range(13, 100)
#: More numbers make a date or the number of a record; longer lists stand in ``markers.csv``.
_MOST_LISTED = 2


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of `text` in capitals, Greek letters as Latin ones.

    Examples
    --------
    >>> words_of("CD8α/PerCP-Cy5.5")
    ('CD8A', 'PERCP', 'CY5.5')
    """
    return tuple(word for word in _SEPARATORS.split(text.translate(_GREEK).upper()) if word)


def folded(text: str) -> str:
    """Return the words of `text` without anything between them: ``"HLA-DR"`` is ``"HLADR"``."""
    return "".join(words_of(text))


def without_dates(label: str) -> str:
    """Return a label without the dates that are set apart in it; a label that is only one stays.

    Examples
    --------
    >>> without_dates("CD3 04/07/64 FITC"), without_dates("04/07/64"), without_dates("CD16/56 PE")
    ('CD3 FITC', '04/07/64', 'CD16/56 PE')
    """
    rest = _DATE.sub(" ", label)
    return " ".join(rest.split()) if rest != label and words_of(rest) else label


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand a whole label.

    Parameters
    ----------
    markers : frozenset of str
        Markers it names.
    glued : bool
        True when two numbers had to be read as one for it (CD3/4 as CD34): such a reading makes
        a label ambiguous, but is never taken for itself.
    """

    markers: Markers
    glued: bool


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words that have a meaning.

    Parameters
    ----------
    aliases : mapping of str to tuple of frozenset of str
        Folded alias -> the marker sets it can stand for.
    spelled : frozenset of tuple of str
        Aliases as their words, for those that are written with a number behind a number.
    dyes, endings : frozenset of str
        Folded words without meaning for us; `endings` only as the last word.
    """

    aliases: Mapping[str, tuple[Markers, ...]]
    spelled: frozenset[tuple[str, ...]]
    dyes: frozenset[str]
    endings: frozenset[str]

    def markers_of_word(self, word: str) -> tuple[Markers, ...]:
        """Return what one word can stand for: by the table, else a CD number stands for itself."""
        if word in self.aliases:
            return self.aliases[word]
        match = _CD.fullmatch(word)
        if match and 1 <= int(match[1]) <= _LAST_CD:
            return (frozenset({f"CD{int(match[1])}{match[2].lower()}"}),)
        return ()

    def is_filler(self, words: tuple[str, ...], last: bool) -> bool:
        """Tell whether `words` together are a dye, or an ending in last place."""
        joined = "".join(words)
        return joined.replace(".", "") in self.dyes or (last and joined in self.endings)

    def readings(self, words: tuple[str, ...]) -> frozenset[Reading]:
        """Return every way to give all `words` a meaning; none when there is a word without one."""
        if len(words) > _MOST_WORDS:
            return frozenset()
        # Position -> what was read up to there, and the bare numbers behind the last CD number;
        # None where a bare number has no CD number before it.
        read: dict[int, set[tuple[Markers, bool, Numbers | None]]] = {0: {(frozenset(), False, None)}}
        for start in range(len(words)):
            if start not in read:
                continue
            for stop in range(start + 1, min(len(words), start + _LONGEST_NAME) + 1):
                run = words[start:stop]
                for markers, glued, numbers in read[start]:
                    if self.is_filler(run, last=stop == len(words)):
                        read.setdefault(stop, set()).add((markers, glued, None))
                    for found, glues in self._names(run, numbers):
                        state = (markers | found, glued or glues, _counted(run, numbers))
                        read.setdefault(stop, set()).add(state)
        return frozenset(Reading(markers, glued) for markers, glued, _ in read.get(len(words), set()))

    def _names(self, run: tuple[str, ...], numbers: Numbers | None) -> list[tuple[Markers, bool]]:
        """Markers that `run` can be one name for, and whether two numbers were glued for it."""
        if len(run) == 1:
            found = self.markers_of_word(run[0])
            if numbers is not None and _are_listed((*numbers, run[0])):  # CD16+56, CD3-19-20
                found = (*found, *self.markers_of_word(f"CD{run[0]}"))
            return [(markers, False) for markers in found]
        joined = "".join(run)
        found = self.aliases.get(joined, ())
        if not found and len(run) == 2 and run[0] == "CD":  # "CD 3"
            found = self.markers_of_word(joined)
        glued = run not in self.spelled and any(a[-1].isdigit() and b[0].isdigit() for a, b in pairwise(run))
        if glued and not _are_listed(_bare(run)):  # CD1-2-3
            return []
        return [(markers, glued) for markers in found]


def _are_listed(numbers: Numbers) -> bool:
    """Tell whether bare words behind a CD number can be CD numbers, too, and no date."""
    if any(not number.isdecimal() or number.startswith("0") for number in numbers):
        return False
    return len(numbers) == 1 or (
        len(numbers) <= _MOST_LISTED and all(int(number) in _LISTED for number in numbers)
    )


def _bare(run: tuple[str, ...]) -> Numbers:
    """Numbers of `run` that are not written with its CD."""
    return tuple(word for word in run[2 if run[0] == "CD" else 1 :] if word.isdecimal())


def _counted(run: tuple[str, ...], numbers: Numbers | None) -> Numbers | None:
    if _CD.fullmatch("".join(run)):
        return _bare(run)
    return (*numbers, run[-1]) if numbers is not None and run[-1].isdecimal() else None
