from __future__ import annotations

import binascii
import io
from pathlib import Path

import numpy as np
import pytest

from cytorecon.errors import FcsError
from cytorecon.fcs import read_fcs
from cytorecon.fcs.checksum import _sums
from cytorecon.fcs.source import Source
from tests.fcs.fcs_bytes import EVENTS, NAMES, fcs_bytes, write

CONTENT = fcs_bytes()
SUM = binascii.crc_hqx(CONTENT, 0)


def issues(folder: Path, content: bytes) -> list[str]:
    return [str(issue) for issue in read_fcs(write(folder, content)).issues]


@pytest.mark.parametrize(
    "field",
    [
        f"{SUM:08d}", f"{SUM:8d}", f"{SUM:08X}", f"{SUM:04x}    ", f"{binascii.crc_hqx(CONTENT, 0xFFFF):08d}",
        "00000000", "        ", "", "\x00" * 8, "99999999",
    ],
)  # fmt: skip
def test_a_right_checksum_or_none_says_nothing(tmp_path: Path, field: str) -> None:
    assert issues(tmp_path, CONTENT + field.encode()) == []


@pytest.mark.parametrize("length", [2, 500, 32766, 32767, 32768, 100_001, 3 * 32767 * 31 + 5])
@pytest.mark.parametrize("begin", [0, 1])
def test_the_sum_of_a_file_laid_over_its_period_is_that_of_the_file(length: int, begin: int) -> None:
    content = np.random.default_rng(length).bytes(length + begin)
    source = Source(io.BytesIO(content), len(content), "any.fcs")
    expected = {binascii.crc_hqx(content[begin:], start) for start in (0, 0xFFFF)}
    assert _sums(source, begin, len(content)) == expected


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    damaged = bytearray(CONTENT + f"{SUM:08d}".encode())
    damaged[-20] ^= 1
    (issue,) = issues(tmp_path, bytes(damaged))
    assert issue == (
        "error: CRC: The checksum of the file does not fit its bytes: something in it was changed or "
        "damaged. Copy it again from the cytometer; do not report numbers from this copy."
    )


def test_the_checksum_stands_behind_the_last_segment(tmp_path: Path) -> None:
    begin = len(CONTENT)
    analysis = b"|RESULT|1|"
    content = CONTENT[:42] + f"{begin:8d}{begin + len(analysis) - 1:8d}".encode() + CONTENT[58:] + analysis
    good = f"{binascii.crc_hqx(content, 0):08d}".encode()
    assert issues(tmp_path, content + good) == []
    assert len(issues(tmp_path, content + b"00012345")) == 1


def test_a_checksum_behind_an_end_one_byte_too_far(tmp_path: Path) -> None:
    content = fcs_bytes(text_data=(0, 1), header_data=(0, 1))
    for filling in (b"", b" "):
        good = f"{binascii.crc_hqx(content + filling, 0):08d}".encode()
        assert issues(tmp_path, content + filling + good) == [
            "warning: $ENDDATA: DATA ends one byte later than $TOT says; the byte was ignored."
        ]


def test_a_transfer_in_text_mode_is_refused(tmp_path: Path) -> None:
    events = np.full((20, 5), 10, np.uint8)
    content = fcs_bytes(events, NAMES, datatype="I", bits=8, limit=256)
    with pytest.raises(FcsError) as caught:
        read_fcs(write(tmp_path, content.replace(b"\n", b"\r\n")))
    assert str(caught.value) == (
        "tube.fcs: The file was damaged by a transfer in text mode: line feeds became two characters. "
        "Found: 100 pairs of carriage return and line feed, none alone, and as many bytes too many. "
        "Copy it again in binary mode."
    )


def test_line_ends_that_were_there_before(tmp_path: Path) -> None:
    content = fcs_bytes(keywords={"$COM": "a\r\nb\r\nc\r\nd"})
    assert issues(tmp_path, content + b"\r\n") == []
    events = np.full((20, 5), 10, np.uint8)
    content = fcs_bytes(events, NAMES, datatype="I", bits=8, limit=256)
    assert len(issues(tmp_path, content + b"x" * 100)) == 1  # not as many as there are line ends


@pytest.mark.parametrize("filling", [b"00000000\n", b"00000000" + b"\x00" * 300, b"   ", b"\r\n"])
def test_filling_bytes_say_nothing(tmp_path: Path, filling: bytes) -> None:
    assert issues(tmp_path, CONTENT + filling) == []


@pytest.mark.parametrize("surplus", [b"more", b"00000000 and more", EVENTS[:3].tobytes()])
def test_bytes_that_the_file_does_not_announce(tmp_path: Path, surplus: bytes) -> None:
    (issue,) = issues(tmp_path, CONTENT + surplus)
    assert issue == (
        f"warning: file: The file is {len(surplus)} bytes longer than it says; bytes put into the events "
        "look like this. Compare the events with those that the cytometer's software shows."
    )


def test_numbers_no_detector_gives(tmp_path: Path) -> None:
    (issue,) = issues(tmp_path, fcs_bytes(EVENTS * np.float32(1e30)))
    assert issue == (
        "error: events: 10 of 10 events hold a number that no detector gives. The events are damaged, "
        "shifted or in another byte order: copy or export the file again."
    )
    rng = np.random.default_rng(1)
    wrong = fcs_bytes(rng.normal(1000, 200, (100, 5)), keywords={"$BYTEORD": "4,3,2,1"})
    assert "fcs.implausible" in [issue.code for issue in read_fcs(write(tmp_path, wrong)).issues]
