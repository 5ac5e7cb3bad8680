"""What a person should look at again: issues of tubes, with the populations they touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from cytorecon.errors import Issue, Severity
from cytorecon.figures.format import format_method, population_label, review_words
from cytorecon.results import TubeResult
from cytorecon.study.model import Tube
from cytorecon.trajectories import METHOD_SWITCH

_ORDER: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
#: Shape and word, so that colour is not needed.
_MARKS: Final = {Severity.ERROR: "■ error", Severity.WARNING: "▲ look", Severity.INFO: "○ note"}


@dataclass(frozen=True, slots=True)
class Remark:
    """One issue of one tube.

    Parameters
    ----------
    patient, tube, day
        Where it was noticed.
    severity : Severity
        How much it matters.
    subject, message, hint : str
        As in the issue.
    populations : tuple of str
        Labels of the populations whose numbers it touches.
    """

    patient: str
    tube: str
    day: int
    severity: Severity
    subject: str
    message: str
    hint: str
    populations: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """Severity as shape and word."""
        return _MARKS[self.severity]


def remarks(tubes: Iterable[tuple[Tube, TubeResult]], trajectory: pd.DataFrame) -> tuple[Remark, ...]:
    """Return the warnings and errors of analysed tubes, the most severe first.

    Parameters
    ----------
    tubes : iterable of (Tube, TubeResult)
        In the order of the page. Failed tubes are left out: they have a list of their own.
    trajectory : DataFrame
        ``TRAJECTORY_COLUMNS``: knows of changes from one visit to the next.

    Returns
    -------
    tuple of Remark
        A code that a value carries without an issue of that code in its tube is a remark of its
        own, so that no flagged number goes unmentioned.
    """
    switched = _method_switches(trajectory)
    found = [
        remark
        for tube, result in tubes
        if result.status == "done"
        for remark in (*_of_tube(tube, result), *_switch(tube, result, switched.get(tube.tube, [])))
    ]
    return tuple(sorted(found, key=lambda remark: _ORDER[remark.severity]))


def _method_switches(trajectory: pd.DataFrame) -> dict[str, list[str]]:
    """Return tube -> populations whose count method is not that of the visit before."""
    switched: dict[str, list[str]] = {}
    columns = ["tube", "population", "review"]
    for tube, population, review in trajectory[columns].itertuples(index=False):
        if METHOD_SWITCH in review.split(";"):
            switched.setdefault(str(tube), []).append(str(population))
    return switched


def _switch(tube: Tube, result: TubeResult, populations: Sequence[str]) -> Sequence[Remark]:
    if not populations:
        return []
    methods = [count.count_method for count in result.counts if count.population in populations]
    words = " and ".join(format_method(method) for method in dict.fromkeys(methods))
    issue = Issue(
        METHOD_SWITCH, Severity.WARNING, "count method",
        f"Cells/µL are counted here by {words}, at the visit before by another method.",
        "A step in the curve may come from the method.",
    )
    return [_remark(tube, issue, [population_label(population) for population in populations])]


def _of_tube(tube: Tube, result: TubeResult) -> Sequence[Remark]:
    touched: dict[str, list[str]] = {}
    for count in result.counts:
        for code in count.review:
            touched.setdefault(code, []).append(population_label(count.population))
    found = [
        _remark(tube, issue, touched.get(issue.code, []))
        for issue in result.issues
        if issue.severity is not Severity.INFO or issue.code in touched
    ]
    known = {issue.code for issue in result.issues}
    for code, populations in touched.items():
        if code not in known:
            issue = Issue(code, Severity.WARNING, "counts", f"Flagged: {review_words(code)}.")
            found.append(_remark(tube, issue, populations))
    return [*found, *_not_evaluable(tube, result)]


def _not_evaluable(tube: Tube, result: TubeResult) -> Sequence[Remark]:
    lost: dict[str, list[str]] = {}
    for count in result.counts:
        if count.status == "not_evaluable":
            lost.setdefault(count.reason, []).append(population_label(count.population))
    found = []
    for reason, populations in lost.items():
        if not any(reason and reason in issue.message for issue in result.issues):
            message = f"Not evaluable: {reason or 'no reason was given'}."
            issue = Issue("count.not_evaluable", Severity.WARNING, "counts", message)
            found.append(_remark(tube, issue, populations))
    return found


def _remark(tube: Tube, issue: Issue, populations: Sequence[str]) -> Remark:
    # A flagged number needs a look, whatever the issue itself was graded.
    severity = Severity.WARNING if issue.severity is Severity.INFO else issue.severity
    return Remark(
        tube.patient, tube.tube, tube.day, severity, issue.subject, issue.message, issue.hint,
        tuple(dict.fromkeys(populations)),
    )
