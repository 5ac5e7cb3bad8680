"""A clean copy of a sample that was read: its linear events in a file, and what no file says beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cytorecon.intake.clean import Cleaned
from cytorecon.intake.deidentify import Deidentified
from cytorecon.sample import Sample
from cytorecon.values import Frozen


class Beside(Frozen):
    """What a written sample was and a file cannot say in the same way.

    Parameters
    ----------
    maxima : tuple of float
        Of the channels: 0 is not known, where a file has to state a number.
    spillover_source : str
        Keyword that held the matrix; empty without one.
    """

    maxima: tuple[float, ...]
    spillover_source: str = ""

    @classmethod
    def of(cls, sample: Sample) -> Beside:
        """Return it of a sample that is about to be written."""
        source = sample.spillover.source if sample.spillover is not None else ""
        return cls(maxima=tuple(channel.maximum for channel in sample.channels), spillover_source=source)

    def restored(self, sample: Sample) -> Sample:
        """Return a sample that was read again as it was before it was written."""
        pairs = zip(sample.channels, self.maxima, strict=True)
        spillover = sample.spillover
        if spillover is not None and self.spillover_source:
            spillover = replace(spillover, source=self.spillover_source)
        channels = tuple(replace(channel, maximum=maximum) for channel, maximum in pairs)
        return replace(sample, channels=channels, spillover=spillover)


def write_clean(cleaned: Cleaned, path: Path) -> Beside:
    """Write a linear sample without names and dates; its file is not read again.

    With what this returns :func:`~cytorecon.intake.read_again` gives the same sample: events bit for bit,
    channels, matrix.

    Parameters
    ----------
    cleaned : Cleaned
        Of :func:`~cytorecon.intake.clean.clean`.
    path : Path
        The new file.

    Raises
    ------
    FcsError
        If the sample holds what no file can.
    """
    Deidentified(cleaned.sample, None, cleaned.removed, cleaned.written, {}).write(path)
    return Beside.of(cleaned.sample)
