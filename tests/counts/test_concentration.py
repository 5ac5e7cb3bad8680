from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.counts import CountMethodRequest, TubeQuantities, absolute_counts, choose_method
from cytorecon.counts.intervals import binomial_interval, poisson_interval, poisson_ratio_interval
from cytorecon.knowledge.counting import load_counting_rules
from tests.counts.tube import counts, named

#: 1,000 beads of 50,000 seen in 50 µL: 1 µL of blood.
BEADS = TubeQuantities(beads_per_tube=50_000, blood_volume_ul=50)


def test_beads_give_cells_per_ul_with_the_interval_of_a_ratio() -> None:
    found = named(absolute_counts(counts(), BEADS))
    t_cells = found["CD3_T"]
    assert (t_cells.cells_per_ul, t_cells.blood_ul_counted, t_cells.count_method) == (1400.0, 1.0, "beads")
    low, high = poisson_ratio_interval(1400, 1000)
    assert (t_cells.cells_per_ul_low, t_cells.cells_per_ul_high) == pytest.approx((low * 1000, high * 1000))
    assert (t_cells.lloq_cells_per_ul, t_cells.below_lloq) == (50.0, False)


def test_the_worked_example_of_a_whole_tube() -> None:
    """10,000 of 50,000 beads in 50 µL are 10 µL of blood: 50 events are 5 cells/µL."""
    found = named(absolute_counts(counts({"beads": 10_000}), BEADS))
    assert found["CD3_T"].blood_ul_counted == pytest.approx(10.0)
    assert found["CD3_T"].cells_per_ul == pytest.approx(140.0)
    assert found["B"].lloq_cells_per_ul == pytest.approx(5.0)


def test_below_the_lloq_there_is_no_number_but_interval_and_limit_stand() -> None:
    b_cells = named(absolute_counts(counts(), BEADS))["B"]
    assert (b_cells.cells_per_ul, b_cells.below_lloq, b_cells.lloq_cells_per_ul) == (None, True, 50.0)
    low, high = poisson_ratio_interval(20, 1000)
    assert (b_cells.cells_per_ul_low, b_cells.cells_per_ul_high) == pytest.approx((low * 1000, high * 1000))


@pytest.mark.parametrize(("events", "below"), [(49, True), (50, False), (0, True)])
def test_the_lloq_is_a_number_of_events(events: int, below: bool) -> None:
    b_cells = named(absolute_counts(counts({"B": events}), BEADS))["B"]
    assert b_cells.below_lloq is below
    assert (b_cells.cells_per_ul is None) is below


def test_a_population_may_have_its_own_lloq() -> None:
    packaged = load_counting_rules()
    own = packaged.lloq.events.model_copy(update={"value": 10})
    rules = packaged.model_copy(update={"lloq": packaged.lloq.model_copy(update={"populations": {"B": own}})})
    found = named(absolute_counts(counts(), BEADS, rules=rules))
    assert (found["B"].cells_per_ul, found["B"].lloq_cells_per_ul) == (20.0, 10.0)
    assert found["CD3_T"].lloq_cells_per_ul == 50.0


def test_dilution_multiplies_the_concentration_of_beads_and_volume() -> None:
    diluted = TubeQuantities(beads_per_tube=50_000, blood_volume_ul=50, dilution=4.0)
    assert named(absolute_counts(counts(), diluted))["CD3_T"].cells_per_ul == pytest.approx(5600.0)
    volume = TubeQuantities(acquired_volume_ul=100, dilution=10.0)
    found = named(absolute_counts(counts(), volume))["CD3_T"]
    assert (found.cells_per_ul, found.blood_ul_counted) == (140.0, 10.0)


def test_volume_gives_the_exact_poisson_interval() -> None:
    found = named(absolute_counts(counts(), TubeQuantities(acquired_volume_ul=20)))["CD3_T"]
    low, high = poisson_interval(1400)
    assert found.count_method == "volumetric"
    assert (found.cells_per_ul, found.cells_per_ul_low, found.cells_per_ul_high) == pytest.approx(
        (70.0, low / 20, high / 20)
    )


def test_the_lymphocyte_count_applies_to_lymphocytes_only() -> None:
    found = named(absolute_counts(counts(), TubeQuantities(lymphocytes_cells_per_ul=500)))
    low, high = binomial_interval(1400, 2000)
    t_cells = found["CD3_T"]
    assert t_cells.count_method == "blood_count_alc"
    assert (t_cells.cells_per_ul, t_cells.cells_per_ul_low, t_cells.cells_per_ul_high) == pytest.approx(
        (350.0, 500 * low, 500 * high)
    )
    for outside in ("monocytes", "leukocytes"):
        assert (found[outside].cells_per_ul, found[outside].count_method) == (None, "none")
        assert found[outside].below_lloq is None


def test_the_white_cell_count_applies_to_leukocytes() -> None:
    found = named(absolute_counts(counts(), TubeQuantities(wbc_cells_per_ul=4000)))
    assert found["monocytes"].cells_per_ul == pytest.approx(400.0)
    assert found["CD3_T"].cells_per_ul == pytest.approx(700.0)
    assert found["B"].lloq_cells_per_ul == pytest.approx(25.0)
    low, high = binomial_interval(1400, 8000)
    assert (found["CD3_T"].cells_per_ul_low, found["CD3_T"].cells_per_ul_high) == pytest.approx(
        (4000 * low, 4000 * high)
    )


def test_the_denominator_itself_is_the_analysers_number_without_an_interval() -> None:
    lymphocytes = named(absolute_counts(counts(), TubeQuantities(lymphocytes_cells_per_ul=500)))[
        "lymphocytes"
    ]
    assert lymphocytes.cells_per_ul == 500.0
    assert (lymphocytes.cells_per_ul_low, lymphocytes.cells_per_ul_high) == (None, None)


