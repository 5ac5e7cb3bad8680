"""Where a patient stands and what to expect: the same words as in the report."""

from __future__ import annotations

from dataclasses import dataclass

from cytorecon.knowledge.milestones import load_milestone_rules
from cytorecon.patient import outlook
from cytorecon.report.outlook import OutlookView, StandingView, outlook_view, standing_view
from cytorecon.report.tables import standing
from dashboard.services.study import Snapshot


@dataclass(frozen=True, slots=True)
class PatientOutlook:
    """The immune profile of a patient, and what comes next."""

    standing: StandingView
    outlook: OutlookView


def patient_outlook(snapshot: Snapshot, patient: str) -> PatientOutlook:
    """Return where a patient of the study stands, and what to expect.

    Parameters
    ----------
    snapshot : Snapshot
        The study; models of recovery are fitted when the first patient is asked about.
    patient : str
        Pseudonym.
    """
    place = standing(snapshot.trajectories, snapshot.study, patient)
    titles = {rule.milestone: rule.title for rule in load_milestone_rules().milestones}
    found = outlook(snapshot.recovery.of(patient), snapshot.trajectories, snapshot.result)
    return PatientOutlook(
        standing_view(place.profile, place.distance), outlook_view(found.of(patient), titles)
    )
