"""The tidy tables of a study: one row per tube and population, and one row per tube."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Final

import numpy as np
import pandas as pd

from cytorecon.counts import reported_concentration
from cytorecon.errors import Severity
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.results import PopulationCount, Provenance, TubeResult
from cytorecon.study.csv_cells import csv_line
from cytorecon.study.frame import Cell, column_of, objects, typed_columns, typed_frame
from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult
from cytorecon.tables import COUNT_COLUMNS, TUBE_COLUMNS, TUBE_STATUS_COLUMNS

#: Six figures are more than a count is worth, and the last bits of a quantile differ between machines.
_SIGNIFICANT_DIGITS: Final = 6
#: Columns of the count table that are fields of a count as they are, and of where its tube comes from.
_OF_COUNTS: Final = tuple(field.name for field in fields(PopulationCount) if field.name in COUNT_COLUMNS)
_FIELDS: Final = attrgetter(*_OF_COUNTS)
_OF_PROVENANCE: Final = tuple(name for name in Provenance.model_fields if name in COUNT_COLUMNS)


def tidy_counts(result: StudyResult, *, populations: Populations | None = None) -> pd.DataFrame:
    """Return one row per tube and population.

    Parameters
    ----------
    result : StudyResult
        A study with its results.
    populations : Populations, optional
        For the order; the packaged table by default.

    Returns
    -------
    DataFrame
        Columns ``tables.COUNT_COLUMNS``. Rows in the order of patients in the study, day, tube,
        and population in the order of ``knowledge/populations.csv``. A failed tube has no
        populations and no row: see :func:`tube_status`. Not known is ``<NA>`` or NaN, never 0.

    Examples
    --------
    >>> from cytorecon.study.model import Patient, Study, Tube
    >>> study = Study(name="s", patients=(Patient(patient="P01"),),
    ...               tubes=(Tube(tube="P01/d30/1", patient="P01", day=30),))
    >>> tube = TubeResult(tube="P01/d30/1", status="done", counts=(
    ...     PopulationCount(population="B", parent="lymphocytes", status="counted", events=7),))
    >>> tidy_counts(StudyResult(study=study, tubes=(tube,)))[["tube", "population", "events"]]
            tube population  events
    0  P01/d30/1          B       7
    """
    order = populations or load_populations()
    tubes = list(tubes_in_order(result))
    names = {count.population for _, outcome in tubes for count in outcome.counts}
    ranks = {name: place for place, name in enumerate(sorted(names, key=order.order))}
    places: list[int] = []
    counts: list[PopulationCount] = []
    cells: dict[str, list[Cell]] = {name: [] for name in _OF_COUNTS}
    for place, (_, outcome) in enumerate(tubes):
        own = sorted(outcome.counts, key=lambda item: ranks[item.population])
        places += [place] * len(own)
        counts += own
        # each count is looked at once, not once for each column
        for name, found in zip(_OF_COUNTS, zip(*map(_FIELDS, own), strict=True), strict=bool(own)):
            cells[name] += found
    columns = {name: column_of(name, values) for name, values in cells.items()}
    of_tube = np.array(places, dtype=np.intp)
    for name, values in _of_tubes(tubes).items():
        columns[name] = objects(values)[of_tube]
    columns |= {
        "status": objects([count.verdict for count in counts]),
        "cells_per_ul_reported": objects([reported_concentration(count) for count in counts]),
        "review": objects([";".join(count.review) for count in counts]),
        "overrides": objects([";".join(count.overrides) for count in counts]),
    }
    return typed_columns(columns, COUNT_COLUMNS)


def tube_status(result: StudyResult) -> pd.DataFrame:
    """Return one row per tube, failed ones included.

    Parameters
    ----------
    result : StudyResult
        A study with its results.

    Returns
    -------
    DataFrame
        Columns ``tables.TUBE_STATUS_COLUMNS``; `errors` and `warnings` are numbers of issues. Same
        order of tubes as :func:`tidy_counts`.
    """
    rows = []
    for tube, outcome in tubes_in_order(result):
        severities = [issue.severity for issue in outcome.issues]
        rows.append(
            {
                **_tube_cells(tube),
                "status": outcome.status,
                "error": outcome.error,
                "n_events": outcome.n_events,
                "errors": severities.count(Severity.ERROR),
                "warnings": severities.count(Severity.WARNING),
                "template": outcome.provenance.template,
            }
        )
    return typed_frame(rows, TUBE_STATUS_COLUMNS)


def tubes_in_order(result: StudyResult) -> Iterator[tuple[Tube, TubeResult]]:
    """Yield each tube with its result: by patient in study order, day, then order of the sheet.

    A tube without a result (not analysed yet) is left out.
    """
    outcomes = {outcome.tube: outcome for outcome in result.tubes}
    places = {patient.patient: place for place, patient in enumerate(result.study.patients)}
    for tube in sorted(result.study.tubes, key=lambda item: (places[item.patient], item.day)):
        if tube.tube in outcomes:
            yield tube, outcomes[tube.tube]


def csv_text(frame: pd.DataFrame) -> str:
    r"""Return a table as CSV text that is the same on every machine.

    Parameters
    ----------
    frame : DataFrame
        Any table of this package.

    Returns
    -------
    str
        Lines end with ``\n``; numbers are written plainly with six significant digits, truth as
        ``True``/``False``, what is not known as an empty field, and a text that a spreadsheet
        would run as a formula with an apostrophe in front.

    Examples
    --------
    >>> csv_text(pd.DataFrame({"a": [1.0, None], "b": ["x", "y, z"]}))
    'a,b\n1,x\n,"y, z"\n'
    """
    columns = [frame[column].astype(object).tolist() for column in frame.columns]
    rows = (csv_line(map(_text, row)) for row in zip(*columns, strict=True))
    return csv_line(frame.columns) + "".join(rows)


def _of_tubes(tubes: Sequence[tuple[Tube, TubeResult]]) -> dict[str, list[Cell]]:
    """Return the columns of the count table that all populations of a tube share."""
    cells = [
        {**_tube_cells(tube), **{name: getattr(outcome.provenance, name) for name in _OF_PROVENANCE}}
        for tube, outcome in tubes
    ]
    return {name: [row[name] for row in cells] for name in (*TUBE_COLUMNS, *_OF_PROVENANCE)}


def _tube_cells(tube: Tube) -> dict[str, Cell]:
    return {
        "patient": tube.patient,
        "days_after_transplant": tube.day,
        "visit": tube.visit,
        "tube": tube.tube,
    }


def _text(value: object) -> str:
    if value is None or value is pd.NA:
        return ""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating):
        return number_text(float(value))
    return str(value)


def number_text(value: float) -> str:
    """Return a number as every table we write has it: plainly, six significant digits; NaN is empty.

    Examples
    --------
    >>> number_text(1234567.0), number_text(0.1234567), number_text(float("nan"))
    ('1234570', '0.123457', '')
    """
    if math.isnan(value):
        return ""
    text = np.format_float_positional(
        value, precision=_SIGNIFICANT_DIGITS, unique=False, fractional=False, trim="-"
    )
    return "0" if text == "-0" else text
