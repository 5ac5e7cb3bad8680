"""Channels as a user calls them: by their names in the original file, or by those in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cytorecon.errors import Issue
from cytorecon.fcs import resolve_spillover
from cytorecon.intake.names import hidden
from cytorecon.sample import Channel, Spillover

#: Name and label of each channel in the original, hidden where they could be a person's.
Written = Sequence[tuple[str, str]]


def called_channels(
    mapping: Mapping[str, str], channels: Sequence[Channel], written: Written
) -> dict[str, str]:
    """Return marker -> ``$PnN`` with the names that the channels have now.

    Parameters
    ----------
    mapping : mapping of str to str
        Marker -> channel, as the user calls it.
    channels : sequence of Channel
        Of the clean sample.
    written : sequence of (str, str)
        See :class:`~cytorecon.intake.clean.Cleaned`; empty for a sample that was not cleaned. A name
        of the original wins over one that stands in the place of another.
    """
    if not written:
        return dict(mapping)
    names = [name for name, _ in written]
    now = {hidden(channel.name): channel.name for channel in channels}
    return {
        marker: channels[names.index(name)].name if names.count(name) == 1 else now.get(name, name)
        for marker, name in ((marker, hidden(name)) for marker, name in mapping.items())
    }


def called_spillover(
    given: Spillover, channels: Sequence[Channel], written: Written
) -> tuple[Spillover, tuple[Issue, ...]]:
    """Return `given` with the names that the channels have now; see :func:`called_channels`.

    Raises
    ------
    CompensationError
        If it names channels that the sample does not have, neither now nor in the original.
    """
    if not written:
        return resolve_spillover(given, channels)
    names, asked = [name for name, _ in written], [hidden(name) for name in given.channels]
    if all(names.count(name) == 1 for name in asked):
        return replace(given, channels=tuple(channels[names.index(name)].name for name in asked)), ()
    now = {hidden(channel.name): channel.name for channel in channels}
    labelled = [
        replace(channel, marker_text=label) for channel, (_, label) in zip(channels, written, strict=True)
    ]
    return resolve_spillover(replace(given, channels=tuple(now.get(name, name) for name in asked)), labelled)
