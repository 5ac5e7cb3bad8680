"""Read FCS files: one data set becomes one frozen :class:`~cytorecon.sample.Sample`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from cytorecon.errors import CompensationError, FcsError, Issue, Severity
from cytorecon.fcs.channels import read_channels
from cytorecon.fcs.container import Header, read_header
from cytorecon.fcs.decode import decode_events
from cytorecon.fcs.layout import find_layout
from cytorecon.fcs.linear import find_scaling, linear_events
from cytorecon.fcs.spillover import spillover_from_keywords
from cytorecon.fcs.text import number, parse_text
from cytorecon.sample import Channel, ChannelRole, Events, Sample, Spillover

#: More data sets than an instrument chains; a damaged chain must not run on for ever.
MOST_DATA_SETS = 1000


@dataclass(frozen=True, slots=True)
class DataSetInfo:
    """One data set of a file, without its events.

    Parameters
    ----------
    dataset : int
        Number to give to :func:`read_fcs`, from 0.
    version : str
        ``"FCS3.1"`` …
    n_events, n_channels : int
        As stated; `n_events` is None when ``$TOT`` is missing.
    resolution_bits : int
        Bits of the widest detector range (``$PnR``): 10 for channels 0-1023.
    channels : tuple of str
        ``$PnN``.
    """

    dataset: int
    version: str
    n_events: int | None
    n_channels: int
    resolution_bits: int
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a data set begins, its HEADER and its keywords."""

    offset: int
    header: Header
    keywords: Mapping[str, str]
    issues: tuple[Issue, ...]


