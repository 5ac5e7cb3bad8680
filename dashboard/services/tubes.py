"""Tubes in words: their state and what about them needs a look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypedDict

from cytorecon.errors import Severity
from cytorecon.figures.format import is_not_assessed, population_label
from cytorecon.knowledge.review_flags import flag_in_short
from cytorecon.results import CountMethod, TubeResult
from cytorecon.store import NOT_ANALYSED
from cytorecon.study.model import Tube
from dashboard.services.hints import in_browser
from dashboard.services.study import Snapshot

TubeState = Literal["analysed", "needs a look", "failed", "not analysed"]

#: A shape beside every word, so that colour is never the only sign.
SHAPES: Final[dict[TubeState, str]] = {
    "analysed": "●",
    "needs a look": "◆",
    "failed": "✕",
    "not analysed": "○",
}
STATES: Final = tuple(SHAPES)
_NOTES_SHOWN: Final = 2


class WorklistRow(TypedDict):
    """One line of the worklist; the keys are the grid's fields."""

    tube: str
    patient: str
    day: int
    visit: str
    panel: str
    events: int | None
    state: str
    gates: str
    method: str
    notes: str
    source: str


def tube_state(result: TubeResult) -> TubeState:
    """Return the state of a tube as one of :data:`STATES`."""
    if result.status == "failed":
        pending = any(issue.code == NOT_ANALYSED for issue in result.issues)
        return "not analysed" if pending else "failed"
    return "needs a look" if review_notes(result) else "analysed"


def review_notes(result: TubeResult) -> tuple[str, ...]:
    """Return what needs a look in an analysed tube, each in one sentence."""
    lost = tuple(
        f"{population_label(count.population)} not evaluable: {count.reason}"
        for count in result.counts
        if count.status == "not_evaluable" and not is_not_assessed(count.reason)
    )
    said = tuple(
        issue.message
        for issue in result.issues
        if issue.severity is not Severity.INFO and not (lost and issue.code.endswith(".not_evaluable"))
    )
    return tuple(dict.fromkeys((*lost, *said, *_flagged(result))))


def _flagged(result: TubeResult) -> tuple[str, ...]:
    """Return one sentence per flag that no issue explains, with the populations that carry it."""
    explained = {issue.code for issue in result.issues}
    carriers: dict[str, list[str]] = {}
    for count in result.counts:
        for code in count.review:
            if count.status == "counted" and code.partition(":")[0] not in explained:
                carriers.setdefault(flag_in_short(code), []).append(population_label(count.population))
    return tuple(f"{flag[:1].upper()}{flag[1:]}: {', '.join(names)}" for flag, names in carriers.items())


def gate_summary(result: TubeResult) -> str:
    """Return how many gates were found, e.g. ``11 found, 1 lost``."""
    if not result.gates:
        return ""
    found = sum(gate.status in ("found", "passed_through") for gate in result.gates)
    # not a word on gates whose channel the panel lacks: that is no event of this tube
    others = {"absent": "absent", "not_evaluable": "lost"}
    numbers = {words: sum(gate.status == status for gate in result.gates) for status, words in others.items()}
    return ", ".join(
        [f"{found} found", *(f"{number} {words}" for words, number in numbers.items() if number)]
    )


_SHORT_METHODS: Final[dict[CountMethod, str]] = {
    "beads": "beads",
    "blood_count_alc": "blood count, ALC",
    "blood_count_wbc": "blood count, WBC",
    "volumetric": "volumetric",
}


def count_method(result: TubeResult) -> str:
    """Return how the events of a tube became cells/µL, in words."""
    methods = dict.fromkeys(count.count_method for count in result.counts if count.count_method != "none")
    return ", ".join(_SHORT_METHODS[method] for method in methods) or ("none" if result.counts else "")


def worklist_rows(snapshot: Snapshot) -> list[WorklistRow]:
    """Return one row per tube, in the order of the study."""
    return list(snapshot.once(_in_order))


def _in_order(snapshot: Snapshot) -> tuple[WorklistRow, ...]:
    of_patient = {patient: iter(rows) for patient, rows in snapshot.of_each(_rows).items()}
    return tuple(next(of_patient[tube.patient]) for tube in snapshot.study.tubes)


def _rows(snapshot: Snapshot, whom: frozenset[str] | None) -> dict[str, list[WorklistRow]]:
    """Return the rows of each patient, in the order of the study."""
    found: dict[str, list[WorklistRow]] = {}
    for tube, result in zip(snapshot.study.tubes, snapshot.result.tubes, strict=True):
        if whom is None or tube.patient in whom:
            found.setdefault(tube.patient, []).append(_row(tube, result))
    return found


def _row(tube: Tube, result: TubeResult) -> WorklistRow:
    state = tube_state(result)
    return WorklistRow(
        tube=tube.tube,
        patient=tube.patient,
        day=tube.day,
        visit=tube.visit,
        panel=tube.template,
        events=result.n_events,
        state=f"{SHAPES[state]} {state}",
        gates=gate_summary(result),
        method=count_method(result),
        notes=in_browser(result.error) if result.status == "failed" else _short(review_notes(result)),
        source="upload" if tube.row == 0 else "sheet",
    )


def _short(notes: Sequence[str]) -> str:
    more = len(notes) - _NOTES_SHOWN
    text = " · ".join(notes[:_NOTES_SHOWN])
    return f"{text} · and {more} more" if more > 0 else text


def filter_rows(
    rows: Sequence[WorklistRow], *, patients: Sequence[str] = (), state: str = ""
) -> list[WorklistRow]:
    """Return the rows of `patients` (all when empty) in `state` (any when empty)."""
    return [
        row
        for row in rows
        if (not patients or row["patient"] in patients) and (not state or row["state"].endswith(f" {state}"))
    ]


_IN_SUMMARY: Final[dict[TubeState, str]] = {"needs a look": "to look at"}


def worklist_summary(rows: Sequence[WorklistRow]) -> str:
    """Return the worklist in one line, e.g. ``18 tubes of 3 patients · 1 failed``."""
    patients = len({row["patient"] for row in rows})
    parts = [f"{_plural(len(rows), 'tube')} of {_plural(patients, 'patient')}"]
    for state in STATES[1:]:
        number = len(filter_rows(rows, state=state))
        if number:
            parts.append(f"{number} {_IN_SUMMARY.get(state, state)}")
    return " · ".join(parts)


def _plural(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def patient_and_tube(snapshot: Snapshot, patient: str, tube: str) -> tuple[str, str]:
    """Return whom a page shows, and the tube to look at: the one it shows, else the patient's latest.

    Parameters
    ----------
    snapshot : Snapshot
        The study.
    patient, tube : str
        What the address names; either may be empty or unknown.
    """
    for known in snapshot.study.tubes:
        if known.tube == tube:
            return known.patient, tube
    own = sorted(
        (known for known in snapshot.study.tubes if known.patient == patient), key=lambda one: one.day
    )
    return (patient, own[-1].tube) if own else ("", "")
