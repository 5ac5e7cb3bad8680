from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import FcsTruncatedError
from cytorecon.fcs import read_analysis, read_fcs
from tests.fcs.fcs_bytes import fcs_bytes, write

SEGMENT = b"|GATE1|0.25|COUNT|12|"


def with_analysis(segment: bytes, *, in_text: bool) -> bytes:
    keywords: dict[str, str | None] = {"$BEGINANALYSIS": "00000000", "$ENDANALYSIS": "00000000"}
    begin = len(fcs_bytes(keywords=keywords))
    end = begin + len(segment) - 1
    if in_text:
        keywords = {"$BEGINANALYSIS": f"{begin:08d}", "$ENDANALYSIS": f"{end:08d}"}
    content = fcs_bytes(keywords=keywords) + segment
    return content if in_text else content[:42] + f"{begin:8d}{end:8d}".encode() + content[58:]


@pytest.mark.parametrize("in_text", [True, False])
def test_bytes_and_keywords(tmp_path: Path, in_text: bool) -> None:
    path = write(tmp_path, with_analysis(SEGMENT, in_text=in_text))
    found = read_analysis(path)
    assert found.content == SEGMENT
    assert found.keywords == {"GATE1": "0.25", "COUNT": "12"}
    assert read_fcs(path).issues == ()


def test_a_segment_of_another_kind_has_bytes_only(tmp_path: Path) -> None:
    found = read_analysis(write(tmp_path, with_analysis(b"\x00\x01\x02 ", in_text=True)))
    assert (found.content, dict(found.keywords)) == (b"\x00\x01\x02 ", {})


def test_most_files_have_none(tmp_path: Path) -> None:
    assert read_analysis(write(tmp_path, fcs_bytes())).content == b""


def test_a_segment_behind_the_end(tmp_path: Path) -> None:
    content = with_analysis(SEGMENT, in_text=False)
    (issue,) = read_fcs(write(tmp_path, content[:-3])).issues
    assert str(issue) == (
        "warning: ANALYSIS: The file ends before its ANALYSIS segment does: its end was lost. Copy it again."
    )
    with pytest.raises(FcsTruncatedError) as caught:
        read_analysis(write(tmp_path, content[:-3]))
    assert str(caught.value) == (
        f"tube.fcs: The file ends inside its ANALYSIS segment. Found: {len(content) - 3} bytes. Allowed: "
        f"{len(content)} bytes, which the file itself announces. Copy it again from the cytometer."
    )
