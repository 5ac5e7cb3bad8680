"""One file, or one sample in memory, with the template it is to be gated by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from cytorecon.errors import Issue, Severity
from cytorecon.fcs import read_fcs
from cytorecon.gating.overrides import Override
from cytorecon.intake import Cleaned, clean
from cytorecon.knowledge.deidentification import load_deidentification
from cytorecon.knowledge.template import Template
from cytorecon.pipeline.called import called_channels, called_spillover
from cytorecon.sample import ChannelRole, Sample, Spillover

#: A largest difference smaller by this (fraction of a dye's light) is no chance.
CLEARLY_CLOSER: Final = 0.02
#: Code of the issue that records a channel the user gave.
CHANNEL_GIVEN: Final = "panel.channel_given"


@dataclass(frozen=True)
class Loaded:
    """A sample, and the user's markers -> ``$PnN`` with the names that its channels have."""

    sample: Sample
    mapping: Mapping[str, str]


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
    written : tuple of (str, str)
        With a clean sample: names and labels of the original (:class:`~cytorecon.intake.clean.Cleaned`).
    mapping : mapping of str to str
        Marker to ``$PnN``, said by the user.
    spillover : Spillover or None
        Said by the user, in place of the file's own matrix.
    overrides : tuple of Override
        What people decided about gates, oldest first; those about other tubes do not matter.
    """

    name: str
    template: Template
    path: Path | None = None
    dataset: int | None = None
    sample: Sample | None = None
    written: tuple[tuple[str, str], ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    spillover: Spillover | None = None
    overrides: tuple[Override, ...] = ()

    def read(self) -> Cleaned:
        """Return the content of the file, without names and dates, before the user says anything of it.

        Raises
        ------
        FcsError
            If the file cannot be read.
        """
        assert self.path is not None
        return clean(read_fcs(self.path, dataset=self.dataset))

    def holding(self, cleaned: Cleaned) -> Source:
        """Return the source with its content in memory, so that the file is not read again."""
        return replace(self, sample=cleaned.sample, written=cleaned.written)

    def load(self) -> Loaded:
        """Return the sample on the linear scale (reads the file), with what the user said of it.

        A file leaves names and dates at the door, as an upload does (docs/decisions/0019).

        Raises
        ------
        FcsError
            If the file cannot be read.
        CompensationError
            If the user's matrix names detectors that the sample does not have.
        """
        sample, written = self.sample, self.written
        if sample is None:
            cleaned = self.read()
            sample, written = cleaned.sample, cleaned.written
        mapping = called_channels(self.mapping, sample.channels, written)
        if self.spillover is None:
            return Loaded(sample.with_issues(self.said), mapping)
        spillover, issues = called_spillover(self.spillover, sample.channels, written)
        # what is wrong with the file's own matrix does not matter any more
        rest = (issue for issue in sample.issues if not issue.code.startswith("spillover."))
        doubt = looks_transposed(spillover, sample.spillover)
        issues = (*rest, *issues, *doubt, *self.said)
        return Loaded(replace(sample, spillover=spillover, issues=issues), mapping)

    @property
    def said(self) -> tuple[Issue, ...]:
        """What the user said of the channels, as it is recorded with the result."""
        return tuple(
            Issue(CHANNEL_GIVEN, Severity.INFO, marker, f"Its channel was given by the user: {channel}.")
            for marker, channel in sorted(self.mapping.items())
        )


def looks_transposed(given: Spillover, own: Spillover | None) -> tuple[Issue, ...]:
    """Return a doubt when a given matrix is more like the file's own with rows and columns exchanged.

    Some programs write the dye in columns. Such a matrix is as regular as the right one, and all
    tubes of a batch are wrong alike, so nothing else would show it.
    """
    if own is None or set(given.channels) != set(own.channels):
        return ()
    order = [own.channels.index(name) for name in given.channels]
    written = own.matrix[np.ix_(order, order)]
    as_given, exchanged = (float(np.abs(written - matrix).max()) for matrix in (given.matrix, given.matrix.T))
    if as_given - exchanged < CLEARLY_CLOSER:
        return ()
    message = (
        f"The matrix that was given is closer to the file's own with rows and columns exchanged (largest "
        f"difference {exchanged:.2f}) than as it is ({as_given:.2f})."
    )
    hint = "Rows are dyes, columns are detectors. If it is right as it is, nothing has to be done."
    return (Issue("compensation.transposed", Severity.WARNING, given.source, message, hint),)


def batch_of(sample: Sample, template: Template) -> str:
    """Return the batch a sample belongs to: same template, same cytometer model, same detectors.

    Scales and gate priors are shared within a batch and never across.
    """
    detectors = sorted(
        channel.name
        for channel in sample.channels
        if channel.role in (ChannelRole.FLUORESCENCE, ChannelRole.FORWARD_SCATTER, ChannelRole.SIDE_SCATTER)
    )
    model = load_deidentification().instrument(sample.keywords.get("$CYT", ""))
    text = json.dumps([template.sha256, model, detectors])
    return f"{template.name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
