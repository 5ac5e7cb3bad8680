"""Checks between the tubes of a patient."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cytorecon.errors import Severity
from cytorecon.results import GateRecord, PopulationCount, TubeResult
from cytorecon.study.assay import Finding, assay_findings, with_assay_checks
from cytorecon.study.model import ClinicalEvent, Patient, Study, Tube
from cytorecon.study.result import StudyResult
from tests.builders import population_count


def count(population: str, events: int, **fields: object) -> PopulationCount:
    row = {"population": population, "parent": "lymphocytes", "status": "counted", "events": events}
    return population_count(row | fields)


def study(
    *visits: tuple[str, Sequence[PopulationCount]],
    events: Sequence[ClinicalEvent] = (),
    gates: Sequence[Sequence[GateRecord]] = (),
) -> StudyResult:
    """Return a study of tubes such as ``P01/d30/1`` with their counts, and their gates if given."""
    tubes = [
        Tube(tube=name, patient=name.split("/")[0], day=int(name.split("/")[1][1:])) for name, _ in visits
    ]
    patients = tuple(Patient(patient=name) for name in dict.fromkeys(tube.patient for tube in tubes))
    results = [
        TubeResult(
            tube=name, status="done", counts=tuple(counts), gates=tuple(gates[number]) if gates else ()
        )
        for number, (name, counts) in enumerate(visits)
    ]
    made = Study(name="s", patients=patients, tubes=tuple(tubes), events=tuple(events))
    return StudyResult(study=made, tubes=tuple(results))


def drug(label: str, start: int, end: int | None = None, kind: str = "drug") -> ClinicalEvent:
    return ClinicalEvent(patient="P01", kind=kind, label=label, start_day=start, end_day=end)


def found(result: StudyResult) -> list[str]:
    return [f"{finding.tube} {finding.code} {finding.issue}" for finding in assay_findings(result)]


def test_few_lymphocytes() -> None:
    subset = count("CD3_T", 300, percent_of_lymphocytes=60.2)
    result = study(("P01/d30/1", [count("lymphocytes", 499), subset, count("monocytes", 90)]))
    (only,) = found(result)
    assert only == (
        "P01/d30/1 assay.few_lymphocytes warning: lymphocytes: 499 lymphocytes were counted; 500 are "
        "asked for. Few lymphocytes in the blood, or too little of it acquired; see the intervals. "
        "(Lape-Nixon & Prince 1996: gates of 1,000 and 500 lymphocytes gave CD3, CD4 and CD8 "
        "percentages no different from 2,500; fewer were not tried)"
    )
    checked = with_assay_checks(result).tubes[0]
    assert [each.review for each in checked.counts] == [(), ("assay.few_lymphocytes",), ()]
    assert found(study(("P01/d30/1", [count("lymphocytes", 500), subset]))) == []


def tube(t_cells: int, lymphocytes: int) -> list[PopulationCount]:
    return [count("lymphocytes", lymphocytes), count("CD3_T", t_cells)]


def test_tubes_of_one_day_that_differ_in_cd3() -> None:
    result = study(("P01/d30/1", tube(7000, 10_000)), ("P01/d30/2", tube(6400, 10_000)))
    first, second = found(result)
    assert first == (
        "P01/d30/1 assay.replicate_CD3 warning: CD3_T: T cells are 70.0 % of the lymphocytes here and "
        "64.0 % in tube P01/d30/2 of the same day; 3 percentage points beyond counting noise are "
        "allowed. One tube was stained, mixed or gated otherwise, or holds other blood. (Engineering "
        "limit, not a clinical one; clinical software reports this difference "
        "(CD3_per_Lymph_Difference) beside the lymphosum)"
    )
    assert second.startswith("P01/d30/2 assay.replicate_CD3")


@pytest.mark.parametrize(
    ("other", "counts"),
    [
        ("P01/d30/2", (6600, 10_000)),  # 4 points, 1.3 of them by chance
        ("P01/d30/2", (64, 100)),  # 6 points, all of them by chance
        ("P01/d60/1", (6400, 10_000)),
        ("P02/d30/1", (6400, 10_000)),
        ("P01/d30/2", (0, 0)),
    ],
)
def test_tubes_that_agree_or_need_not(other: str, counts: tuple[int, int]) -> None:
    result = study(("P01/d30/1", tube(7000, 10_000)), (other, tube(*counts)))
    assert not [each for each in found(result) if "replicate" in each]


def by_beads(events: int, method: str = "beads", population: str = "CD4_T") -> list[PopulationCount]:
    return [count(population, events, blood_ul_counted=10.0, count_method=method, cells_per_ul=events / 10)]


def test_a_change_that_nothing_explains() -> None:
    (only,) = assay_findings(study(("P01/d30/1", by_beads(500)), ("P01/d60/1", by_beads(6000))))
    assert (only.value, only.limit, only.unit, only.explained) == (12.0, 8.0, "ratio", False)
    assert str(only.issue) == (
        "warning: CD4_T: CD4 T: 12 times the count of day 30; 8 times beyond counting noise are "
        "allowed within 45 days. Tubes exchanged, another unit or bead lot, a failed stain, or an "
        "event that is not listed. (Engineering limit, not a clinical one; J Clin Pathol QC table asks "
        "for no unexpected deviation from previous counts and gives no number)"
    )
    (fall,) = assay_findings(study(("P01/d30/1", by_beads(6000)), ("P01/d60/1", by_beads(500))))
    assert "a 12th of the count of day 30" in fall.message


def test_a_change_with_an_event_is_explained_and_doubts_nothing() -> None:
    result = study(
        ("P01/d30/1", by_beads(6000)),
        ("P01/d60/1", by_beads(500)),
        events=[drug("ATG", 40, 42, "serotherapy")],
    )
    (only,) = assay_findings(result)
    assert only.issue.severity is Severity.INFO
    assert only.message.endswith("Explained by: serotherapy.")
    checked = with_assay_checks(result).tubes[1]
    assert checked.issues == (only.issue,)
    assert checked.counts[0].review == ()


@pytest.mark.parametrize(
    "later",
    [
        ("P01/d60/1", by_beads(4000)),  # eight times
        ("P01/d80/1", by_beads(6000)),  # 50 days later
        ("P01/d60/1", by_beads(6000, "blood_count_wbc")),
        ("P01/d60/1", by_beads(6000, population="B")),
        ("P02/d60/1", by_beads(6000)),
    ],
)
def test_changes_that_are_allowed(later: tuple[str, list[PopulationCount]]) -> None:
    before = by_beads(500, population=later[1][0].population)
    assert found(study(("P01/d30/1", before), later)) == []


def test_a_change_within_counting_noise() -> None:
    assert found(study(("P01/d30/1", by_beads(3)), ("P01/d60/1", by_beads(40)))) == []


def positions(*thresholds: float) -> list[list[GateRecord]]:
    return [
        [GateRecord(gate="CD4", parent="CD3_T", kind="threshold", status="found", threshold=each)]
        for each in thresholds
    ]


def test_a_gate_that_wanders_over_the_visits() -> None:
    names = [f"P0{patient}/d{30 * visit}/1" for patient in (1, 2, 3) for visit in range(1, 7)]
    still = (0.50, 0.52, 0.49, 0.51, 0.50, 0.48)
    gates = positions(0.50, 0.51, 0.52, 0.60, 0.61, 0.62, *still, *(each + 0.2 for each in still))
    (only,) = assay_findings(study(*((name, ()) for name in names), gates=gates))
    assert (only.tube, only.populations) == ("P01/d180/1", ())
    assert str(only.issue) == (
        "warning: gate CD4: The threshold moved up by 6.7 robust standard deviations of the batch "
        "between day 30 and day 180; 3 are allowed. Detector, laser or antibody lot change, or the "
        "cells of this patient do. (Engineering limit, not a clinical one)"
    )
    assert found(study(*((name, ()) for name in names), gates=positions(*still, *still, *still))) == []


CELLS = [count("CD4_activated", 50), count("B", 40), count("Treg", 30), count("CD4_T", 900)]


def test_a_drug_that_hides_a_marker() -> None:
    result = study(("P01/d60/1", CELLS), events=[drug("Daratumumab 16 mg/kg", 10, 40)])
    (only,) = assay_findings(result)
    assert str(only.issue) == (
        "warning: CD38: daratumumab was given 20 days before this visit (from day 10) and hides CD38 "
        "for up to 183 days: Activated CD4 may be counted wrongly. Use HLA-DR alone for "
        "activation; CD27 with CD20 for plasmablasts; CD10 or CD24 with CD27 for transitional B cells. "
        "(populations.csv (CD4_activated, CD8_activated): daratumumab and isatuximab mask CD38; "
        "Vitalant, Serologic interference with anti-CD38 therapy: bound to red cells for up to 6 "
        "months after the last dose; taken over for leukocytes (engineering limit))"
    )
    checked = with_assay_checks(result).tubes[0]
    assert [each.review for each in checked.counts] == [("assay.hidden_marker",), (), (), ()]


@pytest.mark.parametrize(
    ("event", "populations"),
    [
        (drug("basiliximab", 56), {"Treg"}),
        (drug("basiliximab", 10), set()),  # 50 days before
        (drug("basiliximab", 61), set()),  # after the visit
        (drug("rituximab", 30), set()),  # B cells are counted by CD19
        (drug("blinatumomab", 50), {"B"}),
        (drug("CD19-CAR T cells", 0, kind="car_t"), {"B"}),
        (drug("CD19 CAR", 0, kind="cmv"), set()),
        (drug("tocilizumab", 59), set()),
        (drug("no daratumumabish", 59), set()),
    ],
)
def test_which_drugs_hide_what(event: ClinicalEvent, populations: set[str]) -> None:
    findings = assay_findings(study(("P01/d60/1", CELLS), events=[event]))
    assert {name for finding in findings for name in finding.populations} == populations


def test_a_drug_that_goes_on_hides_at_every_visit() -> None:
    ongoing = ClinicalEvent(patient="P01", kind="drug", label="isatuximab", start_day=1, ongoing=True)
    (only,) = assay_findings(study(("P01/d400/1", CELLS), events=[ongoing]))
    assert only.message.startswith("isatuximab was given at the time of this visit (from day 1)")


def test_checks_pass_twice_and_change_no_number() -> None:
    result = study(("P01/d30/1", by_beads(500)), ("P01/d60/1", by_beads(6000)))
    once = with_assay_checks(result)
    assert once.tubes[1].counts[0].review == ("assay.delta",)
    assert with_assay_checks(once) == once
    assert [each.events for each in once.tubes[1].counts] == [6000]


def test_a_code_has_words() -> None:
    from cytorecon.knowledge.review_flags import load_review_flags

    checks = ("few_lymphocytes", "replicate_CD3", "delta", "gate_drift", "hidden_marker")
    made = [Finding(check, "t", (), 0, 0, "", "", "", "", "").code for check in checks]
    assert set(made) <= set(load_review_flags())
