from __future__ import annotations

import math
from dataclasses import replace

import pytest

from cytorecon.counts import MethodChoice, TubeQuantities, choose_method
from cytorecon.errors import CytoreconError, Severity
from tests.counts.tube import counts

EVERYTHING = TubeQuantities(
    beads_per_tube=50_000,
    blood_volume_ul=50,
    acquired_volume_ul=20,
    wbc_cells_per_ul=4000,
    lymphocytes_cells_per_ul=500,
)


def messages(choice: MethodChoice) -> list[tuple[str, Severity, str, str]]:
    assert {issue.subject for issue in choice.issues} <= {"cells/µL"}
    return [(issue.code, issue.severity, issue.message, issue.hint) for issue in choice.issues]


def test_one_platform_comes_before_two_and_nothing_is_remarked() -> None:
    # Blood counts that agree with 8000 leukocyte and 2000 lymphocyte events in 1 µL, and in 20 µL.
    beads = choose_method(counts(), EVERYTHING)
    assert {issue.code for issue in beads.issues} == {"count.disagrees_with_blood_count"}
    agreeing = replace(EVERYTHING, wbc_cells_per_ul=8000, lymphocytes_cells_per_ul=2000)
    assert choose_method(counts(), agreeing) == MethodChoice("beads", 1.0, bead_events=1000)
    without_beads = replace(EVERYTHING, beads_per_tube=None)
    without_volume = replace(without_beads, acquired_volume_ul=None)
    without_alc = replace(without_volume, lymphocytes_cells_per_ul=None)
    no_beads = counts(without=("beads",))
    volumetric = choose_method(no_beads, without_beads)
    assert (volumetric.method, volumetric.blood_ul_counted) == ("volumetric", 20.0)
    assert choose_method(no_beads, without_volume) == MethodChoice("blood_count_alc", 4.0)
    assert choose_method(no_beads, without_alc) == MethodChoice("blood_count_wbc", 2.0)


def test_a_named_method_is_used_though_a_better_one_is_possible() -> None:
    choice = choose_method(counts({"beads": 5000}), EVERYTHING, method="blood_count_wbc")
    assert (choice.method, choice.blood_ul_counted, choice.issues) == ("blood_count_wbc", 2.0, ())


def test_a_named_method_that_is_not_possible_gives_nothing_and_says_so() -> None:
    choice = choose_method(
        counts(), TubeQuantities(beads_per_tube=50_000, wbc_cells_per_ul=4000), method="beads"
    )
    assert (choice.method, choice.blood_ul_counted) == ("none", None)
    assert messages(choice) == [
        (
            "count.method_not_possible",
            Severity.ERROR,
            (
                "The sheet asks for count_method 'beads', but the sheet gives no blood_volume_ul; "
                "no concentration is given."
            ),
            "Complete the sheet, or set count_method to auto to allow another method.",
        )
    ]


@pytest.mark.parametrize(
    ("method", "problem"),
    [
        ("beads", "the sheet gives no beads_per_tube and no blood_volume_ul"),
        ("volumetric", "the sheet gives no acquired_volume_ul"),
        ("blood_count_alc", "the sheet gives no lymphocyte count"),
        ("blood_count_wbc", "the sheet gives no white cell count"),
    ],
)
def test_each_named_method_says_what_it_lacks(method: str, problem: str) -> None:
    choice = choose_method(counts(), TubeQuantities(), method=method)  # type: ignore[arg-type]
    assert problem in choice.issues[0].message


def test_too_few_beads_fall_back_to_what_the_sheet_gives_with_a_reason() -> None:
    choice = choose_method(counts({"beads": 99}), replace(EVERYTHING, acquired_volume_ul=None))
    assert choice.method == "blood_count_alc"
    assert choice.review == ("count.method_fallback",)
    assert messages(choice) == [
        (
            "count.method_fallback",
            Severity.WARNING,
            (
                "Counted by the lymphocyte count of the blood count instead: counting beads cannot be "
                "used because only 99 bead events were counted, at least 100 are needed."
            ),
            "Do not compare with visits counted by another method without this mark.",
        )
    ]


