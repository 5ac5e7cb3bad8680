"""A pool over the workers of a Dask scheduler, on any number of machines.

Each thread of a Dask worker has a worker process of its own (:mod:`cytorecon.workers.lane`), so limits
and retries of an item are the same here and there. What Dask adds is where items go, and another try
elsewhere when a whole machine is lost.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Final, cast

from distributed import Client, Worker, WorkerPlugin, get_worker

from cytorecon import __version__
from cytorecon.running import Failure
from cytorecon.workers.answers import Raised, Returned, Work, WorkersError
from cytorecon.workers.lane import Crew
from cytorecon.workers.limits import Limits
from cytorecon.workers.pool import AHEAD, Pool, Reply, over

#: How long a scheduler may take to answer, and its first worker to be there.
PATIENCE_SECONDS: Final = 30.0
#: A worker process without work ends after this: a batch that was killed cannot say that it is over.
IDLE_SECONDS: Final = 120.0


class _Lanes(WorkerPlugin):  # type: ignore[misc]  # of an untyped library
    """The worker processes of one Dask worker, for one batch."""

    def __init__(self, name: str, limits: Limits, idle_seconds: float) -> None:
        self.name = name
        self._limits = limits
        self._idle_seconds = idle_seconds
        self.crew: Crew | None = None

    def setup(self, worker: Worker) -> None:
        """Make a lane for each thread; their processes start when they are needed."""
        self.crew = Crew(worker.state.nthreads, self._limits, idle_seconds=self._idle_seconds)

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - what the library asks for
        """End the processes."""
        if self.crew is not None:
            self.crew.close()


@contextmanager
def cluster(
    scheduler: str,
    limits: Limits | None = None,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    idle_seconds: float = IDLE_SECONDS,
) -> Iterator[Pool]:
    """Yield a pool over the workers of a scheduler, as many as there are at any time.

    Parameters
    ----------
    scheduler : str
        ``tcp://host:port``, or ``tls://`` with certificates in Dask's own settings.
    limits : Limits, optional
        Of each item; by default those of :class:`~cytorecon.workers.limits.Limits`.
    patience_seconds : float
        How long the scheduler may take to answer, and its first worker to be there.
    idle_seconds : float
        A worker process without work ends after this.

    Raises
    ------
    WorkersError
        If the scheduler cannot be reached or has no workers; later, if it is lost, or a worker has
        another version of cytorecon.
    """
    with _connected(scheduler, patience_seconds) as client:
        lanes = _Lanes(f"cytorecon-{uuid.uuid4().hex}", limits or Limits(), idle_seconds)
        client.register_plugin(lanes)
        executor = client.get_executor(pure=False, retries=0)

        def submit(work: Work, item: object) -> Future[Reply]:
            return cast("Future[Reply]", executor.submit(_on_worker, lanes.name, __version__, work, item))

        try:
            yield over(submit, lambda: max(1, AHEAD * sum(client.nthreads().values())))
        finally:
            if client.status == "running":
                client.unregister_worker_plugin(lanes.name)
            executor.shutdown(wait=False)


@contextmanager
def _connected(scheduler: str, patience_seconds: float) -> Iterator[Client]:
    try:
        client = Client(scheduler, timeout=patience_seconds, set_as_default=False)
    except (OSError, ValueError) as error:
        raise WorkersError(
            "The scheduler cannot be reached.",
            subject=scheduler,
            field="--scheduler",
            found=type(error).__name__,
            hint="Start it with `dask scheduler`; the address is the one that it prints.",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=patience_seconds)
        except TimeoutError:
            raise WorkersError(
                "The scheduler has no workers.",
                subject=scheduler,
                field="--scheduler",
                hint=f"Start some on each machine: dask worker {scheduler} --nthreads 2",
            ) from None
        yield client


def _on_worker(name: str, version: str, work: Work, item: object) -> Returned | Raised | Failure:
    """Let a lane of this Dask worker do it."""
    if version != __version__:
        raise WorkersError(
            "A worker has another version of cytorecon.",
            subject="workers",
            found=__version__,
            allowed=version,
            hint="The same version must be installed on every machine, or results would differ.",
        )
    crew = get_worker().plugins[name].crew
    assert isinstance(crew, Crew)
    return crew.ask(work, item)
