"""Studies that can be read but not written: an archive, a shared folder of somebody else's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from cytorecon.errors import StoreError
from cytorecon.store import StudyStore, folder
from tests.store.examples import SETTINGS, STUDY, TUBES, result_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


def closed(place: Path) -> None:
    """Take away the right to write."""
    for path in place.iterdir():
        path.chmod(0o400)
    place.chmod(0o500)


def opened(place: Path) -> None:
    """Give it back."""
    place.chmod(0o700)
    for path in place.iterdir():
        path.chmod(0o600)


def test_a_closed_study_is_read_and_nothing_is_made_beside_it(powerless: Path) -> None:
    with StudyStore.open(powerless) as store:
        store.save_tube(TUBES[0], result_of("P02/d30/1"))
    closed(powerless)
    with StudyStore.open(powerless) as store:
        assert store.settings() == SETTINGS
        assert store.result().tube("P02/d30/1") == result_of("P02/d30/1")
        with pytest.raises(StoreError):
            store.save_tube(TUBES[0], result_of("P02/d30/1"))
        assert store.revision() == 2
    assert [path.name for path in powerless.iterdir()] == ["study.sqlite"]


def test_what_others_write_meanwhile_is_seen(powerless: Path) -> None:
    """The folder is closed to the reader only: a writer who was there before goes on."""
    with StudyStore.open(powerless) as writer:
        writer.set_settings("1")
        powerless.chmod(0o500)
        with StudyStore.open(powerless) as reader:
            assert reader.settings() == "1"
            for number in ("2", "3"):
                writer.set_settings(number)
                assert reader.settings() == number
            powerless.chmod(0o700)
            writer.close()  # its log goes into the database, and away
            powerless.chmod(0o500)
            assert [path.name for path in powerless.iterdir()] == ["study.sqlite"]
            assert reader.settings() == "3"


def test_a_copy_that_was_made_while_it_was_written(powerless: Path) -> None:
    copy = powerless / "copy"
    copy.mkdir()
    with StudyStore.open(powerless) as store:
        store.set_settings("last change")
        for name in ("study.sqlite", "study.sqlite-wal"):
            shutil.copy(powerless / name, copy)
    closed(copy)
    with pytest.raises(StoreError) as caught:
        StudyStore.open(copy)
    assert str(caught.value) == (
        f"{copy}: The study was not closed when it was put here, and it cannot be written here to make up "
        "for it. Found: study.sqlite-wal, which holds the last changes. "
        "Allowed: a study that no program has open. "
        "Copy the whole folder to a place that you can write, and use the copy."
    )
    opened(copy)
    with StudyStore.open(copy) as store:
        assert store.settings() == "last change"


def test_an_archive_on_a_network_share(powerless: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed(powerless)
    monkeypatch.setattr(folder, "network_filesystem_of", lambda path: "nfs4")
    with StudyStore.open(powerless) as store:
        assert store.study().patients == STUDY.patients
