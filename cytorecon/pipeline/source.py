"""One file, or one sample in memory, with the template it is to be gated by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cytorecon.fcs import read_fcs
from cytorecon.knowledge.template import Template
from cytorecon.sample import ChannelRole, Sample


@dataclass(frozen=True)
class Source:
    """Where the events of one tube come from.

    Parameters
    ----------
    name : str
        Unique in the batch; a tube's identifier, never a file name.
    template : Template
        What to look for.
    path : Path or None
        An FCS file.
    dataset : int or None
        Which data set of it.
    sample : Sample or None
        Instead of a file: a sample on the linear scale.
    mapping : mapping of str to str
        Marker to ``$PnN``, said by the user.
    """

    name: str
    template: Template
    path: Path | None = None
    dataset: int | None = None
    sample: Sample | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)

    def load(self) -> Sample:
        """Return the sample on the linear scale (reads the file)."""
        if self.sample is not None:
            return self.sample
        assert self.path is not None
        return read_fcs(self.path, dataset=self.dataset)


def batch_of(sample: Sample, template: Template) -> str:
    """Return the batch a sample belongs to: same template, same cytometer model, same detectors.

    Scales and gate priors are shared within a batch and never across.
    """
    detectors = sorted(
        channel.name
        for channel in sample.channels
        if channel.role in (ChannelRole.FLUORESCENCE, ChannelRole.FORWARD_SCATTER, ChannelRole.SIDE_SCATTER)
    )
    model = " ".join(sample.keywords.get("$CYT", "").split())
    text = json.dumps([template.sha256, model, detectors])
    return f"{template.name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
