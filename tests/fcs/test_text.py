from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.errors import FcsError
from cytorecon.fcs import text as text_module
from cytorecon.fcs.text import merged, parse_text

REQUIRED = "$PAR/5/$DATATYPE/F/$BYTEORD/1,2,3,4/"


def keywords(segment: str) -> dict[str, str]:
    return dict(parse_text(segment.encode(), "tube.fcs").keywords)


def codes(segment: str) -> list[str]:
    return [issue.code for issue in parse_text(segment.encode(), "tube.fcs").issues]


def test_keys_are_upper_case_and_keep_their_dollar() -> None:
    assert keywords("/$par/5/Tot/7/$TOT/50/") == {"$PAR": "5", "TOT": "7", "$TOT": "50"}


def test_a_dollar_in_a_value_stays() -> None:
    assert keywords("/$COM/US$5/") == {"$COM": "US$5"}


def test_a_doubled_delimiter_is_the_character() -> None:
    assert keywords("/$COM/a//b/$SRC/x/") == {"$COM": "a/b", "$SRC": "x"}


def test_a_value_that_ends_in_the_delimiter() -> None:
    assert keywords("/K/end///$SRC/x/") == {"K": "end/", "$SRC": "x"}


def test_an_empty_value_does_not_swallow_the_next_keyword() -> None:
    segment = f"/{REQUIRED}$OP//$SMNO/S-1/"
    assert keywords(segment)["$SMNO"] == "S-1"
    assert keywords(segment)["$OP"] == ""
    assert codes(segment) == ["fcs.empty_value"]


def test_a_value_of_one_delimiter_does_not_swallow_the_next_keyword() -> None:
    segment = f"/{REQUIRED}K////$SMNO/S-1/"
    assert keywords(segment)["K"] == "/"
    assert keywords(segment)["$SMNO"] == "S-1"
    (issue,) = parse_text(segment.encode(), "tube.fcs").issues
    assert str(issue) == "warning: TEXT: A value begins with the delimiter, which the standard forbids."


def test_a_value_that_begins_with_the_delimiter() -> None:
    assert keywords(f"/{REQUIRED}K///usr/$SMNO/S-1/")["K"] == "/usr"
    assert codes(f"/{REQUIRED}K///usr/$SMNO/S-1/") == ["fcs.delimiter_first"]


def test_empty_values_beside_a_value_with_the_delimiter() -> None:
    segment = f"/{REQUIRED}$OP//$COM/a//b/$SMNO/S-1/"
    assert keywords(segment)["$COM"] == "a/b"
    assert keywords(segment)["$OP"] == ""
    assert codes(segment) == ["fcs.empty_value"]


def test_an_empty_value_in_a_supplement_which_holds_no_required_keyword() -> None:
    assert keywords("/$OP//$P3S/CD3/") == {"$OP": "", "$P3S": "CD3"}


def test_a_keyword_that_holds_the_delimiter_and_cannot_be_read_otherwise() -> None:
    (issue,) = parse_text(b"/////A//B/1/", "tube.fcs").issues
    assert str(issue) == (
        "warning: TEXT: A keyword holds the delimiter: one keyword may have been lost in another."
    )


def test_an_empty_value_before_a_required_keyword() -> None:
    segment = "/$COM//$PAR/5/$DATATYPE/F/$BYTEORD/1,2,3,4/"
    assert keywords(segment)["$PAR"] == "5"


def test_an_empty_last_value() -> None:
    assert codes("/$PAR/5/$COM//") == ["fcs.empty_value"]


def test_only_standard_keywords_are_named_in_an_issue() -> None:
    (issue,) = parse_text(f"/{REQUIRED}$OP//Jane Doe//$SRC/x/".encode(), "tube.fcs").issues
    assert str(issue) == "warning: $OP: 2 keywords have an empty value, which the standard forbids."


def test_no_final_delimiter_keeps_the_last_character() -> None:
    assert keywords("/$FIL/x.fcs") == {"$FIL": "x.fcs"}
    assert codes("/$FIL/x.fcs") == ["fcs.no_final_delimiter"]


@pytest.mark.parametrize("padding", ["   ", "\x00\x00", "\r\n"])
def test_padding_behind_the_last_delimiter_is_no_value(padding: str) -> None:
    assert keywords(f"/$FIL/x.fcs/{padding}") == {"$FIL": "x.fcs"}
    assert codes(f"/$FIL/x.fcs/{padding}") == []


def test_a_keyword_without_value_at_the_end() -> None:
    assert keywords("/$PAR/5/LAST/") == {"$PAR": "5"}
    assert codes("/$PAR/5/LAST/") == ["fcs.odd_words"]


def test_zero_bytes_in_a_value_are_reported() -> None:
    assert codes("/$COM/a\x00b/") == ["fcs.zero_bytes"]


