"""The trajectory table: every population of every tube against the day, with its reference limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from cytorecon.counts import censoring_limit, reported_concentration
from cytorecon.errors import CytoreconError
from cytorecon.knowledge.counting import CountingRules, load_counting_rules
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.knowledge.reference_age import limits_at
from cytorecon.knowledge.references import References, load_references
from cytorecon.results import PopulationCount
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.model import Patient, Tube
from cytorecon.study.result import StudyResult
from cytorecon.study.table import tubes_in_order
from cytorecon.tables import TRAJECTORY_COLUMNS
from cytorecon.trajectory.points import Point, percent_point, ratio_point
from cytorecon.trajectory.reference import reference_cells

Measure = Literal[
    "cells_per_ul", "percent_of_parent", "percent_of_lymphocytes", "percent_of_leukocytes", "ratio"
]

MEASURES: Final[tuple[Measure, ...]] = (
    "cells_per_ul",
    "percent_of_parent",
    "percent_of_lymphocytes",
    "percent_of_leukocytes",
    "ratio",
)

#: Put on a visit whose concentration was counted by another method than the one before it.
METHOD_SWITCH: Final = "trajectory.method_switch"
#: Put on a visit whose population was gated by another definition than at the one before it.
DEFINITION_SWITCH: Final = "trajectory.definition_switch"
#: Put on the results of several tubes of one patient, day and panel: one sample twice, or two draws.
SAME_DAY: Final = "trajectory.same_day"

_DAYS_PER_YEAR: Final = 365.25
_RATIO: Final = "CD4_CD8_ratio"


@dataclass(frozen=True, slots=True)
class _Visit:
    """One tube with the point of one population in one measure, and what was counted."""

    patient: Patient
    tube: Tube
    point: Point
    gate_definition: str

    @property
    def has_result(self) -> bool:
        return self.point.value is not None or self.point.censored


def trajectories(
    result: StudyResult,
    *,
    measures: Sequence[Measure] = MEASURES,
    references: References | None = None,
    populations: Populations | None = None,
    rules: CountingRules | None = None,
) -> pd.DataFrame:
    """Return what is drawn against the day: one row per tube, population and measure.

    Parameters
    ----------
    result : StudyResult
        A study with its results.
    measures : sequence of str
        Which measures, in the order of the table: ``cells_per_ul``, ``percent_of_parent``,
        ``percent_of_lymphocytes``, ``percent_of_leukocytes``, ``ratio`` (CD4/CD8).
    references, populations, rules : optional
        Knowledge to use; the packaged files by default.

    Returns
    -------
    DataFrame
        Columns ``tables.TRAJECTORY_COLUMNS``; by measure, population (knowledge order), patient
        (study order) and day. A population that has a measure in any tube of the study has a row
        for every tube it was looked for in, with an empty `value` where there is none. Tubes of a cell
        product have none: the cells of a graft are no cells of the patient's blood
        (:func:`~cytorecon.study.product_doses`).

        `censored` is ``"left"`` for a concentration below the LLOQ: it lies between 0 and `lloq`.
        `reference_position` is ``below``, ``within`` or ``above`` the limits of the default set at
        the patient's age on that day, and empty when that is not certain. `reference_z` and
        `reference_percentile` say where among healthy people, for rows with a median; `reference_basis`
        names the bands. `gate_definition` is what was counted; limits of another definition are never
        shown, and `reference_note` says so. A change of count method or of definition since the visit
        before is marked ``trajectory.method_switch`` and ``trajectory.definition_switch`` in `review`;
        results of several tubes of one patient, day and panel are marked ``trajectory.same_day``, each
        of them.

    Raises
    ------
    CytoreconError
        If a measure is not known.

    Notes
    -----
    The CD4/CD8 ratio is given when both are counted and neither is below its LLOQ; its interval is
    that of the ratio of two Poisson counts.

    Examples
    --------
    >>> from cytorecon.study.model import Patient, Study, Tube
    >>> from cytorecon.results import PopulationCount, TubeResult
    >>> study = Study(name="s", patients=(Patient(patient="P01", age_years=40.0),),
    ...               tubes=(Tube(tube="P01/d30/1", patient="P01", day=30),))
    >>> count = PopulationCount(population="CD4_T", parent="CD3_T", status="counted", events=600,
    ...     cells_per_ul=60.0, lloq_cells_per_ul=5.0, below_lloq=False, count_method="beads")
    >>> tube = TubeResult(tube="P01/d30/1", status="done", counts=(count,))
    >>> table = trajectories(StudyResult(study=study, tubes=(tube,)))
    >>> table[["population", "value", "reference_low", "reference_position"]]
      population  value  reference_low reference_position
    0      CD4_T   60.0          424.0              below
    """
    unknown = [measure for measure in measures if measure not in MEASURES]
    if unknown:
        raise CytoreconError(
            "There is no such measure.",
            subject="trajectories",
            field="measures",
            found=", ".join(unknown),
            allowed=", ".join(MEASURES),
        )
    known = references or load_references()
    order = populations or load_populations()
    limits = rules or load_counting_rules()
    rows: list[dict[str, Cell]] = []
    for measure in measures:
        series = _series(result, measure, limits, order)
        for population in sorted(series, key=order.order):
            rows += _rows(series[population], population, measure, known.of(population, measure))
    return typed_frame(rows, TRAJECTORY_COLUMNS)


def _series(
    result: StudyResult, measure: Measure, limits: CountingRules, known: Populations
) -> dict[str, list[_Visit]]:
    """Return the visits of each population that has `measure` anywhere in the study."""
    series: dict[str, list[_Visit]] = {}
    for tube, outcome in tubes_in_order(result):
        if tube.is_product:
            continue
        patient = result.study.patient(tube.patient)
        definitions = _definitions(outcome.counts, known)
        for population, point in _points(outcome.counts, measure, limits):
            visit = _Visit(patient, tube, point, definitions[population])
            series.setdefault(population, []).append(visit)
    return {
        population: visits
        for population, visits in series.items()
        if any(visit.has_result for visit in visits)
    }


def _definitions(counts: Sequence[PopulationCount], known: Populations) -> dict[str, str]:
    """Return what each population of a tube was counted as; empty where nothing says so."""
    definitions = {}
    for count in counts:
        row = known.find(count.population)
        definitions[count.population] = count.gate_definition or (row.gate_definition if row else "")
    definitions[_RATIO] = " / ".join(definitions.get(name, "") for name in ("CD4_T", "CD8_T"))
    return definitions


def _points(
    counts: Sequence[PopulationCount], measure: Measure, limits: CountingRules
) -> Iterable[tuple[str, Point]]:
    if measure == "ratio":
        point = ratio_point(counts, limits)
        return [] if point is None else [(_RATIO, point)]
    make: Callable[[PopulationCount], Point]
    if measure == "cells_per_ul":
        make = _concentration_point
    elif measure == "percent_of_parent":
        make = _percent_of_parent
    elif measure == "percent_of_lymphocytes":
        make = _percent_of_lymphocytes
    else:
        make = _percent_of_leukocytes
    # A population in percent of itself is no information.
    whole = measure.removeprefix("percent_of_")
    return [(count.population, make(count)) for count in counts if count.population != whole]


def _concentration_point(count: PopulationCount) -> Point:
    below = bool(count.below_lloq)
    return Point(
        value=None if below else count.cells_per_ul,
        unit="cells/µL",
        low=count.cells_per_ul_low,
        high=count.cells_per_ul_high,
        lloq=censoring_limit(count),
        censored=below,
        reported=reported_concentration(count),
        count_method=count.count_method,
        review=count.review,
    )


def _percent_of_parent(count: PopulationCount) -> Point:
    values = (count.percent_of_parent, count.percent_of_parent_low, count.percent_of_parent_high)
    return percent_point(count, f"% of {count.parent}", values)


def _percent_of_lymphocytes(count: PopulationCount) -> Point:
    values = (
        count.percent_of_lymphocytes,
        count.percent_of_lymphocytes_low,
        count.percent_of_lymphocytes_high,
    )
    return percent_point(count, "% of lymphocytes", values)


def _percent_of_leukocytes(count: PopulationCount) -> Point:
    values = (count.percent_of_leukocytes, count.percent_of_leukocytes_low, count.percent_of_leukocytes_high)
    return percent_point(count, "% of leukocytes", values)


def _rows(
    visits: Sequence[_Visit], population: str, measure: Measure, references: References
) -> list[dict[str, Cell]]:
    notes = {
        definition: references.refusal(population, measure, definition)
        for definition in {visit.gate_definition for visit in visits}
    }
    rows = []
    for visit, marks in zip(visits, _marks(visits, measure), strict=True):
        point = visit.point
        rows.append(
            {
                "patient": visit.patient.patient,
                "days_after_transplant": visit.tube.day,
                "visit": visit.tube.visit,
                "tube": visit.tube.tube,
                "population": population,
                "measure": measure,
                "value": point.value,
                "unit": point.unit,
                "low": point.low,
                "high": point.high,
                "lloq": point.lloq,
                "censored": "left" if point.censored else "",
                "reported": point.reported,
                "count_method": point.count_method,
                "review": ";".join((*point.review, *marks)),
                "gate_definition": visit.gate_definition,
                "reference_note": notes[visit.gate_definition],
                **_beside_healthy(visit, population, measure, references),
            }
        )
    return rows


def _marks(visits: Sequence[_Visit], measure: Measure) -> Iterable[list[str]]:
    """Yield what the results of one patient say of each other, for each visit."""
    last_method: dict[str, str] = {}
    last_definition: dict[str, str] = {}
    of_day = Counter(_day_of_panel(visit) for visit in visits if visit.has_result)
    for visit in visits:
        marks, patient, method = [], visit.patient.patient, visit.point.count_method
        if visit.has_result and of_day[_day_of_panel(visit)] > 1:
            marks.append(SAME_DAY)
        if measure == "cells_per_ul" and method != "none":
            if last_method.get(patient, method) != method:
                marks.append(METHOD_SWITCH)
            last_method[patient] = method
        if visit.has_result:
            if last_definition.get(patient, visit.gate_definition) != visit.gate_definition:
                marks.append(DEFINITION_SWITCH)
            last_definition[patient] = visit.gate_definition
        yield marks


def _beside_healthy(
    visit: _Visit, population: str, measure: Measure, references: References
) -> dict[str, Cell]:
    """Return the age on the day, and the limits of healthy people of that age."""
    age = _age(visit.patient, visit.tube.day)
    reference = references.find(
        population,
        measure,
        age,
        visit.patient.sex,
        gate_definition=visit.gate_definition,
        cmv=visit.patient.cmv,
    )
    limits = None if reference is None or age is None else limits_at(references, reference, age)
    return {"age_years": age, **reference_cells(visit.point, limits)}


def _day_of_panel(visit: _Visit) -> tuple[str, int, str]:
    return visit.tube.patient, visit.tube.day, visit.tube.template


def _age(patient: Patient, day: int) -> float | None:
    """Return the age on `day` in years; None when unknown or before birth."""
    if patient.age_years is None:
        return None
    age = patient.age_years + day / _DAYS_PER_YEAR
    return age if age >= 0 else None
