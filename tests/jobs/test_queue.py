"""Jobs in the queue of a real engine, without a worker."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from cytorecon.errors import CytoreconError, StoreError
from cytorecon.jobs.model import Request, job_key
from cytorecon.jobs.queue import JobQueue, JobWaitingError
from cytorecon.store.jobs_database import has_jobs
from cytorecon.study.model import Tube
from tests.store.test_blobs import small_disk

__all__ = ["small_disk"]

FILE = "ab" * 32


def request(tube: str = "P01/d30/1", file: str = FILE) -> Request:
    return Request(kind="ingest", tube=Tube(tube=tube, patient="P01", day=30), file_sha256=file)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[JobQueue]:
    with JobQueue(tmp_path) as queue:
        yield queue


def test_a_job_that_was_put_in_is_there_for_others(queue: JobQueue, tmp_path: Path) -> None:
    job = queue.submit(request(), "0123456789abcdef")
    assert (job.id, job.state, job.message) == ("ingest-0123456789abcdef", "queued", "")
    with JobQueue(tmp_path) as other:
        assert other.jobs() == (job,)
        assert other.job(job.id).request == request()
    assert has_jobs(tmp_path)
    assert not has_jobs(tmp_path / "elsewhere")


def test_the_same_work_is_one_job(queue: JobQueue) -> None:
    key = job_key(request(), "settings")
    assert queue.submit(request(), key) == queue.submit(request(), key)
    assert len(queue.jobs()) == 1
    assert job_key(request(), "other settings") != key
    assert job_key(request("P01/d30/2"), "settings") != key
    assert job_key(request().model_copy(update={"remarks": ("say so",)}), "settings") == key


def test_eight_clients_with_one_file_make_one_job_and_seven_are_told(tmp_path: Path, queue: JobQueue) -> None:
    def client(number: int) -> str:
        asked = request(f"P01/d30/{number + 1}")
        with JobQueue(tmp_path) as own:
            try:
                return own.submit(asked, job_key(asked, "")).request.subject
            except JobWaitingError as error:
                return f"told {error.found}"

    with ThreadPoolExecutor(8) as threads:
        said = sorted(threads.map(client, range(8)))
    (job,) = queue.jobs()
    assert said == [job.request.subject, *[f"told {job.request.subject}"] * 7]


def test_a_file_that_waits_is_said_and_may_come_again_once_its_job_ended(queue: JobQueue) -> None:
    first = queue.submit(request(), "a" * 16)
    with pytest.raises(JobWaitingError) as caught:
        queue.submit(request("P02/d30/1"), "b" * 16)
    assert str(caught.value) == "This file is being analysed already. Found: P01/d30/1."
    queue.cancel(first.id)
    assert queue.submit(request("P02/d30/1"), "b" * 16).state == "queued"


def test_a_cancelled_job_is_tried_again_under_its_next_name(queue: JobQueue) -> None:
    job = queue.submit(request(), "a" * 16)
    assert queue.cancel(job.id).state == "cancelled"
    again = queue.retry(job.id)
    assert (again.id, again.state, again.request) == (f"{job.id}-2", "queued", job.request)
    assert queue.jobs() == (again,)
    queue.cancel(again.id)
    assert queue.submit(request(), "a" * 16).id == f"{job.id}-3"


def test_what_cannot_be_done_with_a_job_is_said(queue: JobQueue) -> None:
    job = queue.submit(request(), "a" * 16)
    with pytest.raises(CytoreconError) as caught:
        queue.retry(job.id)
    assert str(caught.value) == (
        "job ingest-aaaaaaaaaaaaaaaa: This job cannot be done again. Found: a job that is queued. "
        "Allowed: one that failed or was cancelled."
    )
    queue.cancel(job.id)
    with pytest.raises(CytoreconError) as caught:
        queue.cancel(job.id)
    assert str(caught.value) == (
        "job ingest-aaaaaaaaaaaaaaaa: This job cannot be cancelled. Found: a job that is cancelled. "
        "Allowed: one that is queued or running."
    )
    with pytest.raises(CytoreconError) as caught:
        queue.job("nothing")
    assert str(caught.value) == (
        "job: There is no such job. Found: nothing. Allowed: see: cytorecon jobs STUDY."
    )


def test_a_full_disk_is_said_and_the_job_goes_in_once_there_is_room(small_disk: Path) -> None:
    with JobQueue(small_disk) as queue:
        queue.submit(request(), "a" * 16)
        with (small_disk / "filling").open("wb", buffering=0) as filling, suppress(OSError):
            while True:
                filling.write(bytes(4096))
        with pytest.raises(StoreError) as caught:
            submit_many(queue)
        assert caught.value.message == "The disk is full; nothing was changed."
        there = queue.jobs()
        (small_disk / "filling").unlink()
        assert queue.jobs() == there
        queue.submit(request(file="ef" * 32), "e" * 16)
        assert len(queue.jobs()) == len(there) + 1


def submit_many(queue: JobQueue) -> None:
    for number in range(100):
        queue.submit(request(file=f"{number:064x}"), f"{number:016x}")
