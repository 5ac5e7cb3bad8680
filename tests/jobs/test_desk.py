"""What the desk says of the study and its workers."""

from __future__ import annotations

from pathlib import Path

from cytorecon.jobs.desk import JobDesk
from cytorecon.jobs.queue import JobQueue
from cytorecon.store import StudyStore
from tests.store.examples import SETTINGS, STUDY


def test_a_worker_is_there_until_it_says_good_bye(tmp_path: Path) -> None:
    place = tmp_path / "study"
    with StudyStore.create(place, STUDY, SETTINGS, software_version="0.1.0") as store:
        desk = JobDesk(store, place)
        assert desk.may_write
        assert not desk.has_worker()
        with JobQueue(place) as queue:
            queue.beat("one", 1)
            assert desk.has_worker()
            queue.beat("one", 2, has_left=True)
            assert not desk.has_worker()
