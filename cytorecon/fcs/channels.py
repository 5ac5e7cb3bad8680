"""What the columns of a data set are: names, roles, sides of the pulse, markers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from cytorecon.errors import FcsError, Issue, Severity
from cytorecon.fcs.quoting import quoted_label
from cytorecon.knowledge.channel_roles import load_channel_roles
from cytorecon.knowledge.markers import load_markers
from cytorecon.sample import Channel, ChannelRole

_BLANK = " \x00"


def read_channels(
    keywords: Mapping[str, str], n_channels: int, file: str, labels: Mapping[str, str] | None = None
) -> tuple[tuple[Channel, ...], tuple[Issue, ...]]:
    """Return the channels named by ``$PnN`` and ``$PnS``, and what is odd about them.

    The channels' `maximum` is not set here: it depends on the amplification.

    Parameters
    ----------
    keywords : mapping of str to str
        TEXT keywords.
    n_channels : int
        ``$PAR``.
    file : str
        Name for messages.
    labels : mapping of str to str, optional
        Labels for detectors without ``$PnS``, from another data set of the same tube.

    Raises
    ------
    FcsError
        If a channel has no name.
    """
    channels: list[Channel] = []
    issues: list[Issue] = []
    has_clock = False
    for index in range(n_channels):
        channel, more = _channel(keywords, index, file, labels or {})
        if channel.role is ChannelRole.TIME and has_clock:
            channel = replace(channel, role=ChannelRole.OTHER)
        has_clock = has_clock or channel.role is ChannelRole.TIME
        channels.append(channel)
        issues += more
    return tuple(channels), (*issues, *_name_issues(channels))


def _name_issues(channels: list[Channel]) -> list[Issue]:
    issues = []
    for name, times in Counter(channel.name for channel in channels).items():
        if times > 1:
            message = f"{times} channels have this name, so none of them can be used by name."
            issues.append(Issue("fcs.duplicate_name", Severity.WARNING, name, message))
        if "," in name:
            message = "The standard forbids a comma in a channel's name."
            issues.append(Issue("fcs.comma_in_name", Severity.WARNING, name, message))
    return issues


def _channel(
    keywords: Mapping[str, str], index: int, file: str, labels: Mapping[str, str]
) -> tuple[Channel, list[Issue]]:
    name = keywords.get(f"$P{index + 1}N", "").strip(_BLANK)
    if not name:
        raise FcsError(
            "A channel has no name.",
            subject=file,
            field=f"$P{index + 1}N",
            found="nothing",
            hint="The file is damaged or was written by faulty software: export it again.",
        )
    roles = load_channel_roles()
    role, aspect = roles.role_of(name), roles.aspect_of(name)
    text = keywords.get(f"$P{index + 1}S", "").strip(_BLANK)
    borrowed = labels.get(roles.detector_of(name), "") if not text else ""
    if role is not ChannelRole.FLUORESCENCE:
        return Channel(index, name, text, role, aspect), []
    markers, issues = _markers(name, text or borrowed)
    if borrowed:
        message = f"The label {quoted_label(borrowed, name)} was taken from another data set of the file."
        issues = [Issue("fcs.label_borrowed", Severity.INFO, name, message), *issues]
    return Channel(index, name, text or borrowed, role, aspect, markers), issues


def _markers(name: str, text: str) -> tuple[frozenset[str], list[Issue]]:
    """Return markers by $PnS; by $PnN only when $PnS is empty or repeats it."""
    by_name = not text or text == name
    label = name if by_name else text
    reading = load_markers().read(label, detector_name=by_name)
    shown = f"'{name}'" if by_name else quoted_label(text, name)
    hint = f"Say what it is with --map MARKER={name}, or add the label to markers.csv."
    if reading.candidates:
        options = " or ".join("+".join(sorted(found)) for found in reading.candidates)
        message = f"The label {shown} can mean {options}; no marker was assigned."
        return frozenset(), [Issue("marker.ambiguous", Severity.WARNING, name, message, hint)]
    if reading.unknown_words:
        message = f"The label is not understood, so no marker was assigned. It is {shown}."
        return frozenset(), [Issue("marker.unknown_words", Severity.WARNING, name, message, hint)]
    return reading.markers, []
