"""Keep the files of a batch: written where a tube is analysed, by the process that has read it already.

What is kept is the sample as it was analysed, linear and without names and dates (docs/decisions/0051).
The file is on its disk before the study knows of it, and the study knows of it before the result is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, cast

from cytorecon.errors import FcsError, Issue, Severity
from cytorecon.intake import Cleaned, private_folder, write_clean
from cytorecon.pipeline import Plan, Task
from cytorecon.pipeline.learn import attempt, reason_of
from cytorecon.pipeline.source import Source
from cytorecon.results import TubeResult
from cytorecon.running import Answer, Each, Failure, Item, Lost
from cytorecon.store import KeptFile, StudyStore
from cytorecon.store.blobs import BlobChangedError, Blobs
from cytorecon.store.remote_blobs import blobs_at, usual_place
from cytorecon.study.model import Tube

#: Code of the remark on tubes whose files are not kept.
NOT_KEPT: Final = "batch.files_not_kept"
_MOST_NAMES: Final = 30
#: What is done with a tube.
Analysis = Callable[[Task], TubeResult | Failure]
_BY_BATCH: Final = "After a decision about a gate a batch with the same sheet analyses them again."
_NOT_ASKED_FOR: Final = Issue(
    NOT_KEPT,
    Severity.INFO,
    "batch",
    "The files of the tubes are not kept, as --no-keep-files asks.",
    _BY_BATCH,
)
_NO_PLACE: Final = Issue(
    NOT_KEPT,
    Severity.INFO,
    "batch",
    "The files of the tubes are not kept: a study in PostgreSQL has no place for them of its own.",
    f"Name one with --blobs. {_BY_BATCH}",
)


@dataclass(frozen=True)
class Place:
    """Where the files of a study are kept, in words that mean the same on every machine, or nothing.

    Parameters
    ----------
    name : str
        An absolute folder, or a URL.
    mark : str
        By which a machine tells that it sees this very folder (:meth:`Blobs.mark`).
    """

    name: str
    mark: str

    def blobs(self) -> Blobs | None:
        """Return the place as this machine sees it; None where it does not."""
        found = blobs_at(self.name)
        return found if found.has_mark(self.mark) else None


def place_of(location: str | Path, blobs: str) -> Place | None:
    """Return where a batch keeps its files; None for a study in PostgreSQL that was given no place.

    Raises
    ------
    StoreError
        If the place cannot be written.
    """
    named = blobs or usual_place(location)
    if not named:
        return None
    name = named if "://" in named else str(Path(named).absolute())
    return Place(name, blobs_at(name).mark())


@dataclass(frozen=True)
class _Asked:
    task: Task
    keep: bool


@dataclass(frozen=True)
class _Answered:
    """What came of a tube, and of its file: kept, not kept for a reason, or not to be kept."""

    answer: TubeResult | Failure
    file: KeptFile | Failure | None


@dataclass(frozen=True)
class Files:
    """Whether a run keeps the files of its tubes.

    Parameters
    ----------
    place : Place or None
        Where; None keeps none.
    asked_for : bool
        Whether they were to be kept.
    """

    place: Place | None
    asked_for: bool


class Keeper:
    """Keeps the files of one run, and remembers which ones could not be.

    Parameters
    ----------
    store : StudyStore
        The study.
    files : Files
        Where its files are kept.
    plan : Plan
        Of the run.
    """

    def __init__(self, store: StudyStore, files: Files, plan: Plan) -> None:
        self._store = store
        self._files = files
        self._plan = plan
        self._failed: dict[str, str] = {}

    def beside(self, each: Each) -> Each:
        """Return `each`, which keeps the files of tubes that have a result, too."""
        place = self._files.place
        if place is None:
            return each

        def keeping(
            work: Callable[[Item], Answer], items: Iterable[Item], /
        ) -> Iterator[tuple[Item, Answer | Failure]]:
            asked = (_Asked(task, keep=self._is_wanted(task)) for task in cast("Iterable[Task]", items))
            for item, found in each(
                partial(_analysed_and_kept, work=cast("Analysis", work), place=place), asked
            ):
                if isinstance(found, Failure):
                    yield cast("Item", item.task), found
                    continue
                self._note(item.task, found.file, place)
                yield cast("Item", item.task), cast("Answer", found.answer)

        return keeping

    def keep_known(self, tubes: Iterable[Tube], analysed: Iterable[Tube], each: Each) -> None:
        """Keep the files of tubes that were analysed before, when files were not kept.

        Parameters
        ----------
        tubes, analysed : iterable of Tube
            Those of the run, and those of them that were analysed in it.
        each : callable
            See :func:`~cytorecon.pipeline.analyze_tubes`.
        """
        place = self._files.place
        if place is None:
            return
        done = {tube.tube for tube in analysed}
        tasks = self._plan.tasks(tube for tube in tubes if tube.tube not in done)
        for task, found in each(partial(_only_kept, place=place), filter(self._is_wanted, tasks)):
            if isinstance(found, Lost):
                self._failed[task.tube.tube] = found.reason
            else:
                self._note(task, found, place)

    def remarks(self) -> tuple[Issue, ...]:
        """Return what is to be said about files that are not kept."""
        if self._files.place is None:
            return (_NO_PLACE if self._files.asked_for else _NOT_ASKED_FOR,)
        reasons: dict[str, list[str]] = {}
        for tube, reason in self._failed.items():
            reasons.setdefault(reason, []).append(tube)
        return tuple(_not_kept(tubes, reason) for reason, tubes in reasons.items())

    def _is_wanted(self, task: Task) -> bool:
        sha256 = self._plan.hashes[task.tube.tube]
        return self._store.kept_file(sha256, task.source.dataset) is None

    def _note(self, task: Task, file: KeptFile | Failure | None, place: Place) -> None:
        if isinstance(file, Failure):
            # its machine does not see the place, or a disk was full: here it works, or the reason is told
            file = _kept_here(task, place)
        if isinstance(file, Failure):
            self._failed[task.tube.tube] = file.reason
        elif file is not None:
            self._store.keep_file(file)


def _analysed_and_kept(asked: _Asked, work: Analysis, place: Place) -> _Answered:
    """Analyse a tube, and keep its file when there is a result; it is read once for both."""
    read = attempt(Source.read, asked.task.source) if asked.keep else None
    if not isinstance(read, Cleaned):  # what cannot be read fails below, in words
        return _Answered(work(asked.task), None)
    answer = work(replace(asked.task, source=asked.task.source.holding(read)))
    if isinstance(answer, Failure):
        return _Answered(answer, None)
    keep = partial(kept, read, answer.provenance.file_sha256, place=place)
    return _Answered(answer, attempt(keep, asked.task))


def _only_kept(task: Task, place: Place) -> KeptFile | Failure:
    return attempt(partial(_read_and_kept, place=place), task)


def _kept_here(task: Task, place: Place) -> KeptFile | Failure:
    """Keep a file in the process of the run; a disk that is full or cannot be written stops the run."""
    try:
        return _read_and_kept(task, place)
    except (FcsError, BlobChangedError) as error:
        return Failure(reason_of(error))


def _read_and_kept(task: Task, place: Place) -> KeptFile | Failure:
    read = task.source.read()
    return kept(read, read.sample.sha256, task, place)


def kept(cleaned: Cleaned, file_sha256: str, task: Task, place: Place) -> KeptFile | Failure:
    """Write a sample that was read into the place of files, and return what its row is to say.

    Parameters
    ----------
    cleaned : Cleaned
        Of :meth:`~cytorecon.pipeline.source.Source.read`.
    file_sha256 : str
        Of the bytes as they came.
    task : Task
        Which data set it is.
    place : Place
        Where files are kept; a failure when this machine does not see it.

    Raises
    ------
    StoreError
        If the place is full or cannot be written.
    """
    blobs = place.blobs()
    if blobs is None:
        return Failure("The machine does not see the place where the study keeps its files.")
    with private_folder() as folder:
        path = folder / "clean.fcs"
        beside = write_clean(cleaned, path)
        return KeptFile(
            file_sha256=file_sha256,
            dataset=task.source.dataset,
            blob_sha256=blobs.put(path),
            issues=cleaned.sample.issues,
            removed=cleaned.removed,
            written=cleaned.written,
            beside=beside,
        )


def _not_kept(tubes: list[str], reason: str) -> Issue:
    whose = "1 tube is" if len(tubes) == 1 else f"{len(tubes)} tubes are"
    more = f" and {len(tubes) - _MOST_NAMES} more" if len(tubes) > _MOST_NAMES else ""
    message = f"The file of {whose} not kept: {', '.join(tubes[:_MOST_NAMES])}{more}. {reason}"
    return Issue(NOT_KEPT, Severity.WARNING, "batch", message, f"Results stand. {_BY_BATCH}")
