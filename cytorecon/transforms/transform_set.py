"""The scales of a batch as one value: saved, hashed, applied to every sample alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from cytorecon.errors import Issue, TransformError
from cytorecon.sample import ChannelRole, Sample, Scale
from cytorecon.transforms.logicle import Logicle
from cytorecon.transforms.scales import Asinh, Linear, Log

Transform = Linear | Log | Asinh | Logicle

_KINDS: dict[str, type[Transform]] = {kind.kind: kind for kind in (Linear, Log, Asinh, Logicle)}

#: Roles that have a scale. Time and counters stay as they are.
SCALED_ROLES = (ChannelRole.FLUORESCENCE, ChannelRole.FORWARD_SCATTER, ChannelRole.SIDE_SCATTER)


@dataclass(frozen=True, slots=True)
class TransformSet:
    """One scale per channel, the same for every sample of a batch.

    Parameters
    ----------
    channels : tuple of (str, Transform)
        ``$PnN`` and its scale, sorted by name.
    issues : tuple of Issue
        Assumptions made while the scales were chosen; not part of the hash.
    """

    channels: tuple[tuple[str, Transform], ...]
    issues: tuple[Issue, ...] = ()

    def scale_of(self, channel: str) -> Transform:
        """Return the scale of the channel called `channel`.

        Raises
        ------
        TransformError
            If the batch from which the scales were chosen had no such channel.
        """
        for name, scale in self.channels:
            if name == channel:
                return scale
        raise _no_scale(channel, [name for name, _ in self.channels])

    def with_scales(self, scales: Mapping[str, Transform]) -> TransformSet:
        """Return the same set with `scales` in place of those of the same channels."""
        merged = {**dict(self.channels), **scales}
        return replace(self, channels=tuple(sorted(merged.items())))

    def to_json(self) -> str:
        """Return the set as JSON, always in the same order."""
        content = {"channels": {name: _as_dict(scale) for name, scale in self.channels}}
        return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> TransformSet:
        """Return the set that :meth:`to_json` wrote.

        Raises
        ------
        TransformError
            If `text` is not such a set, or a parameter is out of bounds.
        """
        try:
            content = json.loads(text)
            channels = {
                str(name): _KINDS[row.pop("kind")](**row) for name, row in content["channels"].items()
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TransformError(
                "This is not a set of scales.",
                found=f"{type(error).__name__}: {error}",
                allowed="JSON as TransformSet.to_json writes it",
            ) from error
        return cls(tuple(sorted(channels.items())))

    @property
    def sha256(self) -> str:
        """Hash of :meth:`to_json`: two samples with the same one are on the same scales."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def transform(sample: Sample, transforms: TransformSet) -> Sample:
    """Return `sample` on the scales of `transforms`.

    Parameters
    ----------
    sample : Sample
        Linear or compensated.
    transforms : TransformSet
        Of the batch the sample belongs to.

    Returns
    -------
    Sample
        Scale ``TRANSFORMED``; fluorescence and scatter in about 0..1, time and counters as they
        were, values that are not finite as NaN. Columns are contiguous in memory.

    Raises
    ------
    TransformError
        If the sample is transformed already, or a channel of it has no scale.
    """
    if sample.scale is Scale.TRANSFORMED:
        raise TransformError("The sample is transformed already.", allowed="a linear or compensated sample")
    scales = dict(transforms.channels)
    events = np.empty(sample.events.shape, dtype=np.float32, order="F")
    for channel in sample.channels:
        column = sample.events[:, channel.index]
        if channel.role in SCALED_ROLES:
            if channel.name not in scales:
                raise _no_scale(channel.name, list(scales))
            column = scales[channel.name].apply(column)
        events[:, channel.index] = column
    return replace(sample, events=events, scale=Scale.TRANSFORMED)


def _as_dict(scale: Transform) -> dict[str, str | float]:
    return {"kind": scale.kind, **asdict(scale)}


def _no_scale(channel: str, known: list[str]) -> TransformError:
    return TransformError(
        "The channel has no scale in this batch.",
        subject=channel,
        found=", ".join(known[:40]) or "no scales at all",
        hint="Choose the scales from a batch that contains this sample.",
    )
