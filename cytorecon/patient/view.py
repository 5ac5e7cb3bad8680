"""All that can be said of one patient, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cytorecon.knowledge.milestones import load_milestone_rules
from cytorecon.patient.curves import recovery_curves
from cytorecon.patient.flags import patient_flags
from cytorecon.patient.forecast import forecast_visits
from cytorecon.patient.milestone_forecast import forecast_milestones
from cytorecon.patient.model import fit_recovery
from cytorecon.patient.profile import immune_profile, profile_distance
from cytorecon.study.result import StudyResult


@dataclass(frozen=True, slots=True)
class PatientView:
    """The tables of one patient.

    Parameters
    ----------
    curves, visits, milestones, flags : DataFrame
        Of :func:`~cytorecon.patient.recovery_curves`, :func:`~cytorecon.patient.forecast_visits`,
        :func:`~cytorecon.patient.forecast_milestones` and :func:`~cytorecon.patient.patient_flags`.
    profile, distance : DataFrame
        Of :func:`~cytorecon.patient.immune_profile` and :func:`~cytorecon.patient.profile_distance`.
    """

    curves: pd.DataFrame
    visits: pd.DataFrame
    milestones: pd.DataFrame
    flags: pd.DataFrame
    profile: pd.DataFrame
    distance: pd.DataFrame


def patient_view(
    table: pd.DataFrame,
    result: StudyResult,
    patient: str,
    *,
    seed: int,
    populations: Sequence[str] | None = None,
) -> PatientView:
    """Return all that can be said of one patient.

    Parameters
    ----------
    table : DataFrame
        Of :func:`cytorecon.trajectory.trajectories` for `result`.
    result : StudyResult
        A study with its results.
    patient : str
        Pseudonym.
    seed : int
        Of simulated courses.
    populations : sequence of str, optional
        Whose recovery is modelled; those that a milestone asks for by default.

    Raises
    ------
    CytoreconError
        If the study has no such patient, or a model cannot be fitted.
    """
    profile = immune_profile(table, result.study, patient)
    wanted = modelled_populations(table) if populations is None else populations
    recovery = fit_recovery(table, result.study, wanted, patients=[patient])
    return PatientView(
        curves=recovery_curves(recovery),
        visits=forecast_visits(recovery),
        milestones=forecast_milestones(recovery, table, result.study, seed=seed),
        flags=patient_flags(recovery, table, result),
        profile=profile,
        distance=profile_distance(profile),
    )


def modelled_populations(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the populations of a table that a milestone asks for, in the order of the table.

    Examples
    --------
    >>> table = pd.DataFrame({"population": ["CD4_T", "DN_T"], "measure": "cells_per_ul"})
    >>> modelled_populations(table)
    ('CD4_T',)
    """
    asked = {rule.population for rule in load_milestone_rules().milestones}
    there = table.loc[table["measure"] == "cells_per_ul", "population"]
    return tuple(name for name in dict.fromkeys(there) if name in asked)
