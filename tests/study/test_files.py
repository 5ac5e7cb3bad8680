from __future__ import annotations

import hashlib
from pathlib import Path

from cytorecon.study import Tube, file_digests


def test_files_are_known_by_their_bytes_and_those_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.fcs"
    path.write_bytes(b"events")
    tubes = [
        Tube(tube="P01/d1/1", patient="P01", day=1, path=path),
        Tube(tube="P01/d2/1", patient="P01", day=2, path=tmp_path / "missing.fcs"),
        Tube(tube="P01/d3/1", patient="P01", day=3, path=tmp_path),
        Tube(tube="P01/d4/1", patient="P01", day=4),
    ]
    assert file_digests(tubes) == {"P01/d1/1": hashlib.sha256(b"events").hexdigest()}
