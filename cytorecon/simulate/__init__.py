"""Simulated whole-blood TBNK tubes and cohorts with known truth. Synthetic, never a reference."""

from cytorecon.simulate.cohort import SimulatedCohort, plan_cohort, simulate_cohort
from cytorecon.simulate.plan import Course, PatientPlan
from cytorecon.simulate.settings import SimulatorSettings, load_settings
from cytorecon.simulate.spec import BLOOD_POPULATIONS, SimulationError, TubeSpec, tube_spec
from cytorecon.simulate.story import sample_cohort, write_sample_data
from cytorecon.simulate.truth import LABELS, REPORTED, PopulationTruth
from cytorecon.simulate.tube import SimulatedTube, simulate_tube
from cytorecon.simulate.visits import VisitPlan
from cytorecon.simulate.write import write_cohort, write_fcs

__all__ = [
    "BLOOD_POPULATIONS",
    "LABELS",
    "REPORTED",
    "Course",
    "PatientPlan",
    "PopulationTruth",
    "SimulatedCohort",
    "SimulatedTube",
    "SimulationError",
    "SimulatorSettings",
    "TubeSpec",
    "VisitPlan",
    "load_settings",
    "plan_cohort",
    "sample_cohort",
    "simulate_cohort",
    "simulate_tube",
    "tube_spec",
    "write_cohort",
    "write_fcs",
    "write_sample_data",
]
