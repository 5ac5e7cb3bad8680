"""What the next planned visits will show, as far as the patient and the cohort tell."""

from __future__ import annotations

import pandas as pd

from cytorecon.knowledge.visit_windows import VisitWindow, VisitWindows, load_visit_windows
from cytorecon.patient.basis import nothing, rests_on, why_ended
from cytorecon.patient.curves import UNIT, band_of, counts_text
from cytorecon.patient.model import Recovery, RecoveryModel
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.tables import FORECAST_COLUMNS


def forecast_visits(recovery: Recovery, *, windows: VisitWindows | None = None) -> pd.DataFrame:
    """Return the band in which the counts of the next planned visits are expected.

    Parameters
    ----------
    recovery : Recovery
        Of :func:`~cytorecon.patient.fit_recovery`.
    windows : VisitWindows, optional
        Planned visits; the packaged file by default.

    Returns
    -------
    DataFrame
        Columns ``tables.FORECAST_COLUMNS``, one row per planned visit after the patient's last one. A
        sample of that day lies between `low` and `high` with the probability `band`; its own counting error
        comes on top. `n` patients of the pool have a sample in that window. Where nothing can be said there
        is one row without numbers, and `reason` says why: the patient's clock has ended, patients are too
        few, or none was followed that long.
    """
    known = windows or load_visit_windows()
    rows: list[dict[str, Cell]] = []
    for (patient, population), model in recovery.models.items():
        head = dict.fromkeys(FORECAST_COLUMNS) | {
            "patient": patient,
            "population": population,
            "window": "",
            "unit": UNIT,
        }
        found = planned(recovery, patient, model, known)
        if isinstance(found, str) or isinstance(model, str):
            rows.append(head | nothing(str(found)))
            continue
        foot = {"band": model.settings.band.value, **rests_on(patient, model)}
        rows += [head | row | foot for row in _rows(model, patient, found)]
    return typed_frame(rows, FORECAST_COLUMNS)


def planned(
    recovery: Recovery, patient: str, model: RecoveryModel | str, windows: VisitWindows
) -> list[tuple[VisitWindow, int]] | str:
    """Return the planned visits to come, each with the patients of the pool seen then, or why none.

    Parameters
    ----------
    recovery : Recovery
        Knows whose clock has ended.
    patient : str
        Who is asked about.
    model : RecoveryModel or str
        Of this patient; the text why there is none is returned as it is.
    windows : VisitWindows
        All planned visits.
    """
    ended = why_ended(patient, recovery)
    if ended:
        return ended
    if isinstance(model, str):
        return model
    last = int(model.values[patient].days[-1])
    coming = [window for window in windows.windows if window.from_day > max(last, 0)]
    if not coming:
        return f"no visit is planned after day {last}"
    # a visit to which the pool was not followed is beyond the curve of the cohort
    numbers = [(window, model.patients_between(window.from_day, window.to_day)) for window in coming]
    least = model.settings.minimum_at_day.value
    reached = [(window, number) for window, number in numbers if number >= least]
    if not reached:
        window, number = numbers[0]
        return f"{number} patients of the pool have a sample at {window.window}, {least} are needed"
    return reached


def _rows(model: RecoveryModel, patient: str, visits: list[tuple[VisitWindow, int]]) -> list[dict[str, Cell]]:
    found = model.of_patient(patient, [window.target_day for window, _ in visits])
    low, median, high = band_of(model, model.with_visits(found))
    return [
        {
            "window": window.window,
            "days_after_transplant": window.target_day,
            "median": float(median[place]),
            "low": float(low[place]),
            "high": float(high[place]),
            "reported": counts_text(model, low[place], median[place], high[place]),
            "n": number,
        }
        for place, (window, number) in enumerate(visits)
    ]