def test_each_method_passed_over_has_its_reason() -> None:
    tube = counts({"lymphocytes": 0, "CD3_T": 0, "B": 0}, not_evaluable={"beads": "no bead cluster"})
    choice = choose_method(tube, replace(EVERYTHING, acquired_volume_ul=None))
    assert choice.method == "blood_count_wbc"
    assert choice.issues[0].message == (
        "Counted by the white cell count of the blood count instead: counting beads cannot be used because "
        "'beads' is not evaluable (no bead cluster); the lymphocyte count of the blood count cannot be used "
        "because 'lymphocytes' has no events."
    )


def test_nothing_usable_gives_no_concentration_and_every_reason() -> None:
    choice = choose_method(counts(without=("beads",)), TubeQuantities(beads_per_tube=5e4, blood_volume_ul=50))
    assert choice.method == "none"
    assert messages(choice) == [
        (
            "count.no_method",
            Severity.WARNING,
            (
                "No concentration can be given: counting beads cannot be used because the gating template "
                "has no population 'beads'."
            ),
            "Complete the sheet or look at the gates named.",
        )
    ]


def test_a_sheet_without_quantities_is_worth_knowing_only() -> None:
    choice = choose_method(counts(without=("beads",)), TubeQuantities(blood_volume_ul=50))
    assert messages(choice) == [
        (
            "count.no_method",
            Severity.INFO,
            "The sheet gives no beads, acquired volume or blood count; there are percentages only.",
            "Fill in beads_per_tube and blood_volume_ul, or a blood count of the same draw.",
        )
    ]


def test_beads_in_the_tube_that_the_sheet_does_not_mention_are_remarked() -> None:
    expected = (
        "count.beads_not_on_sheet",
        Severity.WARNING,
        "The tube holds 1000 bead events, but the sheet gives no beads_per_tube.",
        "Fill in beads_per_tube (of this lot) and blood_volume_ul to count by beads.",
    )
    by_blood = choose_method(counts(), TubeQuantities(wbc_cells_per_ul=4000))
    assert messages(by_blood) == [expected]
    assert by_blood.review == ("count.beads_not_on_sheet",)
    assert messages(choose_method(counts(), TubeQuantities()))[1:] == [expected]
    assert choose_method(counts({"beads": 99}), TubeQuantities(wbc_cells_per_ul=4000)).issues == ()


@pytest.mark.parametrize(("events", "remarked"), [(100, True), (999, True), (1000, False)])
def test_few_beads_are_used_and_remarked(events: int, remarked: bool) -> None:
    sheet = replace(EVERYTHING, wbc_cells_per_ul=None, lymphocytes_cells_per_ul=None)
    choice = choose_method(counts({"beads": events}), sheet)
    assert (choice.method, choice.bead_events) == ("beads", events)
    expected = (
        "count.few_beads",
        Severity.WARNING,
        f"Only {events} bead events were counted; below 1000 the beads widen every interval.",
        "Acquire the tube longer.",
    )
    assert messages(choice) == ([expected] if remarked else [])
    assert choice.review == (("count.few_beads",) if remarked else ())


@pytest.mark.parametrize("value", [0.0, -5.0, math.nan, math.inf])
def test_a_quantity_must_be_a_positive_number(value: float) -> None:
    with pytest.raises(CytoreconError) as caught:
        TubeQuantities(blood_volume_ul=value)
    assert str(caught.value) == (
        f"tube quantities, blood_volume_ul: This quantity cannot be used. Found: {value:g}. "
        "Allowed: a positive number, or nothing when it is not known."
    )


def test_a_blood_count_of_0_is_told_and_nothing_rests_on_it() -> None:
    aplasia = TubeQuantities(wbc_cells_per_ul=0.0, lymphocytes_cells_per_ul=0.0)
    choice = choose_method(counts(without=("beads",)), aplasia)
    assert choice.method == "none"
    assert messages(choice) == [
        (
            "count.no_method",
            Severity.WARNING,
            (
                "No concentration can be given: the lymphocyte count of the blood count cannot be used "
                "because the lymphocyte count of the sheet is 0; the white cell count of the blood count "
                "cannot be used because the white cell count of the sheet is 0."
            ),
            "Complete the sheet or look at the gates named.",
        )
    ]
    assert choose_method(counts(), replace(aplasia, acquired_volume_ul=100.0)).method == "volumetric"
