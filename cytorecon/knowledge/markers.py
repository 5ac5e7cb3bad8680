"""Which antigens a channel's label names, by exact words and a small table of ours.

Every word of a label such as ``"CD45 PerCP-Cy5.5"`` must be a known marker, dye, metal or ending, so
CD45 is never found in CD45RA. When a label can be read in two ways, or a word stays unknown, no
marker is assigned and the reading says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_csv_rows, read_yaml, validated
from cytorecon.knowledge.labels import Lexicon, Markers, folded, without_dates, words_of
from cytorecon.values import Frozen

MARKER_FILE = "markers.csv"
FLUOROCHROME_FILE = "fluorochromes.yaml"

#: Masses that mass cytometers measure, in Da: 75 to 209 (Helios user guide).
_MASS = r"(?:7[5-9]|[89]\d|1\d\d|20\d)"


class MarkerAlias(Frozen):
    """One row of ``markers.csv``."""

    canonical: str
    alias: str
    where: Literal["any", "text"]


class IgnoredPattern(Frozen):
    """One row of ``ignored_patterns`` in ``fluorochromes.yaml``."""

    pattern: str
    source: str
    once: bool = False


class Fluorochromes(Frozen):
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
    labels, detectors : Lexicon
        Words that are trusted in labels (``$PnS``) and in names of detectors (``$PnN``).
    removed : tuple of (compiled pattern, bool)
        Metals, filters and trade marks, taken out of the label first; True for those of which the
        label's first is taken only: of many numbers one could be a date or that of a record.
    """

    labels: Lexicon
    detectors: Lexicon
    removed: tuple[tuple[re.Pattern[str], bool], ...]

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
        >>> [sorted(candidate) for candidate in table.read("CD3/4").candidates]
        [['CD34'], ['CD3', 'CD4']]
        """
        words = self.words_of(without_dates(label))
        lexicon = self.detectors if detector_name else self.labels
        readings = lexicon.readings(words)
        if all(reading.glued for reading in readings):
            return MarkerReading(unknown_words=_unknown(words, lexicon))
        possible = sorted(
            {reading.markers for reading in readings}, key=lambda found: (len(found), sorted(found))
        )
        return (
            MarkerReading(markers=possible[0])
            if len(possible) == 1
            else MarkerReading(candidates=tuple(possible))
        )

    def words_of(self, label: str) -> tuple[str, ...]:
        """Return the words of `label` without one metal, one filter of each kind and trade marks.

        Examples
        --------
        >>> load_markers().words_of("CD3 530/30@488/B FITC"), load_markers().words_of("CD3 123/456")
        (('CD3', 'FITC'), ('CD3', '123', '456'))
        """
        for pattern, once in self.removed:
            label = pattern.sub(" ", label, count=int(once))
        return words_of(label)

    def canonical(self, name: str) -> Markers:
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
    metal = (
        rf"(?<![A-Za-z0-9]){_MASS}({symbols})(?![a-z0-9])(D[di])?"  # 141Pr_CD27
        rf"|(?<![A-Za-z])({symbols}){_MASS}(?=D[di]|[)\s_-]|$)\)?(D[di])?"  # CD3(Nd150)Dd
    )
    ignored = ((row.pattern, row.once) for row in words.ignored_patterns)
    return MarkerTable(
        labels=_lexicon(rows, words),
        detectors=_lexicon([row for row in rows if row.where == "any"], words),
        removed=tuple((re.compile(pattern), once) for pattern, once in ((metal, True), *ignored)),
    )


def markers_of(label: str) -> MarkerReading:
    """Return which markers the label of a channel names, by the packaged table.

    Examples
    --------
    >>> markers_of("cd45 VioBlue-A").markers
    frozenset({'CD45'})
    """
    return load_markers().read(label)


def _lexicon(rows: Iterable[MarkerAlias], words: Fluorochromes) -> Lexicon:
    aliases: dict[str, set[Markers]] = {}
    spelled = set()
    for row in rows:
        aliases.setdefault(folded(row.alias), set()).add(frozenset(row.canonical.split("+")))
        spelled.add(words_of(row.alias))
    return Lexicon(
        aliases={alias: tuple(sorted(found, key=sorted)) for alias, found in aliases.items()},
        spelled=frozenset(spelled),
        dyes=frozenset(folded(word).replace(".", "") for word in words.fluorochromes),
        endings=frozenset(folded(word) for word in words.endings),
    )


def _unknown(words: tuple[str, ...], lexicon: Lexicon) -> tuple[str, ...]:
    """Words without a meaning, when a marker stands beside them: a label without any is no riddle."""
    if not any(lexicon.markers_of_word(word) for word in words):
        return ()
    return tuple(
        word
        for word in words
        if not lexicon.markers_of_word(word) and not lexicon.is_filler((word,), last=True)
    )
