"""How doubts spread from gates, tube and sums to the numbers that rest on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cytorecon.errors import Issue, Severity
from cytorecon.gating.detection import fewest_parent_events
from cytorecon.gating.doubts import with_doubts
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.prior import SETTLED_TUBES, GatingPrior, ThresholdPrior
from cytorecon.gating.shapes import Threshold
from cytorecon.knowledge.quality import load_quality_limits
from tests.gating.samples import gated, made_template, mixture, valley

SETTLED = GatingPrior(tubes=SETTLED_TUBES)
TEMPLATE = made_template(
    [
        valley("seed"),
        valley("CD45", gauge="seed"),
        valley("CD3", find_in="lymphocytes", none_seen_doubts=["B", "NK"]),
        valley("CD19", find_in="lymphocytes", control="seed"),
        valley("CD56", find_in="lymphocytes"),
    ],
    {"lymphocytes": "CD45", "CD3_T": "CD3", "B": "CD19 and not CD3", "NK": "CD56 and not (CD3 or CD19)"},
    {"CD3_T": "lymphocytes", "B": "lymphocytes", "NK": "lymphocytes"},
)
LINEAGE = np.repeat(["CD3", "CD19", "CD56"], [600, 200, 200])


def found(gate: str, *flags: str, method: str = "own_valley", inside: int = 3) -> FoundGate:
    find_in = TEMPLATE.gate_by_name[gate].find_in
    part = FoundPart(gate, Threshold((gate,), 0.5), method, 0.01, flags)
    return FoundGate(gate, find_in, "found", (part,), events_in=inside, events_of_parent=1000)


@pytest.fixture(scope="module")
def clean() -> GatedSample:
    light = {
        name: np.where(name == LINEAGE, 0.75, 0.2) + mixture([(1000, 0, 0.03)], seed=number)
        for number, name in enumerate(("CD3", "CD19", "CD56"))
    }
    cells = mixture([(1000, 0.8, 0.03)], seed=7)
    debris = {name: mixture([(800, 0.2, 0.03)], seed=11) for name in (*light, "CD45", "seed")}
    columns = {**light, "CD45": cells, "seed": light["CD3"]}
    return gated({name: np.concatenate([values, debris[name]]) for name, values in columns.items()}, TEMPLATE)


def doubted(
    clean: GatedSample, *gates: FoundGate, prior: GatingPrior = SETTLED
) -> dict[str, tuple[str, ...]]:
    """Return the review codes of the clean tube, had these of its gates been found so."""
    odd = {gate.gate: gate for gate in gates}
    changed = replace(clean, gates=tuple(odd.get(gate.gate, gate) for gate in clean.gates))
    return dict(with_doubts(changed, prior).review)


def test_a_clean_tube_has_no_doubts(clean: GatedSample) -> None:
    assert doubted(clean) == dict.fromkeys(["lymphocytes", "CD3_T", "B", "NK"], ())


def test_a_gate_s_doubt_reaches_all_that_rests_on_it(clean: GatedSample) -> None:
    code = "gate.unstable:CD45"
    assert doubted(clean, found("CD45", "gate.unstable")) == dict.fromkeys(
        ["lymphocytes", "CD3_T", "B", "NK"], (code,)
    )
    assert doubted(clean, found("CD3", "gate.unstable")) == {
        "lymphocytes": (),
        "CD3_T": ("gate.unstable:CD3",),
        "B": ("gate.unstable:CD3",),
        "NK": ("gate.unstable:CD3",),
    }


def test_a_seed_that_lies_apart_doubts_nothing_by_itself(clean: GatedSample) -> None:
    """Whether the gate that it helped to find holds its seeds is asked there."""
    assert not any(doubted(clean, found("seed", "gate.outlier", "gate.unstable")).values())


def test_a_stain_without_any_positive_cell_is_a_doubt_of_what_is_counted_by_it(clean: GatedSample) -> None:
    """0 B cells: absent, or was the antibody forgotten? T and NK cells do not depend on it."""
    without_b = {"lymphocytes": clean.masks["lymphocytes"] & ~clean.masks["B"], "B": clean.masks["B"] & False}
    none = replace(clean, masks={**clean.masks, **without_b})
    codes = doubted(none, found("CD19", method="batch"))
    assert codes == {"lymphocytes": (), "CD3_T": (), "B": ("gate.none_seen:CD19",), "NK": ()}


def test_a_few_cells_clear_of_the_threshold_show_that_the_stain_works(clean: GatedSample) -> None:
    assert doubted(clean, found("CD19", method="batch"))["B"] == ()


def test_clear_cells_do_not_show_a_stain_that_they_are_counted_by_lacking(clean: GatedSample) -> None:
    """Without CD3 in the tube, T cells with CD56 are counted as NK cells, however bright they are."""
    codes = doubted(clean, found("CD3", method="batch"))
    assert codes["CD3_T"] == ()
    assert codes["B"] == codes["NK"] == ("gate.none_seen:CD3",)


def test_a_few_cells_at_the_threshold_may_be_dim_ones(clean: GatedSample) -> None:
    at_threshold = FoundGate(
        "CD19", "lymphocytes", "found",
        (FoundPart("CD19", Threshold(("CD19",), 0.5), "batch", 0.25),), events_in=3, events_of_parent=1000,
    )  # fmt: skip
    assert "gate.none_seen:CD19" in doubted(clean, at_threshold)["B"]


def test_a_few_cells_beside_as_many_without_any_marker_are_not_all(clean: GatedSample) -> None:
    """100 of 1,000 lymphocytes are neither T, B nor NK cells: some B cells may be unstained."""
    unnamed = clean.masks["NK"].copy()
    unnamed[np.flatnonzero(unnamed)[:100]] = False
    part = replace(clean, masks={**clean.masks, "NK": unnamed})
    assert "gate.none_seen:CD19" in doubted(part, found("CD19", method="batch"))["B"]


def test_cells_that_show_a_marker_are_not_none_wherever_the_threshold_comes_from(clean: GatedSample) -> None:
    assert doubted(clean, found("CD19", method="batch", inside=11))["B"] == ()


def test_a_threshold_that_takes_away_has_nothing_to_show(clean: GatedSample) -> None:
    """No dead cells: the threshold of the batch is right, and nothing is missing."""
    part = FoundPart("CD45", Threshold(("CD45",), 0.5, "below"), "batch", 0.01)
    assert doubted(clean, FoundGate("CD45", "all", "found", (part,)))["lymphocytes"] == ()


@pytest.mark.parametrize(("tubes", "words"), [(1, "1 tube"), (SETTLED_TUBES - 1, "7 tubes")])
def test_every_number_of_a_small_batch_says_so(clean: GatedSample, tubes: int, words: str) -> None:
    again = with_doubts(clean, GatingPrior(tubes=tubes))
    assert set(again.review.values()) == {("batch.few_tubes",)}
    assert str(again.issues[-1]) == (
        f"warning: batch: Positions were learned from {words}; 8 are needed to trust them. Analyse it "
        "together with more tubes of the same panel and cytometer."
    )


@pytest.mark.parametrize(
    ("severity", "codes"), [(Severity.WARNING, ("compensation.none",)), (Severity.INFO, ())]
)
def test_a_doubt_about_the_tube_is_one_about_each_number(
    clean: GatedSample, severity: Severity, codes: tuple[str, ...]
) -> None:
    issue = Issue("compensation.none", severity, "spillover", "No matrix.")
    again = with_doubts(replace(clean, issues=(issue,)), SETTLED)
    assert set(again.review.values()) == {codes}


def test_other_issues_of_a_tube_are_no_doubt_about_numbers(clean: GatedSample) -> None:
    issue = Issue("quality.time_gap", Severity.WARNING, "time", "A gap.")
    assert set(with_doubts(replace(clean, issues=(issue,)), SETTLED).review.values()) == {()}


def test_lymphocytes_that_are_nothing_are_a_doubt_about_all(clean: GatedSample) -> None:
    """Without NK stain one lymphocyte in five is nothing at all."""
    masks = {**clean.masks, "NK": np.zeros_like(clean.masks["NK"])}
    again = with_doubts(replace(clean, masks=masks), SETTLED)
    assert {name: codes for name, codes in again.review.items() if name != "NK"} == dict.fromkeys(
        ["lymphocytes", "CD3_T", "B"], ("assay.lymphosum",)
    )
    assert again.review["NK"] == ("assay.lymphosum", "gate.unstained:CD56")
    (issue,) = (issue for issue in again.issues if issue.code == "assay.lymphosum")
    assert issue.message == "T + B + NK cells: 80 % of the lymphocytes (1000 events); 90 to 110 are expected."


def without_b(clean: GatedSample, unnamed: int) -> GatedSample:
    """Return the tube with 1,000 lymphocytes, none of them B cells and so many without any marker."""
    cells = np.flatnonzero(clean.masks["lymphocytes"])
    masks = {"CD3_T": slice(0, 600), "B": slice(0, 0), "NK": slice(600, 1000 - unnamed)}
    own = {name: np.zeros_like(clean.masks[name]) for name in masks}
    for name, part in masks.items():
        own[name][cells[part]] = True
    return with_doubts(replace(clean, masks={**clean.masks, **own}), SETTLED)


def test_cells_without_any_marker_may_be_those_that_are_not_detected(clean: GatedSample) -> None:
    """No B cells leave nothing over; B cells without their stain are lymphocytes still."""
    tube = without_b(clean, unnamed=60)
    assert not tube.detections["B"].detected
    assert "gate.unstained:CD19" in tube.review["B"]
    assert tube.review["NK"] == ()
    (issue,) = (issue for issue in tube.issues if issue.code == "gate.unstained")
    assert str(issue) == (
        "warning: gate CD19: B cells are not detected, and 60 of 1000 lymphocytes carry no marker at "
        "all: B "
        "cells may be unstained. Look at the picture of the gate, and at the visits before and after: was "
        "the antibody in the tube?"
    )
    absent = without_b(clean, unnamed=40)
    assert not absent.detections["B"].detected
    assert "gate.unstained:CD19" not in absent.review["B"]


def test_a_gate_that_a_person_accepted_is_not_unstained(clean: GatedSample) -> None:
    accepted = tuple(replace(gate, accepted=gate.gate == "CD19") for gate in clean.gates)
    assert "gate.unstained:CD19" not in without_b(replace(clean, gates=accepted), unnamed=60).review["B"]


# ------------------------------------------------------------------ background and clear populations


def leaky(positives: int) -> GatedSample:
    """Return a tube in which the dim cells' tail reaches over the threshold: about 40 of 4,000."""
    values = np.append(mixture([(4000, 0.3, 0.06)], seed=3), mixture([(positives, 0.7, 0.03)], seed=4))
    prior = GatingPrior(tubes=9, thresholds={"CD56": ThresholdPrior(position=0.44, spread=0.01, tubes=9)})
    return gated({"CD56": values}, made_template([valley("CD56")], {"NK": "CD56"}), prior)


