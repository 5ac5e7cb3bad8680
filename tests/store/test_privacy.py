"""What must not be on disk is not."""

from __future__ import annotations

from pathlib import Path

from cytorecon.store import StudyStore
from tests.store.examples import SETTINGS, STUDY, TUBES, result_of


def test_no_path_of_a_file_is_in_any_byte_of_the_study(tmp_path: Path) -> None:
    place = tmp_path / "study"
    assert "MUELLER" in str(TUBES[0].path)
    with StudyStore.create(place, STUDY, SETTINGS, software_version="0.1.0") as store:
        store.save_tube(TUBES[0], result_of("P02/d30/1"))
        files = sorted(place.iterdir())
        assert [path.name for path in files] == ["study.sqlite", "study.sqlite-shm", "study.sqlite-wal"]
        everything = b"".join(path.read_bytes() for path in files)
    assert b"P02/d30/1" in everything
    for trace in (b"MUELLER", b"ANNA", b"2026-03-04", b".fcs", b"/data/"):
        assert trace not in everything


def test_the_password_of_a_server_is_shown_nowhere() -> None:
    from cytorecon.store.location import parse_location

    place = parse_location("postgresql+psycopg://lab:s3cr3t@db.example/study7")
    assert str(place) == "postgresql+psycopg://lab:***@db.example/study7"
    assert "s3cr3t" not in repr(place)
