"""A study with what the checks between its tubes found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cytorecon.counts.marked import marked
from cytorecon.knowledge.counting import CountingRules, load_counting_rules
from cytorecon.knowledge.drug_interference import HidingDrug, load_hiding_drugs
from cytorecon.knowledge.event_kinds import EventKinds, load_event_kinds
from cytorecon.knowledge.given_counts import GivenCountLimits, load_given_count_limits
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.knowledge.quality import BetweenTubesLimits, load_quality_limits
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study.assay.after_end import after_the_end
from cytorecon.study.assay.delta import delta_checks
from cytorecon.study.assay.drugs import hidden_markers
from cytorecon.study.assay.finding import Finding
from cytorecon.study.assay.gate_drift import Courses, Positions, courses_of, gate_drifts
from cytorecon.study.assay.given_unit import given_units
from cytorecon.study.assay.lymphocytes import few_lymphocytes
from cytorecon.study.assay.replicates import replicate_cd3
from cytorecon.study.assay.visits import Visit, visits_of
from cytorecon.study.changed import changed_patients, part_of
from cytorecon.study.final import final_events
from cytorecon.study.model import ClinicalEvent
from cytorecon.study.readout_frame import events_by_patient
from cytorecon.study.result import StudyResult


@dataclass(frozen=True, slots=True)
class OwnChecks:
    """What the tubes of one patient say of each other.

    Parameters
    ----------
    findings : tuple of Finding
        Of the checks that look at this patient only.
    courses : Courses
        Where the gates lie, for the check that looks at everybody.
    """

    findings: tuple[Finding, ...]
    courses: Courses


@dataclass(frozen=True, slots=True)
class Checked:
    """A study with its marks, and what a later one can take over.

    Parameters
    ----------
    given, result : StudyResult
        As it was given, and with its marks.
    own : mapping of str to OwnChecks
        By patient.
    """

    given: StudyResult
    result: StudyResult
    own: Mapping[str, OwnChecks]


def assay_findings(result: StudyResult) -> tuple[Finding, ...]:
    """Return what the checks between tubes find, by patient and day.

    Parameters
    ----------
    result : StudyResult
        A study with its results.
    """
    return tuple(_findings(_own_checks(result)))


def with_assay_checks(result: StudyResult, batch: Positions | None = None) -> StudyResult:
    """Return `result` with an issue for each finding, and its code on the numbers it casts doubt on.

    No number changes. What is there already is not added again, so that a result may pass twice.

    Parameters
    ----------
    result : StudyResult
        A study with its results, or with those of some patients.
    batch : Positions, optional
        Where the gates of all patients lie, where `result` holds those of some.
    """
    return _marked(result, _own_checks(result), batch)


def checked_again(result: StudyResult, earlier: Checked | None) -> Checked:
    """Return what :func:`with_assay_checks` gives, and what it was made of.

    Parameters
    ----------
    result : StudyResult
        A study with all of its results, without marks.
    earlier : Checked or None
        Of the same study before. What was found in patients of whom nothing changed is taken over; the
        check that looks at everybody is made anew.
    """
    if earlier is None:
        own = _own_checks(result)
    else:
        changed = changed_patients(earlier.given, result)
        stay = {patient.patient for patient in result.study.patients} - changed
        own = {patient: found for patient, found in earlier.own.items() if patient in stay}
        own |= _own_checks(part_of(result, changed))
    return Checked(result, _marked(result, own), own)


@dataclass(frozen=True, slots=True)
class _Knowledge:
    """What the checks of one patient know, loaded once for all of them."""

    limits: BetweenTubesLimits
    drugs: Sequence[HidingDrug]
    kinds: EventKinds
    given: GivenCountLimits
    counting: CountingRules
    names: Populations


def _own_checks(result: StudyResult) -> dict[str, OwnChecks]:
    known = _Knowledge(
        load_quality_limits().between_tubes,
        load_hiding_drugs(),
        load_event_kinds(),
        load_given_count_limits(),
        load_counting_rules(),
        load_populations(),
    )
    events = events_by_patient(result.study)
    return {
        patient: OwnChecks(tuple(_findings_of(own, events.get(patient, []), known)), courses_of(own))
        for patient, own in visits_of(result).items()
    }


def _findings_of(
    visits: Sequence[Visit], events: Sequence[ClinicalEvent], known: _Knowledge
) -> Iterator[Finding]:
    ends = final_events(events, known.kinds)
    for visit in visits:
        yield from few_lymphocytes(visit, known.limits)
        if events:
            yield from hidden_markers(visit, events, known.drugs)
            yield from after_the_end(visit, ends)
    yield from replicate_cd3(visits, known.limits)
    yield from delta_checks(visits, events, known.limits)
    yield from given_units(visits, known.given, known.counting, known.names)


def _findings(own: Mapping[str, OwnChecks], batch: Positions | None = None) -> Iterator[Finding]:
    for checks in own.values():
        yield from checks.findings
    courses = {patient: checks.courses for patient, checks in own.items()}
    yield from gate_drifts(courses, load_quality_limits().between_tubes, batch)


def _marked(result: StudyResult, own: Mapping[str, OwnChecks], batch: Positions | None = None) -> StudyResult:
    found: dict[str, list[Finding]] = {}
    for finding in _findings(own, batch):
        found.setdefault(finding.tube, []).append(finding)
    tubes = tuple(
        _with_issues(outcome, found[outcome.tube]) if outcome.tube in found else outcome
        for outcome in result.tubes
    )
    return result.model_copy(update={"tubes": tubes})


def _with_issues(outcome: TubeResult, findings: Sequence[Finding]) -> TubeResult:
    issues = dict.fromkeys((*outcome.issues, *(finding.issue for finding in findings)))
    counts = tuple(_doubted(count, findings) for count in outcome.counts)
    return outcome.model_copy(update={"issues": tuple(issues), "counts": counts})


def _doubted(count: PopulationCount, findings: Sequence[Finding]) -> PopulationCount:
    codes = [
        finding.code
        for finding in findings
        if count.population in finding.populations and not finding.explained and count.status == "counted"
    ]
    return marked(count, codes) if codes else count