def test_neighbours_that_make_up_a_good_part_of_the_events_are_a_doubt() -> None:
    few, many = leaky(60), leaky(900)
    assert few.detections["NK"].detected
    assert "gate.background" in few.review["NK"]
    assert "gate.background" not in many.review["NK"]


def test_what_is_not_detected_is_not_also_mixed() -> None:
    none = leaky(0)
    assert not none.detections["NK"].detected
    assert "gate.background" not in none.review["NK"]


T_CELLS = made_template(
    [valley("CD3"), valley("CD4", find_in="CD3_T"), valley("CD8", find_in="CD3_T")],
    {
        "CD3_T": "CD3",
        "CD4_T": "CD4 and not CD8",
        "CD8_T": "CD8 and not CD4",
        "DP_T": "CD4 and CD8",
        "DN_T": "not (CD4 or CD8)",
    },
    dict.fromkeys(("CD4_T", "CD8_T", "DP_T", "DN_T"), "CD3_T"),
)


def t_cells(width: float, cd4: int = 1400, prior: GatingPrior = SETTLED) -> GatedSample:
    """Return 3,000 T cells, a fifth of them double-negative or more, beside 2,000 other cells."""
    kind = np.repeat(["CD4", "CD8", "DN", "other"], [cd4, 1000, 2000 - cd4, 2000])
    light = {
        name: np.where(kind == name, 0.72, 0.25) + mixture([(5000, 0, width)], seed=number)
        for number, name in enumerate(("CD4", "CD8"))
    }
    light["CD3"] = np.where(kind == "other", 0.2, 0.75) + mixture([(5000, 0, 0.03)], seed=9)
    return gated(light, T_CELLS, prior)


