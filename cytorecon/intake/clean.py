"""A sample without names and dates: keywords by allow-list, labels and detectors by known words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from cytorecon.errors import Issue, Severity
from cytorecon.fcs.numbers import PADDING
from cytorecon.intake.names import clean_label, clean_names
from cytorecon.intake.removed import Removed, removed_keywords
from cytorecon.knowledge.deidentification import load_deidentification
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
    """

    sample: Sample
    removed: Removed


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
    keywords = _keywords(sample.keywords) | _names(channels)
    gone, unknown = removed_keywords(
        {name: value for name, value in sample.keywords.items() if not _REWRITTEN.fullmatch(name)}, keywords
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
        issues=(*(_issue(issue, renamed) for issue in sample.issues), *_renaming(removed)),
    )
    return Cleaned(cleaned, removed)


def _channel(channel: Channel, name: str) -> Channel:
    label = clean_label(channel.marker_text, channel.name, name)
    if channel.role is not ChannelRole.FLUORESCENCE and label not in (channel.marker_text, name):
        label = ""  # no marker is looked for here, so half a label says nothing
    return replace(channel, name=name, marker_text=label)


def _keywords(keywords: Mapping[str, str]) -> dict[str, str]:
    rules = load_deidentification()
    kept = {
        name: value.strip(PADDING)
        for name, value in keywords.items()
        if rules.keeps(name, value.strip(PADDING))
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


def _issue(issue: Issue, renamed: Mapping[str, str]) -> Issue:
    """Replace the old names of channels where an issue repeats them."""
    for old, new in sorted(renamed.items(), key=lambda names: -len(names[0])):
        name = re.compile(rf"(?<!\w){re.escape(old)}(?!\w)")
        issue = replace(
            issue,
            subject=new if issue.subject == old else issue.subject,
            message=name.sub(new, issue.message),
            hint=name.sub(new, issue.hint),
        )
    return issue


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
