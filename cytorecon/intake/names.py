"""Names of detectors (``$PnN``) and labels (``$PnS``) that can be nobody's name."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from cytorecon.fcs.quoting import safe_label
from cytorecon.knowledge.deidentification import load_deidentification
from cytorecon.knowledge.labels import without_dates, words_of
from cytorecon.knowledge.markers import load_markers
from cytorecon.sample import Channel, ChannelRole

#: So that a name in place of another still says what the channel is (``channel_roles.yaml``).
_STEMS: Final = {
    ChannelRole.FORWARD_SCATTER: "FSC-",
    ChannelRole.SIDE_SCATTER: "SSC-",
    ChannelRole.OTHER: "HDR-",
}
#: The longest name in the tables of markers and dyes has five words.
_LONGEST_RUN: Final = 5
#: Laser and side of the pulse: SSC-B-A, V500-C-A. More of them spell a word, and two alone are initials.
_MOST_LETTERS: Final = 2
#: A name that stands in place of one that is not to be seen.
_HIDDEN: Final = "other detector {}"
_IS_HIDDEN: Final = re.compile(_HIDDEN.format("[0-9a-f]{4}"))


def is_detector_name(name: str) -> bool:
    """Tell whether every word of `name` is one of detectors, dyes or markers.

    Examples
    --------
    >>> [is_detector_name(name) for name in ("PE-Cy7-A", "530/30-H", "CD3", "MUELLER-A", "12.03.64")]
    [True, True, True, False, False]
    """
    rules = load_deidentification()
    plain = name.removeprefix("<").removesuffix(">")  # BD's <FITC-A> is compensated
    written = words_of(plain)
    words = words_of(rules.without_optics(plain.upper()))
    initials = len(written) > 1 and all(map(_is_letter, written))
    return (
        0 < len(name) <= rules.detectors.most_characters
        and name.isprintable()
        and "," not in name
        and bool(written)
        and not initials
        and sum(map(_is_letter, words)) <= _MOST_LETTERS
        and _are_known(words, most_digits=rules.detectors.most_digits)
    )


def clean_names(channels: Sequence[Channel]) -> tuple[str, ...]:
    """Return a name for each channel: its own, or its number where that could be a person's.

    Names that stand for two columns are replaced too: no file may hold them.
    """
    times = Counter(channel.name for channel in channels)
    kept = {
        channel.name
        for channel in channels
        if times[channel.name] == 1 and (is_detector_name(channel.name) or _is_numbered(channel))
    }
    names: list[str] = []
    for channel in channels:
        name = channel.name
        if name not in kept:
            name = _numbered(channel, kept.union(names))
        names.append(name)
    return tuple(names)


def clean_label(label: str, name: str, clean_name: str) -> str:
    """Return what of a label consists of markers and dyes; cleaning twice changes nothing.

    Parameters
    ----------
    label : str
        ``$PnS``.
    name, clean_name : str
        The channel's name in the file, and the one it gets.

    Examples
    --------
    >>> clean_label("CD3 Jane Doe", "FITC-A", "FITC-A")
    'CD3 and unrecognised text of 7 characters'
    >>> clean_label("CD3 04/07/64", "FITC-A", "FITC-A")
    'CD3'
    """
    if label == name:  # a label that repeats the name says nothing of its own
        return clean_name
    return safe_label(without_dates(label), clean_name)


def hidden(name: str) -> str:
    """Return a name or label as it may be stored where it only has to be recognised.

    What could be a person's becomes 16 bits of its SHA-256: enough to tell one channel of a file
    from the others, too little to find the text again.

    Examples
    --------
    >>> hidden("PE-A"), hidden("Mueller-A"), hidden(hidden("Mueller-A"))
    ('PE-A', 'other detector ab64', 'other detector ab64')
    """
    if not name or is_detector_name(name) or _IS_HIDDEN.fullmatch(name):
        return name
    return _HIDDEN.format(hashlib.sha256(name.encode()).hexdigest()[:4])


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isalpha()


def _is_numbered(channel: Channel) -> bool:
    """Tell whether a channel is called by its own number already."""
    stem = f"{_STEMS.get(channel.role, '')}P{channel.index + 1}"
    return re.fullmatch(rf"{stem}(-\d{{1,2}})?(-[AHW])?", channel.name, re.ASCII) is not None


def _numbered(channel: Channel, taken: set[str]) -> str:
    stem = f"{_STEMS.get(channel.role, '')}P{channel.index + 1}"
    ending = f"-{channel.aspect}" if channel.aspect else ""
    name, number = f"{stem}{ending}", 2
    while name in taken:
        name, number = f"{stem}-{number}{ending}", number + 1
    return name


def _are_known(words: tuple[str, ...], *, most_digits: int) -> bool:
    """Tell whether `words` split into runs that each have a meaning, longest first, with few digits.

    Digits in names of markers and dyes do not count; of the other words one may have digits.
    """
    numbered: list[int] = []
    start = 0
    while start < len(words):
        for stop in range(min(len(words), start + _LONGEST_RUN), start, -1):
            if _is_marker_or_dye(words[start:stop], last=stop == len(words)):
                break
        else:
            stop = start + 1
            if not load_deidentification().is_detector_word(words[start]):
                return False
            if digits := sum(character.isdigit() for character in words[start]):
                numbered.append(digits)
        start = stop
    return len(numbered) <= 1 and sum(numbered) <= most_digits


def _is_marker_or_dye(run: tuple[str, ...], *, last: bool) -> bool:
    lexicon = load_markers().labels
    if len(run) == 1:
        return bool(lexicon.markers_of_word(run[0])) or lexicon.is_filler(run, last=last)
    if lexicon.is_filler(run, last=last):
        return True
    glued = any(before[-1].isdigit() and word[0].isdigit() for before, word in pairwise(run))
    return "".join(run) in lexicon.aliases and (not glued or run in lexicon.spelled)  # CD3-4 is not CD34
