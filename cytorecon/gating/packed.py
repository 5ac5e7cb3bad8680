"""What tubes showed, held small while a batch of thousands is read: no two gates are unpacked at once."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from cytorecon.gating.estimates import Evidence, ThresholdEvidence


@dataclass(frozen=True, slots=True)
class _Part:
    evidence: Evidence
    histogram: bytes


class PackedEvidence(Mapping[str, Evidence]):
    """Evidence of one tube by part of gate, whose histograms are unpacked when they are asked for.

    Parameters
    ----------
    parts : mapping
        Made by :func:`packed`.
    """

    __slots__ = ("_parts",)

    def __init__(self, parts: Mapping[str, _Part]) -> None:
        self._parts = parts

    def __getitem__(self, part: str) -> Evidence:
        """Return what the tube shows of `part`."""
        held = self._parts[part]
        if not isinstance(held.evidence, ThresholdEvidence) or not held.histogram:
            return held.evidence
        counts = np.frombuffer(zlib.decompress(held.histogram), dtype=np.int64)
        return replace(held.evidence, histogram=tuple(counts.tolist()))

    def __iter__(self) -> Iterator[str]:
        """Yield the parts."""
        return iter(self._parts)

    def __len__(self) -> int:
        """Return the number of parts."""
        return len(self._parts)


def packed(evidence: Mapping[str, Evidence]) -> PackedEvidence:
    """Return the same evidence, held in few bytes.

    Examples
    --------
    >>> shown = {"CD3": ThresholdEvidence(histogram=(0, 5, 2**40), cut="above_dimmest", own=None)}
    >>> dict(packed(shown)) == shown
    True
    """
    return PackedEvidence({part: _pack(own) for part, own in evidence.items()})


def _pack(evidence: Evidence) -> _Part:
    if not isinstance(evidence, ThresholdEvidence) or not evidence.histogram:
        return _Part(evidence, b"")
    counts = np.array(evidence.histogram, dtype=np.int64)
    return _Part(replace(evidence, histogram=()), zlib.compress(counts.tobytes()))
