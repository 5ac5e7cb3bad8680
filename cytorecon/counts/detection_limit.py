"""The limit of detection of one tube: how many cells it would have shown."""

from __future__ import annotations

from typing import Final

from scipy.special import gammaincinv, pdtrc

#: A concentration at the limit of detection is detected in so many tubes of a hundred (Currie 1968).
_POWER: Final = 0.95


def lod_events(background: float, significance: float) -> float:
    """Return the expected number of events of a population that would be detected with 95 % certainty.

    Parameters
    ----------
    background : float
        Events expected in its gate were it absent.
    significance : float
        Chance at which so many events count as detected although it is absent; below 0.3.

    Notes
    -----
    Currie 1968, Anal Chem 40:586, exact for counts: the critical level is the fewest events n with
    P(X >= n) < significance for X Poisson with the background's mean; the limit of detection is the mean that
    reaches it with 95 %, less the background.

    Examples
    --------
    >>> round(lod_events(1.0, 0.05), 1)
    6.8
    """
    # the median lies there or above, so the critical level does, too
    critical = max(int(background), 1)
    while pdtrc(critical - 1, background) >= significance:
        critical += 1
    return max(float(gammaincinv(critical, _POWER)) - background, 0.0)
