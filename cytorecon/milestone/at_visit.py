"""Rules that judge one sample: the one closest to a day, within a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cytorecon.knowledge.milestones import AtVisit
from cytorecon.milestone.crossing import Crossing, Visit


@dataclass(frozen=True, slots=True)
class JudgedVisit:
    """The sample that a rule judges.

    Parameters
    ----------
    visit : Visit or None
        None when no sample of the window can be judged.
    window_is_over : bool
        Whether a later sample shows that the window has passed.
    undecided : tuple of int
        Days of the window that could not be judged.
    """

    visit: Visit | None
    window_is_over: bool
    undecided: tuple[int, ...] = ()

    @property
    def crossing(self) -> Crossing:
        """The answer as a crossing: met on or before that day, or not met on it."""
        judged = self.visit
        if judged is None:
            return Crossing(undecided=self.undecided)
        if judged.state == "above":
            return Crossing(by_day=judged.day, judged=1)
        return Crossing(after_day=judged.day, judged=1)


def judged_visit(window: AtVisit, visits: Sequence[Visit]) -> JudgedVisit:
    """Return the visit of the window that is closest to its day, of two equally close ones the earlier.

    Parameters
    ----------
    window : AtVisit
        Day and window.
    visits : sequence of Visit
        One per day, in order; those that cannot be judged are passed over.

    Examples
    --------
    >>> window = AtVisit(day=100, from_day=85, to_day=115)
    >>> visits = [Visit(60, "below"), Visit(92, "below"), Visit(104, "above"), Visit(180, "below")]
    >>> judged_visit(window, visits).visit
    Visit(day=104, state='above')
    """
    inside = [visit for visit in visits if window.from_day <= visit.day <= window.to_day]
    judged = [visit for visit in inside if visit.state != "indeterminate"]
    return JudgedVisit(
        visit=min(judged, key=lambda visit: (abs(visit.day - window.day), visit.day), default=None),
        window_is_over=any(visit.day > window.to_day for visit in visits),
        undecided=tuple(visit.day for visit in inside if visit.state == "indeterminate"),
    )
