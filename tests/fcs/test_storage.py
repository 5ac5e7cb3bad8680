from __future__ import annotations

import pytest

from cytorecon.errors import FcsError
from cytorecon.fcs.numbers import quoted
from cytorecon.fcs.storage import Kind, Storage, find_storage, odd_ranges, with_bits

DAMAGED = "The file is damaged or was broken off while copying: copy or export it again."


def words(datatype: str = "F", bits: str = "32", **changes: str | None) -> dict[str, str]:
    """Keywords of three parameters; P1B=... changes $P1B, None takes it out."""
    found: dict[str, str | None] = {"$PAR": "3", "$DATATYPE": datatype, "$BYTEORD": "1,2,3,4"}
    for index in range(1, 4):
        found |= {f"$P{index}B": bits, f"$P{index}R": "1024"}
    found |= {f"${name}": value for name, value in changes.items()}
    return {name: value for name, value in found.items() if value is not None}


def storage(keywords: dict[str, str], version: str = "FCS3.1") -> Storage:
    return find_storage(keywords, version, "tube.fcs")[0]


def message(keywords: dict[str, str], version: str = "FCS3.1") -> str:
    with pytest.raises(FcsError) as caught:
        storage(keywords, version)
    return str(caught.value)


@pytest.mark.parametrize("name", ["DATATYPE", "BYTEORD", "P2R"])
def test_a_required_keyword_is_missing(name: str) -> None:
    assert (
        message(words("I", "16", **{name: None}))
        == f"tube.fcs, ${name}: A required keyword is missing. {DAMAGED}"
    )


def test_an_unknown_kind_of_number() -> None:
    assert message(words("X")) == (
        "tube.fcs, $DATATYPE: Numbers of this kind cannot be read. Found: 'X'. Allowed: "
        "I (integer), F (float), D (double) or A (ASCII). Export the sample as FCS 3.1 with "
        "floating-point data."
    )


@pytest.mark.parametrize(("value", "found"), [(None, "nothing"), ("0", "0"), ("1000000000", "1000000000")])
def test_an_impossible_number_of_parameters(value: str | None, found: str) -> None:
    assert message(words(PAR=value)) == (
        "tube.fcs, $PAR: The number of parameters is missing or impossible. "
        f"Found: {found}. Allowed: 1 to 30000. {DAMAGED}"
    )


@pytest.mark.parametrize(
    ("datatype", "bits", "value"), [("I", "16", "0"), ("I", "16", "1e400"), ("A", "5", "0")]
)
def test_an_unusable_range(datatype: str, bits: str, value: str) -> None:
    assert message(words(datatype, bits, P3R=value)) == (
        f"tube.fcs, $P3R: The range of a parameter is not usable. Found: {quoted(value)}. "
        f"Allowed: a number of at least 1. {DAMAGED}"
    )


@pytest.mark.parametrize("value", ["wide", "-1", "1e40", "", None])
def test_floats_need_no_range(value: str | None) -> None:
    found, issues = find_storage(words(P3R=value), "FCS3.1", "tube.fcs")
    assert found.ranges == (1024.0, 1024.0, 0.0)
    (issue,) = issues
    assert str(issue) == (
        "warning: $P3R: The range is missing or no number of at least 0: where the detector's scale ends is "
        "not known. Events at the end of the scale are not looked for in these channels."
    )


def test_many_unknown_ranges_are_one_issue() -> None:
    many = {f"P{index}R": "-1" for index in range(1, 9)} | {f"P{index}B": "32" for index in range(1, 9)}
    (issue,) = find_storage(words(PAR="8", **many), "FCS3.1", "tube.fcs")[1]
    assert issue.subject == "$P1R, $P2R, $P3R, $P4R, $P5R ..."


@pytest.mark.parametrize(("value", "found"), [(None, "nothing"), ("0", "0"), ("65", "65")])
def test_an_impossible_width(value: str | None, found: str) -> None:
    assert message(words("I", P1B=value)) == (
        "tube.fcs, $P1B: The width of an integer parameter is missing or impossible. "
        f"Found: {found}. Allowed: 1 to 64 bits. {DAMAGED}"
    )


