"""Made tubes as a cytometer would write them: linear values, detectors with labels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cytorecon.fcs import read_fcs, write_fcs
from cytorecon.sample import Channel, ChannelRole, Sample
from tests.templates.tubes import NEGATIVE, MadeTube

#: Range of the detectors, and spread of what they show without any dye.
RANGE, NOISE = 262_144.0, 60.0
SCATTER = {"FSC": ChannelRole.FORWARD_SCATTER, "SSC": ChannelRole.SIDE_SCATTER}


def write_tube(path: str, tube: MadeTube, labels: Mapping[str, str], *, seed: int = 7) -> None:
    """Write the tube as an FCS file; `labels` gives the label of each marker's detector."""
    rng = np.random.default_rng(seed)
    channels, columns = [], []
    for index, (name, values) in enumerate(tube.columns.items()):
        if name in labels:
            light = RANGE * (10 ** (4.5 * (values - 1)) - 10 ** (4.5 * (NEGATIVE - 1)))
            columns.append(light + rng.normal(0, NOISE, values.size))
            channels.append(
                Channel(index, f"FL{index}-A", labels[name], ChannelRole.FLUORESCENCE, maximum=RANGE)
            )
        else:
            columns.append(values * RANGE)
            channels.append(Channel(index, name, "", SCATTER[name[:3]], aspect=name[-1], maximum=RANGE))
    write_fcs(path, np.column_stack(columns).astype(np.float32), channels)


def read_tube(path: str, tube: MadeTube, labels: Mapping[str, str], *, seed: int = 7) -> Sample:
    """Return the tube as it is read from its file."""
    write_tube(path, tube, labels, seed=seed)
    return read_fcs(path)
