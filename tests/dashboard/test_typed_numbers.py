"""Numbers that are typed into the upload form."""

from __future__ import annotations

import pytest

from dashboard.services.typed_numbers import TypedNumbers, read_typed

NO_DAYS = (
    "This is not a number of days. Found: {}. Allowed: a whole number, e.g. -7 or 30. "
    "Dates are not entered here; 0 is the day of the transplant."
)
TWO_WAYS = "This number can be read in two ways: {0}. Write {0}."
NO_NUMBER = "This is not a number. Found: {}. Allowed: a number."
POINT = " Write the number with a decimal point and no separator of thousands."


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        ("day", "30", 30.0),
        ("day", " -14 ", -14.0),
        ("day", "30.0", 30.0),
        ("beads_per_tube", "5e4", 50000.0),
        ("day", 400, 400.0),
        ("day", "", None),
        ("day", None, None),
        ("beads_per_tube", "51420", 51420.0),
        ("beads_per_tube", "-5", -5.0),
        ("blood_volume_ul", "50.5", 50.5),
        ("lymphocytes_cells_per_ul", "1.2", 1.2),
        ("age_years", "7.5", 7.5),
    ],
)
def test_what_has_one_reading_is_that_number(field: str, typed: object, value: float | None) -> None:
    assert read_typed({field: typed}) == TypedNumbers({field: value})


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("day", "1e3", NO_DAYS.format("a number with an exponent")),
        ("day", "14,5", NO_DAYS.format("14,5")),
        ("day", "26.5", NO_DAYS.format("26.5")),
        ("day", "1.000", TWO_WAYS.format("1 or 1000")),
        ("day", "31.03.2024", NO_DAYS.format("something like a date")),
        ("day", "40000", NO_DAYS.format("a number of 5 digits")),
        ("day", "1e999", NO_DAYS.format("a text of 5 characters")),
        ("day", "\u0661", NO_DAYS.format("a text of 1 characters")),
        ("day", [30], NO_DAYS.format("a text of 4 characters")),
        ("beads_per_tube", "48,600", TWO_WAYS.format("48.6 or 48600")),
        ("beads_per_tube", "48.600", TWO_WAYS.format("48.6 or 48600")),
        ("blood_volume_ul", "50,5", NO_NUMBER.format("50,5") + POINT),
        (
            "lymphocytes_cells_per_ul",
            "1,2",
            NO_NUMBER.format("1,2")[:-1] + " from 0 up to 100000 cells/µL." + POINT,
        ),
        ("wbc_cells_per_ul", "1.200", TWO_WAYS.format("1.2 or 1200")),
        (
            "wbc_cells_per_ul",
            "-",
            NO_NUMBER.format("a text of 1 characters")[:-1] + " from 0 up to 500000 cells/µL.",
        ),
        ("age_years", "Maria", NO_NUMBER.format("a word of 5 letters")),
    ],
)
def test_what_has_no_or_two_readings_is_refused_in_the_words_of_a_sheet(
    field: str, typed: object, message: str
) -> None:
    assert read_typed({field: typed}) == TypedNumbers({field: None}, ((field, message),))