@pytest.mark.parametrize(
    ("value", "found"), [(None, "nothing"), ("21", "21"), ("*", "'*' beside numbers of fixed length")]
)
def test_an_impossible_length_of_ascii_numbers(value: str | None, found: str) -> None:
    assert message(words("A", bits="4", P1B=value)) == (
        "tube.fcs, $P1B: The length of an ASCII parameter is missing or impossible. "
        f"Found: {found}. Allowed: 1 to 20 characters, or * for all parameters. {DAMAGED}"
    )


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("little", "unrecognised text of 6 characters"),
        ("1,2,2,4", "'1,2,2,4'"),
        ("0,1", "'0,1'"),
        ("1,2,3,4,5,6,7,8,9", "'1,2,3,4,5,6,7,8,9'"),
    ],
)
def test_an_impossible_byte_order(order: str, found: str) -> None:
    assert message(words(BYTEORD=order)) == (
        f"tube.fcs, $BYTEORD: The byte order cannot be read. Found: {found}. Allowed: 1,2,3,4 or 4,3,2,1, "
        "or another order of 1 to 8 bytes. Export the sample as FCS 3.1."
    )


@pytest.mark.parametrize(("order", "width"), [("3,4,1,2", 32), ("1,2,3", 24), ("1", 8)])
def test_a_byte_order_that_says_nothing_about_the_widths(order: str, width: int) -> None:
    assert message(words("I", bits="16", BYTEORD=order)) == (
        "tube.fcs, $BYTEORD: The byte order does not say how numbers of these widths are stored. "
        f"Found: '{order}'. Allowed: parameters of {width} bits, or bytes in ascending or descending order. "
        "Export the sample as FCS 3.1."
    )


def test_byte_orders() -> None:
    assert storage(words(BYTEORD="4,3,2,1")).little_endian is False
    assert storage(words(BYTEORD=" 1, 2 ")).little_endian is True
    mixed = storage(words(BYTEORD="3,4,1,2"))
    assert (mixed.little_endian, mixed.order) == (None, (2, 3, 0, 1))


def test_kinds_side_by_side_in_fcs_3_2() -> None:
    keywords = words(P1DATATYPE="I", P3DATATYPE="d", P3B="64")
    found = storage(keywords, "FCS3.2")
    assert found.kinds == (Kind.INTEGER, Kind.FLOAT, Kind.DOUBLE)
    assert found.bits == (32, 32, 64)


@pytest.mark.parametrize(
    ("datatype", "other", "version"), [("F", "I", "FCS3.1"), ("F", "A", "FCS3.2"), ("A", "I", "FCS3.2")]
)
def test_kinds_that_do_not_stand_side_by_side(datatype: str, other: str, version: str) -> None:
    assert message(words(datatype, P2DATATYPE=other), version) == (
        "tube.fcs, $P2DATATYPE: Parameters stored as numbers of different kinds cannot be read. "
        f"Found: '{other}' beside $DATATYPE {datatype} in {version}. "
        "Allowed: I, F and D side by side, in FCS 3.2. Export the sample as FCS 3.1."
    )


def test_the_same_kind_may_be_repeated_in_any_version() -> None:
    assert storage(words(P1DATATYPE="F"), "FCS3.0").kinds == (Kind.FLOAT,) * 3


def test_the_width_of_floats_does_not_depend_on_what_is_stated() -> None:
    found, issues = find_storage(words(P2B="16", P3B=None), "FCS3.1", "")
    assert found.bits == (32, 32, 32)
    assert [str(issue) for issue in issues] == [
        "warning: $PnB: $DATATYPE F is always 32 bits wide; $PnB was ignored."
    ]


@pytest.mark.parametrize(
    ("limit", "bits", "mask"),
    [
        ("1024", "16", 1023),
        ("1000", "16", 1023),
        ("1025", "16", 2047),
        ("262144.0", "32", 262143),
        ("4294967296", "16", 65535),
        ("9223372036854775809", "64", 2**64 - 1),  # a float would make 2**63 of it
        ("18446744073709551616", "64", 2**64 - 1),
    ],
)
def test_the_mask_is_the_next_power_of_two(limit: str, bits: str, mask: int) -> None:
    assert storage(words("I", bits=bits, P2R=limit)).masks[1] == mask


def test_other_widths_have_other_masks() -> None:
    assert with_bits(storage(words("I", bits="10", P2R="65536")), (16, 16, 16)).masks == (1023, 65535, 1023)


def test_ranges_that_do_not_go_with_the_bits() -> None:
    found = storage(words("I", "16", P1R="1", P2R="65537", P3R="65536"))
    assert [str(issue) for issue in odd_ranges(found)] == [
        "warning: $P1R: A range of 1 leaves no bit of the stored values: all of them are 0.",
        (
            "warning: $P2R: The range is larger than what the bits of $PnB can hold. The end of the scale is "
            "not reached there; a log amplifier's values may be too small."
        ),
    ]
    assert odd_ranges(storage(words("F", P1R="1"))) == ()
