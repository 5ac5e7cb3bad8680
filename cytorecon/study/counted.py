"""A study from counts that somebody else made: a tidy table in, the same results as of gated tubes out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final, cast

import pandas as pd

from cytorecon.errors import CytoreconError, Issue, Severity
from cytorecon.knowledge.day_limits import load_day_limits
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.visit_labels import load_visit_labels
from cytorecon.results import CountMethod, PopulationCount, Provenance, TubeResult
from cytorecon.study.assay import with_assay_checks
from cytorecon.study.count_rules import (
    CONCENTRATIONS,
    COUNT_METHODS,
    PERCENTAGES,
    UNITS,
    ascend,
    gate_definitions,
    is_zero_without_limit,
    most_of,
)
from cytorecon.study.given import GIVEN
from cytorecon.study.model import ClinicalEvent, Patient, Study, Tube
from cytorecon.study.pseudonyms import PSEUDONYM_RULE, is_pseudonym
from cytorecon.study.result import StudyResult
from cytorecon.study.visit import visit_problem, visit_rule

_SUBJECT: Final = "table of counts"
_REQUIRED: Final = ("patient", "day", "population", "value", "unit")
_OPTIONAL: Final = ("low", "high", "lloq")
#: Of a count whose gates nobody stated: no reference range is of this definition, so none is shown.
NOT_STATED: Final = "not stated"
_BELOW: Final = re.compile(r"\s*<\s*(\d+(?:\.\d+)?)\s*")


def study_of_counts(
    table: pd.DataFrame,
    *,
    name: str,
    patients: Sequence[Patient] = (),
    events: Sequence[ClinicalEvent] = (),
    count_method: CountMethod = "none",
) -> StudyResult:
    """Return a study whose counts were made elsewhere, for trajectories, milestones and cohorts.

    Parameters
    ----------
    table : DataFrame
        One row per patient, day and population: `patient`, `day` (after the anchor, whole), `population`
        (of ``populations.csv``), `value` and `unit` (``cells/µL``, ``cells/uL``, ``10^6/L`` or ``10^9/L``).
        `value` may be ``<12``: below an LLOQ of 12; an empty one is not known; 0 needs a `high` or `lloq`.
        `low`, `high` (95 %) and `lloq` are optional and have the unit of the row, `gate_definition` is one
        of ``populations.csv``, `count_method` as below, `visit` the name of the visit.
    name : str
        Of the study.
    patients : sequence of Patient
        What is known about them; of others nothing is.
    events : sequence of ClinicalEvent
        Of these patients.
    count_method : str
        How those were counted of which the table does not say it, if known.

    Raises
    ------
    CytoreconError
        If a column is missing, or a row cannot be read, by the rules of ``import-counts``: a patient that is
        no pseudonym, a day that is not whole or out of range, an unknown population, unit, definition or
        count method, a number below 0 or beyond what blood can hold, low, value and high that do not
        ascend, a 0 without any limit, a visit that may be a date or a name, a population of a patient and
        day twice.

    Notes
    -----
    Without `low` and `high` a count has no interval; without `gate_definition` no reference limits are shown
    for it, because nobody knows whether they are of the same cells. What may be in another unit, or
    bears a day after death, is marked for a look.

    Examples
    --------
    >>> table = pd.DataFrame({"patient": "P01", "day": [30, 60], "population": "CD4_T",
    ...     "value": ["<12", "0.35"], "unit": ["cells/µL", "10^9/L"]})
    >>> result = study_of_counts(table, name="Elsewhere")
    >>> [(count.cells_per_ul, count.lloq_cells_per_ul) for tube in result.tubes for count in tube.counts]
    [(None, 12.0), (350.0, None)]
    """
    return with_assay_checks(
        given_study(table, name=name, patients=patients, events=events, count_method=count_method)
    )


def given_study(
    table: pd.DataFrame,
    *,
    name: str,
    patients: Sequence[Patient] = (),
    events: Sequence[ClinicalEvent] = (),
    count_method: CountMethod = "none",
) -> StudyResult:
    """Return what :func:`study_of_counts` does, without the marks that are made anew when it is read."""
    missing = [column for column in _REQUIRED if column not in table.columns]
    if missing:
        raise _refused(", ".join(missing), "no such column", ", ".join((*_REQUIRED, *_OPTIONAL)))
    counts: dict[tuple[str, int], dict[str, PopulationCount]] = {}
    visits: dict[tuple[str, int], str] = {}
    seen: set[tuple[str, int, str, str]] = set()
    for number, row in enumerate(table.to_dict("records"), start=1):
        cells = {str(column): cell for column, cell in row.items()}
        day, count = _day(cells, number), _count(cells, number, count_method)
        place = (_patient(cells, number), day)
        measure = PERCENTAGES.get(str(cells["unit"]), "cells_per_ul")
        if (*place, count.population, measure) in seen:
            raise _refused(f"row {number}", f"{count.population} of day {day} twice", "one row for each")
        seen.add((*place, count.population, measure))
        of_day = counts.setdefault(place, {})
        earlier = of_day.get(count.population)
        of_day[count.population] = count if earlier is None else _together(earlier, count, number)
        visits[place] = visits.get(place) or _visit(cells, number)
    known = {patient.patient: patient for patient in patients}
    named = dict.fromkeys(patient for patient, _ in counts)
    tubes = tuple(
        Tube(tube=f"{patient}/d{day}/1", patient=patient, day=day, visit=visits[patient, day], template=GIVEN)
        for patient, day in sorted(counts, key=lambda key: (list(named).index(key[0]), key[1]))
    )
    study = Study(
        name=name,
        patients=tuple(known.get(patient, Patient(patient=patient)) for patient in named),
        tubes=tubes,
        events=tuple(event for event in events if event.patient in named),
    )
    results = tuple(_result(tube, tuple(counts[tube.patient, tube.day].values())) for tube in tubes)
    return StudyResult(study=study, tubes=results)


def _result(tube: Tube, counts: tuple[PopulationCount, ...]) -> TubeResult:
    said = Issue(
        code="counts.given",
        severity=Severity.INFO,
        subject=tube.tube,
        message="These counts were given and not gated here: there are no events, gates or pictures.",
        hint="Ask their source how they were made.",
    )
    return TubeResult(
        tube=tube.tube, status="done", counts=counts, issues=(said,), provenance=Provenance(template=GIVEN)
    )


def _patient(cells: Mapping[str, object], number: int) -> str:
    text = _text(cells["patient"])
    if not is_pseudonym(text):
        raise _refused(f"row {number}, column patient", "no pseudonym", PSEUDONYM_RULE)
    return text


def _visit(cells: Mapping[str, object], number: int) -> str:
    text, labels = _text(cells.get("visit")), load_visit_labels()
    if problem := visit_problem(text, labels):
        raise _refused(f"row {number}, column visit", problem.removesuffix("."), visit_rule(labels))
    return text


def _one_of(cells: Mapping[str, object], column: str, number: int, known: Sequence[str]) -> str:
    text = _text(cells.get(column))
    if text and text not in known:
        raise _refused(f"row {number}, column {column}", "no known value", ", ".join(known))
    return text


def _day(cells: Mapping[str, object], number: int) -> int:
    try:
        day = float(str(cells["day"]))
    except ValueError:
        day = math.nan
    if not day.is_integer():
        raise _refused(f"row {number}, column day", str(cells["day"]), "a whole number of days")
    limits = load_day_limits().draw
    if not limits.holds(int(day)):
        raise _refused(f"row {number}, column day", f"{day:.10g}", f"{limits} days")
    return int(day)


def _count(cells: Mapping[str, object], number: int, method: CountMethod) -> PopulationCount:
    population, unit = str(cells["population"]), str(cells["unit"])
    if load_populations().find(population) is None:
        raise _refused(f"row {number}, column population", population, "a population of populations.csv")
    if unit not in UNITS:
        raise _refused(f"row {number}, column unit", unit, ", ".join(UNITS))
    if unit in PERCENTAGES:
        return _percentage(cells, number, PERCENTAGES[unit])
    factor = CONCENTRATIONS[unit]
    below = _BELOW.fullmatch(_text(cells["value"]))
    low, high, lloq = (_number(cells.get(column), column, number, unit) for column in _OPTIONAL)
    limit = float(below.group(1)) * factor if below else lloq
    value = None if below else _number(cells["value"], "value", number, unit)
    _check_order(low, limit if below else value, high, number)
    if is_zero_without_limit(value, unit, high, limit):
        raise _refused(
            f"row {number}, column value", "0", "<LLOQ, such as <1: no count shows that there is none"
        )
    hidden = below is not None or (value is not None and limit is not None and value < limit)
    known = hidden or value is not None
    return PopulationCount(
        population=population,
        parent="",
        gate_definition=_one_of(cells, "gate_definition", number, (*gate_definitions(), NOT_STATED))
        or NOT_STATED,
        status="counted" if known else "not_evaluable",
        reason="" if known else "the table gives no value",
        cells_per_ul=None if hidden else value,
        cells_per_ul_low=low,
        cells_per_ul_high=high,
        lloq_cells_per_ul=limit,
        below_lloq=hidden if known else None,
        count_method=cast("CountMethod", _one_of(cells, "count_method", number, COUNT_METHODS) or method),
    )


def _percentage(cells: Mapping[str, object], number: int, measure: str) -> PopulationCount:
    """Return a share of the lymphocytes or leukocytes; it has no LLOQ."""
    value, low, high = (
        _number(cells.get(column), column, number, str(cells["unit"])) for column in ("value", "low", "high")
    )
    _check_order(low, value, high, number)
    over = next((one for one in (value, low, high) if one is not None and one > 100), None)
    if over is not None:
        raise _refused(f"row {number}", f"{over:g}", "a percentage up to 100")
    unknown: tuple[float | None, ...] = (None, None, None)
    shares = dict.fromkeys(PERCENTAGES.values(), unknown)
    shares[measure] = (value, low, high)
    lymphocytes, leukocytes = shares["percent_of_lymphocytes"], shares["percent_of_leukocytes"]
    return PopulationCount(
        population=str(cells["population"]),
        parent="",
        gate_definition=_one_of(cells, "gate_definition", number, (*gate_definitions(), NOT_STATED))
        or NOT_STATED,
        status="not_evaluable" if value is None else "counted",
        reason="the table gives no value" if value is None else "",
        percent_of_lymphocytes=lymphocytes[0],
        percent_of_lymphocytes_low=lymphocytes[1],
        percent_of_lymphocytes_high=lymphocytes[2],
        percent_of_leukocytes=leukocytes[0],
        percent_of_leukocytes_low=leukocytes[1],
        percent_of_leukocytes_high=leukocytes[2],
    )


def _together(first: PopulationCount, second: PopulationCount, number: int) -> PopulationCount:
    """Return what two rows say of one population and day in different units."""
    if first.gate_definition != second.gate_definition:
        found = f"two definitions of {first.population} on one day"
        raise _refused(f"row {number}, column gate_definition", found, "one")
    own, other = asdict(first), asdict(second)
    known = first.status == "counted" or second.status == "counted"
    filled = {name: own[name] if own[name] not in (None, "none") else other[name] for name in own}
    said = {"status": "counted", "reason": ""} if known else {}
    return PopulationCount(**filled | said)


def _check_order(low: float | None, value: float | None, high: float | None, number: int) -> None:
    if not ascend(low, value, high):
        found = f"low {_shown(low)}, value {_shown(value)}, high {_shown(high)}"
        raise _refused(f"row {number}", found, "low, value and high that ascend")


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.10g}"


def _number(cell: object, column: str, number: int, unit: str) -> float | None:
    """Return a number in cells/µL or percent; None of an empty cell."""
    if not _text(cell):
        return None
    try:
        value = float(str(cell))
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise _refused(f"row {number}, column {column}", str(cell), "a number from 0, or <LLOQ as a value")
    if unit in CONCENTRATIONS and value > most_of(unit):
        raise _refused(
            f"row {number}, column {column}", f"{value:.10g}", f"up to {most_of(unit):.10g} {unit}"
        )
    return value * CONCENTRATIONS.get(unit, 1.0)


def _text(cell: object) -> str:
    """Return a cell as text; empty where a table has nothing."""
    text = "" if cell is None or cell is pd.NA else str(cell).strip()
    return "" if text in ("nan", "NaT") else text


def _refused(field: str, found: str, allowed: str) -> CytoreconError:
    return CytoreconError(
        "The counts cannot be read.", subject=_SUBJECT, field=field, found=found, allowed=allowed
    )
