"""Which channel of a sample stands for each axis a template names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cytorecon.gating.shapes import Column, Mask, Shape
from cytorecon.knowledge.template import Axis, MarkerAxis, ScatterAxis
from cytorecon.sample import ChannelRole, Sample
from cytorecon.transforms import TransformSet

_SCATTER = {"forward": ChannelRole.FORWARD_SCATTER, "side": ChannelRole.SIDE_SCATTER}


@dataclass(frozen=True)
class Axes:
    """A transformed sample with its panel.

    Parameters
    ----------
    sample : Sample
        Transformed.
    panel : mapping of str to str
        Canonical marker to ``$PnN``.
    scales : TransformSet, optional
        On which the sample was transformed; for checks that ask for linear light.
    """

    sample: Sample
    panel: Mapping[str, str]
    scales: TransformSet | None = None
    _masks: dict[Shape, Mask] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """Events by ``$PnN``, one view per channel."""
        return {channel.name: self.sample.events[:, channel.index] for channel in self.sample.channels}

    def mask(self, shape: Shape) -> Mask:
        """Return one bool per event; what search and engine both ask for is tested once."""
        if shape not in self._masks:
            mask = shape.mask(self.columns)
            mask.flags.writeable = False
            self._masks[shape] = mask
        return self._masks[shape]

    def resolve(self, axis: Axis) -> tuple[str, ...]:
        """Return the channels of `axis`: none, one, or one per marker of a set such as CD16+CD56."""
        if isinstance(axis, ScatterAxis):
            return self._scatter(axis)
        return self._channels(axis.marker)

    def has(self, marker: str) -> bool:
        """Return whether the tube measures a marker, or every part of a set such as CD16+CD56."""
        return bool(self._channels(marker))

    def _channels(self, marker: str) -> tuple[str, ...]:
        if marker in self.panel:
            return (self.panel[marker],)
        parts = marker.split("+")
        if len(parts) > 1 and all(part in self.panel for part in parts):
            return tuple(self.panel[part] for part in parts)
        return ()

    def _scatter(self, axis: ScatterAxis) -> tuple[str, ...]:
        names = [channel.name for channel in self.sample.channels]
        candidates = [
            channel
            for channel in self.sample.channels
            if channel.role is _SCATTER[axis.scatter] and names.count(channel.name) == 1
        ]
        for aspect in axis.aspect:
            for channel in candidates:
                if channel.aspect == aspect:
                    return (channel.name,)
        return ()


def name_of(axis: Axis) -> str:
    """Return how people call an axis, e.g. ``"CD4"`` or ``"forward scatter (A)"``."""
    if isinstance(axis, MarkerAxis):
        return axis.marker
    return f"{axis.scatter} scatter ({' or '.join(a or 'any' for a in axis.aspect)})"
