"""What a person should look at again: issues of tubes, with the populations they touch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from cytorecon.errors import Issue, Severity
from cytorecon.figures.format import bare_reason, is_not_assessed, population_label
from cytorecon.figures.gate import gate_name
from cytorecon.knowledge.review_flags import ReviewFlag, flag_in_short
from cytorecon.results import TubeResult
from cytorecon.study.final import CHECK_BOTH_DAYS, after_final_events
from cytorecon.study.model import Study, Tube

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


def remarks(
    tubes: Iterable[tuple[Tube, TubeResult]], trajectory: pd.DataFrame, flags: Mapping[str, ReviewFlag]
) -> tuple[Remark, ...]:
    """Return the warnings and errors of analysed tubes, the most severe first.

    Parameters
    ----------
    tubes : iterable of (Tube, TubeResult)
        In the order of the page. Failed tubes are left out: they have a list of their own.
    trajectory : DataFrame
        ``TRAJECTORY_COLUMNS``: its codes tell of changes from one visit to the next.
    flags : mapping of str to ReviewFlag
        What the codes mean that values carry without an issue.

    Returns
    -------
    tuple of Remark
        No flagged number goes unmentioned: a code without an issue in its tube is a remark too.
    """
    codes = _codes_of_tubes(trajectory)
    found = [
        remark
        for tube, result in tubes
        if result.status == "done"
        for remark in _of_tube(tube, result, codes.get(tube.tube, {}), flags)
    ]
    return tuple(sorted(found, key=lambda remark: _ORDER[remark.severity]))


def remarks_beside(study: Study) -> tuple[Remark, ...]:
    """Return the remarks on events and readouts that bear a day after death; tubes have their own.

    Parameters
    ----------
    study : Study
        Of the page.
    """
    return tuple(
        Remark(late.patient, "–", late.day, Severity.WARNING, "", late.message, CHECK_BOTH_DAYS)
        for late in after_final_events(study)
        if not late.tube
    )


def remarks_of_tube(tube: Tube, result: TubeResult, flags: Mapping[str, ReviewFlag]) -> tuple[Remark, ...]:
    """Return the remarks of one tube, as :func:`remarks` but for changes from one visit to the next.

    Parameters
    ----------
    tube : Tube
        As in the sheet.
    result : TubeResult
        Of a tube that was analysed; a failed one has none.
    flags : mapping of str to ReviewFlag
        What the codes mean that values carry without an issue.
    """
    found = _of_tube(tube, result, {}, flags) if result.status == "done" else ()
    return tuple(sorted(found, key=lambda remark: _ORDER[remark.severity]))


#: Code -> labels of the populations that carry it.
Touched = dict[str, list[str]]


def _codes_of_tubes(trajectory: pd.DataFrame) -> Mapping[str, Touched]:
    found: dict[str, Touched] = {}
    columns = ["tube", "population", "review"]
    for tube, population, review in trajectory[columns].itertuples(index=False):
        for code in filter(None, review.split(";")):
            found.setdefault(str(tube), {}).setdefault(code, []).append(population_label(population))
    return found


def _of_tube(
    tube: Tube, result: TubeResult, codes: Mapping[str, Sequence[str]], flags: Mapping[str, ReviewFlag]
) -> Sequence[Remark]:
    touched: Touched = {code: list(populations) for code, populations in codes.items()}
    for count in result.counts:
        for code in count.review:
            touched.setdefault(code, []).append(population_label(count.population))
    found = []
    for issue in result.issues:
        own = [code for code in touched if _is_about(code, issue)]
        if own or issue.severity is not Severity.INFO:
            populations = [population for code in own for population in touched.pop(code)]
            found.append(_remark(tube, _titled(issue, result), populations))
    found += [
        _remark(tube, _titled(_explained(code, flags), result), populations)
        for code, populations in touched.items()
    ]
    return [*found, *_not_evaluable(tube, result)]


def _titled(issue: Issue, result: TubeResult) -> Issue:
    """Return `issue` with a subject in which gates and populations go by the names that pages give them."""
    names = {count.population: population_label(count.population) for count in result.counts}
    names |= {gate.gate: gate_name(gate) for gate in result.gates}
    words = [names.get(word, word) for word in issue.subject.split()]
    return replace(issue, subject=" ".join(words))


def _is_about(code: str, issue: Issue) -> bool:
    """Return whether a code on a value, such as ``gate.outlier:CD4``, says what `issue` says."""
    base, _, gate = code.partition(":")
    return issue.code == base and (not gate or gate in issue.subject.split())


def _explained(code: str, flags: Mapping[str, ReviewFlag]) -> Issue:
    base, _, gate = code.partition(":")
    subject = f"gate {gate}" if gate else "counts"
    flag = flags.get(base)
    if flag is None:
        return Issue(code, Severity.WARNING, subject, f"Flagged: {flag_in_short(base)}.")
    return Issue(code, Severity.WARNING, subject, flag.message, flag.hint)


def _not_evaluable(tube: Tube, result: TubeResult) -> Sequence[Remark]:
    lost: dict[str, list[str]] = {}
    for count in result.counts:
        if count.status == "not_evaluable" and not is_not_assessed(count.reason):
            lost.setdefault(count.reason, []).append(population_label(count.population))
    found = []
    for reason, populations in lost.items():
        if not any(reason and reason in issue.message for issue in result.issues):
            message = f"Not evaluable: {reason or 'no reason was given'}."
            issue = Issue("count.not_evaluable", Severity.WARNING, "counts", message)
            found.append(_remark(tube, issue, populations))
    return found


def not_assessed(tubes: Iterable[tuple[Tube, TubeResult]]) -> tuple[str, ...]:
    """Return which populations hold all of their parent for want of a channel, each with the reason.

    Parameters
    ----------
    tubes : iterable of (Tube, TubeResult)
        Of one patient or of the study.

    Returns
    -------
    tuple of str
        E.g. ``"Viable (no channel for viability)"``, each once.
    """
    found = (
        f"{population_label(count.population)} ({bare_reason(count.reason)})"
        for _, result in tubes
        for count in result.counts
        if count.status == "not_evaluable" and is_not_assessed(count.reason)
    )
    return tuple(dict.fromkeys(found))


def _remark(tube: Tube, issue: Issue, populations: Sequence[str]) -> Remark:
    # A flagged number needs a look, whatever the issue itself was graded.
    severity = Severity.WARNING if issue.severity is Severity.INFO else issue.severity
    return Remark(
        tube.patient,
        tube.tube,
        tube.day,
        severity,
        issue.subject,
        issue.message,
        issue.hint,
        tuple(dict.fromkeys(populations)),
    )
