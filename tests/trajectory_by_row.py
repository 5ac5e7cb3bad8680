"""The trajectory table as its documentation says it, row by row: what the columns are held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cytorecon.counts import censoring_limit, reported_concentration
from cytorecon.counts.reported import measure_text, not_detected_text
from cytorecon.knowledge.counting import load_counting_rules
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.knowledge.reference_age import AgeLimits, limits_at, percentile_of, z_score
from cytorecon.knowledge.references import References, load_references
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.model import Patient, Tube
from cytorecon.study.result import StudyResult
from cytorecon.study.table import tubes_in_order
from cytorecon.tables import TRAJECTORY_COLUMNS
from cytorecon.trajectory import DEFINITION_SWITCH, METHOD_SWITCH, SAME_DAY, Measure
from cytorecon.trajectory.points import ratio_of


@dataclass(frozen=True)
class Row:
    """One tube with one value of one population."""

    patient: Patient
    tube: Tube
    population: str
    definition: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    lloq: float | None
    censored: bool
    reported: str
    count_method: str
    review: tuple[str, ...]

    @property
    def has_result(self) -> bool:
        return self.value is not None or self.censored


def trajectories_by_row(
    result: StudyResult, measures: Sequence[Measure], references: References | None = None
) -> pd.DataFrame:
    """Return what :func:`cytorecon.trajectory.trajectories` should return."""
    known, limits = load_populations(), references or load_references()
    cells: list[dict[str, Cell]] = []
    for measure in measures:
        rows = [
            row
            for tube, outcome in tubes_in_order(result)
            if not tube.is_product
            for row in rows_of(result.study.patient(tube.patient), tube, outcome, measure, known)
        ]
        for population in sorted({row.population for row in rows}, key=known.order):
            own = [row for row in rows if row.population == population]
            if any(row.has_result for row in own):
                cells += cells_of(own, measure, limits)
    return typed_frame(cells, TRAJECTORY_COLUMNS)


def rows_of(
    patient: Patient, tube: Tube, outcome: TubeResult, measure: Measure, known: Populations
) -> list[Row]:
    if measure == "ratio":
        named = {count.population: count for count in outcome.counts}
        if not {"CD4_T", "CD8_T"} <= named.keys():
            return []
        point = ratio_of(named["CD4_T"], named["CD8_T"], load_counting_rules())
        name = "CD4_CD8_ratio"
        both = " / ".join(definition(named[part], known) for part in ("CD4_T", "CD8_T"))
        reported = "" if point.value is None else measure_text(point.value, "ratio")
        return [
            Row(
                patient, tube, name, both, point.value, "ratio", point.low, point.high, None, False,
                reported, "none", point.review,
            )
        ]  # fmt: skip
    if measure == "cells_per_ul":
        return [concentration(patient, tube, count, known) for count in outcome.counts]
    whole = measure.removeprefix("percent_of_")
    return [
        percentage(patient, tube, count, known, measure)
        for count in outcome.counts
        if count.population != whole
    ]


def definition(count: PopulationCount, known: Populations) -> str:
    row = known.find(count.population)
    return count.gate_definition or (row.gate_definition if row else "")


def concentration(patient: Patient, tube: Tube, count: PopulationCount, known: Populations) -> Row:
    below = bool(count.below_lloq)
    return Row(
        patient, tube, count.population, definition(count, known), None if below else count.cells_per_ul,
        "cells/µL", count.cells_per_ul_low, count.cells_per_ul_high, censoring_limit(count), below,
        reported_concentration(count), count.count_method, count.review,
    )  # fmt: skip


def percentage(patient: Patient, tube: Tube, count: PopulationCount, known: Populations, measure: str) -> Row:
    value, low, high = (getattr(count, f"{measure}{end}") for end in ("", "_low", "_high"))
    whole = count.parent if measure == "percent_of_parent" else measure.removeprefix("percent_of_")
    absent = count.detected is False and high is not None
    reported = "" if value is None else measure_text(value, "percent")
    if absent:
        value, reported = None, not_detected_text(f"<{measure_text(high, 'percent')}")
    return Row(
        patient, tube, count.population, definition(count, known), value, f"% of {whole}", low, high,
        high if absent else None, absent, reported, "none", count.review,
    )  # fmt: skip


def cells_of(rows: Sequence[Row], measure: Measure, references: References) -> list[dict[str, Cell]]:
    """Return the rows of one population with what they say of each other."""
    of_day = Counter(day_of_panel(row) for row in rows if row.has_result)
    last_method: dict[str, str] = {}
    last_definition: dict[str, str] = {}
    found = []
    for row in rows:
        marks, patient = list(row.review), row.patient.patient
        if row.has_result and of_day[day_of_panel(row)] > 1:
            marks.append(SAME_DAY)
        if measure == "cells_per_ul" and row.count_method != "none":
            if last_method.get(patient, row.count_method) != row.count_method:
                marks.append(METHOD_SWITCH)
            last_method[patient] = row.count_method
        if row.has_result:
            if last_definition.get(patient, row.definition) != row.definition:
                marks.append(DEFINITION_SWITCH)
            last_definition[patient] = row.definition
        found.append(cells_of_row(row, measure, marks, references))
    return found


def day_of_panel(row: Row) -> tuple[str, int, str]:
    return row.patient.patient, row.tube.day, row.tube.template


def cells_of_row(row: Row, measure: Measure, marks: Sequence[str], references: References) -> dict[str, Cell]:
    age = None if row.patient.age_years is None else row.patient.age_years + row.tube.day / 365.25
    age = None if age is None or age < 0 else age
    reference = references.find(
        row.population, measure, age, row.patient.sex,
        gate_definition=row.definition, cmv=row.patient.cmv,
    )  # fmt: skip
    limits = None if reference is None or age is None else limits_at(references, reference, age)
    z = None if limits is None or row.value is None else z_score(row.value, limits)
    return {
        "patient": row.patient.patient,
        "days_after_transplant": row.tube.day,
        "visit": row.tube.visit,
        "tube": row.tube.tube,
        "population": row.population,
        "measure": measure,
        **{name: getattr(row, name) for name in ("value", "unit", "low", "high", "lloq", "reported")},
        "censored": "left" if row.censored else "",
        "count_method": row.count_method,
        "review": ";".join(marks),
        "age_years": age,
        "gate_definition": row.definition,
        "reference_note": references.refusal(row.population, measure, row.definition),
        "reference_low": limits and limits.low,
        "reference_high": limits and limits.high,
        "reference_percentiles": limits.percentiles if limits else "",
        "reference_set": limits.set if limits else "",
        "reference_position": position(row, limits) if limits else "",
        "reference_median": limits and limits.median,
        "reference_z": z,
        "reference_percentile": None if z is None else percentile_of(z),
        "reference_basis": limits.basis if limits else "",
        "reference_source": limits.source if limits else "",
    }


def position(row: Row, limits: AgeLimits) -> str:
    if row.censored:
        return "below" if row.lloq is not None and row.lloq <= limits.low else ""
    if row.value is None:
        return ""
    if row.value < limits.low:
        return "below"
    return "above" if row.value > limits.high else "within"
