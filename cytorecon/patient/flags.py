"""What deserves a second look in a patient's course: each remark with its numbers and its source."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, Final

import pandas as pd
from scipy.special import ndtr

from cytorecon.counts.reported import measure_text
from cytorecon.knowledge.patient_flags import (
    PATIENT_FLAGS_FILE,
    Pair,
    PatientFlagLimits,
    load_patient_flags,
)
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.knowledge.quality import load_quality_limits
from cytorecon.patient.curves import UNIT, band_of
from cytorecon.patient.model import Prediction, Recovery, RecoveryModel
from cytorecon.study.assay.delta import delta_checks
from cytorecon.study.assay.finding import Finding
from cytorecon.study.assay.visits import Visit, visits_of
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.result import StudyResult
from cytorecon.tables import PATIENT_FLAG_COLUMNS

_CELLS: Final = "cells_per_ul"
_Row = dict[str, Cell]
_Visit = Mapping[Hashable, Any]


def patient_flags(
    recovery: Recovery,
    table: pd.DataFrame,
    result: StudyResult,
    *,
    limits: PatientFlagLimits | None = None,
    populations: Populations | None = None,
) -> pd.DataFrame:
    """Return what deserves a second look at each patient's last visit.

    Parameters
    ----------
    recovery : Recovery
        Of :func:`~cytorecon.patient.fit_recovery`: who is asked about, and the models of comparable patients.
    table : DataFrame
        Of :func:`cytorecon.trajectory.trajectories`.
    result : StudyResult
        For the check between visits.
    limits, populations : optional
        The packaged files by default.

    Returns
    -------
    DataFrame
        Columns ``tables.PATIENT_FLAG_COLUMNS``, one row per flag: ``slower`` (lower than comparable
        patients on that day), ``drop`` (the delta check of ``quality.yaml``, falls only) and
        ``discordance`` (one lineage is back, another is not). `n` is the patients, events or visits it
        rests on. No row means that no limit was passed, or that too little is known: patients in no pool
        have no ``slower``.
    """
    known, names = limits or load_patient_flags(), populations or load_populations()
    rows = [
        *_slower(recovery, known, names),
        *_drops(recovery, result),
        *_discordances(recovery, table, known, names),
    ]
    order = {
        name: place for place, name in enumerate(dict.fromkeys(patient for patient, _ in recovery.models))
    }
    return typed_frame(sorted(rows, key=lambda row: order[str(row["patient"])]), PATIENT_FLAG_COLUMNS)


def _slower(recovery: Recovery, limits: PatientFlagLimits, names: Populations) -> Iterator[_Row]:
    for (patient, population), model in recovery.models.items():
        if isinstance(model, str) or patient in recovery.ends:
            continue
        if model.pool.enough < limits.slower.minimum_patients.value:
            continue
        found = model.with_visits(model.of_others(patient, [int(model.values[patient].days[-1])]))
        percentile = _percentile(model, patient, found)
        limit = limits.slower.percentile
        if percentile < limit.value:
            yield {
                "patient": patient,
                "flag": "slower",
                "population": population,
                "days_after_transplant": int(found.days[0]),
                "value": percentile,
                "limit": limit.value,
                "unit": limit.unit,
                "n": model.pool.enough,
                "words": _slower_words(model, patient, found, percentile, names.display_name(population)),
                "source": f"{PATIENT_FLAGS_FILE}, slower.percentile: {limit.source}",
            }


def _percentile(model: RecoveryModel, patient: str, found: Prediction) -> float:
    """Return how many of a hundred comparable patients are expected to be lower; of a limit, at most."""
    own = model.values[patient]
    noise = 0.0 if own.censored[-1] else float(own.variances[-1])
    sd = (float(found.covariance[0, 0]) + noise) ** 0.5
    return 100 * float(ndtr((float(own.values[-1]) - float(found.mean[0])) / sd))


def _slower_words(model: RecoveryModel, patient: str, found: Prediction, percentile: float, name: str) -> str:
    own = model.values[patient]
    low, _, high = (measure_text(float(end[0]), _CELLS) for end in band_of(model, found))
    count = measure_text(float(model.counts(own.values[-1:])[0]), _CELLS)
    value, most = (f"below {count}", "at most ") if own.censored[-1] else (count, "")
    share = f"{percentile:.1f}" if percentile >= 0.1 else "less than 0.1"
    return (
        f"{name} {value} {UNIT} on day {found.days[0]}: {most}{share} of 100 comparable patients "
        f"({model.pool.name}; n = {model.pool.enough}) are expected to be lower; "
        f"{100 * model.settings.band.value:g} of 100 between {low} and {high}."
    )


def _drops(recovery: Recovery, result: StudyResult) -> Iterator[_Row]:
    """Yield the falls that the check between tubes finds at the last visit of the patients asked about."""
    limits = load_quality_limits().between_tubes
    visits = visits_of(result)
    for patient in dict.fromkeys(patient for patient, _ in recovery.models):
        own = visits.get(patient, ())
        last = {visit.tube.tube: visit for visit in own if visit.tube.day == own[-1].tube.day}
        events = [event for event in result.study.events if event.patient == patient]
        for finding in delta_checks(own, events, limits):
            if finding.value < 1 and finding.tube in last:
                yield _drop(finding, last[finding.tube])


def _drop(finding: Finding, visit: Visit) -> _Row:
    count = visit.count(finding.subject)
    return {
        "patient": visit.tube.patient,
        "flag": "drop",
        "population": finding.subject,
        "days_after_transplant": visit.tube.day,
        "value": finding.value,
        "limit": 1 / finding.limit,
        "unit": f"{finding.unit} to the visit before",
        "n": None if count is None else count.events,
        "words": finding.message,
        "source": finding.source,
    }


def _discordances(
    recovery: Recovery, table: pd.DataFrame, limits: PatientFlagLimits, names: Populations
) -> Iterator[_Row]:
    asked = dict.fromkeys(patient for patient, _ in recovery.models if patient not in recovery.ends)
    own = table[
        (table["measure"] == _CELLS)
        & (table["days_after_transplant"] > 0)
        & table["patient"].isin(list(asked))
    ]
    of_population = dict(iter(own.groupby("population", sort=False)))
    for pair in limits.discordance.pairs:
        back, lags = of_population.get(pair.back), of_population.get(pair.lags)
        if back is None or lags is None:
            continue
        both = lags.merge(back, on=["patient", "days_after_transplant", "tube"], suffixes=("", "_back"))
        for patient, visits in both.groupby("patient", sort=False):
            ordered = visits.sort_values("days_after_transplant", kind="stable").to_dict("records")
            yield from _discordance(str(patient), ordered, pair, limits, names)


def _discordance(
    patient: str,
    visits: Sequence[_Visit],
    pair: Pair,
    limits: PatientFlagLimits,
    names: Populations,
) -> Iterator[_Row]:
    judged = [visit for visit in visits if visit["reference_position"] and visit["reference_position_back"]]
    run = 0
    for visit in reversed(judged):
        if not _is_discordant(visit):
            break
        run += 1
    wanted = limits.discordance.visits
    if run < wanted.value:
        return
    last = judged[-1]
    low = float(last["reference_low"])
    yield {
        "patient": patient,
        "flag": "discordance",
        "population": pair.lags,
        "days_after_transplant": int(last["days_after_transplant"]),
        "value": None if last["censored"] else float(last["value"]),
        "limit": low,
        "unit": UNIT,
        "n": run,
        "words": _discordance_words(last, pair, run, names),
        "source": f"limits: {last['reference_set']}; {wanted.value} {wanted.unit}: {PATIENT_FLAGS_FILE}",
    }


def _discordance_words(visit: _Visit, pair: Pair, run: int, names: Populations) -> str:
    back, lags = names.display_name(pair.back), names.display_name(pair.lags)
    limits = [measure_text(visit[column], _CELLS) for column in ("reference_low_back", "reference_low")]
    return (
        f"{back} is back ({visit['reported_back']} {UNIT}, lower limit for the age {limits[0]}), "
        f"{lags} is not ({visit['reported']} {UNIT}, lower limit {limits[1]}): {run} visits in a row "
        f"up to day {visit['days_after_transplant']}."
    )


def _is_discordant(visit: _Visit) -> bool:
    """Return whether one is within or above its limits, and the other below them with its whole interval."""
    if visit["reference_position_back"] == "below" or visit["reference_position"] != "below":
        return False
    return bool(visit["censored"]) or visit["high"] < visit["reference_low"]
