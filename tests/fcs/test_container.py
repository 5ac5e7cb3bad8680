from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from cytorecon.errors import FcsError
from cytorecon.fcs import read_fcs
from cytorecon.fcs.container import Header, Span, read_header
from cytorecon.fcs.source import Source
from tests.fcs.fcs_bytes import EVENTS, fcs_bytes, write

CONTENT = fcs_bytes()


def patched(place: int, field: bytes) -> bytes:
    return CONTENT[:place] + field + CONTENT[place + len(field) :]


def header(content: bytes, offset: int = 0) -> Header:
    return read_header(Source(io.BytesIO(content), len(content), "tube.fcs"), offset)


def message(content: bytes) -> str:
    with pytest.raises(FcsError) as caught:
        header(content)
    return str(caught.value)


@pytest.mark.parametrize("field", [b"     100", b"100     ", b"\x00\x00\x00\x00\x00100", b" 00100  "])
def test_offsets_may_be_justified_either_way(field: bytes) -> None:
    assert header(patched(26, field)).data.begin == 100


@pytest.mark.parametrize("field", [b"        ", b"\x00" * 8])
def test_a_blank_offset_means_not_used(field: bytes) -> None:
    found = header(patched(26, field * 2))
    assert found.data == Span(0, 0)
    assert found.data.length == 0


@pytest.mark.parametrize(("place", "segment"), [(26, "data"), (42, "analysis")])
def test_zero_to_minus_one_means_not_used(place: int, segment: str) -> None:
    assert getattr(header(patched(place, b"       0      -1")), segment) == Span(0, 0)


def test_cut_inside_the_header() -> None:
    assert message(CONTENT[:10]) == (
        "tube.fcs: The file ends inside its header. Found: 10 bytes. Allowed: at least 58 bytes. "
        "Copy it again from the cytometer."
    )


def test_an_unknown_version() -> None:
    assert message(patched(0, b"FCSa.b")) == (
        "tube.fcs, HEADER: The FCS version is not known. Found: 'FCSa.b'. "
        "Allowed: FCS2.0, FCS3.0, FCS3.1, FCS3.2."
    )


@pytest.mark.parametrize(
    ("field", "found"),
    [(b"      -1", "'-1'"), (b"    1_00", "unrecognised text of 4 characters"), (b"    1e2 ", "'1e2'")],
)
def test_an_offset_that_is_no_number(field: bytes, found: str) -> None:
    assert message(patched(10, field)) == (
        f"tube.fcs, HEADER: An offset in the header is not a number. Found: {found} in bytes 10 to 17. "
        "Allowed: up to 8 digits. The file is damaged: copy or export it again."
    )


def test_text_that_ends_before_it_begins() -> None:
    assert message(patched(10, b"     100      60")) == (
        "tube.fcs, HEADER: The header points to no TEXT segment. "
        f"Found: TEXT from byte 100 to 60 in a file of {len(CONTENT)} bytes. "
        "The file is damaged: copy or export it again."
    )


def test_cut_inside_text() -> None:
    length = int(CONTENT[18:26]) - 20
    assert message(CONTENT[:length]) == (
        f"tube.fcs, HEADER: The file ends inside its TEXT segment. Found: {length} bytes. "
        f"Allowed: {length + 21} bytes, which the file itself announces. Copy it again from the cytometer."
    )


def test_a_further_data_set_that_is_none() -> None:
    with pytest.raises(FcsError) as caught:
        header(CONTENT, 58)
    assert str(caught.value) == (
        "tube.fcs: This is not an FCS file. Found: no FCS version at the data set's start. Allowed: "
        "a file that "
        "begins with FCS2.0, FCS3.0, FCS3.1 or FCS3.2. Export the sample as FCS from the cytometer's "
        "software."
    )


@pytest.mark.parametrize("place", [26, 34, 42, 50])
@pytest.mark.parametrize("field", [b"********", b"      -7", b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe"])
def test_offsets_of_data_and_analysis_that_are_no_numbers(tmp_path: Path, place: int, field: bytes) -> None:
    sample = read_fcs(write(tmp_path, patched(place, field)))
    np.testing.assert_array_equal(sample.events, EVENTS)
    (issue,) = sample.issues
    assert str(issue) == (
        "warning: HEADER: An offset of DATA or ANALYSIS in the header is not a number; "
        "those of TEXT were used."
    )