@pytest.mark.parametrize("cd4", [1400, 700, 60])
def test_double_negative_cells_beside_deep_valleys_explain_the_sum(cd4: int) -> None:
    """However few cells carry the marker: they show that its stain worked."""
    clear = t_cells(0.04, cd4)
    assert "assay.T_sum" not in clear.review["CD4_T"]
    (issue,) = [issue for issue in clear.issues if issue.code == "assay.T_sum"]
    assert issue.severity is Severity.INFO


def test_double_negative_cells_beside_shallow_valleys_explain_nothing() -> None:
    assert "assay.T_sum" in t_cells(0.13).review["CD4_T"]


def test_double_negative_cells_without_any_that_carry_the_marker_explain_nothing() -> None:
    """The antibody may have been forgotten."""
    prior = GatingPrior(tubes=9, thresholds={"CD4": ThresholdPrior(position=0.5, spread=0.01, tubes=9)})
    assert "assay.T_sum" in t_cells(0.04, cd4=0, prior=prior).review["CD8_T"]


# ------------------------------------------------------------------ parents that are too small to say so

#: With one event of background expected, 10 % of so many events are detected with 95 % certainty.
LEAST_PARENT = 68


def lymphocytes(parent: int, cells: int = 0) -> GatedSample:
    """Return a tube with `parent` lymphocytes, `cells` of them B cells, among 3,000 other events."""
    prior = GatingPrior(
        tubes=SETTLED_TUBES,
        thresholds={name: ThresholdPrior(position=0.5, spread=0.01, tubes=9) for name in ("CD45", "CD19")},
    )
    columns = {
        "CD45": np.repeat([0.2, 0.8], [3000, parent]) + mixture([(3000 + parent, 0, 0.02)], seed=1),
        "CD19": np.repeat([0.2, 0.8], [3000 + parent - cells, cells])
        + mixture([(3000 + parent, 0, 0.02)], seed=2),
    }
    template = made_template(
        [valley("CD45"), valley("CD19", find_in="lymphocytes")],
        {"lymphocytes": "CD45", "B": "CD19"},
        {"B": "lymphocytes"},
    )
    return gated(columns, template, prior)