@pytest.mark.parametrize(
    "quantities", [BEADS, TubeQuantities(acquired_volume_ul=20), TubeQuantities(wbc_cells_per_ul=4000)]
)
def test_beads_and_cleaning_steps_never_have_a_concentration(quantities: TubeQuantities) -> None:
    found = named(absolute_counts(counts(), quantities))
    for name in ("beads", "singlets"):
        assert (found[name].cells_per_ul, found[name].count_method) == (None, "none")
        assert found[name].blood_ul_counted is None
    assert found["leukocytes"].cells_per_ul is not None


def test_what_is_not_evaluable_stays_without_numbers() -> None:
    found = named(absolute_counts(counts(not_evaluable={"B": "no CD19 mode"}), BEADS))["B"]
    assert (found.cells_per_ul, found.cells_per_ul_high, found.lloq_cells_per_ul, found.below_lloq) == (
        None,
        None,
        None,
        None,
    )
    assert found.count_method == "none"


def test_without_quantities_the_counts_stay_as_they_are() -> None:
    plain = counts()
    assert absolute_counts(plain, TubeQuantities()) == plain
    assert absolute_counts(plain, BEADS, method="none") == plain


def test_codes_of_beads_go_with_every_concentration_that_rests_on_them() -> None:
    doubtful = counts(review={"beads": ("gate.drift",), "B": ("gate.few",)})
    by_beads = named(absolute_counts(doubtful, BEADS, beads_review=("beads.rate",)))
    assert by_beads["B"].review == ("gate.few", "gate.drift", "beads.rate")
    assert by_beads["CD3_T"].review == ("gate.drift", "beads.rate")
    assert by_beads["singlets"].review == ()
    by_volume = named(
        absolute_counts(
            doubtful, TubeQuantities(acquired_volume_ul=20, beads_per_tube=5e4), beads_review=("x",)
        )
    )
    assert "x" not in by_volume["CD3_T"].review
    assert "gate.drift" not in by_volume["CD3_T"].review


def test_a_fallback_is_visible_on_every_number() -> None:
    few = TubeQuantities(beads_per_tube=50_000, blood_volume_ul=50, wbc_cells_per_ul=4000)
    found = named(absolute_counts(counts({"beads": 60}), few))
    assert found["CD3_T"].count_method == "blood_count_wbc"
    assert found["CD3_T"].review == ("count.method_fallback",)


METHODS: list[CountMethodRequest] = ["beads", "volumetric", "blood_count_alc", "blood_count_wbc"]
EVERYTHING = TubeQuantities(
    beads_per_tube=51_300,
    blood_volume_ul=50,
    acquired_volume_ul=35,
    wbc_cells_per_ul=6200,
    lymphocytes_cells_per_ul=1500,
)


@given(
    method=st.sampled_from(METHODS),
    t_cells=st.integers(0, 2000),
    beads=st.integers(100, 20_000),
    dilution=st.floats(1, 20),
)
def test_every_method_divides_events_by_the_blood_they_stand_for(
    method: CountMethodRequest, t_cells: int, beads: int, dilution: float
) -> None:
    tube = counts({"CD3_T": t_cells, "beads": beads})
    quantities = TubeQuantities(
        beads_per_tube=51_300,
        blood_volume_ul=50,
        dilution=dilution,
        acquired_volume_ul=35,
        wbc_cells_per_ul=6200,
        lymphocytes_cells_per_ul=1500,
    )
    found = named(absolute_counts(tube, quantities, method=method))["CD3_T"]
    assert found.count_method == method
    assert found.blood_ul_counted is not None
    value = t_cells / found.blood_ul_counted
    assert found.below_lloq is (t_cells < 50)
    assert found.cells_per_ul == (None if found.below_lloq else pytest.approx(value))
    assert found.lloq_cells_per_ul == pytest.approx(50 / found.blood_ul_counted)
    assert found.cells_per_ul_low is not None
    assert found.cells_per_ul_high is not None
    assert found.cells_per_ul_low <= value * (1 + 1e-12)
    assert found.cells_per_ul_high >= value * (1 - 1e-12)


def test_the_choice_and_the_numbers_agree() -> None:
    for method in METHODS:
        choice = choose_method(counts(), EVERYTHING, method=method)
        found = named(absolute_counts(counts(), EVERYTHING, method=method))["CD3_T"]
        assert (choice.method, choice.blood_ul_counted) == (found.count_method, found.blood_ul_counted)


def test_frozen_values_are_not_changed_in_place() -> None:
    before = counts()
    copies = tuple(replace(count) for count in before)
    absolute_counts(before, BEADS)
    assert before == copies


@pytest.mark.parametrize(
    ("method", "whole"), [("blood_count_alc", "lymphocytes"), ("blood_count_wbc", "leukocytes")]
)
def test_a_share_of_a_blood_count_is_in_doubt_with_the_cells_that_were_counted(
    method: CountMethodRequest, whole: str
) -> None:
    """NK cells lost to the lymphocytes make T cells of the same blood count too many."""
    blood = TubeQuantities(wbc_cells_per_ul=4000, lymphocytes_cells_per_ul=500)
    tube = counts(review={whole: ("gate.unstable:NK",), "B": ("gate.unstable:NK",)})
    found = named(absolute_counts(tube, blood, method=method))
    assert found["CD3_T"].review == ("count.denominator",)
    assert found[whole].review == found["B"].review == ("gate.unstable:NK",)
    beads = named(absolute_counts(tube, BEADS))
    assert beads["CD3_T"].review == ()
