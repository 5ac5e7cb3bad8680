"""The trajectory table: every population of every tube against the day, with its reference limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cytorecon.counts import reported_concentration
from cytorecon.errors import CytoreconError
from cytorecon.knowledge.counting import CountingRules, load_counting_rules
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.knowledge.references import ReferenceRange, References, load_references
from cytorecon.results import PopulationCount
from cytorecon.study.frame import Cell, objects, typed_columns, typed_frame
from cytorecon.study.model import Patient
from cytorecon.study.result import StudyResult
from cytorecon.study.table import tubes_in_order
from cytorecon.tables import TRAJECTORY_COLUMNS
from cytorecon.trajectory.points import Point, percent_point, ratio_point

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
#: Put on the results of several tubes of one patient, day and panel: one sample twice, or two draws.
SAME_DAY: Final = "trajectory.same_day"

_DAYS_PER_YEAR: Final = 365.25
_RATIO: Final = "CD4_CD8_ratio"
_NO_REFERENCE: Final[Mapping[str, Cell]] = {
    "reference_low": None,
    "reference_high": None,
    "reference_percentiles": "",
    "reference_set": "",
    "reference_position": "",
}
#: Columns that are fields of a point.
_AS_THEY_ARE: Final = ("value", "unit", "low", "high", "lloq", "reported", "count_method")

Texts = npt.NDArray[np.object_]
Places = npt.NDArray[np.intp]
Ages = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class _Tubes:
    """The tubes that have a result, in the order of the table, by column."""

    counts: tuple[Sequence[PopulationCount], ...]
    patient: Texts
    patient_place: Places
    day: Places
    visit: Texts
    tube: Texts
    panel: Places
    age: Ages
    sex: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Points:
    """The points of one measure by column (the fields of :class:`Point`), by population and then by tube."""

    fields: Mapping[str, Texts]
    populations: tuple[str, ...]
    population: Places
    tube: Places
    has_result: npt.NDArray[np.bool_]


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
        for every tube it was looked for in, with an empty `value` where there is none.

        `censored` is ``"left"`` for a concentration below the LLOQ: it lies between 0 and `lloq`.
        `reference_position` is ``below``, ``within`` or ``above`` the limits of the default set at
        the patient's age on that day, and empty when that is not certain. A change of count method
        since the visit before is marked ``trajectory.method_switch`` in `review`; results of several
        tubes of one patient, day and panel are marked ``trajectory.same_day``, each of them.

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
    tubes = _tubes(result)
    parts = [
        _columns(found, tubes, measure, known)
        for measure in measures
        if len((found := _in_order(tubes, measure, limits, order)).tube)
    ]
    if not parts:
        return typed_frame([], TRAJECTORY_COLUMNS)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in TRAJECTORY_COLUMNS}
    return typed_columns(columns, TRAJECTORY_COLUMNS)


def _tubes(result: StudyResult) -> _Tubes:
    patients = {patient.patient: (place, patient) for place, patient in enumerate(result.study.patients)}
    pairs = list(tubes_in_order(result))
    tubes = [tube for tube, _ in pairs]
    own = [patients[tube.patient][1] for tube in tubes]
    panels: dict[tuple[str, int, str], int] = {}
    return _Tubes(
        counts=tuple(outcome.counts for _, outcome in pairs),
        patient=_texts([tube.patient for tube in tubes]),
        patient_place=np.array([patients[tube.patient][0] for tube in tubes], dtype=np.intp),
        day=np.array([tube.day for tube in tubes], dtype=np.intp),
        visit=_texts([tube.visit for tube in tubes]),
        tube=_texts([tube.tube for tube in tubes]),
        panel=np.array(
            [panels.setdefault((tube.patient, tube.day, tube.template), len(panels)) for tube in tubes],
            dtype=np.intp,
        ),
        age=tuple(_age(patient, tube.day) for patient, tube in zip(own, tubes, strict=True)),
        sex=tuple(patient.sex for patient in own),
    )


def _texts(values: Sequence[str]) -> Texts:
    return objects(values)


def _in_order(tubes: _Tubes, measure: Measure, limits: CountingRules, order: Populations) -> _Points:
    """Return the points of populations that have `measure` anywhere in the study."""
    names: dict[str, int] = {}
    # By column: a point that is kept for each of a million rows costs more than all that is done with it.
    columns: tuple[list[object], ...] = tuple([] for _ in Point._fields)
    codes: list[int] = []
    places: list[int] = []
    for place, counts in enumerate(tubes.counts):
        found = list(_points(counts, measure, limits))
        for column, values in zip(columns, zip(*(point for _, point in found), strict=True), strict=False):
            column.extend(values)
        codes += [names.setdefault(population, len(names)) for population, _ in found]
        places += [place] * len(found)
    fields = {name: objects(column) for name, column in zip(Point._fields, columns, strict=True)}
    code = np.array(codes, dtype=np.intp)
    some = ~pd.isna(fields["value"]) | fields["censored"].astype(np.bool_)
    known = np.bincount(code, weights=some, minlength=len(names)) > 0
    populations = sorted(names, key=order.order)
    rank = np.empty(len(names), dtype=np.intp)
    rank[[names[name] for name in populations]] = np.arange(len(names))
    kept = np.flatnonzero(known[code])
    kept = kept[np.argsort(rank[code[kept]], kind="stable")]
    return _Points(
        fields={name: column[kept] for name, column in fields.items()},
        populations=tuple(populations),
        population=rank[code[kept]],
        tube=np.array(places, dtype=np.intp)[kept],
        has_result=some[kept],
    )


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
        lloq=count.lloq_cells_per_ul,
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


def _columns(
    found: _Points, tubes: _Tubes, measure: Measure, references: References
) -> dict[str, npt.NDArray[Any]]:
    fields, tube = found.fields, found.tube
    return {
        "patient": tubes.patient[tube],
        "days_after_transplant": tubes.day[tube],
        "visit": tubes.visit[tube],
        "tube": tubes.tube[tube],
        "population": _texts(found.populations)[found.population],
        "measure": _texts([measure])[np.zeros(len(tube), dtype=np.intp)],
        **{name: fields[name] for name in _AS_THEY_ARE},
        "censored": _texts(["", "left"])[fields["censored"].astype(np.intp)],
        "review": _reviews(found, tubes, measure),
        "age_years": objects(tubes.age)[tube],
        **_reference_columns(found, tubes, measure, references),
    }


def _reviews(found: _Points, tubes: _Tubes, measure: Measure) -> Texts:
    """Return the codes of each row, with those that rows of one patient give each other."""
    flags = [(_same_day(found, tubes), SAME_DAY)]
    if measure == "cells_per_ul":
        flags.append((_method_switch(found, tubes), METHOD_SWITCH))
    reviews = [";".join(codes) if codes else "" for codes in found.fields["review"]]
    for flagged, code in flags:
        for place in np.flatnonzero(flagged).tolist():
            reviews[place] = f"{reviews[place]};{code}" if reviews[place] else code
    return objects(reviews)


def _same_day(found: _Points, tubes: _Tubes) -> npt.NDArray[np.bool_]:
    """Return which results share patient, day and panel with another one of their population."""
    panels = int(tubes.panel.max()) + 1
    key = found.population * panels + tubes.panel[found.tube]
    _, place = np.unique(key, return_inverse=True)
    return np.asarray(found.has_result & (np.bincount(place, weights=found.has_result)[place] > 1))


def _method_switch(found: _Points, tubes: _Tubes) -> npt.NDArray[np.bool_]:
    """Return which concentrations were counted by another method than the one before of their patient."""
    method = found.fields["count_method"]
    counted = np.flatnonzero(method != "none")
    patient = tubes.patient_place[found.tube[counted]]
    same = (np.diff(found.population[counted]) == 0) & (np.diff(patient) == 0)
    switched = np.zeros(len(method), dtype=np.bool_)
    switched[counted[1:][same & (method[counted][1:] != method[counted][:-1])]] = True
    return switched


def _reference_columns(
    found: _Points, tubes: _Tubes, measure: Measure, references: References
) -> dict[str, Texts]:
    columns: dict[str, list[Cell]] = {name: [] for name in _NO_REFERENCE}
    ends = np.searchsorted(found.population, np.arange(len(found.populations) + 1)).tolist()
    for name, begin, end in zip(found.populations, ends, ends[1:], strict=False):
        own = references.of(name, measure)
        # Most populations have no default set: nothing to look for.
        if not own.defaults:
            for column, values in columns.items():
                values.extend([_NO_REFERENCE[column]] * (end - begin))
            continue
        points = (found.fields[field][begin:end] for field in ("value", "censored", "lloq"))
        for value, censored, lloq, tube in zip(*points, found.tube[begin:end].tolist(), strict=True):
            reference = own.find(name, measure, tubes.age[tube], tubes.sex[tube])
            cells = _reference_cells(value, lloq if censored else None, reference)
            for column, values in columns.items():
                values.append(cells[column])
    return {name: objects(values) for name, values in columns.items()}


def _age(patient: Patient, day: int) -> float | None:
    """Return the age on `day` in years; None when unknown or before birth."""
    if patient.age_years is None:
        return None
    age = patient.age_years + day / _DAYS_PER_YEAR
    return age if age >= 0 else None


def _reference_cells(
    value: float | None, below: float | None, reference: ReferenceRange | None
) -> Mapping[str, Cell]:
    if reference is None:
        return _NO_REFERENCE
    return {
        "reference_low": reference.low,
        "reference_high": reference.high,
        "reference_percentiles": reference.percentiles,
        "reference_set": reference.set,
        "reference_position": _position(value, below, reference),
    }


def _position(value: float | None, below: float | None, reference: ReferenceRange) -> str:
    if below is not None:
        # Somewhere below the LLOQ: certainly below the limits only when these lie no lower.
        return "below" if below <= reference.low else ""
    if value is None:
        return ""
    if value < reference.low:
        return "below"
    return "above" if value > reference.high else "within"
