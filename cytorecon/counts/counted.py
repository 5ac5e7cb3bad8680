"""What a number of events means in blood, and how sure that is: one population of one tube."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from cytorecon.counts.combined import deviations, widened
from cytorecon.counts.intervals import (
    CONFIDENCE,
    binomial_interval,
    poisson_interval,
    poisson_ratio_interval,
)
from cytorecon.counts.quantities import TubeQuantities
from cytorecon.knowledge.counting import CountingRules
from cytorecon.results import CountMethod, Uncertainty

#: Methods that take a fraction of a blood count.
BLOOD_COUNTS: Final = ("blood_count_alc", "blood_count_wbc")


@dataclass(frozen=True, slots=True)
class Counted:
    """How events of one population become cells/µL.

    Parameters
    ----------
    method : str
        The count method.
    blood_ul : float
        Blood that the events stand for, µL.
    beside : int or None
        Events that are counted beside them: beads, or the whole that they are a part of.
    gate, volume : float
        Standard deviations of the natural logarithm by gates, and by volumes, beads or blood count.
    is_blood_count : bool
        Whether the population is what the blood count counted: then its number is the analyser's.
    """

    method: CountMethod
    blood_ul: float
    beside: int | None
    gate: float
    volume: float
    is_blood_count: bool = False

    def interval(self, events: int, *, confidence: float = CONFIDENCE) -> tuple[float | None, float | None]:
        """Return lower and upper limit, cells/µL; None for a blood count whose CV is not stated."""
        if self.is_blood_count and self.volume == 0:
            return None, None
        exact = (events, events) if self.is_blood_count else self._exact(events, confidence)
        spread = math.hypot(self.gate, self.volume)
        low, high = widened(events, exact[0], exact[1], spread, confidence=confidence)
        return low / self.blood_ul, min(high, self._most(confidence)) / self.blood_ul

    def uncertainty(self, events: int) -> Uncertainty | None:
        """Return the parts of the uncertainty; None of no events, and where no interval is."""
        if events == 0 or self.interval(events) == (None, None):
            return None
        variance = 1.0 / events
        if self.method == "beads" and self.beside:
            variance += 1.0 / self.beside
        elif self.method in BLOOD_COUNTS and self.beside:
            variance -= 1.0 / self.beside
        return Uncertainty(counting=math.sqrt(max(variance, 0.0)), gate=self.gate, volume=self.volume)

    def _most(self, confidence: float) -> float:
        """Return the events of the whole, as many as there may be; a part has no more."""
        if self.method not in BLOOD_COUNTS or self.beside is None:
            return math.inf
        return self.beside * math.exp(deviations(confidence) * self.volume)

    def _exact(self, events: int, confidence: float) -> tuple[float, float]:
        """Return exact limits of the events."""
        if self.method == "volumetric":
            return poisson_interval(events, confidence=confidence)
        assert self.beside is not None
        if self.method == "beads":
            low, high = poisson_ratio_interval(events, self.beside, confidence=confidence)
        else:
            low, high = binomial_interval(events, self.beside, confidence=confidence)
        return low * self.beside, high * self.beside


def volume_spread(method: CountMethod, quantities: TubeQuantities, rules: CountingRules) -> float:
    """Return the standard deviation of ln(cells/µL) by what was measured outside the tube.

    Parameters
    ----------
    method : str
        The count method: beads rest on pipetting and on the lot, a volume on itself, and fractions of a
        blood count on that count.
    quantities : TubeQuantities
        With the coefficients of variation that the sheet states.
    rules : CountingRules
        With those to take where it states none.

    Notes
    -----
    Of a log-normal error with coefficient of variation c, sd = sqrt(ln(1 + c^2)).

    Examples
    --------
    >>> from cytorecon.knowledge.counting import load_counting_rules
    >>> tube = TubeQuantities(pipetting_cv_percent=3, beads_cv_percent=4)
    >>> round(volume_spread("beads", tube, load_counting_rules()), 3)
    0.05
    """
    columns = {
        "beads": ("pipetting_cv_percent", "beads_cv_percent"),
        "volumetric": ("pipetting_cv_percent",),
        "blood_count_alc": ("lymphocytes_cv_percent",),
        "blood_count_wbc": ("wbc_cv_percent",),
        "none": (),
    }[method]
    percents = [rules.imprecision.of(column).taken(getattr(quantities, column)) for column in columns]
    return math.sqrt(sum(math.log1p((percent / 100.0) ** 2) for percent in percents))
