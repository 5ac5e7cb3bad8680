"""What the columns of a data set are: names, roles, sides of the pulse, markers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cytorecon.errors import FcsError, Issue, Severity
from cytorecon.knowledge.channel_roles import load_channel_roles
from cytorecon.knowledge.markers import MarkerReading, load_markers
from cytorecon.sample import Channel, ChannelRole


def read_channels(
    keywords: Mapping[str, str], n_channels: int, file: str
) -> tuple[tuple[Channel, ...], tuple[Issue, ...]]:
    """Return the channels named by ``$PnN`` and ``$PnS``, and what is odd about them.

    The channels' `maximum` is not set here: it depends on the amplification.

    Raises
    ------
    FcsError
        If a channel has no name.
    """
    channels, issues = [], []
    for index in range(n_channels):
        channel, more = _channel(keywords, index, file)
        if channel.role is ChannelRole.TIME and any(other.role is ChannelRole.TIME for other in channels):
            channel = Channel(index, channel.name, channel.marker_text, ChannelRole.OTHER)
        channels.append(channel)
        issues += more
    for name, times in Counter(channel.name for channel in channels).items():
        if times > 1:
            issues.append(
                Issue("fcs.duplicate_name", Severity.WARNING, name, f"{times} channels have this name.", "None of them is used by name.")
            )
        if "," in name:
            issues.append(Issue("fcs.comma_in_name", Severity.WARNING, name, "The standard forbids a comma in $PnN."))
    return tuple(channels), tuple(issues)


def _channel(keywords: Mapping[str, str], index: int, file: str) -> tuple[Channel, list[Issue]]:
    name = keywords.get(f"$P{index + 1}N", "").strip(" \x00")
    if not name:
        raise FcsError(
            "A channel has no name.",
            subject=file,
            field=f"$P{index + 1}N",
            found="nothing",
            hint="The file is damaged or was written by faulty software: export it again.",
        )
    text = keywords.get(f"$P{index + 1}S", "").strip(" \x00")
    roles = load_channel_roles()
    role = roles.role_of(name)
    if role is not ChannelRole.FLUORESCENCE:
        return Channel(index, name, text, role, roles.aspect_of(name)), []
    reading, issues = _markers(name, text)
    return Channel(index, name, text, role, roles.aspect_of(name), reading.markers), issues


def _markers(name: str, text: str) -> tuple[MarkerReading, list[Issue]]:
    """Markers by $PnS; by $PnN only when $PnS is empty or repeats it."""
    by_name = not text or text == name
    reading = load_markers().read(name if by_name else text, detector_name=by_name)
    label = name if by_name else text
    hint = f"Say what it is with --map MARKER={name}, or add the label to markers.csv."
    if reading.candidates:
        options = " or ".join("+".join(sorted(found)) for found in reading.candidates)
        return reading, [Issue("marker.ambiguous", Severity.WARNING, name, f"'{label}' can mean {options}; no marker was assigned.", hint)]
    if reading.unknown_words:
        words = ", ".join(f"'{word}'" for word in reading.unknown_words)
        message = f"'{label}' holds words that are not known ({words}); no marker was assigned."
        return reading, [Issue("marker.unknown_words", Severity.WARNING, name, message, hint)]
    return reading, []