@pytest.mark.parametrize("parent", [20, LEAST_PARENT - 1])
def test_a_parent_that_could_hide_a_tenth_of_it_says_nothing_of_absence(parent: int) -> None:
    tube = lymphocytes(parent)
    counts = tube.counts().set_index("population")
    assert counts.loc["lymphocytes", "status"] in ("ok", "review")
    assert counts.loc["B", "status"] == "not_evaluable"
    assert tube.reasons["B"] == (
        f"parent too small: lymphocytes with {parent} events; 68 are needed to see 10 % of them with "
        "95 % certainty"
    )


@pytest.mark.parametrize("parent", [LEAST_PARENT, 2000])
def test_a_parent_that_would_have_shown_a_tenth_of_it_tells_absence(parent: int) -> None:
    counts = lymphocytes(parent).counts().set_index("population")
    assert counts.loc["B", "status"] == "not_detected"
    assert counts.loc["B", "events"] == 0


def test_what_is_detected_is_there_however_small_its_parent() -> None:
    counts = lymphocytes(20, cells=12).counts().set_index("population")
    assert counts.loc["B", "status"] in ("ok", "review")
    assert counts.loc["B", "events"] == 12


def test_of_an_empty_parent_nothing_is_known() -> None:
    counts = lymphocytes(0).counts().set_index("population")
    assert counts.loc["lymphocytes", "status"] == "not_detected"
    assert counts.loc["B", "status"] == "not_evaluable"
    assert str(counts.loc["B", "reason"]).startswith("parent too small: lymphocytes with 0 events; 68 are")


def test_the_more_background_is_expected_the_larger_the_parent_must_be() -> None:
    limits = load_quality_limits().detection
    needed = [fewest_parent_events(background, limits) for background in (1.0, 5.0, 50.0)]
    assert needed == [68, 120, 300]


def test_the_background_is_what_leaks_in_or_that_of_every_tube() -> None:
    """Tubes without the cells show one event in all: what leaks in is among it."""
    floor = load_quality_limits().detection.fewest_background.value
    clear, mixed = lymphocytes(2000).detections["B"].background, leaky(0).detections["NK"].background
    assert clear == floor
    assert mixed > 5 * floor
    assert lymphocytes(2000, cells=4).detections["B"].detected


# ------------------------------------------------------------------ thresholds that lie apart from the batch


TOLD_APART = (
    "info: gate CD3: The threshold this tube shows lies far from those of the other tubes of the "
    "batch. No count differs by 5 % for it. Look at the picture of the gate: staining, compensation, or a "
    "real change?"
)


@pytest.mark.parametrize(("batch", "doubted_too"), [(0.5, False), (0.82, True)])
def test_a_threshold_apart_from_the_batch_is_a_doubt_of_what_the_batch_would_count_otherwise(
    clean: GatedSample, batch: float, doubted_too: bool
) -> None:
    """T cells lie at 0.75: two places in the gap beside them give the same count."""
    part = FoundPart("CD3", Threshold(("CD3",), 0.35), "own_valley", 0.01, ("gate.outlier",), batch)
    apart = FoundGate("CD3", "lymphocytes", "found", (part,), events_in=600, events_of_parent=1000)
    assert ("gate.outlier:CD3" in doubted(clean, apart)["CD3_T"]) is doubted_too
    odd = tuple(apart if gate.gate == "CD3" else gate for gate in clean.gates)
    told = [
        issue
        for issue in with_doubts(replace(clean, gates=odd), SETTLED).issues
        if issue.code == "gate.outlier"
    ]
    assert [str(issue) for issue in told] == ([] if doubted_too else [TOLD_APART])


def test_a_threshold_apart_from_a_batch_that_says_no_place_is_a_doubt_of_all_that_rests_on_it(
    clean: GatedSample,
) -> None:
    assert "gate.outlier:CD3" in doubted(clean, found("CD3", "gate.outlier"))["CD3_T"]
