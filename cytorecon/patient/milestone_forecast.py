"""How likely each milestone is reached by the planned visits to come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cytorecon.knowledge.milestones import MilestoneRule, MilestoneRules, load_milestone_rules
from cytorecon.knowledge.visit_windows import VisitWindow, VisitWindows, load_visit_windows
from cytorecon.milestone import milestones
from cytorecon.patient.alternatives import alternatives
from cytorecon.patient.basis import nothing, rests_on
from cytorecon.patient.fit import Fit
from cytorecon.patient.forecast import planned
from cytorecon.patient.model import Recovery, RecoveryModel
from cytorecon.patient.observations import Observations
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.model import Study
from cytorecon.tables import MILESTONE_FORECAST_COLUMNS

Draws = npt.NDArray[np.float64]

#: Statuses of the milestone table that leave something to wait for.
_OPEN: Final = ("not_reached_by_last_visit", "not_evaluable")


def forecast_milestones(
    recovery: Recovery,
    table: pd.DataFrame,
    study: Study,
    *,
    seed: int,
    rules: MilestoneRules | None = None,
    windows: VisitWindows | None = None,
) -> pd.DataFrame:
    """Return how likely each milestone that is not reached yet is reached by each planned visit.

    Parameters
    ----------
    recovery : Recovery
        Of :func:`~cytorecon.patient.fit_recovery` with `table` and `study`.
    table : DataFrame
        ``TRAJECTORY_COLUMNS``: what has been reached.
    study : Study
        Who each rule is for.
    seed : int
        Of the simulated courses: same seed, same numbers.
    rules, windows : optional
        The packaged files by default.

    Returns
    -------
    DataFrame
        Columns ``tables.MILESTONE_FORECAST_COLUMNS``. `probability` that the planned visits up to that day
        show the crossing, and confirm it where the rule asks for more visits; `low` to `high` is how much
        it hangs on what the cohort leaves open (90 % of the alternatives). Milestones that are reached, or
        not for this patient, have no row.

    Notes
    -----
    Rules of several conditions, of a single visit and of danger have no row. Visits between the planned ones
    would find a crossing earlier. Death, relapse and a second
    transplant to come are not foreseen: it is the probability as long as none of them happens.
    """
    known, visits = rules or load_milestone_rules(), windows or load_visit_windows()
    answers = _open_milestones(recovery, table, study, known)
    rows: list[dict[str, Cell]] = []
    fits: dict[int, tuple[Fit, ...]] = {}
    for (patient, population), model in recovery.models.items():
        own = [
            rule
            for rule in known.milestones
            if (patient, rule.milestone) in answers and rule.population == population
        ]
        coming = planned(recovery, patient, model, visits) if own else ""
        if isinstance(coming, str) or isinstance(model, str):
            rows += [_head(patient, rule) | nothing(str(coming)) for rule in own]
            continue
        if id(model) not in fits:
            fits[id(model)] = alternatives(model, seed=seed)
        courses = _courses(model, patient, [window for window, _ in coming], fits[id(model)], seed)
        for rule in own:
            rows += _rows(model, patient, rule, coming, courses)
    return typed_frame(rows, MILESTONE_FORECAST_COLUMNS)


def _open_milestones(
    recovery: Recovery, table: pd.DataFrame, study: Study, rules: MilestoneRules
) -> set[tuple[str, str]]:
    """Return (patient, milestone) of what has not been reached, and confirmed where that is asked for."""
    asked = dict.fromkeys(patient for patient, _ in recovery.models)
    part = study.model_copy(
        update={"patients": tuple(each for each in study.patients if each.patient in asked)}
    )
    populations = dict.fromkeys(population for _, population in recovery.models)
    concentrations = MilestoneRules(
        first_day=rules.first_day,
        milestones=tuple(
            rule
            for rule in rules.milestones
            if rule.is_plain and rule.measure == "cells_per_ul" and rule.population in populations
        ),
    )
    own = table[table["patient"].isin(list(asked)) & table["population"].isin(list(populations))]
    found = milestones(own, part, concentrations)
    waiting = found[found["status"].isin(_OPEN) | (found["confirmed"] == "pending")]
    return set(zip(waiting["patient"], waiting["milestone"], strict=True))


def _courses(
    model: RecoveryModel, patient: str, windows: Sequence[VisitWindow], fits: Sequence[Fit], seed: int
) -> Draws:
    """Return simulated log counts at the planned visits, shape (fits, draws, visits)."""
    rng = np.random.default_rng(seed)
    # the same random numbers for every fit, so that fits differ by what they say only
    standard = rng.normal(size=(model.settings.draws.value, len(windows)))
    days = [window.target_day for window in windows]
    courses = []
    for fit in fits:
        found = model.with_visits(model.of_patient(patient, days, fit=fit), fit=fit)
        values, vectors = np.linalg.eigh(found.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        courses.append(found.mean + standard @ root.T)
    return np.array(courses)


def _rows(
    model: RecoveryModel,
    patient: str,
    rule: MilestoneRule,
    coming: Sequence[tuple[VisitWindow, int]],
    courses: Draws,
) -> list[dict[str, Cell]]:
    limit = float(np.log(rule.threshold + model.settings.added.value))
    reached = crossed(courses > limit, rule.confirmation, _above_at_last(model.values[patient], limit))
    probabilities = reached.mean(axis=1)
    mean = probabilities.mean(axis=0)
    # near 0 and 1 the mean can lie beyond nine tenths of the alternatives
    low = np.minimum(np.quantile(probabilities, 0.05, axis=0), mean)
    high = np.maximum(np.quantile(probabilities, 0.95, axis=0), mean)
    return [
        _head(patient, rule)
        | {
            "window": window.window,
            "days_after_transplant": window.target_day,
            "probability": float(mean[place]),
            "low": float(low[place]),
            "high": float(high[place]),
            "reported": probability_text(mean[place], low[place], high[place]),
            "n": number,
        }
        | rests_on(patient, model)
        for place, (window, number) in enumerate(coming)
    ]


def crossed(above: npt.NDArray[np.bool_], confirmation: int, before: int) -> npt.NDArray[np.bool_]:
    """Return whether so many visits in a row have been above by each visit.

    Parameters
    ----------
    above : ndarray of bool, shape (..., visits)
        In order.
    confirmation : int
        Visits in a row.
    before : int
        Visits above in a row at the end of what is known.

    Examples
    --------
    >>> crossed(np.array([True, False, True, True, False]), 2, 0).tolist()
    [False, False, False, True, True]
    >>> crossed(np.array([True, False]), 2, 1).tolist()
    [True, True]
    """
    run = np.full(above.shape[:-1], before)
    done = np.zeros(above.shape[:-1], dtype=bool)
    reached = np.zeros(above.shape, dtype=bool)
    for place in range(above.shape[-1]):
        run = np.where(above[..., place], run + 1, 0)
        done = done | (run >= confirmation)
        reached[..., place] = done
    return reached


def probability_text(probability: float, low: float, high: float) -> str:
    """Return a probability with its interval for people.

    Examples
    --------
    >>> probability_text(0.624, 0.487, 0.72), probability_text(0.001, 0.0, 0.002)
    ('62 % (49–72)', '<1 % (<1–<1)')
    """
    middle, *ends = (_percent(value) for value in (probability, low, high))
    return f"{middle} % ({ends[0]}–{ends[1]})"


def _percent(share: float) -> str:
    if share < 0.01:
        return "<1"
    return ">99" if share > 0.99 else f"{100 * share:.0f}"


def _above_at_last(own: Observations, limit: float) -> int:
    """Return how many of the last visits that could be judged were above, in a row."""
    run = 0
    for value, censored in zip(own.values[::-1], own.censored[::-1], strict=True):
        if censored and value > limit:
            continue
        if censored or value <= limit:
            break
        run += 1
    return run


def _head(patient: str, rule: MilestoneRule) -> dict[str, Cell]:
    return dict.fromkeys(MILESTONE_FORECAST_COLUMNS) | {
        "patient": patient,
        "milestone": rule.milestone,
        "population": rule.population,
        "rule": rule.title,
        "deadline_day": rule.by_day,
        "window": "",
        "source": rule.source,
    }
