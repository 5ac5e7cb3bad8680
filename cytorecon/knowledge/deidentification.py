"""What of a file goes into its de-identified copy, from ``deidentification.yaml``."""

from __future__ import annotations

import hashlib
import re
from functools import cached_property, lru_cache
from pathlib import Path

from pydantic import Field

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.patterns import Pattern
from cytorecon.values import Frozen

FILE = "deidentification.yaml"


_OTHER = re.compile(r"other instrument [0-9a-f]{4}")


class KeptKeyword(Frozen):
    """Keywords that are kept when their value fits."""

    pattern: Pattern
    value: Pattern
    why: str


class Instrument(Frozen):
    """A model of cytometer."""

    pattern: Pattern
    maker: str


class SourcedPattern(Frozen):
    """A pattern and where it comes from."""

    pattern: Pattern
    source: str


class DetectorNames(Frozen):
    """What the name of a detector may be."""

    most_characters: int = Field(gt=0)
    most_digits: int = Field(ge=0)
    optics: tuple[SourcedPattern, ...]
    words: tuple[SourcedPattern, ...]


class QuarantineLimit(Frozen):
    """One limit with its unit and its reason."""

    value: int = Field(gt=0)
    unit: str
    source: str


class QuarantineLimits(Frozen):
    """What the process may use that reads an upload."""

    address_space: QuarantineLimit
    processor_time: QuarantineLimit
    wall_clock: QuarantineLimit
    file_size: QuarantineLimit
    answer: QuarantineLimit


class Deidentification(Frozen):
    """The file ``deidentification.yaml``."""

    kept: tuple[KeptKeyword, ...]
    instruments: tuple[Instrument, ...]
    detectors: DetectorNames
    known: tuple[SourcedPattern, ...]
    quarantine: QuarantineLimits

    def keeps(self, name: str, value: str) -> bool:
        """Tell whether keyword `name` may stand in the copy with this value.

        Examples
        --------
        >>> rules = load_deidentification()
        >>> rules.keeps("$P1V", "450"), rules.keeps("$P1V", "Jane Doe"), rules.keeps("$OP", "450")
        (True, False, False)
        """
        return any(
            key.fullmatch(name) is not None and text.fullmatch(value) is not None
            for key, text in self._kept_patterns
        )

    def is_known_keyword(self, name: str) -> bool:
        """Tell whether a log may repeat the name of this keyword.

        Examples
        --------
        >>> rules = load_deidentification()
        >>> rules.is_known_keyword("&10PT NAME"), rules.is_known_keyword("JANE DOE")
        (True, False)
        """
        return self._known_pattern.fullmatch(name) is not None

    def instrument(self, text: str) -> str:
        """Return the model of cytometer that ``$CYT`` names.

        A text without a model we know becomes a number of 16 bits: enough to keep tubes of two
        instruments apart, too little to find the text again. Empty stays empty.

        Examples
        --------
        >>> rules = load_deidentification()
        >>> rules.instrument("FACSCanto II of Jane Doe"), rules.instrument("4486521 Attune NxT Acoustic")
        ('FACSCanto II', 'Attune NxT')
        >>> rules.instrument("Jane Doe")
        'other instrument 0133'
        """
        words = " ".join(text.replace("\x00", " ").split())
        if not words or _OTHER.fullmatch(words):
            return words
        found = (pattern.search(words) for pattern in self._instrument_patterns)
        model = next((match[0] for match in found if match), "")
        return model or f"other instrument {hashlib.sha256(words.encode()).hexdigest()[:4]}"

    def is_detector_word(self, word: str) -> bool:
        """Tell whether a word in capitals belongs to names of detectors."""
        return self._word_pattern.fullmatch(word) is not None

    def without_optics(self, name: str) -> str:
        """Return a name in capitals without one laser and one filter of each kind.

        Examples
        --------
        >>> load_deidentification().without_optics("488/552NM PE (580/30) LOGH").split()
        ['PE', '(', ')', 'LOGH']
        """
        for pattern in self._optics_patterns:
            name = pattern.sub(" ", name, count=1)
        return name

    @cached_property
    def _optics_patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(row.pattern, re.ASCII) for row in self.detectors.optics)

    @cached_property
    def _kept_patterns(self) -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
        return tuple(
            (re.compile(row.pattern, re.ASCII), re.compile(row.value, re.ASCII)) for row in self.kept
        )

    @cached_property
    def _instrument_patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(
            re.compile(rf"(?<![A-Za-z0-9])(?:{row.pattern})(?![A-Za-z0-9])", re.IGNORECASE)
            for row in self.instruments
        )

    @cached_property
    def _known_pattern(self) -> re.Pattern[str]:
        return _any_of(self.known)

    @cached_property
    def _word_pattern(self) -> re.Pattern[str]:
        return _any_of(self.detectors.words)


@lru_cache(maxsize=8)
def load_deidentification(folder: Path | None = None) -> Deidentification:
    """Return the rules of ``deidentification.yaml``.

    Parameters
    ----------
    folder : Path, optional
        The user's knowledge folder; its file replaces the packaged one.

    Raises
    ------
    KnowledgeError
        If the file is malformed.
    """
    return validated(Deidentification, read_yaml(FILE, folder=folder), subject=FILE)


def _any_of(rows: tuple[SourcedPattern, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{row.pattern})" for row in rows), re.ASCII)
