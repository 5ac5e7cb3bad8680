"""Any way to store numbers: what is written is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytorecon.errors import FcsAmbiguousError, FcsError
from cytorecon.fcs import decode, read_fcs
from cytorecon.sample import Sample, Scale
from tests.fcs.fcs_bytes import fcs_bytes, write

NAMES = ("FSC-A", "FITC-A", "PE-A")


def stored(folder: Path, data: bytes, n_events: int, **keywords: str | None) -> Sample:
    """The stored values of three parameters whose bytes are `data`."""
    words: dict[str, str | None] = {
        "$TOT": str(n_events),
        **{f"${key}": value for key, value in keywords.items()},
    }
    version = "FCS3.2" if any("DATATYPE" in key for key in list(keywords)[1:]) else "FCS3.1"
    content = fcs_bytes(np.zeros((n_events, 3)), NAMES, data=data, keywords=words, version=version)
    return read_fcs(write(folder, content), linearize=False)


def widths(*bits: int, limit: int | None = None) -> dict[str, str]:
    return {f"P{index}B": str(width) for index, width in enumerate(bits, 1)} | {
        f"P{index}R": str(limit or 2**width) for index, width in enumerate(bits, 1)
    }


def as_bytes(events: list[list[int]], bits: tuple[int, ...], order: str) -> bytes:
    """Written one number after the other, most significant bit first or byte by byte."""
    if order == "big":
        text = "".join(
            f"{value:0{width}b}" for event in events for value, width in zip(event, bits, strict=True)
        )
        text += "0" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big") if text else b""
    return b"".join(
        value.to_bytes(width // 8, "little")
        for event in events
        for value, width in zip(event, bits, strict=True)
    )


@given(data=st.data())
@settings(max_examples=60)
@pytest.mark.parametrize("order", ["big", "little"])
def test_integers_of_any_width(
    tmp_path_factory: pytest.TempPathFactory, order: str, data: st.DataObject
) -> None:
    width = st.integers(1, 64) if order == "big" else st.sampled_from([8, 16, 24, 32, 40, 48, 56, 64])
    bits = data.draw(st.tuples(width, width, width))
    row = st.tuples(*(st.integers(0, 2**each - 1) for each in bits)).map(list)
    events = data.draw(st.lists(row, min_size=1, max_size=30))
    byte_order = "4,3,2,1" if order == "big" else "1,2,3,4"
    written = as_bytes(events, bits, order)
    sample = stored(
        tmp_path_factory.mktemp("fcs"),
        written,
        len(events),
        DATATYPE="I",
        BYTEORD=byte_order,
        **widths(*bits),
    )
    assert sample.events.tolist() == events


def test_stored_values_have_the_smallest_dtype_that_holds_them(tmp_path: Path) -> None:
    def dtype(*bits: int, limit: int | None = None) -> npt.DTypeLike:
        data = bytes(sum(bits) // 8)
        return stored(tmp_path, data, 1, DATATYPE="I", **widths(*bits, limit=limit)).events.dtype

    assert dtype(16, 24, 16) == np.float32
    assert dtype(32, 32, 32, limit=2**24) == np.float32
    assert dtype(32, 16, 16) == np.float64
    assert dtype(64, 64, 64, limit=2**53) == np.float64
    assert dtype(64, 16, 16) == np.uint64


def test_integers_of_64_bits_are_exact(tmp_path: Path) -> None:
    events = [[2**64 - 1, 2**53 + 1, 1]]
    data = as_bytes(events, (64, 64, 64), "little")
    sample = stored(tmp_path, data, 1, DATATYPE="I", **widths(64, 64, 64))
    assert sample.events.tolist() == events
    assert sample.scale is Scale.STORED


@pytest.mark.parametrize("order", ["3,4,1,2", "2,1,4,3", "4,3,2,1", "1,2,3,4", "1,4,2,3"])
@pytest.mark.parametrize("datatype", ["I", "F"])
def test_any_order_of_four_bytes(tmp_path: Path, order: str, datatype: str) -> None:
    events = np.array([[1, 70_000, 3], [4, 5, 2**31]])
    little = events.astype("<u4" if datatype == "I" else "<f4").tobytes()
    places = [int(place) - 1 for place in order.split(",")]
    data = bytes(little[at + place] for at in range(0, len(little), 4) for place in places)
    sample = stored(tmp_path, data, 2, DATATYPE=datatype, BYTEORD=order, **widths(32, 32, 32))
    np.testing.assert_array_equal(sample.events, events)


def test_numbers_of_different_kinds_side_by_side(tmp_path: Path) -> None:
    row = np.dtype([("a", "<u4"), ("b", "<f4"), ("c", "<f8")])
    data = np.array([(4_000_000_001, 0.5, 1 / 3), (7, -2, 1e10)], row).tobytes()
    sample = stored(
        tmp_path, data, 2, DATATYPE="F", P1DATATYPE="I", P3DATATYPE="D", P3B="64", P1R="4294967296"
    )
    assert sample.events.tolist() == [[4_000_000_001, 0.5, 1 / 3], [7, -2, 1e10]]


def test_floats_beside_integers_that_do_not_fill_whole_bytes(tmp_path: Path) -> None:
    events = [(1.5, 1023, -1 / 3), (-2e10, 1, 1e100), (0.25, 512, 7.0)]
    bits = [(int(np.float32(a).view(np.uint32)), b, int(np.float64(c).view(np.uint64))) for a, b, c in events]
    data = as_bytes([list(row) for row in bits], (32, 10, 64), "big")
    sample = stored(
        tmp_path,
        data,
        3,
        DATATYPE="F",
        BYTEORD="4,3,2,1",
        P2DATATYPE="I",
        P3DATATYPE="D",
        P2B="10",
        P2R="1024",
        P3B="64",
    )
    assert sample.events.tolist() == [[float(np.float32(a)), b, c] for a, b, c in events]


@pytest.mark.parametrize("datatype", ["I", "F"])
def test_one_column_in_an_order_that_is_neither_up_nor_down(tmp_path: Path, datatype: str) -> None:
    values = np.array([[1], [70_000], [2**20 + 3]])
    little = values.astype("<u4" if datatype == "I" else "<f4").tobytes()
    data = bytes(little[at + place] for at in range(0, len(little), 4) for place in (2, 3, 0, 1))
    keywords = {"$BYTEORD": "3,4,1,2", "$DATATYPE": datatype, "$P1R": "4294967296"}
    content = fcs_bytes(values, ("FITC-A",), data=data, keywords=keywords)
    np.testing.assert_array_equal(read_fcs(write(tmp_path, content)).events, values)


def test_packed_bits_without_a_defined_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FcsAmbiguousError) as caught:
        stored(tmp_path, bytes(15), 4, DATATYPE="I", **widths(10, 10, 10))
    assert str(caught.value) == (
        "tube.fcs, $BYTEORD: Integers that do not fill whole bytes have no defined order of bits in this "
        "byte order. Found: 1,2,3,4. Allowed: 4,3,2,1. Export the sample as FCS 3.1 with floating-point data."
    )


def test_events_that_begin_with_a_new_byte(tmp_path: Path) -> None:
    events = [[1023, 1, 512], *([index, 3, 4] for index in range(7))]
    data = b"".join(as_bytes([event], (10, 10, 10), "big") for event in events)
    sample = stored(tmp_path, data, 8, DATATYPE="I", BYTEORD="4,3,2,1", **widths(10, 10, 10))
    assert sample.events.tolist() == events
    assert [str(issue) for issue in sample.issues] == [
        "warning: $PnB: Each event begins with a new byte; DATA fits only so."
    ]


def test_few_events_that_may_or_may_not_begin_with_a_new_byte(tmp_path: Path) -> None:
    # 12 bytes are 3 events of 32 bits, or 3 of 29 bits under an end that is one byte too late.
    with pytest.raises(FcsAmbiguousError) as caught:
        stored(tmp_path, bytes(12), 3, DATATYPE="I", BYTEORD="4,3,2,1", **widths(9, 10, 10))
    assert str(caught.value) == (
        "tube.fcs, $PnB: Numbers that do not fill whole bytes can be read in several ways, and DATA fits "
        "them all. Found: 12 bytes of DATA. Allowed: 11 bytes (bit by bit) or 12 bytes (each event from a "
        "new byte). Export the sample as FCS 3.1 with floating-point data."
    )


def test_ascii_numbers_of_fixed_length(tmp_path: Path) -> None:
    sample = stored(tmp_path, b" 10200 0003 40 5", 2, DATATYPE="A", **widths(3, 3, 2))
    assert sample.events.tolist() == [[10, 200, 0], [3, 40, 5]]


@pytest.mark.parametrize("data", [b" 1 2 x", b"    2 ", b" 1-2 3", b"1 2 3 "])
def test_ascii_numbers_of_fixed_length_that_are_none(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(FcsError) as caught:
        stored(tmp_path, data, 1, DATATYPE="A", **widths(2, 2, 2))
    assert str(caught.value) == (
        "tube.fcs: DATA holds something that is not a decimal number. "
        "The file is damaged: copy or export it again."
    )


FREE = {"DATATYPE": "A", "P1B": "*", "P2B": "*", "P3B": "*"}


@pytest.mark.parametrize("data", [b"1 2 3 40 50 600", b"1,2,3\r\n40,50,600\r\n", b"\t1\t2 3\n40 , 50,600 "])
def test_ascii_numbers_between_delimiters(tmp_path: Path, data: bytes) -> None:
    assert stored(tmp_path, data, 2, **FREE).events.tolist() == [[1, 2, 3], [40, 50, 600]]


def test_ascii_numbers_between_delimiters_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(FcsError, match="DATA holds something that is not a decimal number"):
        stored(tmp_path, b"1 2 3 4 5 -6", 2, **FREE)


def test_too_few_ascii_numbers(tmp_path: Path) -> None:
    with pytest.raises(FcsError) as caught:
        stored(tmp_path, b"1 2 3 4  5   ", 2, **FREE)
    assert str(caught.value) == (
        "tube.fcs, $TOT: The number of events and the numbers in DATA contradict each other. "
        "Found: 5 numbers. Allowed: 2 events of 3 numbers. The file is damaged: copy or export it again."
    )


def free_numbers(folder: Path, behind: bytes, *, header: int, text: int) -> Sample:
    words = {f"${key}": value for key, value in FREE.items()} | {"$TOT": "2"}
    words = {key: value for key, value in words.items() if key not in ("$P2B", "$P3B")}
    content = fcs_bytes(
        np.zeros((2, 1)),
        ("FITC-A",),
        data=b"397258 365080",
        keywords=words,
        header_data=(0, header),
        text_data=(0, text),
    )
    return read_fcs(write(folder, content + behind), linearize=False)


@pytest.mark.parametrize("behind", [b"00000000", b"0000A1B2", b"00000000\r\n"[:9]])
def test_digits_of_the_checksum_are_no_part_of_the_last_number(tmp_path: Path, behind: bytes) -> None:
    assert free_numbers(tmp_path, behind, header=0, text=0).events.ravel().tolist() == [397258, 365080]
    with pytest.raises(FcsAmbiguousError) as caught:
        free_numbers(tmp_path, behind, header=1, text=1)
    assert str(caught.value) == (
        "tube.fcs, $ENDDATA: DATA seems to end one byte too late: its last digit would be the first of the "
        "checksum. Found: 7 characters of a checksum behind DATA. Allowed: 8, or none. "
        "Export the sample again; the last number would be ten times too large."
    )


def test_of_two_ends_of_ascii_numbers_the_one_before_the_checksum(tmp_path: Path) -> None:
    for header, text in ((1, 0), (0, 1)):
        sample = free_numbers(tmp_path, b"00000000", header=header, text=text)
        assert sample.events.ravel().tolist() == [397258, 365080]
        assert [issue.code for issue in sample.issues] == ["fcs.data_end_off_by_one"]
    with pytest.raises(FcsAmbiguousError, match=r"Found: bytes \d+ to \d+ \(TEXT\) and bytes"):
        free_numbers(tmp_path, b"0000000", header=1, text=0)


def test_a_hostile_number_of_ascii_events_is_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    with pytest.raises(FcsError) as caught:
        stored(tmp_path, b"1 2 3", 1, **FREE | {"TOT": "1000000000000"})
    assert "Found: 5 bytes of DATA (TEXT) and 5 bytes of DATA (HEADER)." in str(caught.value)


def test_ascii_numbers_without_tot(tmp_path: Path) -> None:
    with pytest.raises(FcsError, match="The number of events is missing"):
        stored(tmp_path, b"1 2 3", 1, **FREE | {"TOT": None})


def test_blocks_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "BLOCK_BYTES", 64)
    events = [[index % 1024, index % 7, index % 3] for index in range(1000)]
    data = as_bytes(events, (10, 10, 10), "big")
    sample = stored(tmp_path, data, 1000, DATATYPE="I", BYTEORD="4,3,2,1", **widths(10, 10, 10))
    assert sample.events.tolist() == events
    floats = np.arange(3000, dtype=np.float32).reshape(-1, 3)
    path = write(tmp_path, fcs_bytes(floats, NAMES))
    np.testing.assert_array_equal(read_fcs(path).events, floats)


def test_floats_are_read_into_the_matrix_itself(tmp_path: Path) -> None:
    events = np.arange(30, dtype=np.float32).reshape(-1, 3)
    path = write(tmp_path, fcs_bytes(events, NAMES))
    sample = read_fcs(path)
    path.write_bytes(b"\x00" * path.stat().st_size)
    assert sample.events.base is None
    np.testing.assert_array_equal(sample.events, events)
