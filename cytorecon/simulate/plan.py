"""Who is simulated and what happens to them."""

from __future__ import annotations

from dataclasses import dataclass

from cytorecon.study.model import ClinicalEvent


@dataclass(frozen=True, slots=True)
class Course:
    """What one event does to some populations over time.

    Parameters
    ----------
    factors : tuple of (population, factor)
        At full effect.
    start, end : float
        Days of the first effect and of the end of the full effect.
    onset, recovery : float
        Days of the log-linear ramps in and out.
    """

    factors: tuple[tuple[str, float], ...]
    start: float
    end: float
    onset: float
    recovery: float

    def strength(self, day: float) -> float:
        """Return the share of the full effect (in log) on `day`, 0 to 1."""
        rising = (day - self.start) / self.onset
        falling = 1 - (day - self.end) / self.recovery
        return max(0.0, min(rising, falling, 1.0))

    def factor(self, population: str, day: float) -> float:
        """Return the factor on the concentration of `population` on `day`."""
        return float(dict(self.factors).get(population, 1.0) ** self.strength(day))


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """One simulated patient: who, which scenario, how far from its median, what happens.

    Parameters
    ----------
    patient : str
        Pseudonym, e.g. ``"P01"``.
    scenario : str
        Scenario of ``simulator_priors.csv``.
    age_years : float
        At transplant.
    sex : str
        ``"female"`` or ``"male"``.
    intercepts : mapping as tuple of (population, z)
        Distance from the scenario's median in between-patient SD.
    slope : float
        Faster (+) or slower (-) than the scenario, log10 per decade of days.
    atg_exposure : float
        Factor on T cells early on; 1 without ATG.
    granulocytes, monocytes : float
        Factor on the usual concentration.
    events : tuple of ClinicalEvent
        In order of their start; the first transplant (day 0) is not among them.
    courses : tuple of Course
        What the events do.
    """

    patient: str
    scenario: str
    age_years: float
    sex: str
    intercepts: tuple[tuple[str, float], ...] = ()
    slope: float = 0.0
    atg_exposure: float = 1.0
    granulocytes: float = 1.0
    monocytes: float = 1.0
    events: tuple[ClinicalEvent, ...] = ()
    courses: tuple[Course, ...] = ()

    def clock(self, day: int) -> int:
        """Return days since the last transplant before `day`: a second transplant restarts it."""
        starts = [event.start_day for event in self.events if event.kind == "transplant"]
        return day - max([0, *(start for start in starts if start < day)])
