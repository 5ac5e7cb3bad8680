from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cytorecon.errors import FcsError
from cytorecon.fcs import read_fcs
from tests.fcs.fcs_bytes import EVENTS, fcs_bytes, write

DAMAGED = "The file is damaged or was broken off while copying: copy or export it again."


def message(tmp_path: Path, content: bytes) -> str:
    with pytest.raises(FcsError) as caught:
        read_fcs(write(tmp_path, content))
    return str(caught.value)


def repairs(tmp_path: Path, content: bytes) -> list[str]:
    """Codes of the issues of a file that must still give the right events."""
    sample = read_fcs(write(tmp_path, content))
    np.testing.assert_array_equal(sample.events, EVENTS)
    return [issue.code for issue in sample.issues]


@pytest.mark.parametrize(
    ("mode", "found"),
    [("C", "'C'"), ("U", "'U'"), ("c", "'C'"), ("list", "unrecognised text of 4 characters")],
)
def test_histograms_are_refused(tmp_path: Path, mode: str, found: str) -> None:
    assert message(tmp_path, fcs_bytes(keywords={"$MODE": mode})) == (
        f"tube.fcs, $MODE: The file holds histograms, not events. Found: {found}. Allowed: L "
        "(list mode). "
        "Export list mode data."
    )


def test_list_mode_is_assumed_aloud(tmp_path: Path) -> None:
    assert repairs(tmp_path, fcs_bytes(keywords={"$MODE": None})) == ["fcs.no_mode"]
    assert repairs(tmp_path, fcs_bytes(keywords={"$MODE": None}, version="FCS3.2")) == []


def test_ten_bits_in_two_bytes(tmp_path: Path) -> None:
    keywords = {f"$P{index}B": "10" for index in range(1, 6)}
    content = fcs_bytes(datatype="I", bits=16, limit=1024, keywords=keywords)
    assert repairs(tmp_path, content) == ["fcs.padded_bits"]


def test_the_width_of_floats_does_not_depend_on_what_is_stated(tmp_path: Path) -> None:
    assert repairs(tmp_path, fcs_bytes(keywords={"$P2B": "16"})) == ["fcs.bits_of_float"]


def test_the_number_of_events_from_the_size_of_the_data(tmp_path: Path) -> None:
    assert repairs(tmp_path, fcs_bytes(keywords={"$TOT": None})) == ["fcs.no_tot"]


def test_the_number_of_events_cannot_be_found(tmp_path: Path) -> None:
    assert message(tmp_path, fcs_bytes(keywords={"$TOT": None}, data=bytes(203))) == (
        "tube.fcs, $TOT: The number of events is missing, and the size of DATA does not give it. "
        f"Found: nothing. {DAMAGED}"
    )


@pytest.mark.parametrize("stated", ["9", "11", "0", "1000000000000"])
def test_a_wrong_number_of_events(tmp_path: Path, stated: str) -> None:
    assert message(tmp_path, fcs_bytes(keywords={"$TOT": stated})) == (
        "tube.fcs, $TOT: The number of events and the size of DATA contradict each other. Found: 200 "
        "bytes of DATA "
        f"(TEXT) and 200 bytes of DATA (HEADER). Allowed: {20 * int(stated)} bytes, which $TOT needs. "
        f"{DAMAGED}"
    )


def test_an_end_one_byte_too_far(tmp_path: Path) -> None:
    content = fcs_bytes(text_data=(0, 1), header_data=(0, 1))
    assert repairs(tmp_path, content) == ["fcs.data_end_off_by_one"]


def test_offsets_missing_in_text(tmp_path: Path) -> None:
    assert repairs(tmp_path, fcs_bytes(keywords={"$BEGINDATA": None, "$ENDDATA": None})) == []


def test_offsets_missing_in_the_header(tmp_path: Path) -> None:
    content = fcs_bytes()
    assert repairs(tmp_path, content[:26] + b"       0       0" + content[42:]) == []


def test_of_two_places_the_one_that_fits(tmp_path: Path) -> None:
    assert repairs(tmp_path, fcs_bytes(text_data=(-20, 0))) == ["fcs.data_offsets_disagree"]
    assert repairs(tmp_path, fcs_bytes(header_data=(0, 20))) == ["fcs.data_offsets_disagree"]


