"""Why did it change: the parts sum to the whole, and each is what it says."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.counts import TubeQuantities, absolute_counts, count_populations
from cytorecon.counts.quantities import CountMethodRequest
from cytorecon.errors import CytoreconError
from cytorecon.results import GateSpread, PopulationTally, TubeResult
from cytorecon.study.model import Patient, Study, Tube
from cytorecon.study.result import StudyResult
from cytorecon.trajectory import Change, describe_change, explain_change

PARENTS = {"leukocytes": "root", "lymphocytes": "leukocytes", "CD3_T": "lymphocytes", "CD4_T": "CD3_T"}
EVENTS = {"leukocytes": 9000, "lymphocytes": 4000, "CD3_T": 2000, "CD4_T": 800, "beads": 2000}
BEADS = TubeQuantities(beads_per_tube=50_000, blood_volume_ul=50)
ALC = TubeQuantities(lymphocytes_cells_per_ul=1000, lymphocytes_cv_percent=5)
WBC = TubeQuantities(wbc_cells_per_ul=3000)
FIRST, SECOND = "P01/d60/1", "P01/d100/1"


def tube(
    name: str,
    quantities: TubeQuantities,
    *,
    method: CountMethodRequest = "auto",
    without: tuple[str, ...] = (),
    spread: float = 0.03,
    **events: int,
) -> TubeResult:
    seen = EVENTS | events
    tallies = [
        PopulationTally(
            population=population,
            parent=parent,
            status="not_evaluable" if population in without else "counted",
            reason="no valley" if population in without else "",
            events=None if population in without else seen[population],
            parent_events=20_000 if parent == "root" else seen[parent],
            lymphocytes=seen["lymphocytes"] if population not in ("leukocytes", "beads") else None,
            leukocytes=seen["leukocytes"] if population != "beads" else None,
            gate_spread=GateSpread(events=spread, of_parent=spread, of_lymphocytes=spread),
        )
        for population, parent in (PARENTS | {"beads": "root"}).items()
    ]
    return TubeResult(
        tube=name,
        status="done",
        counts=absolute_counts(count_populations(tallies), quantities, method=method),
    )


def study(first: TubeResult, second: TubeResult) -> StudyResult:
    tubes = (Tube(tube=FIRST, patient="P01", day=60), Tube(tube=SECOND, patient="P01", day=100))
    return StudyResult(
        study=Study(name="s", patients=(Patient(patient="P01"),), tubes=tubes), tubes=(first, second)
    )


def changed(first: TubeResult, second: TubeResult, population: str = "CD4_T") -> Change:
    return explain_change(study(first, second), population, FIRST, SECOND)


def parts(change: Change) -> dict[tuple[str, str], float]:
    return {(part.kind, part.population): part.ln_ratio for part in change.parts}


@given(
    st.sampled_from(
        [BEADS, ALC, TubeQuantities(wbc_cells_per_ul=3000), TubeQuantities(acquired_volume_ul=10)]
    ),
    st.sampled_from([BEADS, ALC, TubeQuantities(acquired_volume_ul=20)]),
    st.integers(100, 900),
    st.integers(1000, 2000),
    st.integers(2000, 5000),
    st.integers(1000, 5000),
)
def test_the_parts_sum_to_the_change(
    before: TubeQuantities, after: TubeQuantities, cd4: int, cd3: int, lymphocytes: int, beads: int
) -> None:
    second = tube(SECOND, after, CD4_T=cd4, CD3_T=cd3, lymphocytes=lymphocytes, beads=beads)
    change = changed(tube(FIRST, before), second)
    assert change.before is not None
    assert change.after is not None
    assert change.ln_ratio is not None
    assert change.ln_ratio == pytest.approx(math.log(change.after / change.before), abs=1e-12)
    assert math.fsum(part.ln_ratio for part in change.parts) == pytest.approx(change.ln_ratio, abs=1e-12)
    for part in change.parts:
        if part.low is not None and part.high is not None:
            assert part.low <= part.ln_ratio <= part.high
    if change.low is not None and change.high is not None:
        assert change.low <= change.ln_ratio <= change.high


def test_each_part_is_what_it_says() -> None:
    change = changed(tube(FIRST, BEADS), tube(SECOND, BEADS, lymphocytes=2000, CD3_T=1000, CD4_T=200))
    found = parts(change)
    assert found["blood_count", "lymphocytes"] == pytest.approx(math.log(0.5))
    assert found["share", "CD3_T"] == pytest.approx(0)
    assert found["share", "CD4_T"] == pytest.approx(math.log(0.5))
    assert found["beads", "CD4_T"] == pytest.approx(0)
    assert describe_change(change) == (
        "CD4 T fell from 400 to 100 cells/µL (day 60 to 100): lymphocytes halved (×0.50); "
        "CD4 T of CD3 T halved (×0.50); CD3 T of lymphocytes not clearly different (×1.00); "
        "gate positions account for at most 9 %."
    )


def test_a_lot_that_says_twice_as_many_beads_is_seen_as_the_sheets() -> None:
    other = TubeQuantities(beads_per_tube=100_000, blood_volume_ul=50)
    change = changed(tube(FIRST, BEADS), tube(SECOND, other))
    assert parts(change)["beads", "CD4_T"] == pytest.approx(math.log(2))
    assert parts(change)["blood_count", "lymphocytes"] == pytest.approx(0)
    assert describe_change(change) == (
        "CD4 T rose from 400 to 800 cells/µL (day 60 to 100): lymphocytes doubled (×2.00); "
        "CD3 T of lymphocytes not clearly different (×1.00); CD4 T of CD3 T not clearly different (×1.00); "
        "beads, volume and dilution on the sheet differ ×2.00: check them; "
        "gate positions account for at most 9 %."
    )


def test_a_blood_count_is_the_analysers_and_has_the_interval_the_sheet_states() -> None:
    halved = TubeQuantities(lymphocytes_cells_per_ul=500, lymphocytes_cv_percent=5)
    (blood, *_) = changed(tube(FIRST, ALC), tube(SECOND, halved)).parts
    assert blood.ln_ratio == pytest.approx(math.log(0.5))
    assert blood.low is not None
    assert blood.high is not None
    assert (blood.high - blood.low) / 2 == pytest.approx(1.96 * math.sqrt(2) * 0.05, rel=0.01)
    unstated = TubeQuantities(lymphocytes_cells_per_ul=500)
    (blood, *_) = changed(tube(FIRST, ALC), tube(SECOND, unstated)).parts
    assert (blood.low, blood.high) == (None, None)


def test_white_cells_take_the_place_of_lymphocytes_where_they_were_counted() -> None:
    wbc = TubeQuantities(wbc_cells_per_ul=3000)
    change = changed(tube(FIRST, wbc), tube(SECOND, wbc))
    assert list(parts(change)) == [
        ("blood_count", "leukocytes"), ("share", "lymphocytes"), ("share", "CD3_T"), ("share", "CD4_T"),
        ("gates", "CD4_T"),
    ]  # fmt: skip


def test_another_count_method_is_told_and_no_beads_are_blamed() -> None:
    change = changed(tube(FIRST, BEADS), tube(SECOND, ALC))
    assert change.is_switch
    assert "beads" not in {part.kind for part in change.parts}
    assert describe_change(change).endswith(
        "The two visits were counted by different methods: part of the change may be theirs."
    )


def test_how_much_gates_may_account_for_comes_from_both_tubes() -> None:
    change = changed(tube(FIRST, BEADS, spread=0.03), tube(SECOND, BEADS, spread=0.04))
    gates = next(part for part in change.parts if part.kind == "gates")
    own = [result.counts[3].uncertainty for result in (tube(FIRST, BEADS), tube(SECOND, BEADS, spread=0.04))]
    assert own[0] is not None
    assert own[1] is not None
    assert gates.high == pytest.approx(1.96 * math.hypot(own[0].gate, own[1].gate), rel=1e-3)
    assert (gates.low, gates.ln_ratio) == (-(gates.high or 0), 0.0)


def test_a_blood_count_has_no_gates_to_account_for_anything() -> None:
    twice = TubeQuantities(lymphocytes_cells_per_ul=2000)
    change = changed(tube(FIRST, ALC), tube(SECOND, twice), "lymphocytes")
    assert describe_change(change) == (
        "Lymphocytes rose from 1000 to 2000 cells/µL (day 60 to 100): lymphocytes doubled (×2.00)."
    )


def test_a_step_that_was_not_assessed_is_passed_over() -> None:
    change = changed(tube(FIRST, BEADS, without=("CD3_T",)), tube(SECOND, BEADS))
    assert [part.of for part in change.parts if part.kind == "share"] == ["lymphocytes"]


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (tube(SECOND, BEADS, CD4_T=10), "it was below the limit of quantification on day 100"),
        (tube(SECOND, BEADS, without=("CD4_T",)), "it was not evaluable on day 100"),
        (tube(SECOND, TubeQuantities()), "there is no concentration on day 100"),
        (TubeResult(tube=SECOND, status="failed", error="x"), "it was not evaluable on day 100"),
    ],
)
def test_what_has_no_number_is_not_taken_apart(second: TubeResult, reason: str) -> None:
    change = changed(tube(FIRST, BEADS), second)
    assert (change.parts, change.ln_ratio, change.reason) == ((), None, reason)
    assert describe_change(change) == f"CD4 T, day 60 to 100: not taken apart, {reason}."


def test_two_tubes_of_one_patient_the_earlier_first_are_needed() -> None:
    both = study(tube(FIRST, BEADS), tube(SECOND, BEADS))
    with pytest.raises(CytoreconError) as caught:
        explain_change(both, "CD4_T", SECOND, FIRST)
    assert str(caught.value) == (
        "explain_change: A change lies between two tubes of one patient, the earlier first. "
        f"Found: {SECOND}, {FIRST}. Allowed: {FIRST}, {SECOND}."
    )
