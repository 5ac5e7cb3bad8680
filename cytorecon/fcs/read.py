"""Read FCS files: one data set becomes one frozen :class:`~cytorecon.sample.Sample`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from cytorecon.errors import CompensationError, FcsError, Issue, Severity
from cytorecon.fcs.channels import read_channels
from cytorecon.fcs.datasets import DataSet, DataSetInfo, choose_data_set, find_data_sets
from cytorecon.fcs.decode import decode_events
from cytorecon.fcs.layout import find_layout
from cytorecon.fcs.linear import find_scaling, linear_events
from cytorecon.fcs.spillover import spillover_from_keywords
from cytorecon.knowledge.quality import load_quality_limits
from cytorecon.sample import Channel, ChannelRole, Events, Sample, Spillover


def read_fcs(path: str | Path, *, dataset: int | None = None) -> Sample:
    """Read one data set of an FCS file.

    Integer data of log amplifiers, gains and the time step are brought to the linear scale.
    Whatever had to be repaired or looks odd is in ``sample.issues``.

    Parameters
    ----------
    path : str or Path
        The file.
    dataset : int, optional
        Which data set, from 0. Without it: the only one; of a Beckman LMD file, whose data sets
        are one tube at different resolutions, the one with the highest, under the labels of the
        others; in any other case it must be given.

    Returns
    -------
    Sample
        Events as float32, shape (events, channels), linear scale, read-only.

    Raises
    ------
    FcsError
        If there is no such file or data set, or it cannot be read without guessing. The text
        names the file (base name only), what is wrong and what to try.
    """
    path = Path(path)
    content = _content(path)
    data_sets, chain_issues = find_data_sets(content, path.name)
    chosen, labels, choice_issues = choose_data_set(data_sets, dataset, path.name)
    sample = _sample(content, chosen, labels, path.name)
    return replace(sample, issues=(*chain_issues, *choice_issues, *sample.issues))


def list_datasets(path: str | Path) -> tuple[DataSetInfo, ...]:
    """Return the data sets of a file without reading events.

    Raises
    ------
    FcsError
        If it is not an FCS file, or its keywords cannot be read.
    """
    path = Path(path)
    data_sets, _ = find_data_sets(_content(path), path.name)
    return tuple(data_set.info(index, path.name) for index, data_set in enumerate(data_sets))


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise FcsError("This is a folder, not a file.", subject=path.name, hint="Name the FCS file in it.")
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise FcsError(
            "There is no such file.", subject=path.name, hint="Check the name and the folder."
        ) from error
    except OSError as error:
        raise FcsError("The file cannot be opened.", subject=path.name, found=error.strerror or "") from error
    if not content:
        raise FcsError("The file is empty.", subject=path.name, hint="Copy it again from the cytometer.")
    return content


def _sample(content: bytes, data_set: DataSet, labels: Mapping[str, str], file: str) -> Sample:
    keywords = data_set.keywords
    layout = find_layout(keywords, data_set.header, data_set.offset, len(content), file)
    named, name_issues = read_channels(keywords, layout.n_channels, file, labels)
    scaled = [
        find_scaling(keywords, channel.index, channel.role, layout.datatype, layout.ranges[channel.index])
        for channel in named
    ]
    channels = tuple(
        replace(channel, maximum=scaling.maximum) for channel, (scaling, _) in zip(named, scaled, strict=True)
    )
    stored = decode_events(content, layout, file)
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite then is counted below
        events = linear_events(stored, tuple(scaling for scaling, _ in scaled))
        event_issues = _event_issues(events, channels)
    spillover, spillover_issues = _spillover(keywords, channels)
    return Sample(
        events=events,
        channels=channels,
        keywords=keywords,
        spillover=spillover,
        sha256=hashlib.sha256(content).hexdigest(),
        issues=(
            *data_set.issues,
            *layout.issues,
            *name_issues,
            *(issue for _, issues in scaled for issue in issues),
            *spillover_issues,
            *event_issues,
        ),
    )


def _spillover(
    keywords: Mapping[str, str], channels: tuple[Channel, ...]
) -> tuple[Spillover | None, tuple[Issue, ...]]:
    """Read the file's matrix; one that cannot be used is an issue here and an error when it is needed."""
    try:
        spillover, issues = spillover_from_keywords(keywords, channels)
    except CompensationError as error:
        message = f"{error.message} Found: {error.found}." if error.found else error.message
        return None, (Issue("spillover.unusable", Severity.ERROR, error.subject, message, error.hint),)
    if spillover is not None and not _is_invertible(spillover):
        message = "The spillover matrix is singular or not finite; compensation with it will be refused."
        issues = (*issues, Issue("spillover.singular", Severity.ERROR, spillover.source, message))
    return spillover, issues


def _is_invertible(spillover: Spillover) -> bool:
    limit = load_quality_limits().compensation.largest_condition_number.value
    return bool(np.isfinite(spillover.matrix).all() and np.linalg.cond(spillover.matrix) <= limit)


def _event_issues(events: Events, channels: tuple[Channel, ...]) -> list[Issue]:
    if not len(events):
        return [Issue("fcs.no_events", Severity.WARNING, "events", "The data set holds no events.")]
    issues = []
    not_finite = int(np.count_nonzero(~np.isfinite(events).all(axis=1)))
    if not_finite:
        message = f"{not_finite} of {len(events)} events hold a value that is not a finite number."
        issues.append(Issue("fcs.not_finite", Severity.WARNING, "events", message, "They lie in no gate."))
    detectors = [channel.index for channel in channels if channel.role is not ChannelRole.TIME]
    if detectors and not events[:, detectors].any():
        message = "Every value of every detector is zero."
        hint = "The copy was broken: copy the file again."
        issues.append(Issue("fcs.all_zero", Severity.ERROR, "events", message, hint))
    return issues