def test_of_two_places_the_one_outside_text(tmp_path: Path) -> None:
    assert repairs(tmp_path, fcs_bytes(text_data=(-20, -20))) == ["fcs.data_offsets_disagree"]


def test_two_places_that_both_fit_are_refused(tmp_path: Path) -> None:
    content = fcs_bytes(text_data=(20, 20)) + bytes(20)
    begin = int(content[26:34])
    assert message(tmp_path, content) == (
        "tube.fcs, $BEGINDATA: HEADER and TEXT give different places for the events, and both are possible. "
        f"Found: bytes {begin + 20} to {begin + 219} (TEXT) and bytes {begin} to {begin + 199} (HEADER). "
        "Export the sample again; reading from the wrong place would mix up the columns."
    )


def test_events_inside_text_are_refused(tmp_path: Path) -> None:
    content = fcs_bytes(text_data=(-300, -300), header_data=(-300, -300))
    begin = int(content[18:26]) + 1
    assert message(tmp_path, content) == (
        "tube.fcs, $BEGINDATA: The events would lie inside HEADER or TEXT. "
        f"Found: DATA from byte {begin - 300}, TEXT from 58 to {begin - 1}. {DAMAGED}"
    )


@pytest.mark.parametrize("missing", [1, 20, 150])
def test_a_truncated_file(tmp_path: Path, missing: int) -> None:
    content = fcs_bytes()
    assert message(tmp_path, content[:-missing]) == (
        "tube.fcs: The file is truncated: events are missing at its end. Found: "
        f"{len(content) - missing} bytes. "
        f"Allowed: {len(content)} bytes, which the file itself announces. Copy it again from the cytometer."
    )


def test_bytes_behind_the_data_are_not_read(tmp_path: Path) -> None:
    assert repairs(tmp_path, fcs_bytes() + b"00000000 and more") == ["fcs.surplus"]


def test_a_begin_without_an_end_in_the_header(tmp_path: Path) -> None:
    content = fcs_bytes()
    assert repairs(tmp_path, content[:34] + b"       0" + content[42:]) == []


def test_ascii_events_with_two_places_are_refused(tmp_path: Path) -> None:
    free: dict[str, str | None] = {f"$P{index}B": "*" for index in range(1, 6)}
    content = fcs_bytes(data=b"1 2 3 4 5" * 10, keywords={"$DATATYPE": "A", **free}, text_data=(1, 1))
    begin = int(content[26:34])
    assert message(tmp_path, content) == (
        "tube.fcs, $BEGINDATA: HEADER and TEXT give different places for the events, and both are possible. "
        f"Found: bytes {begin + 1} to {begin + 90} (TEXT) and bytes {begin} to {begin + 89} (HEADER). "
        "Export the sample again; reading from the wrong place would mix up the columns."
    )


def test_ascii_events_that_are_truncated(tmp_path: Path) -> None:
    free: dict[str, str | None] = {f"$P{index}B": "*" for index in range(1, 6)}
    content = fcs_bytes(data=b"1 2 3 4 5" * 10, keywords={"$DATATYPE": "A", **free})
    assert message(tmp_path, content[:-5]) == (
        f"tube.fcs: The file is truncated: events are missing at its end. Found: {len(content) - 5} bytes. "
        f"Allowed: {len(content)} bytes, which the file itself announces. Copy it again from the cytometer."
    )


@pytest.mark.parametrize("end", [-1, 0])
def test_events_do_not_begin_on_the_last_delimiter_of_text(tmp_path: Path, end: int) -> None:
    content = fcs_bytes(text_data=(-1, end), header_data=(-1, end))
    assert message(tmp_path, content).startswith(
        "tube.fcs, $BEGINDATA: The events would lie inside HEADER or TEXT."
    )


def test_the_place_that_does_not_begin_on_the_last_delimiter_is_taken(tmp_path: Path) -> None:
    assert repairs(tmp_path, fcs_bytes(text_data=(-1, -1))) == ["fcs.data_offsets_disagree"]
