"""What the name of a visit may be made of (``visit_labels.yaml``)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

VISIT_LABELS_FILE = "visit_labels.yaml"


class VisitLabels(Frozen):
    """The words of visit names, and their limits.

    Parameters
    ----------
    longest : int
        Most characters.
    letters_beside_digits : int
        Most letters of a word that stands with a digit and is not in `words`.
    digits : int
        Most digits of one number.
    words : tuple of tuple of str
        In groups, for those who read the file.
    """

    longest: int = Field(gt=0)
    letters_beside_digits: int = Field(ge=0)
    digits: int = Field(gt=0)
    words: tuple[tuple[str, ...], ...]

    def allows(self, word: str, *, beside_digit: bool) -> bool:
        """Return whether a run of letters may stand in the name of a visit.

        Examples
        --------
        >>> labels = load_visit_labels()
        >>> labels.allows("Month", beside_digit=False), labels.allows("Muster", beside_digit=False)
        (True, False)
        """
        known = any(word.lower() in group for group in self.words)
        return known or len(word) == 1 or (beside_digit and len(word) <= self.letters_beside_digits)


def load_visit_labels(*, folder: Path | None = None) -> VisitLabels:
    """Return what the name of a visit may be made of.

    Raises
    ------
    KnowledgeError
        If the file cannot be used.

    Examples
    --------
    >>> load_visit_labels().longest
    24
    """
    return validated(VisitLabels, read_yaml(VISIT_LABELS_FILE, folder=folder), subject=VISIT_LABELS_FILE)
