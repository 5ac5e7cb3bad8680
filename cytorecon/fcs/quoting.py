"""What of a file's free text may stand in a message: numbers, and words of our own tables.

Messages are stored with the study, logged and shown, and a patient's name may stand anywhere in a
file. Names of detectors (``$PnN``) are repeated as they are, since the panel cannot be understood
without them; of everything else only what cannot be a name.
"""

from __future__ import annotations

import re
from typing import Final

from cytorecon.knowledge.labels import Lexicon, words_of
from cytorecon.knowledge.markers import load_markers

_PADDING: Final = " \x00"
#: A number (also with a decimal comma), a list of single digits such as a byte order, or one letter.
_HARMLESS: Final = re.compile(
    r"[+-]?[0-9]{1,18}([.,][0-9]{1,18})?([eE][+-]?[0-9]{1,3})?|[0-9](,[0-9])*|[A-Za-z]"
)
#: The longest name in the tables of markers and dyes has five words.
_LONGEST_NAME: Final = 5
#: A longer text is a sentence, not a label.
_MOST_WORDS: Final = 16


def quoted_value(text: str) -> str:
    """Return how a keyword's value or a cell may be named in a message.

    Examples
    --------
    >>> quoted_value("12.5"), quoted_value("Jane Doe")
    ("'12.5'", 'unrecognised text of 8 characters')
    """
    value = text.strip(_PADDING)
    return f"'{value}'" if len(value) <= 40 and _HARMLESS.fullmatch(value) else _unrecognised(len(value))


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
    """
    table = load_markers()
    rest = text
    for pattern in table.removed:
        rest = pattern.sub(" ", rest)
    words = words_of(rest)
    if len(words) > _MOST_WORDS:
        return _unrecognised(len(text))
    if table.labels.readings(words):
        return text
    known, unknown = _sorted_out(words, table.labels, frozenset(words_of(name)))
    if not unknown:
        return text
    told = _unrecognised(sum(map(len, unknown)))
    return f"{' '.join(known)} and {told}" if known else told


def quoted_label(text: str, name: str = "") -> str:
    """Return :func:`safe_label`, in quotation marks where it is the label as written."""
    safe = safe_label(text, name)
    return f"'{safe}'" if safe == text else safe


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


def _unrecognised(length: int) -> str:
    return f"unrecognised text of {length} character{'' if length == 1 else 's'}"
