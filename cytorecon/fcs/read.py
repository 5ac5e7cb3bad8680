"""Read FCS files: one data set becomes one frozen :class:`~cytorecon.sample.Sample`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from cytorecon.errors import CompensationError, Issue, Severity
from cytorecon.fcs.analysis import lost_analysis
from cytorecon.fcs.channels import read_channels, read_detectors
from cytorecon.fcs.checksum import check_checksum, check_surplus, check_transfer
from cytorecon.fcs.datasets import DataSet, DataSetInfo, choose_data_set, find_data_sets, taken_data_set
from cytorecon.fcs.decode import Block, Run, exact_dtype, read_events
from cytorecon.fcs.layout import Layout, find_layout
from cytorecon.fcs.linear import Scaling, find_scaling, make_linear
from cytorecon.fcs.memory import room_for_events, too_large
from cytorecon.fcs.numbers import number
from cytorecon.fcs.precision import Precision
from cytorecon.fcs.source import Source, open_source
from cytorecon.fcs.spillover import spillover_from_keywords
from cytorecon.fcs.tally import Tally
from cytorecon.knowledge.quality import load_quality_limits
from cytorecon.sample import Channel, ChannelRole, Events, Sample, Scale, Spillover


def read_fcs(path: str | Path, *, dataset: int | None = None, linearize: bool = True) -> Sample:
    """Read one data set of an FCS file (2.0, 3.0, 3.1, 3.2).

    Integer data of log amplifiers, gains and the time step are brought to the linear scale.
    Whatever had to be repaired or looks odd is in ``sample.issues``; what could be read in two ways
    is refused.

    Parameters
    ----------
    path : str or Path
        The file.
    dataset : int, optional
        Which data set, from 0. Without it: the only one; of a Beckman LMD file, whose data sets
        are one tube at different resolutions, the one with the highest, under the labels of the
        others; in any other case it must be given.
    linearize : bool
        False gives the stored values after the bit masks of ``$PnR``, without gain, log
        amplification and time step: for a look at the file itself. They come in the smallest of
        float32, float64 and uint64 that holds all of them exactly, and ``sample.scale`` is
        ``Scale.STORED``, which compensation refuses.

    Returns
    -------
    Sample
        Events as float32, shape (events, channels), linear scale, read-only. They do not depend on
        the file any more. ``sample.sha256`` reads it once again, when first asked for.

    Raises
    ------
    FcsTruncatedError
        If the file is shorter than it says.
    FcsAmbiguousError
        If it can be read in two ways, with different results.
    FcsError
        If there is no such file or data set, or it cannot be read without guessing. The text
        names the file (base name only), what is wrong and what to try.
    """
    with open_source(path) as source:
        sample = sample_from(source, dataset, linearize=linearize)
        source.check_unchanged()
        return sample


def list_datasets(path: str | Path) -> tuple[DataSetInfo, ...]:
    """Return the data sets of a file without reading events.

    Raises
    ------
    FcsError
        If it is not an FCS file, or its keywords cannot be read.
    """
    with open_source(path) as source:
        data_sets, _ = find_data_sets(source)
        return tuple(data_set.info(index, source.file) for index, data_set in enumerate(data_sets))


def sample_from(source: Source, dataset: int | None = None, *, linearize: bool = True) -> Sample:
    """Read one data set of an open file; see :func:`read_fcs`."""
    data_sets, chain_issues = find_data_sets(source)
    chosen, labels, choice_issues = choose_data_set(data_sets, dataset, source.file)
    layout = find_layout(chosen.keywords, chosen.header, chosen.offset, source.size, source.file)
    events = room_for_events(layout, _dtype(layout, linearize=linearize), source.file)
    if len(data_sets) == 1:
        check_transfer(source, chosen.header, (layout.begin, layout.begin + layout.length))
    ends = _ends(chosen, layout, source.file)
    damage = (
        *check_checksum(source, chosen.offset, ends),
        *(check_surplus(source, ends) if len(data_sets) == 1 else ()),
        *lost_analysis(chosen, source.size, source.file),
    )
    issues = (*damage, *chain_issues, *choice_issues)
    try:
        return _sample(source, chosen, layout, events, labels, issues, linearize=linearize)
    except MemoryError as error:
        raise too_large(layout, events.dtype, source.file) from error


def layout_of(source: Source, dataset: int | None = None) -> Layout:
    """Return where and how the events of one data set of an open file are stored."""
    chosen = taken_data_set(source, dataset)
    return find_layout(chosen.keywords, chosen.header, chosen.offset, source.size, source.file)


def _sample(
    source: Source,
    data_set: DataSet,
    layout: Layout,
    events: Block,
    labels: Mapping[str, str],
    issues: tuple[Issue, ...],
    *,
    linearize: bool,
) -> Sample:
    keywords, storage = data_set.keywords, layout.storage
    detectors = read_detectors(keywords, storage.n_channels, source.file)
    scaled = [
        find_scaling(keywords, index, detector.role, kind, limit)
        for index, (detector, kind, limit) in enumerate(
            zip(detectors, storage.kinds, storage.ranges, strict=True)
        )
    ]
    scalings = [scaling if linearize else Scaling.none(scaling.stored_range) for scaling, _ in scaled]
    maxima = [scaling.maximum for scaling in scalings]
    channels, name_issues = read_channels(keywords, detectors, maxima, labels)
    event_issues = _fill(events, source, layout, scalings, channels)
    spillover, spillover_issues = _spillover(keywords, channels)
    return Sample(
        events=cast("Events", events),  # anything wider is what linearize=False was asked for
        channels=channels,
        keywords=keywords,
        spillover=spillover,
        scale=Scale.LINEAR if linearize else Scale.STORED,
        issues=(
            *issues,
            *data_set.issues,
            *layout.issues,
            *name_issues,
            *(issue for _, issues in scaled for issue in issues),
            *spillover_issues,
            *event_issues,
        ),
        fingerprint=source.fingerprint,
    )


def _dtype(layout: Layout, *, linearize: bool) -> np.dtype[Any]:
    return np.dtype(np.float32) if linearize else exact_dtype(layout.storage)


def _fill(
    events: Block, source: Source, layout: Layout, scalings: Sequence[Scaling], channels: Sequence[Channel]
) -> list[Issue]:
    """Read the events into their matrix; return what was noticed."""
    tally = Tally({channel.index for channel in channels if channel.role is not ChannelRole.TIME})
    exact = exact_dtype(layout.storage) == events.dtype
    precision = None if exact else Precision(layout.storage, channels)
    to_scale = {index: scaling for index, scaling in enumerate(scalings) if not scaling.is_identity}

    def finish(runs: Sequence[Run], target: Block) -> None:
        tally.see_stored(runs)
        if precision:
            precision.see(runs)
        make_linear(runs, to_scale, target)
        tally.see(target)

    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite then is counted
        read_events(source, layout, events, finish)
    return [*tally.issues(), *(precision.issues() if precision else ())]


def _ends(data_set: DataSet, layout: Layout, file: str) -> tuple[int, ...]:
    """Where the last segment may end: one byte further where the file counts so."""
    header, keywords = data_set.header, data_set.keywords
    stated = [number(keywords, name, file) or 0 for name in ("$ENDDATA", "$ENDSTEXT", "$ENDANALYSIS")]
    others = [header.text.end, header.analysis.end, *stated[1:]]
    end = max(layout.begin + layout.length, *(data_set.offset + other + 1 for other in others))
    by_statement = data_set.offset + max(header.data.end, stated[0], *others) + 1
    return tuple(dict.fromkeys((end, by_statement)))


def _spillover(
    keywords: Mapping[str, str], channels: tuple[Channel, ...]
) -> tuple[Spillover | None, tuple[Issue, ...]]:
    """Read the file's matrix; one that cannot be used is an issue here and an error when it is needed."""
    try:
        spillover, issues = spillover_from_keywords(keywords, channels)
    except CompensationError as error:
        message = f"{error.message} Found: {error.found}." if error.found else error.message
        return None, (Issue("spillover.unusable", Severity.ERROR, error.subject, message, error.hint),)
    return spillover, issues if spillover is None else (*issues, *_doubts(spillover))


def _doubts(spillover: Spillover) -> tuple[Issue, ...]:
    """Say at once what compensation will refuse, or repair."""
    matrix, limit = spillover.matrix, load_quality_limits().compensation.largest_condition_number.value
    if len(set(spillover.channels)) < len(spillover.channels):
        code, severity = "spillover.duplicate_name", Severity.ERROR
        message = "The spillover matrix names a channel twice; compensation with it will be refused."
    elif not np.isfinite(matrix).all() or not np.linalg.cond(matrix) <= limit:
        code, severity = "spillover.singular", Severity.ERROR
        message = "The spillover matrix is singular or not finite; compensation with it will be refused."
    elif (np.diag(matrix) <= 0).any():
        code, severity = "spillover.diagonal", Severity.ERROR
        message = (
            "The diagonal of the spillover matrix is not positive; compensation with it will be refused."
        )
    elif not np.allclose(np.diag(matrix), 1, rtol=0, atol=1e-6):
        code, severity = "spillover.diagonal", Severity.WARNING
        message = (
            "The diagonal of the spillover matrix is not 1 (is it in percent?); its rows will be divided."
        )
    else:
        return ()
    return (Issue(code, severity, spillover.source, message),)
