"""Samples with columns as a test wants them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from cytorecon.knowledge.channel_roles import load_channel_roles
from cytorecon.sample import Channel, Sample


def sample_of(
    columns: Mapping[str, npt.ArrayLike], maximum: float = 262_144, keywords: Mapping[str, str] | None = None
) -> Sample:
    """Return a sample whose channels have the roles of their names and the range `maximum`."""
    roles = load_channel_roles()
    channels = tuple(
        Channel(index, name, "", roles.role_of(name), roles.aspect_of(name), maximum=maximum)
        for index, name in enumerate(columns)
    )
    events = np.column_stack([np.asarray(column, dtype=np.float32) for column in columns.values()])
    return Sample(events, channels, dict(keywords or {}))
