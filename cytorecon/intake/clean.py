"""A sample without names and dates: keywords by allow-list, labels and detectors by known words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from cytorecon.errors import Issue, Severity
from cytorecon.fcs.numbers import PADDING
from cytorecon.intake.names import clean_label, clean_names, hidden
from cytorecon.intake.removed import Removed, names_other_parameter, removed_keywords
from cytorecon.knowledge.deidentification import load_deidentification
from cytorecon.knowledge.labels import without_dates, words_of
from cytorecon.sample import Channel, ChannelRole, Sample, Spillover

#: What is written anew and so is not left out.
_REWRITTEN: Final = re.compile(
    r"\$P[1-9]\d{0,4}[NS]|\$?SPILL(?:OVER)?|\$COMP|\$(?:BEGIN|END)(?:DATA|STEXT|ANALYSIS)|\$NEXTDATA"
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A sample without names and dates, and what was left out for that.

    Parameters
    ----------
    sample : Sample
        Same events, same roles, same markers.
    removed : Removed
        Without values.
    written : tuple of (str, str)
        Name and label of each channel in the original, as far as they may be kept
        (:func:`~cytorecon.intake.names.hidden`): what a user calls a channel by is found in them.
    """

    sample: Sample
    removed: Removed
    written: tuple[tuple[str, str], ...] = ()


def clean(sample: Sample) -> Cleaned:
    """Leave out of `sample` whatever could be a name or a date. Cleaning twice changes nothing.

    Of the keywords those are kept whose name and value are on the allow-list
    (``deidentification.yaml``); of a label the words that are markers or dyes; the name of a
    detector when all its words are known, else the number of its channel stands in its place.

    Examples
    --------
    >>> import numpy as np
    >>> channel = Channel(0, "MUELLER-A", "CD3 FITC", ChannelRole.FLUORESCENCE, "A")
    >>> sample = Sample(np.empty((0, 1), np.float32), (channel,), {"$TOT": "0", "$SRC": "a name"})
    >>> cleaned = clean(sample)
    >>> cleaned.sample.channels[0].label, dict(cleaned.sample.keywords)
    ('P1-A', {'$TOT': '0', '$P1N': 'P1-A', '$P1S': 'CD3 FITC'})
    >>> cleaned.removed.keywords, cleaned.removed.detectors
    (('$SRC',), ('P1-A',))
    """
    names = clean_names(sample.channels)
    channels = tuple(_channel(channel, name) for channel, name in zip(sample.channels, names, strict=True))
    keywords = _keywords(sample.keywords, len(channels)) | _names(channels)
    gone, unknown = removed_keywords(
        {name: value for name, value in sample.keywords.items() if not _REWRITTEN.fullmatch(name)},
        keywords,
        parameters=len(channels),
    )
    pairs = tuple(zip(sample.channels, channels, strict=True))
    removed = Removed(
        keywords=gone,
        unknown_keywords=unknown,
        labels=tuple(new.name for old, new in pairs if old.marker_text not in (new.marker_text, old.name)),
        detectors=tuple(new.name for old, new in pairs if old.name != new.name),
    )
    renamed = {old.name: new.name for old, new in pairs if old.name != new.name}
    cleaned = replace(
        sample,
        channels=channels,
        keywords=MappingProxyType(keywords),
        spillover=_spillover(sample.spillover, renamed),
        issues=(*(renamed_issue(issue, renamed) for issue in sample.issues), *_renaming(removed)),
    )
    written = tuple((hidden(channel.name), hidden(channel.marker_text)) for channel in sample.channels)
    return Cleaned(cleaned, removed, written)


def _channel(channel: Channel, name: str) -> Channel:
    label = clean_label(channel.marker_text, channel.name, name)
    if channel.role is not ChannelRole.FLUORESCENCE and label not in (channel.marker_text, name):
        label = ""  # no marker is looked for here, so half a label says nothing
    # a label or name that was cut names no marker when it is read again, here as little as in a new file
    said_by, left = (channel.marker_text, label) if label not in ("", name) else (channel.name, name)
    markers = channel.markers if without_dates(said_by) == left else frozenset()
    return replace(channel, name=name, marker_text=label, markers=markers)


def _keywords(keywords: Mapping[str, str], parameters: int) -> dict[str, str]:
    rules = load_deidentification()
    kept = {
        name: value.strip(PADDING)
        for name, value in keywords.items()
        if rules.keeps(name, value.strip(PADDING)) and not names_other_parameter(name, parameters)
    }
    instrument = rules.instrument(keywords.get("$CYT", ""))
    return kept | ({"$CYT": instrument} if instrument else {})


def _names(channels: tuple[Channel, ...]) -> dict[str, str]:
    words = {}
    for number, channel in enumerate(channels, start=1):
        words[f"$P{number}N"] = channel.name
        if channel.marker_text:
            words[f"$P{number}S"] = channel.marker_text
    return words


def _spillover(spillover: Spillover | None, renamed: Mapping[str, str]) -> Spillover | None:
    if spillover is None:
        return None
    return replace(spillover, channels=tuple(renamed.get(name, name) for name in spillover.channels))


def renamed_issue(issue: Issue, renamed: Mapping[str, str]) -> Issue:
    """Return `issue` with the new names of channels where it repeats old ones, or words of them.

    Parameters
    ----------
    issue : Issue
        What was noticed before the channels were renamed.
    renamed : mapping of str to str
        Old name -> new name.
    """
    new = renamed.get(issue.subject)
    if new is not None:  # words of a channel's label are quoted where they stand in its name, too
        message = renamed_text(issue.message, renamed)
        for word in _own_words(issue.subject):
            message = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "…", message, flags=re.IGNORECASE)
        issue = replace(issue, message=message)
    return replace(
        issue,
        subject=issue.subject if new is None else new,
        message=renamed_text(issue.message, renamed),
        hint=renamed_text(issue.hint, renamed),
    )


def _own_words(name: str) -> set[str]:
    rules = load_deidentification()
    return {
        word
        for word in (*words_of(name), *re.findall(r"\w+", name))
        if not rules.is_detector_word(word.upper())
    }


def renamed_text(text: str, renamed: Mapping[str, str]) -> str:
    """Return `text` with the new names of channels in place of the old ones."""
    for old, new in sorted(renamed.items(), key=lambda names: -len(names[0])):
        text = re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", new.replace("\\", r"\\"), text)
    return text


def _renaming(removed: Removed) -> tuple[Issue, ...]:
    return tuple(
        Issue(
            "intake.detector_renamed",
            Severity.WARNING,
            name,
            "The name of this detector holds words that are not those of detectors, dyes or markers, "
            "or stands for two columns; its channel is called by its number.",
            f"Where a marker has to be assigned to it, use --map MARKER={name}.",
        )
        for name in removed.detectors
    )
