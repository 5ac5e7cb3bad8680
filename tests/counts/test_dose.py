"""Doses of cell products per kg, with the interval of the count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.counts import ProductDose, TubeQuantities, absolute_counts, dose_text, product_dose
from cytorecon.counts.dose import VIABILITY_UNKNOWN
from cytorecon.counts.intervals import poisson_interval
from cytorecon.knowledge.product_doses import load_dose_rules
from cytorecon.results import PopulationCount

CD34 = load_dose_rules().doses[0]


def counted(events: int | None, *, volume: float | None = 10.0, detected: bool = True) -> PopulationCount:
    """Return CD34+ cells counted in `volume` µL of product."""
    plain = PopulationCount(
        population="CD34_ISHAGE",
        parent="leukocytes",
        status="not_evaluable" if events is None else "counted",
        reason="CD34: one mode only" if events is None else "",
        events=events,
        detected=detected,
        percent_of_leukocytes_high=1.0,
    )
    (found,) = absolute_counts([plain], TubeQuantities(acquired_volume_ul=volume))
    return found


def dose(
    count: PopulationCount, volume: float | None = 200.0, weight: float | None = 80.0, *, living: bool = True
) -> ProductDose:
    return product_dose(count, CD34, product_volume_ml=volume, recipient_weight_kg=weight, living_only=living)


def test_the_dose_and_its_exact_interval() -> None:
    """2,000 cells in 10 µL: 200/µL x 200 mL x 1000 / 80 kg = 0.5 million per kg."""
    found = dose(counted(2000))
    low, high = poisson_interval(2000)
    assert found.dose == pytest.approx(0.5)
    assert found.dose_low == pytest.approx(0.5 * low / 2000)
    assert found.dose_high == pytest.approx(0.5 * high / 2000)
    assert (found.reported, found.unit, found.events, found.living_only) == ("0.500", "10^6/kg", 2000, True)
    assert (found.count_method, found.reason, found.review) == ("volumetric", "", ())


def test_below_the_lloq_there_is_a_limit_and_no_number() -> None:
    """50 events in 10 µL are 5/µL, as a dose 0.0125."""
    found = dose(counted(20))
    assert (found.dose, found.reported) == (None, "<0.013")
    assert found.dose_lloq == pytest.approx(0.0125)
    assert found.dose_high is not None
    assert dose(counted(0, detected=False)).reported == "not detected (<0.00093)"


@pytest.mark.parametrize(
    ("volume", "weight", "reason"),
    [
        (200.0, None, "the sheet does not give recipient_weight_kg"),
        (None, 80.0, "the sheet does not give product_volume_ml"),
        (None, None, "the sheet does not give product_volume_ml and recipient_weight_kg"),
    ],
)
def test_what_is_missing_is_named_and_there_is_no_number(
    volume: float | None, weight: float | None, reason: str
) -> None:
    found = dose(counted(2000), volume, weight)
    assert found.reason == reason
    assert (found.dose, found.dose_low, found.dose_high, found.reported) == (None, None, None, "")
    assert found.events == 2000


def test_without_a_concentration_there_is_no_dose() -> None:
    assert dose(counted(None)).reason == "not evaluable: CD34: one mode only"
    assert dose(counted(2000, volume=None)).reason == (
        "no concentration: neither beads, nor an acquired volume, nor a cell count could be used"
    )
    assert dose(counted(None), None).reason == (
        "the sheet does not give product_volume_ml; not evaluable: CD34: one mode only"
    )


def test_without_a_dye_dead_cells_are_in_it_and_it_says_so() -> None:
    found = dose(counted(2000), living=False)
    assert (found.living_only, found.review) == (False, (VIABILITY_UNKNOWN,))
    assert found.dose == pytest.approx(0.5)


@given(
    events=st.integers(50, 10**6),
    volume=st.floats(0.1, 5000),
    weight=st.floats(0.3, 400),
    factor=st.floats(1.1, 10),
)
def test_twice_the_volume_is_twice_the_dose_and_twice_the_weight_half_of_it(
    events: int, volume: float, weight: float, factor: float
) -> None:
    count = counted(events)
    one = dose(count, volume, weight)
    assert one.dose is not None
    assert one.dose_low is not None
    assert one.dose_high is not None
    assert one.dose_low < one.dose < one.dose_high
    assert dose(count, volume * factor, weight).dose == pytest.approx(one.dose * factor)
    assert dose(count, volume, weight * factor).dose == pytest.approx(one.dose / factor)


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.00123, "0.00123"), (9.996, "10.00"), (2.0, "2.00"), (45000.0, "45000")]
)
def test_three_figures(value: float, text: str) -> None:
    assert dose_text(value) == text
