"""Promises of the connections themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import Severity
from cytorecon.store import StudyStore, sqlite_issues
from cytorecon.store.mounts import network_filesystem, network_filesystem_of
from tests.store.examples import SETTINGS, STUDY


def test_sqlite_is_set_up_for_safety(tmp_path: Path) -> None:
    asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    with (
        StudyStore.create(tmp_path, STUDY, SETTINGS, software_version="0.1.0") as store,
        store._engine.connect() as connection,
    ):
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
    full = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous
    assert found == ["wal", full, 1, 10_000]


def test_a_writer_leaves_the_patience_of_its_connection_as_it_was(tmp_path: Path) -> None:
    with StudyStore.create(tmp_path, STUDY, SETTINGS, software_version="0.1.0") as store:
        with store._writing() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000
        with store._reading() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000


def test_odd_names_of_folders(tmp_path: Path) -> None:
    place = tmp_path / "50 % #1? µ"
    StudyStore.create(place, STUDY, SETTINGS, software_version="0.1.0").close()
    with StudyStore.open(place) as store:
        assert store.settings() == SETTINGS
    assert [path.name for path in tmp_path.iterdir()] == ["50 % #1? µ"]


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 44, 5), (3, 45, 0), (3, 50, 6), (3, 51, 2)])
def test_sqlite_versions_with_the_wal_reset_bug(version: tuple[int, int, int]) -> None:
    (issue,) = sqlite_issues(version)
    assert issue.severity is Severity.WARNING
    assert str(issue) == (
        f"warning: SQLite {'.'.join(map(str, version))}: This version can, very rarely, lose a change when "
        "two programs write a study at once. "
        "Use SQLite 3.51.3 or newer, or let one program at a time write the study."
    )


@pytest.mark.parametrize("version", [(3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 53, 0), (4, 0, 0)])
def test_sqlite_versions_without_it(version: tuple[int, int, int]) -> None:
    assert sqlite_issues(version) == ()


MOUNTS = r"""
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:9 / /home rw shared:5 - nfs4 server:/home rw
31 30 8:2 / /home/local rw - xfs /dev/sdb1 rw
32 22 0:10 / /mnt/lab\040data rw - cifs //server/lab rw
33 22 0:11 / /over rw - nfs server:/a rw
34 33 0:12 / /over rw - tmpfs tmpfs rw
not a line of a mount table
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/study", ""),
        ("/home/anna/study", "nfs4"),
        ("/home/local/study", ""),
        ("/homework", ""),
        ("/mnt/lab data/study", "cifs"),
        ("/over/study", ""),
    ],
)
def test_network_shares_are_recognised(folder: str, kind: str) -> None:
    assert network_filesystem(Path(folder), MOUNTS) == kind


def test_this_machine_s_temporary_folder_is_no_network_share(tmp_path: Path) -> None:
    assert network_filesystem_of(tmp_path) == ""


def test_a_system_without_a_mount_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("cytorecon.store.mounts._MOUNTINFO", tmp_path / "absent")
    assert network_filesystem_of(tmp_path) == ""