def read_fcs(path: str | Path, *, dataset: int | None = None) -> Sample:
    """Read one data set of an FCS file.

    Integer data of log amplifiers, gains and the time step are brought to the linear scale.
    Whatever had to be repaired or looks odd is in ``sample.issues``.

    Parameters
    ----------
    path : str or Path
        The file.
    dataset : int, optional
        Which data set, from 0. Without it: the only one; of the two data sets of a Beckman LMD
        (same tube, same number of events) the one with the higher resolution; otherwise it must
        be given.

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
    places, chain_issues = _data_sets(content, path.name)
    chosen, choice_issues = _choose(places, dataset, path.name)
    sample = _sample(content, places[chosen], path.name)
    return replace(sample, issues=(*chain_issues, *choice_issues, *sample.issues))


def list_datasets(path: str | Path) -> tuple[DataSetInfo, ...]:
    """Return the data sets of a file without reading events.

    Raises
    ------
    FcsError
        If it is not an FCS file, or its keywords cannot be read.
    """
    path = Path(path)
    places, _ = _data_sets(_content(path), path.name)
    return tuple(_info(place, dataset, path.name) for dataset, place in enumerate(places))


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise FcsError("This is a folder, not a file.", subject=path.name, hint="Name the FCS file in it.")
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise FcsError("There is no such file.", subject=path.name, hint="Check the name and the folder.") from error
    except OSError as error:
        raise FcsError("The file cannot be opened.", subject=path.name, found=error.strerror or "an I/O error") from error
    if not content:
        raise FcsError("The file is empty.", subject=path.name, hint="Copy it again from the cytometer.")
    return content


def _data_sets(content: bytes, file: str) -> tuple[list[_Place], tuple[Issue, ...]]:
    """Follow $NEXTDATA, which counts from the beginning of its own data set."""
    places: list[_Place] = []
    offset = 0
    while len(places) < MOST_DATA_SETS:
        places.append(_place(content, offset, file))
        step = _next_data(places[-1].keywords, file)
        offset += step
        if step == 0:
            return places, ()
        if not content[offset:].startswith(b"FCS"):
            message = "$NEXTDATA announces a further data set, but there is none."
            return places, (Issue("fcs.no_further_data_set", Severity.WARNING, "$NEXTDATA", message),)
    raise FcsError("The file chains too many data sets.", subject=file, found=f"more than {MOST_DATA_SETS}")


def _next_data(keywords: Mapping[str, str], file: str) -> int:
    return number(keywords, "$NEXTDATA", file) or 0 if keywords.get("$NEXTDATA", "").strip(" \x00") else 0


def _place(content: bytes, offset: int, file: str) -> _Place:
    header = read_header(content, offset, file)
    text = parse_text(content[offset + header.text.begin : offset + header.text.end + 1], file)
    keywords = dict(text.keywords)
    begin, end = number(keywords, "$BEGINSTEXT", file) or 0, number(keywords, "$ENDSTEXT", file) or 0
    issues = text.issues
    if begin and end > begin and begin != header.text.begin and offset + end < len(content):
        supplement = parse_text(content[offset + begin : offset + end + 1], file)
        keywords = {**supplement.keywords, **keywords}  # the primary TEXT wins
        issues = (*issues, *supplement.issues)
    return _Place(offset, header, MappingProxyType(keywords), issues)


def _info(place: _Place, dataset: int, file: str) -> DataSetInfo:
    n_channels = number(place.keywords, "$PAR", file) or 0
    names = tuple(place.keywords.get(f"$P{index}N", "") for index in range(1, min(n_channels, 30_000) + 1))
    return DataSetInfo(
        dataset=dataset,
        version=place.header.version,
        n_events=number(place.keywords, "$TOT", file),
        n_channels=n_channels,
        resolution_bits=max((_bits(place.keywords, index) for index in range(1, len(names) + 1)), default=0),
        channels=names,
    )


def _bits(keywords: Mapping[str, str], index: int) -> int:
    value = keywords.get(f"$P{index}R", "").strip()
    return (int(value) - 1).bit_length() if value.isascii() and value.isdigit() and len(value) < 20 else 0


def _choose(places: list[_Place], dataset: int | None, file: str) -> tuple[int, tuple[Issue, ...]]:
    infos = [_info(place, index, file) for index, place in enumerate(places)]
    listing = "; ".join(
        f"{info.dataset}: {info.version}, {info.n_events} events, {info.n_channels} channels, {info.resolution_bits} bits"
        for info in infos
    )
    if dataset is not None:
        if not 0 <= dataset < len(places):
            raise FcsError("There is no such data set.", subject=file, found=str(dataset), allowed=listing)
        return dataset, ()
    if len(places) == 1:
        return 0, ()
    best = max(infos, key=lambda info: info.resolution_bits)
    same_tube = len({info.n_events for info in infos}) == 1
    if same_tube and sum(info.resolution_bits == best.resolution_bits for info in infos) == 1:
        message = f"The file holds {len(infos)} data sets of one tube; number {best.dataset}, of the highest resolution, was read."
        return best.dataset, (Issue("fcs.data_set_chosen", Severity.WARNING, "$NEXTDATA", message, f"All of them: {listing}."),)
    raise FcsError(
        "The file holds several data sets.", subject=file, found=listing, hint="Say which one to read: dataset=0, 1 ..."
    )


def _sample(content: bytes, place: _Place, file: str) -> Sample:
    layout = find_layout(place.keywords, place.header, place.offset, len(content), file)
    named, name_issues = read_channels(place.keywords, layout.n_channels, file)
    scaled = [
        find_scaling(place.keywords, channel.index, channel.role, layout.datatype, layout.ranges[channel.index])
        for channel in named
    ]
    channels = tuple(
        replace(channel, maximum=scaling.maximum) for channel, (scaling, _) in zip(named, scaled, strict=True)
    )
    stored = decode_events(content, layout, file)
    events = linear_events(stored, tuple(scaling for scaling, _ in scaled))
    spillover, spillover_issues = _spillover(place.keywords, channels)
    return Sample(
        events=events,
        channels=channels,
        keywords=place.keywords,
        spillover=spillover,
        sha256=hashlib.sha256(content).hexdigest(),
        issues=(
            *place.issues,
            *layout.issues,
            *name_issues,
            *(issue for _, issues in scaled for issue in issues),
            *spillover_issues,
            *_event_issues(events, channels),
        ),
    )


def _spillover(
    keywords: Mapping[str, str], channels: tuple[Channel, ...]
) -> tuple[Spillover | None, tuple[Issue, ...]]:
    try:
        return spillover_from_keywords(keywords, channels)
    except CompensationError as error:
        return None, (Issue("spillover.unusable", Severity.ERROR, error.subject, str(error), error.hint),)


def _event_issues(events: Events, channels: tuple[Channel, ...]) -> list[Issue]:
    if not len(events):
        return [Issue("fcs.no_events", Severity.WARNING, "events", "The data set holds no events.")]
    issues = []
    not_finite = int(np.count_nonzero(~np.isfinite(events).all(axis=1))) if not np.isfinite(events.sum()) else 0
    if not_finite:
        message = f"{not_finite} of {len(events)} events hold a value that is not a finite number."
        issues.append(Issue("fcs.not_finite", Severity.WARNING, "events", message, "They lie in no gate."))
    detectors = [channel.index for channel in channels if channel.role is not ChannelRole.TIME]
    if detectors and not events[:, detectors].any():
        message = "Every value of every detector is zero."
        issues.append(Issue("fcs.all_zero", Severity.ERROR, "events", message, "The copy was broken: copy the file again."))
    return issues
