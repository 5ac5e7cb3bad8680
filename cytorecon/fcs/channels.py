"""What the columns of a data set are: names, roles, sides of the pulse, markers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from cytorecon.errors import FcsError, Issue, Severity
from cytorecon.fcs.quoting import quoted_label
from cytorecon.knowledge.channel_roles import load_channel_roles
from cytorecon.knowledge.markers import load_markers
from cytorecon.sample import Channel, ChannelRole

_BLANK = " \x00"

#: Longer than any name or label; looking for words in it takes as long as the text.
MOST_CHARACTERS = 250

#: A longer name is damage, and would go into every table.
_LONGEST_NAME = 100_000


@dataclass(frozen=True, slots=True)
class Detector:
    """What the name of a channel says.

    Parameters
    ----------
    name : str
        ``$PnN``.
    role : ChannelRole
        Scatter, fluorescence, time or other.
    aspect : str
        Side of the pulse.
    """

    name: str
    role: ChannelRole
    aspect: str


def read_detectors(keywords: Mapping[str, str], n_channels: int, file: str) -> tuple[Detector, ...]:
    """Return the detectors named by ``$PnN``; only the first clock among them is time.

    Raises
    ------
    FcsError
        If a channel has no name.
    """
    detectors: list[Detector] = []
    has_clock = False
    for index in range(n_channels):
        detector = _detector(_name(keywords, index, file))
        if detector.role is ChannelRole.TIME and has_clock:
            detector = replace(detector, role=ChannelRole.OTHER)
        has_clock = has_clock or detector.role is ChannelRole.TIME
        detectors.append(detector)
    return tuple(detectors)


def read_channels(
    keywords: Mapping[str, str],
    detectors: Sequence[Detector],
    maxima: Sequence[float],
    labels: Mapping[str, str] | None = None,
) -> tuple[tuple[Channel, ...], tuple[Issue, ...]]:
    """Return the channels of `detectors` with their labels (``$PnS``), and what is odd about them.

    Parameters
    ----------
    keywords : mapping of str to str
        TEXT keywords.
    detectors : sequence of Detector
        One per channel.
    maxima : sequence of float
        Upper end of each channel's range.
    labels : mapping of str to str, optional
        Labels for detectors without ``$PnS``, from another data set of the same tube.
    """
    channels: list[Channel] = []
    issues: list[Issue] = []
    for index, (detector, maximum) in enumerate(zip(detectors, maxima, strict=True)):
        text = keywords.get(f"$P{index + 1}S", "").strip(_BLANK)
        if len(text) > MOST_CHARACTERS:
            issues.append(_too_long(detector.name, len(text)))
            channels.append(_unlabelled(index, detector, maximum))
            continue
        borrowed = "" if text or not labels else labels.get(_detector_name(detector.name), "")
        channel, more = _channel(index, detector, maximum, text, borrowed)
        channels.append(channel)
        issues += more
    return tuple(channels), (*issues, *_name_issues(channels))


def _detector_name(name: str) -> str:
    if len(name) > MOST_CHARACTERS:
        return ""
    return load_channel_roles().detector_of(name)


def _name(keywords: Mapping[str, str], index: int, file: str) -> str:
    name = keywords.get(f"$P{index + 1}N", "").strip(_BLANK)
    if not name:
        raise FcsError(
            "A channel has no name.",
            subject=file,
            field=f"$P{index + 1}N",
            found="nothing",
            hint="The file is damaged or was written by faulty software: export it again.",
        )
    if len(name) > _LONGEST_NAME:
        raise FcsError(
            "The name of a channel is too long.",
            subject=file,
            field=f"$P{index + 1}N",
            found=f"{len(name)} characters",
            allowed=f"at most {_LONGEST_NAME}",
            hint="The file is damaged or was written by faulty software: export it again.",
        )
    return name


def _unlabelled(index: int, detector: Detector, maximum: float) -> Channel:
    return Channel(index, detector.name, "", detector.role, detector.aspect, maximum=maximum)


def _too_long(name: str, length: int) -> Issue:
    message = f"The label has {length} characters, more than {MOST_CHARACTERS}; it was left out."
    hint = f"Say what the channel is with --map MARKER={name}."
    return Issue("fcs.long_label", Severity.WARNING, name, message, hint)


def _long_name(index: int, length: int) -> Issue:
    message = f"The name has {length} characters, more than {MOST_CHARACTERS}; nothing was looked for in it."
    return Issue("fcs.long_name", Severity.WARNING, f"$P{index + 1}N", message)


#: The files of a study repeat a few names, and matching them costs more than reading a small file.
@lru_cache(maxsize=2048)
def _detector(name: str) -> Detector:
    if len(name) > MOST_CHARACTERS:
        return Detector(name, ChannelRole.OTHER, "")
    roles = load_channel_roles()
    return Detector(name, roles.role_of(name), roles.aspect_of(name))


def _name_issues(channels: list[Channel]) -> list[Issue]:
    issues = [
        _long_name(channel.index, len(channel.name))
        for channel in channels
        if len(channel.name) > MOST_CHARACTERS
    ]
    for name, times in Counter(channel.name for channel in channels).items():
        if times > 1:
            message = f"{times} channels have this name, so none of them can be used by name."
            issues.append(Issue("fcs.duplicate_name", Severity.WARNING, name, message))
        if "," in name:
            message = "The standard forbids a comma in a channel's name."
            issues.append(Issue("fcs.comma_in_name", Severity.WARNING, name, message))
    return issues


@lru_cache(maxsize=2048)
def _channel(
    index: int, detector: Detector, maximum: float, text: str, borrowed: str
) -> tuple[Channel, tuple[Issue, ...]]:
    name, role, aspect = detector.name, detector.role, detector.aspect
    if role is not ChannelRole.FLUORESCENCE:
        return Channel(index, name, text, role, aspect, maximum=maximum), ()
    markers, issues = _markers(name, text or borrowed)
    if borrowed:
        message = f"The label {quoted_label(borrowed, name)} was taken from another data set of the file."
        issues = (Issue("fcs.label_borrowed", Severity.INFO, name, message), *issues)
    return Channel(index, name, text or borrowed, role, aspect, markers, maximum), issues


def _markers(name: str, text: str) -> tuple[frozenset[str], tuple[Issue, ...]]:
    """Return markers by $PnS; by $PnN only when $PnS is empty or repeats it."""
    by_name = not text or text == name
    label = name if by_name else text
    reading = load_markers().read(label, detector_name=by_name)
    shown = f"'{name}'" if by_name else quoted_label(text, name)
    hint = f"Say what it is with --map MARKER={name}, or add the label to markers.csv."
    if reading.candidates:
        options = " or ".join("+".join(sorted(found)) for found in reading.candidates)
        message = f"The label {shown} can mean {options}; no marker was assigned."
        return frozenset(), (Issue("marker.ambiguous", Severity.WARNING, name, message, hint),)
    if reading.unknown_words:
        message = f"The label is not understood, so no marker was assigned. It is {shown}."
        return frozenset(), (Issue("marker.unknown_words", Severity.WARNING, name, message, hint),)
    return reading.markers, ()
