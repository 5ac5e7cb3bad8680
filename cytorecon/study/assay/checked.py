"""A study with what the checks between its tubes found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cytorecon.counts.marked import marked
from cytorecon.knowledge.counting import load_counting_rules
from cytorecon.knowledge.drug_interference import load_hiding_drugs
from cytorecon.knowledge.event_kinds import load_event_kinds
from cytorecon.knowledge.given_counts import load_given_count_limits
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.quality import load_quality_limits
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study.assay.after_end import after_the_end
from cytorecon.study.assay.delta import delta_checks
from cytorecon.study.assay.drugs import hidden_markers
from cytorecon.study.assay.finding import Finding
from cytorecon.study.assay.gate_drift import Positions, gate_drifts
from cytorecon.study.assay.given_unit import given_units
from cytorecon.study.assay.lymphocytes import few_lymphocytes
from cytorecon.study.assay.replicates import replicate_cd3
from cytorecon.study.assay.visits import visits_of
from cytorecon.study.final import final_events
from cytorecon.study.result import StudyResult


def assay_findings(result: StudyResult) -> tuple[Finding, ...]:
    """Return what the checks between tubes find, by patient and day.

    Parameters
    ----------
    result : StudyResult
        A study with its results.
    """
    return tuple(_findings(result))


def _findings(result: StudyResult, batch: Positions | None = None) -> Iterator[Finding]:
    limits, drugs = load_quality_limits().between_tubes, load_hiding_drugs()
    visits = visits_of(result)
    given, rules, names = load_given_count_limits(), load_counting_rules(), load_populations()
    ends = final_events(result.study.events, load_event_kinds())
    for patient, own in visits.items():
        events = [event for event in result.study.events if event.patient == patient]
        for visit in own:
            yield from few_lymphocytes(visit, limits)
            yield from hidden_markers(visit, events, drugs)
            yield from after_the_end(visit, ends)
        yield from replicate_cd3(own, limits)
        yield from delta_checks(own, events, limits)
        yield from given_units(own, given, rules, names)
    yield from gate_drifts(visits, limits, batch)


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
    found: dict[str, list[Finding]] = {}
    for finding in _findings(result, batch):
        found.setdefault(finding.tube, []).append(finding)
    tubes = tuple(
        _checked(outcome, found[outcome.tube]) if outcome.tube in found else outcome
        for outcome in result.tubes
    )
    return result.model_copy(update={"tubes": tubes})


def _checked(outcome: TubeResult, findings: Sequence[Finding]) -> TubeResult:
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
