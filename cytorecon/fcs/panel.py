"""Which channel of a sample carries which marker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cytorecon.errors import Issue, PanelError, Severity
from cytorecon.fcs.quoting import quoted_label
from cytorecon.knowledge.channel_roles import load_channel_roles
from cytorecon.knowledge.markers import load_markers
from cytorecon.sample import Channel, ChannelRole, Sample

#: Area first: it is what compensation and clinical templates work on.
_ASPECTS = ("A", "", "H", "W")


@dataclass(frozen=True, slots=True)
class PanelMatch:
    """Markers found in a sample.

    Parameters
    ----------
    channels : mapping of str to str
        Marker -> ``$PnN``. A marker asked for as a combination (``"CD16+CD56"``) is there under
        that name when one channel carries it, or as its parts (``"CD16"`` and ``"CD56"``) when
        the sample has one channel for each: never both. A channel of two markers that a template
        shares (CD19+TCRgd) is there under each of them that was asked for.
    issues : tuple of Issue
        Optional markers that are missing or ambiguous, and shared channels that were used.
    """

    channels: Mapping[str, str]
    issues: tuple[Issue, ...] = ()


def resolve_panel(
    sample: Sample,
    required: Iterable[str],
    optional: Iterable[str] = (),
    mapping: Mapping[str, str] | None = None,
    shared: Mapping[frozenset[str], str] | None = None,
) -> PanelMatch:
    """Find the channel of every marker.

    Parameters
    ----------
    sample : Sample
        With channels as :func:`~cytorecon.fcs.read_fcs` made them.
    required, optional : iterable of str
        Canonical markers. ``"CD16+CD56"`` asks for the two in one channel, or one channel each.
    mapping : mapping of str to str, optional
        Marker -> channel (``$PnN``), as the user said; it wins over what the labels say.
    shared : mapping of frozenset of str to str, optional
        Markers that may lie in one channel and still be asked for one by one, and the marker that tells
        their cells apart: the sample must have it. A channel of the marker alone is preferred.

    Returns
    -------
    PanelMatch
        Area, height and width of one detector count as one channel, of which the area is taken.

    Raises
    ------
    PanelError
        If a required marker is missing, or more than one detector carries it, or `mapping` names
        a channel that is not there. The text lists what was found.
    """
    required, optional = tuple(required), tuple(optional)
    given = _given(sample, mapping or {})
    channels: dict[str, str] = dict(given)
    issues: list[Issue] = []
    problems: list[str] = []
    for marker, needed in _wanted(required, optional):
        if marker in channels:
            continue
        found, problem = _find(sample, marker, given)
        if problem == _MISSING:
            found, problem = _find_shared(sample, marker, given, _usable(sample, channels, shared or {}))
            issues += [_shared_issue(sample, marker, name) for name in found.values()]
        channels |= found
        if problem and needed:
            problems.append(f"{marker} ({problem})")
        elif problem:
            code = "panel.missing" if problem == _MISSING else "panel.ambiguous"
            severity = Severity.INFO if problem == _MISSING else Severity.WARNING
            issues.append(
                Issue(code, severity, marker, f"Optional marker: {problem}.", f"Use --map {marker}=CHANNEL.")
            )
    if problems:
        unasked = _unasked(given, (*required, *optional))
        aside = f"Nothing asks for {', '.join(unasked)}, which --map names. " if unasked else ""
        raise PanelError(
            f"The panel lacks what is needed: {', '.join(problems)}.",
            found=_listing(sample),
            hint=f"{aside}Say which channel it is with --map {problems[0].split(' ')[0]}=CHANNEL.",
        )
    return PanelMatch(MappingProxyType(channels), tuple(issues))


def scatter_channel(sample: Sample, role: ChannelRole, aspect: str = "A") -> Channel | None:
    """Return the main scatter channel of `role` that holds `aspect`, or None.

    Of several (two lasers, linear and log copies) the one that comes first in the file and is
    not called a log copy is the main one. A name without a side of the pulse (``"FSC"``) counts
    as area.
    """
    found = [
        channel
        for channel in sample.channels
        if channel.role is role and (channel.aspect == aspect or (aspect == "A" and not channel.aspect))
    ]
    found.sort(key=lambda channel: ("LOG" in channel.name.upper(), not channel.aspect, channel.index))
    return found[0] if found else None


_MISSING = "not found"


def _wanted(required: Iterable[str], optional: Iterable[str]) -> list[tuple[str, bool]]:
    needed = dict.fromkeys(required, True)
    return [*needed.items(), *((marker, False) for marker in dict.fromkeys(optional) if marker not in needed)]


def _given(sample: Sample, mapping: Mapping[str, str]) -> dict[str, str]:
    names = [channel.name for channel in sample.channels]
    for marker, name in mapping.items():
        if names.count(name) != 1:
            raise PanelError(
                f"{'No' if name not in names else 'More than one'} channel has the name given for a marker.",
                field=f"--map {marker}={name}",
                found=_listing(sample),
                hint="Use a detector name ($PnN) of this sample.",
            )
    return dict(mapping)


def _unasked(given: Mapping[str, str], asked: Iterable[str]) -> list[str]:
    """Return the markers that were given a channel and are no part of any that is asked for."""
    markers = load_markers()
    wanted = {part for name in asked for part in (name, *markers.read(name).markers)}
    return [name for name in given if name not in wanted and not markers.read(name).markers & wanted]


def _find(sample: Sample, marker: str, given: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Channels for `marker` and what is wrong (empty when nothing is)."""
    wanted = load_markers().canonical(marker)
    taken = set(given.values())
    found, problem = _one_detector(sample, wanted, taken)
    if found:
        return {marker: found}, ""
    if problem != _MISSING or len(wanted) == 1:
        return {}, problem
    parts: dict[str, str] = {}
    for part in sorted(wanted):
        name, problem = (
            (given[part], "") if part in given else _one_detector(sample, frozenset({part}), taken)
        )
        if not name:
            return {}, problem if problem != _MISSING else f"{_MISSING}, nor {part} alone"
        parts[part] = name
    return parts, ""


