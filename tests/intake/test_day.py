"""Days from what files say."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.intake.day import DateOrder, DateProblem, acquisition_date, stated_day
from cytorecon.intake.pseudonyms import Lookup, Told, pseudonyms

OUTSIDE = (
    "This day of the patient cannot be right, so its day is not known. Found: {}. "
    "Allowed: -3650 to 36525. Check the day, or the date of the anchor."
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20-Aug-02", date(2002, 8, 20)),
        ("11-Jun-98", date(1998, 6, 11)),
        ("2013-Jul-19", date(2013, 7, 19)),
        ("21 Dec 2010", date(2010, 12, 21)),
        ("24-SEP-2014", date(2014, 9, 24)),
        ("03-Mär-2021", date(2021, 3, 3)),
        ("2021-03-04", date(2021, 3, 4)),
        ("25-06-2006", date(2006, 6, 25)),
        ("06/25/2006", date(2006, 6, 25)),
        ("25.6.2006", date(2006, 6, 25)),
        ("06-06-2006", date(2006, 6, 6)),
        ("2006/08/06", date(2006, 8, 6)),
        ("31-Feb-2020", DateProblem.UNREADABLE),
        ("31-02-2020", DateProblem.UNREADABLE),
        ("25-13-2006", DateProblem.UNREADABLE),
        ("25-06/2006", DateProblem.UNREADABLE),
        ("20-Foo-2002", DateProblem.UNREADABLE),
        ("Jane Doe", DateProblem.UNREADABLE),
        ("08-06-2006", DateProblem.AMBIGUOUS),
        ("25-06-06", DateProblem.AMBIGUOUS),
        ("08.06.06", DateProblem.AMBIGUOUS),
        ("", DateProblem.NONE),
    ],
)
def test_dates_as_instruments_write_them(text: str, expected: date | DateProblem) -> None:
    assert acquisition_date({"$DATE": text}) == expected


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("08-06-2006", DateOrder.DMY, date(2006, 6, 8)),
        ("08-06-2006", DateOrder.MDY, date(2006, 8, 6)),
        ("25-06-06", DateOrder.YMD, date(2025, 6, 6)),
        ("08.06.98", DateOrder.DMY, date(1998, 6, 8)),
        ("08-06-2006", DateOrder.YMD, DateProblem.UNREADABLE),
        ("25-06-2006", DateOrder.MDY, DateProblem.UNREADABLE),
        ("20-Aug-02", DateOrder.MDY, date(2002, 8, 20)),
        ("2021-03-04", DateOrder.DMY, date(2021, 3, 4)),
    ],
)
def test_the_order_of_digits_can_be_said(text: str, order: DateOrder, expected: date | DateProblem) -> None:
    assert acquisition_date({"$DATE": text}, order=order) == expected


@given(
    day=st.dates(date(1970, 1, 1), date(2068, 12, 31)),
    layout=st.sampled_from(["%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d", "%d.%m.%y", "%m/%d/%y", "%y %m %d"]),
)
def test_a_date_is_the_right_one_or_ambiguous(day: date, layout: str) -> None:
    assert acquisition_date({"$DATE": day.strftime(layout)}) in (day, DateProblem.AMBIGUOUS)
    order = DateOrder("".join(letter.lower() for letter in layout if letter.isalpha()))
    assert acquisition_date({"$DATE": day.strftime(layout)}, order=order) == day


def test_the_date_of_fcs_3_2() -> None:
    assert acquisition_date({"$BEGINDATETIME": "2024-05-06T10:11:12Z"}) == date(2024, 5, 6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-6d", -6),
        ("0d", 0),
        ("d+30", 30),
        ("Day 100", 100),
        ("+14", 14),
        ("Tag 7", 7),
        ("30 days", 30),
        ("40000", None),
        ("20-Aug-02", None),
        ("", None),
        ("thirty", None),
    ],
)
def test_days_as_people_write_them(text: str, expected: int | None) -> None:
    assert stated_day(text) == expected


def test_the_day_is_counted_from_the_anchor() -> None:
    lookup = Lookup(anchor_date=date(2002, 8, 14))
    assert lookup.find({"$DATE": "20-Aug-02"}) == Told("", 6)
    assert Lookup().find({"$DATE": "20-Aug-02"}) == Told("", None)
    assert (
        Lookup(anchor_date=date(2002, 8, 14), date_order=DateOrder.DMY).find({"$DATE": "10-09-02"}).day == 27
    )


def test_keywords_are_found_in_any_case() -> None:
    assert Lookup(day_from="&11day").find({"&11DAY": "-6d"}).day == -6
    assert Lookup(patient_from=" &10pt name").find({"&10PT NAME": " Doe "}).patient == "Doe"


def test_an_ambiguous_date_is_told_with_the_way_out() -> None:
    assert DateProblem.AMBIGUOUS.value == (
        "Day, month and year of its $DATE cannot be told apart, so its day is not known; "
        "say their order with --date-order."
    )


@pytest.mark.parametrize(
    ("lookup", "keywords", "problem"),
    [
        (Lookup(patient_from="A"), {}, "It has no keyword A, so its patient is not known."),
        (Lookup(patient_from="A"), {"A": " "}, "Its A is empty, so its patient is not known."),
        (Lookup(day_from="a"), {}, "It has no keyword A, so its day is not known."),
        (
            Lookup(day_from="A"),
            {"A": "Doe"},
            "Its A holds no day such as -6d, d+30 or Day 100, so its day is not known.",
        ),
        (Lookup(anchor_date=date(2002, 8, 14)), {}, "It has no $DATE, so its day is not known."),
        (
            Lookup(anchor_date=date(2002, 8, 14)),
            {"$DATE": "Doe"},
            "Its $DATE is none that can be read, so its day is not known.",
        ),
        (
            Lookup(anchor_date=date(2002, 8, 14)),
            {"$DATE": "08-06-2006"},
            DateProblem.AMBIGUOUS.value,
        ),
        (
            Lookup(anchor_date=date(1802, 8, 14)),
            {"$DATE": "20-Aug-02"},
            OUTSIDE.format("73055"),
        ),
        (
            Lookup(day_from="A"),
            {"A": "-3651"},
            OUTSIDE.format("-3651"),
        ),
    ],
)
def test_what_is_not_known_is_told_without_values(
    lookup: Lookup, keywords: dict[str, str], problem: str
) -> None:
    assert lookup.find(keywords) == Told("", None, (problem,))


def test_pseudonyms_are_in_order_of_the_first_day_then_of_the_files() -> None:
    found = [("c", None), ("b", 5), ("a", 5), ("c", None), ("d", 2), ("b", 0)]
    assert pseudonyms(found) == {"b": "P01", "d": "P02", "a": "P03", "c": "P04"}
    many = pseudonyms([(str(number), number) for number in range(100)])
    assert (many["0"], many["99"]) == ("P001", "P100")
