"""What comes next for the patients of a study, and what deserves a second look: the tables of pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd
from threadpoolctl import threadpool_limits

from cytorecon.patient.flags import patient_flags
from cytorecon.patient.forecast import forecast_visits
from cytorecon.patient.milestone_forecast import forecast_milestones
from cytorecon.patient.model import Recovery
from cytorecon.study.result import StudyResult

#: Of simulated courses: every page and every door shows the same numbers.
SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of the patients that a recovery was made for.

    Parameters
    ----------
    visits, milestones, flags : DataFrame
        Of :func:`~cytorecon.patient.forecast_visits`, :func:`~cytorecon.patient.forecast_milestones` and
        :func:`~cytorecon.patient.patient_flags`.
    """

    visits: pd.DataFrame
    milestones: pd.DataFrame
    flags: pd.DataFrame

    def of(self, patient: str) -> Outlook:
        """Return the rows of one patient."""
        own = [table[table["patient"] == patient] for table in (self.visits, self.milestones, self.flags)]
        return Outlook(*own)


def outlook(recovery: Recovery, table: pd.DataFrame, result: StudyResult) -> Outlook:
    """Return what is expected of each patient of a recovery.

    Parameters
    ----------
    recovery : Recovery
        Of :func:`~cytorecon.patient.fit_recovery`, or without models.
    table : DataFrame
        Of :func:`cytorecon.trajectory.trajectories` for `result`.
    result : StudyResult
        The study.
    """
    # many small matrices: threads of the linear algebra only wait for each other
    with threadpool_limits(1):
        return Outlook(
            visits=forecast_visits(recovery),
            milestones=forecast_milestones(recovery, table, result.study, seed=SEED),
            flags=patient_flags(recovery, table, result),
        )