def test_utf8_and_latin1() -> None:
    assert parse_text("/$OP/Jürgen/".encode(), "").keywords["$OP"] == "Jürgen"
    assert parse_text("/$OP/Jürgen/".encode("latin-1"), "").keywords["$OP"] == "Jürgen"


def test_utf8_beside_latin1_is_read_value_by_value() -> None:
    segment = "|$P1S|\u00b5-CD3 \u00e9|".encode() + "$INST|Universit\u00e9||\u00e0|".encode("latin-1")
    text = parse_text(segment, "tube.fcs")
    assert dict(text.keywords) == {"$P1S": "\u00b5-CD3 \u00e9", "$INST": "Universit\u00e9|\u00e0"}
    assert [str(issue) for issue in text.issues] == [
        (
            "warning: TEXT: TEXT mixes UTF-8 and Latin-1; each keyword and value was read as what it can be. "
            "Look at the labels of the channels."
        )
    ]
    assert parse_text("|K|\u00e9|L|\u00e0|".encode("latin-1"), "tube.fcs").issues == ()
    assert parse_text("\u00a7K\u00a7\u00e9\u00a7".encode("latin-1"), "tube.fcs").keywords == {"K": "\u00e9"}


def test_a_keyword_twice() -> None:
    assert keywords("/$COM/a/$COM/b/") == {"$COM": "b"}
    assert codes("/$COM/a/$COM/b/") == ["fcs.duplicate_keyword"]
    assert codes("/$TOT/50/$TOT/50/") == []


def test_many_keywords_twice_are_one_issue() -> None:
    assert codes("/" + "MINE/a/MINE/b/YOURS/a/YOURS/b/" * 9) == ["fcs.duplicate_keyword"]


@pytest.mark.parametrize("name", ["$TOT", "$PAR", "$P2N", "$ENDDATA", "$P12G", "$TIMESTEP", "$P1DATATYPE"])
def test_a_required_keyword_twice_is_refused(name: str) -> None:
    with pytest.raises(FcsError) as caught:
        parse_text(f"/{name}/50/{name}/60/".encode(), "tube.fcs")
    assert str(caught.value) == (
        f"tube.fcs, {name}: A required keyword stands in the file twice with different values. "
        "Found: '50' and '60'. Nobody can tell which one holds: export the file again."
    )


def test_a_message_does_not_quote_text() -> None:
    with pytest.raises(FcsError) as caught:
        parse_text(b"/$P1N/Jane Doe/$P1N/FITC-A/", "tube.fcs")
    assert "Found: unrecognised text of 8 characters and unrecognised text of 6 characters." in str(
        caught.value
    )


def test_letters_of_other_scripts_do_not_become_a_standard_keyword() -> None:
    assert keywords("/$T\u0131MESTEP/1/$T\u017fTEP/2/$timestep/3/") == {
        "$T\u0131MESTEP": "1",
        "$T\u017fTEP": "2",
        "$TIMESTEP": "3",
    }


def test_a_supplement_adds_and_does_not_replace() -> None:
    primary = parse_text(b"/$TOT/5/$ENDSTEXT/0/", "")
    both = merged(primary, parse_text(b"/$TOT/6/$OP/x/MINE/1/$ENDSTEXT/9/", ""))
    assert both.keywords == {"$TOT": "5", "$ENDSTEXT": "0", "$OP": "x", "MINE": "1"}
    assert [str(issue) for issue in both.issues] == [
        "warning: $TOT: The supplemental TEXT gives another value for a keyword; the primary one was taken."
    ]


def test_too_many_keywords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "_MOST_DELIMITERS", 3)
    with pytest.raises(FcsError) as caught:
        parse_text(b"/A/1/B/2/", "tube.fcs")
    assert str(caught.value) == (
        "tube.fcs: The TEXT segment holds too many keywords. Found: 4 delimiters. Allowed: 3."
    )


def test_a_text_of_delimiters_alone_takes_no_longer_than_its_length() -> None:
    # A million: with a string that grows by one each time it would take minutes.
    assert parse_text(b"/" * 1_000_000, "tube.fcs").keywords == {}


def test_a_text_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "_LARGEST", 10)
    with pytest.raises(FcsError) as caught:
        parse_text(b"/$COM/a long value/", "tube.fcs")
    assert str(caught.value) == (
        "tube.fcs: The TEXT segment is too large. Found: 19 bytes. Allowed: 10 bytes."
    )


@given(
    st.dictionaries(
        st.text("ABCxyz$019 ", min_size=1).map(str.strip).filter(bool).map(str.upper),
        st.text("abc/| 019µ", min_size=1).filter(lambda value: not value.startswith("/")),
        min_size=1,
    )
)
def test_what_is_written_by_the_rules_is_read_back(words: dict[str, str]) -> None:
    words = {**words, "$PAR": "1", "$DATATYPE": "F", "$BYTEORD": "1,2,3,4"}
    segment = "/" + "".join(f"{key}/{value.replace('/', '//')}/" for key, value in words.items())
    assert keywords(segment) == words
