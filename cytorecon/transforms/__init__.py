"""Scales on which populations are found: logicle, asinh, log, linear; one per channel and batch."""

from cytorecon.transforms.estimate import estimate_transforms
from cytorecon.transforms.logicle import Logicle
from cytorecon.transforms.scales import Asinh, Linear, Log
from cytorecon.transforms.summary import ChannelSummary, summarise_channels
from cytorecon.transforms.transform_set import Transform, TransformSet, transform

__all__ = [
    "Asinh",
    "ChannelSummary",
    "Linear",
    "Log",
    "Logicle",
    "Transform",
    "TransformSet",
    "estimate_transforms",
    "summarise_channels",
    "transform",
]
