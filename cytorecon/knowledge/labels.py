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
        # Position -> what was read up to there; the flag says that a bare number now means a CD number.
        read: dict[int, set[tuple[Markers, bool, bool]]] = {0: {(frozenset(), False, False)}}
        for start in range(len(words)):
            if start not in read:
                continue
            for stop in range(start + 1, min(len(words), start + _LONGEST_NAME) + 1):
                run = words[start:stop]
                for markers, glued, counting in read[start]:
                    if self.is_filler(run, last=stop == len(words)):
                        read.setdefault(stop, set()).add((markers, glued, False))
                    for found, glues in self._names(run, counting):
                        state = (markers | found, glued or glues, _goes_on_counting(run, counting))
                        read.setdefault(stop, set()).add(state)
        return frozenset(Reading(markers, glued) for markers, glued, _ in read.get(len(words), set()))

    def _names(self, run: tuple[str, ...], counting: bool) -> list[tuple[Markers, bool]]:
        """Markers that `run` can be one name for, and whether two numbers were glued for it."""
        if len(run) == 1:
            found = self.markers_of_word(run[0])
            if counting and run[0].isdigit():  # CD16+56, CD3-19-20
                found = (*found, *self.markers_of_word(f"CD{run[0]}"))
            return [(markers, False) for markers in found]
        joined = "".join(run)
        found = self.aliases.get(joined, ())
        if not found and len(run) == 2 and run[0] == "CD":  # "CD 3"
            found = self.markers_of_word(joined)
        glued = run not in self.spelled and any(a[-1].isdigit() and b[0].isdigit() for a, b in pairwise(run))
        return [(markers, glued) for markers in found]


def _goes_on_counting(run: tuple[str, ...], counting: bool) -> bool:
    return bool(_CD.fullmatch("".join(run))) or (counting and run[-1].isdigit())
