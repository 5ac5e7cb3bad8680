"""Days from what files say."""

from __future__ import annotations

from datetime import date

import pytest

from cytorecon.intake.day import acquisition_date, stated_day
from cytorecon.intake.pseudonyms import Lookup, pseudonyms


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
        ("28-06-2006", None),
        ("31-Feb-2020", None),
        ("", None),
        ("20-Foo-2002", None),
        ("Jane Doe", None),
    ],
)
def test_dates_as_instruments_write_them(text: str, expected: date | None) -> None:
    assert acquisition_date({"$DATE": text}) == expected


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
    assert lookup.day({"$DATE": "20-Aug-02"}) == 6
    assert lookup.day({"$DATE": "08-06-2006"}) is None
    assert Lookup().day({"$DATE": "20-Aug-02"}) is None


def test_keywords_are_found_in_any_case() -> None:
    assert Lookup(day_from="&11day").day({"&11DAY": "-6d"}) == -6
    assert Lookup(patient_from=" &10pt name").patient({"&10PT NAME": " Doe "}) == "Doe"


def test_pseudonyms_are_in_order_of_the_first_day_then_of_the_files() -> None:
    found = [("c", None), ("b", 5), ("a", 5), ("c", None), ("d", 2), ("b", 0)]
    assert pseudonyms(found) == {"b": "P01", "d": "P02", "a": "P03", "c": "P04"}
    many = pseudonyms([(str(number), number) for number in range(100)])
    assert (many["0"], many["99"]) == ("P001", "P100")