def _usable(
    sample: Sample, found: Mapping[str, str], shared: Mapping[frozenset[str], str]
) -> list[frozenset[str]]:
    """Return the sets whose cells can be told apart: the sample has the marker that does it."""
    return [markers for markers, by in shared.items() if by in found or _find(sample, by, {})[0]]


def _find_shared(
    sample: Sample, marker: str, given: Mapping[str, str], shared: Iterable[frozenset[str]]
) -> tuple[dict[str, str], str]:
    """Channel that carries `marker` beside others from whose cells a template can tell its cells apart."""
    wanted = load_markers().canonical(marker)
    for markers in shared:
        if wanted < markers:
            name, problem = _one_detector(sample, markers, set(given.values()))
            if problem != _MISSING:
                return ({marker: name} if name else {}), problem
    return {}, _MISSING


def _shared_issue(sample: Sample, marker: str, name: str) -> Issue:
    (markers,) = {channel.markers for channel in sample.channels if channel.name == name}
    others = " and ".join(sorted(markers - {marker}))
    message = f"It shares a channel with {others}; the template tells their cells apart."
    return Issue("panel.shared", Severity.INFO, marker, message)


def _one_detector(sample: Sample, wanted: frozenset[str], taken: set[str]) -> tuple[str, str]:
    carrying = [
        channel for channel in sample.channels if channel.markers == wanted and channel.name not in taken
    ]
    if not carrying:
        return "", _MISSING
    detectors = {load_channel_roles().detector_of(channel.name) for channel in carrying}
    best = min(carrying, key=lambda channel: _ASPECTS.index(channel.aspect))
    if len(detectors) > 1 or sum(channel.name == best.name for channel in carrying) > 1:
        return "", f"more than one channel carries it: {', '.join(channel.name for channel in carrying)}"
    # A name that stands for two columns would give one of them another marker's events.
    if sum(channel.name == best.name for channel in sample.channels) > 1:
        return "", f"its channel name {best.name} occurs more than once in the file"
    return best.name, ""


def _listing(sample: Sample) -> str:
    """Channels with their labels, for people: ``FL1-A 'CD3 FITC' = CD3``."""
    parts = []
    for channel in sample.channels:
        if channel.role is ChannelRole.FLUORESCENCE:
            label = channel.marker_text
            text = f" {quoted_label(label, channel.name)}" if label not in ("", channel.name) else ""
            markers = f" = {'+'.join(sorted(channel.markers))}" if channel.markers else ""
            parts.append(f"{channel.name}{text}{markers}")
    return "; ".join(parts)
