"""Tell which workers are lost, by whether their heartbeats still change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cytorecon.store.jobs_database import Heartbeat


@dataclass(frozen=True, slots=True)
class Sighting:
    """How many beats of a worker there were, and since when it is as many, s on our own clock."""

    beats: int
    since: float


#: A worker without a heartbeat: it may be about to write its first.
_NONE = Heartbeat(-1, False)


def watch(
    before: Mapping[str, Sighting], workers: Collection[str], beats: Mapping[str, Heartbeat], now: float
) -> dict[str, Sighting]:
    """Return what is known of `workers` now.

    Parameters
    ----------
    before : mapping of str to Sighting
        As this function returned it the last time.
    workers : collection of str
        Those that jobs are said to run at.
    beats : mapping of str to Heartbeat
        As they stand in the database.
    now : float
        Of a clock that is never put back, s. Clocks of machines are not compared: what counts is how
        long one onlooker sees no change.
    """
    seen = {}
    for worker in workers:
        count = beats.get(worker, _NONE).beats
        known = before.get(worker)
        seen[worker] = known if known is not None and known.beats == count else Sighting(count, now)
    return seen


def lost(
    seen: Mapping[str, Sighting], beats: Mapping[str, Heartbeat], now: float, lease: float
) -> tuple[str, ...]:
    """Return the workers that said good-bye, or that did not change for `lease` seconds.

    Examples
    --------
    >>> beats = {"a": Heartbeat(5, False), "b": Heartbeat(9, False), "c": Heartbeat(2, True)}
    >>> first = watch({}, "abc", beats, now=100.0)
    >>> lost(first, beats, now=100.0, lease=20.0)
    ('c',)
    >>> beats["b"] = Heartbeat(10, False)
    >>> lost(watch(first, "abc", beats, now=120.0), beats, now=120.0, lease=20.0)
    ('a', 'c')
    """
    return tuple(
        worker
        for worker, sighting in seen.items()
        if beats.get(worker, _NONE).has_left or now - sighting.since >= lease
    )
