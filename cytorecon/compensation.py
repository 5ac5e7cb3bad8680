"""Remove the light that other dyes spill into a detector.

With S the spillover matrix (row: dye, column: detector, diagonal 1) an observed event is
``x = t S``; the compensated event is ``t = x S⁻¹`` (Bagwell and Adams 1993,
doi:10.1111/j.1749-6632.1993.tb38775.x).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cytorecon.errors import CompensationError, Issue, Severity
from cytorecon.knowledge.quality import load_quality_limits
from cytorecon.sample import ChannelRole, Events, Sample, Scale, Spillover

#: Events that fit into the processor's cache with what is made of them.
BLOCK = 4096


def compensate(sample: Sample, spillover: Spillover | None) -> Sample:
    """Return `sample` compensated with `spillover`.

    Parameters
    ----------
    sample : Sample
        On the linear scale.
    spillover : Spillover or None
        Usually ``sample.spillover``. None: there is nothing to compensate (a spectral cytometer
        that unmixed already, a file compensated in hardware), events pass through.

    Returns
    -------
    Sample
        Scale ``COMPENSATED``. Only the fluorescence channels that the matrix names are new.

    Raises
    ------
    CompensationError
        If the sample is not on the linear scale, the matrix cannot be used (see
        :func:`check_spillover`), or it is None although the file holds one that could not be
        read: then a matrix has to be given.

    Examples
    --------
    >>> import numpy as np
    >>> from cytorecon.sample import Channel
    >>> channels = tuple(Channel(i, name, "", ChannelRole.FLUORESCENCE) for i, name in enumerate("ab"))
    >>> observed = Sample(np.array([[100, 30]], np.float32), channels)
    >>> matrix = Spillover(np.array([[1, 0.3], [0, 1]]), ("a", "b"), "example")
    >>> compensate(observed, matrix).events.round(3).tolist()
    [[100.0, 0.0]]
    """
    if sample.scale is not Scale.LINEAR:
        raise CompensationError(
            "Only a sample on the linear scale can be compensated.",
            found=sample.scale.value,
            allowed=Scale.LINEAR.value,
        )
    if spillover is None:
        _check_no_unusable_matrix(sample)
        issues = _not_compensated(sample, "The file holds no spillover matrix")
        return replace(sample, scale=Scale.COMPENSATED, issues=(*sample.issues, *issues))
    normalised, issues = check_spillover(spillover)
    _check_channels(sample, normalised)
    used = _fluorescence_only(sample, normalised)
    if np.array_equal(used.matrix, np.eye(len(used.channels))):
        issues = (*issues, *_not_compensated(sample, "The spillover matrix changes nothing"))
        events = sample.events
    else:
        events = _compensated(sample, used)
    return replace(
        sample,
        events=events,
        scale=Scale.COMPENSATED,
        spillover=used,
        issues=(*sample.issues, *issues),
    )


def _compensated(sample: Sample, spillover: Spillover) -> Events:
    """Return the events, the channels of `spillover` compensated; columns are contiguous in memory."""
    columns = [sample.channel(name).index for name in spillover.channels]
    unmix = np.linalg.inv(spillover.matrix).astype(np.float32).T
    events = np.empty(sample.events.shape, dtype=np.float32, order="F")
    with np.errstate(invalid="ignore", over="ignore"):  # an event with NaN or inf keeps it
        for start in range(0, sample.n_events, BLOCK):
            observed, done = sample.events[start : start + BLOCK].T, events[start : start + BLOCK].T
            done[:] = observed
            done[columns] = unmix @ observed[columns]
    return events


def check_spillover(spillover: Spillover) -> tuple[Spillover, tuple[Issue, ...]]:
    """Return `spillover` with a diagonal of 1, and what had to be done to it.

    Raises
    ------
    CompensationError
        If the matrix is not square, holds NaN or infinity, a diagonal element is not positive, a
        channel occurs twice, or the condition number is above the limit of ``quality.yaml``.
    """
    matrix, source = spillover.matrix, spillover.source
    size = len(spillover.channels)
    if matrix.shape != (size, size):
        raise CompensationError(
            "The spillover matrix is not square.",
            subject=source,
            found=f"{' x '.join(str(length) for length in matrix.shape)} for {size} channels",
            allowed="one row and one column per channel",
        )
    twice = [name for name, times in Counter(spillover.channels).items() if times > 1]
    if twice:
        raise CompensationError(
            "The spillover matrix names a channel twice.", subject=source, found=", ".join(twice[:8])
        )
    _check_finite(spillover)
    diagonal = np.diag(matrix)
    if (diagonal <= 0).any():
        raise CompensationError(
            "The spillover matrix has a diagonal element that is not positive.",
            subject=source,
            found=", ".join(name for name, own in zip(spillover.channels, diagonal, strict=True) if own <= 0),
            allowed="1 (the dye in its own detector)",
        )
    normalised = matrix / diagonal[:, np.newaxis]
    _check_condition(normalised, source)
    if np.allclose(diagonal, 1, rtol=0, atol=1e-6):
        return spillover, ()
    message = "The diagonal of the spillover matrix is not 1; rows were divided by it."
    issue = Issue("compensation.diagonal", Severity.WARNING, source, message)
    return replace(spillover, matrix=normalised), (issue,)


def _check_finite(spillover: Spillover) -> None:
    rows = zip(spillover.channels, spillover.matrix, strict=True)
    incomplete = sorted(name for name, row in rows if not np.isfinite(row).all())
    if incomplete:
        raise CompensationError(
            "The spillover matrix holds NaN or infinity.",
            subject=spillover.source,
            found=", ".join(incomplete[:8]),
            hint="Give a complete matrix.",
        )


def _check_condition(matrix: npt.NDArray[np.float64], source: str) -> None:
    limit = load_quality_limits().compensation.largest_condition_number.value
    condition = float(np.linalg.cond(matrix))
    if not condition <= limit:
        raise CompensationError(
            "The spillover matrix is singular or nearly so.",
            subject=source,
            found=f"condition number {condition:.3g}",
            allowed=f"at most {limit:g}",
            hint="Two dyes look alike in it: compute the matrix anew from single stains.",
        )


def _not_compensated(sample: Sample, why: str) -> tuple[Issue, ...]:
    colours = sum(channel.role is ChannelRole.FLUORESCENCE for channel in sample.channels)
    if colours < 2:
        return ()
    message = f"{why}; the {colours} colours were taken as they are."
    hint = "That is right only if they were compensated on the instrument, or unmixed."
    return (Issue("compensation.none", Severity.WARNING, "spillover", message, hint),)


def _check_no_unusable_matrix(sample: Sample) -> None:
    for issue in sample.issues:
        if issue.code == "spillover.unusable":
            raise CompensationError(
                "The file holds a spillover matrix that cannot be used, and no other was given.",
                found=issue.message.rstrip("."),
                hint="Give the right one with --spillover FILE.csv.",
            )


def _check_channels(sample: Sample, spillover: Spillover) -> None:
    names = [channel.name for channel in sample.channels]
    absent = [name for name in spillover.channels if names.count(name) != 1]
    if absent:
        raise CompensationError(
            "The spillover matrix names channels that the sample does not have, or has twice.",
            subject=spillover.source,
            found=", ".join(absent[:8]),
            allowed=", ".join(names[:40]),
            hint="Use the detector names ($PnN) of this sample.",
        )


def _fluorescence_only(sample: Sample, spillover: Spillover) -> Spillover:
    """Leave out scatter and time, which ``$COMP`` lists too; they must not be mixed with anything."""
    keep = [sample.channel(name).role is ChannelRole.FLUORESCENCE for name in spillover.channels]
    if all(keep):
        return spillover
    others = [name for name, kept in zip(spillover.channels, keep, strict=True) if not kept]
    left_out = np.flatnonzero(~np.array(keep))
    rest = spillover.matrix - np.eye(len(keep))
    if rest[left_out].any() or rest[:, left_out].any():
        raise CompensationError(
            "The spillover matrix mixes scatter or time with other channels.",
            subject=spillover.source,
            found=", ".join(others[:8]),
            allowed="fluorescence channels",
        )
    kept = np.flatnonzero(keep)
    names = tuple(spillover.channels[index] for index in kept)
    return replace(spillover, matrix=spillover.matrix[np.ix_(kept, kept)], channels=names)
