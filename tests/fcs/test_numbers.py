from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.errors import FcsError
from cytorecon.fcs.numbers import decimal, number, quoted


@pytest.mark.parametrize("value", ["six", "-1", "1_0", "٦", "1.5", "9" * 19, "1 2"])
def test_only_ascii_digits_are_a_number(value: str) -> None:
    with pytest.raises(FcsError) as caught:
        number({"$TOT": value}, "$TOT", "tube.fcs")
    assert str(caught.value) == (
        f"tube.fcs, $TOT: The keyword is not a whole number. Found: {quoted(value)}. Allowed: digits. "
        "The file is damaged or was written by faulty software: export it again."
    )


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        ({"$TOT": "  50 "}, 50),
        ({"$TOT": "007\x00"}, 7),
        ({"$TOT": "0" * 18 + "50"}, 50),
        ({"$TOT": "  "}, None),
        ({}, None),
    ],
)
def test_numbers_may_be_padded_blank_or_missing(keywords: dict[str, str], expected: int | None) -> None:
    assert number(keywords, "$TOT", "") == expected


@pytest.mark.parametrize("text", ["", " ", "inf", "nan", "1_000", "٦", "0x10", "1e999", "1,5", "--1", "1e"])
def test_what_is_no_decimal(text: str) -> None:
    assert math.isnan(decimal(text))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_is_read_as_python_writes_it(value: float) -> None:
    assert decimal(f" {value!r} ") == value


@pytest.mark.parametrize("value", ["12.03.1980", "Jane Doe", "1980-03-12", "+49 89 123", "a" * 500])
def test_text_and_dates_are_not_quoted(value: str) -> None:
    assert quoted(value) == f"unrecognised text of {len(value)} characters"


@pytest.mark.parametrize("value", ["", "  ", "5", "-1", "4,1", "1,2,3,4", "2.5e3", "nan", "-inf"])
def test_numbers_are_quoted(value: str) -> None:
    assert quoted(value) == repr(value.strip())


@pytest.mark.parametrize("name", ["$ENDDATA", "$ENDSTEXT", "$ENDANALYSIS"])
def test_an_end_of_minus_one_means_not_used(name: str) -> None:
    assert number({name: "-1"}, name, "") == 0
