"""Names of detectors (``$PnN``) and labels (``$PnS``) that can be nobody's name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from cytorecon.fcs.quoting import safe_label
from cytorecon.knowledge.deidentification import load_deidentification
from cytorecon.knowledge.labels import words_of
from cytorecon.knowledge.markers import load_markers
from cytorecon.sample import Channel, ChannelRole

#: So that a name in place of another still says what the channel is (``channel_roles.yaml``).
_STEMS: Final = {
    ChannelRole.FORWARD_SCATTER: "FSC-",
    ChannelRole.SIDE_SCATTER: "SSC-",
    ChannelRole.OTHER: "HDR-",
}
#: What ``safe_label`` says of words it does not know, in a file that was cleaned before.
_SAID: Final = re.compile(r"(?:(?P<known>.+) and )?unrecognised text of \d{1,9} characters?")
_NUMBER: Final = re.compile(r"[0-9.]+")
#: Wavelengths have three digits, days and months two.
_LONG_NUMBER: Final = 3
#: The longest name in the tables of markers and dyes has five words.
_LONGEST_RUN: Final = 5


def is_detector_name(name: str) -> bool:
    """Tell whether every word of `name` is one of detectors, dyes or markers.

    Examples
    --------
    >>> [is_detector_name(name) for name in ("PE-Cy7-A", "530/30-H", "CD3", "MUELLER-A", "12.03.64")]
    [True, True, True, False, False]
    """
    rules = load_deidentification().detectors
    words = words_of(name.removeprefix("<").removesuffix(">"))  # BD's <FITC-A> is compensated
    numbers = [part for word in words if _NUMBER.fullmatch(word) for part in word.split(".")]
    return (
        0 < len(name) <= rules.most_characters
        and name.isprintable()
        and "," not in name
        and sum(len(number) < _LONG_NUMBER for number in numbers) <= rules.most_short_numbers
        and bool(words)
        and _all_known(words)
    )


def clean_names(channels: Sequence[Channel]) -> tuple[str, ...]:
    """Return a name for each channel: its own, or its number where that could be a person's.

    Names that stand for two columns are replaced too: no file may hold them.
    """
    times = Counter(channel.name for channel in channels)
    kept = {name for name, count in times.items() if count == 1 and is_detector_name(name)}
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
    """
    if label == name:  # a label that repeats the name says nothing of its own
        return clean_name
    said = _SAID.fullmatch(label)
    if said and (not said["known"] or safe_label(said["known"], clean_name) == said["known"]):
        return label
    return safe_label(label, clean_name)


def _numbered(channel: Channel, taken: set[str]) -> str:
    stem = f"{_STEMS.get(channel.role, '')}P{channel.index + 1}"
    ending = f"-{channel.aspect}" if channel.aspect else ""
    name, number = f"{stem}{ending}", 2
    while name in taken:
        name, number = f"{stem}-{number}{ending}", number + 1
    return name


def _all_known(words: tuple[str, ...]) -> bool:
    """Tell whether `words` can be split into runs that each have a meaning; the longest are tried first."""
    start = 0
    while start < len(words):
        for stop in range(min(len(words), start + _LONGEST_RUN), start, -1):
            if _is_known(words[start:stop], last=stop == len(words)):
                start = stop
                break
        else:
            return False
    return True


def _is_known(run: tuple[str, ...], *, last: bool) -> bool:
    if len(run) == 1 and (load_deidentification().is_detector_word(run[0])):
        return True
    lexicon = load_markers().labels
    markers = lexicon.markers_of_word(run[0]) if len(run) == 1 else lexicon.aliases.get("".join(run), ())
    return bool(markers) or lexicon.is_filler(run, last=last)
