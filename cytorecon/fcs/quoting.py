"""What of a channel's label may stand in a message: words of our own tables.

Messages are stored with the study, logged and shown, and a patient's name may stand anywhere in a
file. Names of detectors (``$PnN``) are repeated as they are, since the panel cannot be understood
without them; of everything else only what cannot be a name
(:func:`cytorecon.fcs.numbers.quoted`).
"""

from __future__ import annotations

import re
from typing import Final

from cytorecon.fcs.numbers import unrecognised
from cytorecon.knowledge.labels import Lexicon, words_of
from cytorecon.knowledge.markers import load_markers

#: The longest name in the tables of markers and dyes has five words.
_LONGEST_NAME: Final = 5
#: A longer text is a sentence, not a label.
_MOST_WORDS: Final = 16
#: What is said of words that are not known, in a label that was cut before.
_SAID: Final = re.compile(r"(?:(?P<known>.+) and )?unrecognised text of \d{1,4} characters?")


def safe_label(text: str, name: str = "") -> str:
    """Return what may be said of a channel's label (``$PnS``): known markers and dyes.

    Parameters
    ----------
    text : str
        The label.
    name : str
        The channel's ``$PnN``, whose words are repeated anyway.

    Examples
    --------
    >>> safe_label("CD45 PerCP-Cy5.5"), safe_label("FSC-Height", "FSC-H")
    ('CD45 PerCP-Cy5.5', 'FSC-Height')
    >>> safe_label("CD3 Jane Doe")
    'CD3 and unrecognised text of 7 characters'
    >>> safe_label(safe_label("CD3 Jane Doe"))
    'CD3 and unrecognised text of 7 characters'
    """
    said = _SAID.fullmatch(text)
    if said and (not said["known"] or safe_label(said["known"], name) == said["known"]):
        return text
    table = load_markers()
    words = table.words_of(text)
    if len(words) > _MOST_WORDS:
        return unrecognised(len(text))
    if table.labels.readings(words):
        return text
    known, unknown = _sorted_out(words, table.labels, frozenset(words_of(name)))
    if not unknown:
        return text
    told = unrecognised(sum(map(len, unknown)))
    return f"{' '.join(known)} and {told}" if known else told


def quoted_label(text: str, name: str = "") -> str:
    """Return :func:`safe_label`, in quotation marks where it is the label as written."""
    safe = safe_label(text, name)
    return f"'{safe}'" if safe == text and not _SAID.fullmatch(text) else safe


def _sorted_out(words: tuple[str, ...], lexicon: Lexicon, own: frozenset[str]) -> tuple[list[str], list[str]]:
    """Split `words` into those of the tables or of the name, longest names first, and the others."""
    known: list[str] = []
    unknown: list[str] = []
    start = 0
    while start < len(words):
        for stop in range(min(len(words), start + _LONGEST_NAME), start, -1):
            run = words[start:stop]
            if own.issuperset(run) or _is_known(run, lexicon, last=stop == len(words)):
                known += run
                break
        else:
            stop = start + 1
            unknown.append(words[start])
        start = stop
    return known, unknown


def _is_known(run: tuple[str, ...], lexicon: Lexicon, *, last: bool) -> bool:
    named = lexicon.markers_of_word(run[0]) if len(run) == 1 else lexicon.aliases.get("".join(run), ())
    return bool(named) or lexicon.is_filler(run, last=last)
