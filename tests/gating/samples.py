"""Transformed samples made of chosen columns, and templates made of a few lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from cytorecon.gating.axes import Axes
from cytorecon.gating.engine import gate
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.overrides import Decisions
from cytorecon.gating.prior import SETTLED_TUBES, GatingPrior
from cytorecon.knowledge.template import Template
from cytorecon.sample import Channel, ChannelRole, Sample, Scale

Values = npt.NDArray[np.float64]
ROLES = {
    "FSC": ChannelRole.FORWARD_SCATTER,
    "SSC": ChannelRole.SIDE_SCATTER,
    "Tim": ChannelRole.TIME,
}


def made_sample(columns: Mapping[str, Values]) -> Sample:
    """Return a transformed sample; ``FSC-A``, ``FSC-H``, ``SSC-A`` are scatter, the rest markers."""
    channels = tuple(
        Channel(
            index=index,
            name=name,
            marker_text="",
            role=ROLES.get(name[:3], ChannelRole.FLUORESCENCE),
            aspect=name[-1] if name[:3] in ("FSC", "SSC") else "",
            markers=frozenset() if name[:3] in ROLES else frozenset({name}),
            maximum=1.0,
        )
        for index, name in enumerate(columns)
    )
    events = np.column_stack([np.asarray(values, dtype=np.float32) for values in columns.values()])
    return Sample(events=events, channels=channels, scale=Scale.TRANSFORMED)


def made_axes(sample: Sample) -> Axes:
    """Return the axes of a made sample: every marker lies on the channel of its name."""
    stained = [channel.name for channel in sample.channels if channel.role is ChannelRole.FLUORESCENCE]
    return Axes(sample, {name: name for name in stained})


def made_template(
    gates: Sequence[Mapping[str, object]],
    populations: Mapping[str, str],
    parents: Mapping[str, str] | None = None,
) -> Template:
    """Return a template of `gates`; `populations` maps name to ``where``, parent ``root`` by default."""
    return Template.model_validate(
        {
            "template_schema": 1,
            "name": "made",
            "version": "1",
            "title": "Made",
            "about": "For tests.",
            "required": [],
            "gates": list(gates),
            "populations": [
                {"population": name, "parent": (parents or {}).get(name, "root"), "where": where}
                for name, where in populations.items()
            ],
        }
    )


def gated(
    columns: Mapping[str, Values],
    template: Template,
    prior: GatingPrior | None = None,
    held: Decisions | None = None,
) -> GatedSample:
    """Return the made sample gated by `template`; without a prior, as in a batch that taught nothing."""
    sample = made_sample(columns)
    return gate(sample, template, made_axes(sample), prior or GatingPrior(tubes=SETTLED_TUBES), held)


def valley(name: str, **fields: object) -> dict[str, object]:
    """Return a valley gate on the marker of its own name."""
    return {"gate": name, "finder": "valley", "axis": {"marker": name}, **fields}


def mixture(parts: Sequence[tuple[int, float, float]], *, seed: int) -> Values:
    """Return values of normal modes, each (events, centre, standard deviation), one after the other."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(centre, deviation, size=n) for n, centre, deviation in parts])
