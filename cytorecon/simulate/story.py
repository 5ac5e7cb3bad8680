"""The cohort of ``sample_data/``: three patients whose recovery tells a story."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cytorecon.simulate.cohort import SimulatedCohort, plan_cohort
from cytorecon.simulate.cohort_settings import StoryPatient
from cytorecon.simulate.patients import draw_courses
from cytorecon.simulate.plan import PatientPlan
from cytorecon.simulate.seeds import Stream, generator
from cytorecon.simulate.settings import SimulatorSettings, load_settings
from cytorecon.simulate.write import write_cohort
from cytorecon.study.model import ClinicalEvent

CHECKSUMS = "SHA256SUMS"


def sample_cohort() -> SimulatedCohort:
    """Return the cohort of ``sample_data/``; patients, events and seed are in ``simulator.yaml``.

    Examples
    --------
    >>> [plan.patient for plan in sample_cohort().patients]
    ['P01', 'P02', 'P03']
    """
    settings = load_settings()
    story = settings.cohort.story
    plans = [_plan(patient, k, settings) for k, patient in enumerate(story.patients)]
    return plan_cohort(plans, visits=story.visits, events=story.events, seed=story.seed, settings=settings)


def write_sample_data(out: Path) -> None:
    """Write the cohort of ``sample_data/`` and its ``SHA256SUMS`` into the new folder `out`.

    Raises
    ------
    SimulationError
        If `out` is not new or empty.
    """
    write_cohort(sample_cohort(), out)
    (out / CHECKSUMS).write_text(checksums(out), encoding="utf-8", newline="\n")


def checksums(folder: Path) -> str:
    """Return one ``sha256  path`` line per file of a cohort folder, sorted by path.

    ``SHA256SUMS`` itself and ``README.md`` are left out. ``sha256sum --check`` reads it.
    """
    files = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in {CHECKSUMS, "README.md"}
    )
    return "".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in files)


def _plan(patient: StoryPatient, k: int, settings: SimulatorSettings) -> PatientPlan:
    events = tuple(
        ClinicalEvent(
            patient=patient.patient,
            kind=event.kind,
            label=event.label,
            start_day=event.start_day,
            end_day=event.end_day,
        )
        for event in patient.events
    )
    rng = generator(settings.cohort.story.seed, Stream.COURSES, k)
    return PatientPlan(
        patient=patient.patient,
        scenario=patient.scenario,
        age_years=patient.age_years,
        sex=patient.sex,
        intercepts=tuple(patient.intercepts.items()),
        slope=patient.slope,
        atg_exposure=patient.atg_exposure,
        events=events,
        courses=draw_courses(events, settings.cohort, rng),
    )
