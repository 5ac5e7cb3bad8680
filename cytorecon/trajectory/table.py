"""The trajectory table: every population of every tube against the day, with its reference limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from cytorecon.errors import CytoreconError
from cytorecon.knowledge.counting import CountingRules, load_counting_rules
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.knowledge.references import References, load_references
from cytorecon.study.frame import objects, typed_columns, typed_frame
from cytorecon.study.result import StudyResult
from cytorecon.tables import TRAJECTORY_COLUMNS
from cytorecon.trajectory.count_columns import CountColumns
from cytorecon.trajectory.marks import review_texts
from cytorecon.trajectory.points import (
    Points,
    Texts,
    concentration_points,
    percent_points,
    ratio_of,
    ratio_points,
)
from cytorecon.trajectory.reference import Columns, reference_columns
from cytorecon.trajectory.tubes import Looked, Places, TubeColumns, tube_columns

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

_RATIO: Final = "CD4_CD8_ratio"
_RATIO_OF: Final = ("CD4_T", "CD8_T")


@dataclass(frozen=True, slots=True)
class _Series:
    """The tubes one population was looked for in, by place, with its values and what was counted."""

    tubes: Places
    points: Points
    definition: Texts


def trajectories(
    result: StudyResult,
    *,
    measures: Sequence[Measure] = MEASURES,
    always: Collection[tuple[str, str]] = (),
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
    always : collection of (measure, population)
        Have rows although no tube here has a result of them: others of the same study have one, of which
        `result` is a part.
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
    tubes, looked, counts = tube_columns(result, measures)
    ranks = {population: order.order(population) for population in (*looked, _RATIO)}
    defined = {row.population: row.gate_definition for row in order.rows}
    own = {name: counts.at(np.array(found.rows, dtype=np.intp)) for name, found in looked.items()}
    parts: list[Columns] = []
    for measure in measures:
        if measure == "ratio":
            series = {_RATIO: _ratios(looked, defined, rules or load_counting_rules())}
        else:
            # A population in percent of itself is no information.
            wanted = [name for name in looked if name != measure.removeprefix("percent_of_")]
            series = {
                name: _counts(looked[name], own[name], defined.get(name, ""), measure) for name in wanted
            }
        for population in sorted(series, key=ranks.__getitem__):
            one = series[population]
            shown = one.points.has_result.any() or ((measure, population) in always and len(one.tubes))
            if shown:
                parts.append(_columns(one, tubes, population, measure, known.of(population, measure)))
    if not parts:
        return typed_frame([], TRAJECTORY_COLUMNS)
    # taken out one by one, so that a large table is not held twice
    columns = {name: np.concatenate([part.pop(name) for part in parts]) for name in TRAJECTORY_COLUMNS}
    return typed_columns(columns, TRAJECTORY_COLUMNS)


def _counts(looked: Looked, counts: CountColumns, defined: str, measure: Measure) -> _Series:
    points = concentration_points(counts) if measure == "cells_per_ul" else percent_points(counts, measure)
    definition = [text or defined for text in counts.texts["gate_definition"].tolist()]
    return _Series(np.array(looked.tubes, dtype=np.intp), points, objects(definition))


def _ratios(looked: Mapping[str, Looked], defined: Mapping[str, str], rules: CountingRules) -> _Series:
    """Return the CD4/CD8 ratios of the tubes in which both were looked for."""
    counts = [
        dict(zip(looked[name].tubes, looked[name].counts, strict=True)) if name in looked else {}
        for name in _RATIO_OF
    ]
    both = sorted(counts[0].keys() & counts[1].keys())
    ratios = [ratio_of(counts[0][tube], counts[1][tube], rules) for tube in both]
    definition = [
        " / ".join(
            own[tube].gate_definition or defined.get(name, "")
            for name, own in zip(_RATIO_OF, counts, strict=True)
        )
        for tube in both
    ]
    return _Series(np.array(both, dtype=np.intp), ratio_points(ratios), objects(definition))


def _columns(
    series: _Series, tubes: TubeColumns, population: str, measure: Measure, references: References
) -> Columns:
    points, places, definition = series.points, series.tubes, series.definition
    return {
        "patient": tubes.patient[places],
        "days_after_transplant": tubes.day[places],
        "visit": tubes.visit[places],
        "tube": tubes.tube[places],
        "population": np.full(len(places), population, dtype=np.object_),
        "measure": np.full(len(places), measure, dtype=np.object_),
        "value": points.value,
        "unit": points.unit,
        "low": points.low,
        "high": points.high,
        "lloq": points.lloq,
        "censored": np.where(points.censored, np.array("left", dtype=np.object_), ""),
        "reported": points.reported,
        "count_method": points.count_method,
        "review": review_texts(
            points, tubes, places, definition, is_concentration=measure == "cells_per_ul"
        ),
        "age_years": tubes.age[places],
        "gate_definition": definition,
        **reference_columns(
            points, tubes, places, definition,
            references=references, population=population, measure=measure,
        ),
    }  # fmt: skip
