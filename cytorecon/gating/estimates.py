"""What a single tube shows about a gate's position, before the batch is asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ValleyEstimate:
    """A valley between two modes.

    Parameters
    ----------
    position, standard_error : float
        On the transformed scale; the error is a Poisson bootstrap of the histogram.
    depth : float
        1 - valley / lower peak: 1 is an empty valley, 0 is none.
    below, above : float
        Events on either side.
    modes : int
        How many modes the histogram shows; 0 for a position that is no valley.
    """

    position: float
    standard_error: float
    depth: float
    below: float
    above: float
    modes: int = 0


@dataclass(frozen=True, slots=True)
class ClusterEstimate:
    """A cloud on two or more axes.

    Parameters
    ----------
    mean : tuple of float
        Centre on the transformed scale; of a cloud that is told beside other cells, its distance from them.
    covariance : tuple of tuple of float
        Of the events.
    events : float
        Events that belong to it.
    """

    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    events: float


@dataclass(frozen=True, slots=True)
class ThresholdEvidence:
    """What one tube adds to the batch about a threshold: its histogram, and its own valley if any.

    Parameters
    ----------
    histogram : tuple of int
        Events per bin of the common grid (``kernels.CENTRES``); empty for a threshold that is
        no valley.
    cut : str
        Which valley the gate wants.
    own : ValleyEstimate or None
        The tube's own valley.
    gauge : float or None
        Where events of known brightness (beads) lie in this channel; None where the tube has none.
    """

    histogram: tuple[int, ...]
    cut: str
    own: ValleyEstimate | None
    gauge: float | None = None


Evidence = ThresholdEvidence | ClusterEstimate
