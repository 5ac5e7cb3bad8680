from __future__ import annotations

import pytest

from cytorecon.errors import FcsError
from cytorecon.fcs.container import Span, read_header
from tests.fcs.fcs_bytes import fcs_bytes

CONTENT = fcs_bytes()


def patched(place: int, field: bytes) -> bytes:
    return CONTENT[:place] + field + CONTENT[place + len(field) :]


def message(content: bytes) -> str:
    with pytest.raises(FcsError) as caught:
        read_header(content, 0, "tube.fcs")
    return str(caught.value)


@pytest.mark.parametrize("field", [b"     100", b"100     ", b"\x00\x00\x00\x00\x00100", b" 00100  "])
def test_offsets_may_be_justified_either_way(field: bytes) -> None:
    assert read_header(patched(26, field), 0, "tube.fcs").data.begin == 100


@pytest.mark.parametrize("field", [b"        ", b"\x00" * 8])
def test_a_blank_offset_means_not_used(field: bytes) -> None:
    header = read_header(patched(26, field * 2), 0, "tube.fcs")
    assert header.data == Span(0, 0)
    assert header.data.length == 0


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


@pytest.mark.parametrize("field", [b"      -1", b"    1_00", b"    1e2 "])
def test_an_offset_that_is_no_number(field: bytes) -> None:
    assert message(patched(10, field)) == (
        f"tube.fcs, HEADER: An offset in the header is not a number. Found: '{field.decode().strip()}'. "
        "Allowed: up to 8 digits. The file is damaged: copy or export it again."
    )


def test_text_that_ends_before_it_begins() -> None:
    assert message(patched(10, b"     100      60")) == (
        "tube.fcs, HEADER: The header points to no TEXT segment. "
        f"Found: TEXT from byte 100 to 60 in a file of {len(CONTENT)} bytes. "
        "The file is damaged: copy or export it again."
    )


def test_a_further_data_set_that_is_none() -> None:
    with pytest.raises(FcsError) as caught:
        read_header(CONTENT, 58, "tube.fcs")
    assert str(caught.value) == (
        "tube.fcs: This is not an FCS file. Found: no FCS version at the data set's start. Allowed: "
        "a file that "
        "begins with FCS2.0, FCS3.0, FCS3.1 or FCS3.2. Export the sample as FCS from the cytometer's "
        "software."
    )
