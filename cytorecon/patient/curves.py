"""The smooth recovery of each patient with its band, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import ndtri

from cytorecon.counts.reported import below_text, measure_text
from cytorecon.patient.alternatives import blended, sigma_points, with_visits
from cytorecon.patient.basis import nothing, rests_on
from cytorecon.patient.fit import Fit
from cytorecon.patient.kernel import Array
from cytorecon.patient.model import Prediction, Recovery, RecoveryModel
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.tables import RECOVERY_CURVE_COLUMNS

UNIT: Final = "cells/µL"
#: Days of a curve between the first and the last visit, evenly in log time.
_POINTS: Final = 60


def recovery_curves(recovery: Recovery, *, days: Sequence[int] | None = None) -> pd.DataFrame:
    """Return the smooth recovery of each patient and population that was fitted.

    Parameters
    ----------
    recovery : Recovery
        Of :func:`~cytorecon.patient.fit_recovery`.
    days : sequence of int, optional
        From day 1; by default 60 days from the patient's first visit to the last, dense at first.

    Returns
    -------
    DataFrame
        Columns ``tables.RECOVERY_CURVE_COLUMNS``. `low` and `high` hold the recovery itself with the
        probability `band`, `visit_low` and `visit_high` a sample of that day. A patient who is in no pool
        has one row without numbers, and `reason` says why.
    """
    rows: list[dict[str, Cell]] = []
    fits: dict[int, tuple[Fit, ...]] = {}
    for (patient, population), model in recovery.models.items():
        head: dict[str, Cell] = {"patient": patient, "population": population, "unit": UNIT}
        if isinstance(model, str):
            rows.append(dict.fromkeys(RECOVERY_CURVE_COLUMNS) | head | nothing(model))
            continue
        foot = {"band": model.settings.band.value, **rests_on(patient, model)}
        if id(model) not in fits:
            fits[id(model)] = sigma_points(model)
        rows += [head | row | foot for row in _curve(model, patient, days, fits[id(model)])]
    return typed_frame(rows, RECOVERY_CURVE_COLUMNS)


def band_of(model: RecoveryModel, found: Prediction) -> tuple[Array, Array, Array]:
    """Return low, median and high of a prediction in cells/µL."""
    half = float(ndtri((1 + model.settings.band.value) / 2)) * found.sd
    low, median, high = (model.counts(found.mean + shift) for shift in (-half, 0.0, half))
    return low, median, high


def counts_text(model: RecoveryModel, low: float, median: float, high: float) -> str:
    """Return a predicted count with its band for people: ``16 (<0.5–89)``; never 0.

    Below the constant that is added before the logarithm the model tells nothing apart.
    """
    least = model.settings.added.value
    middle, *ends = (
        measure_text(value, "cells_per_ul") if value >= least else below_text(least)
        for value in (median, low, high)
    )
    return f"{middle} ({ends[0]}–{ends[1]})"


def _curve(
    model: RecoveryModel, patient: str, days: Sequence[int] | None, fits: Sequence[Fit]
) -> list[dict[str, Cell]]:
    wanted = _days(model, patient) if days is None else list(days)
    # a few samples hardly tell lasting change from the noise of visits, and what is recovery hangs on it
    found = blended(model, patient, wanted, fits)
    low, median, high = band_of(model, found)
    visit_low, _, visit_high = band_of(model, with_visits(found, fits))
    return [
        {
            "days_after_transplant": day,
            "median": float(median[place]),
            "low": float(low[place]),
            "high": float(high[place]),
            "reported": counts_text(model, low[place], median[place], high[place]),
            "visit_low": float(visit_low[place]),
            "visit_high": float(visit_high[place]),
        }
        for place, day in enumerate(wanted)
    ]


def _days(model: RecoveryModel, patient: str) -> list[int]:
    own = model.values[patient].days
    offset = model.settings.day_offset.value
    even = np.linspace(np.log(own[0] + offset), np.log(own[-1] + offset), _POINTS)
    return sorted({*np.round(np.exp(even) - offset).astype(int).tolist(), *own.tolist()})
