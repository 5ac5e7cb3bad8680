"""One patient: smooth recovery, what comes next, what deserves a second look, and the immune profile."""

from cytorecon.patient.curves import recovery_curves
from cytorecon.patient.flags import patient_flags
from cytorecon.patient.forecast import forecast_visits
from cytorecon.patient.milestone_forecast import forecast_milestones
from cytorecon.patient.model import Recovery, RecoveryModel, fit_recovery, unfitted_recovery
from cytorecon.patient.outlook import Outlook, outlook
from cytorecon.patient.profile import immune_profile, profile_distance
from cytorecon.patient.view import PatientView, modelled_populations, patient_view

__all__ = [
    "Outlook",
    "PatientView",
    "Recovery",
    "RecoveryModel",
    "fit_recovery",
    "forecast_milestones",
    "forecast_visits",
    "immune_profile",
    "modelled_populations",
    "outlook",
    "patient_flags",
    "patient_view",
    "profile_distance",
    "recovery_curves",
    "unfitted_recovery",
]
