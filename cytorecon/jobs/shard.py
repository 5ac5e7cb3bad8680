"""One part of the tubes of a study: several machines share the work without knowing of each other.

What tubes teach each other is learned and frozen before (``batch --learn-only``), so a shard changes
nothing that another one needs: it only stores results of its own tubes (docs/decisions/0042).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cytorecon.errors import CytoreconError, Issue, StoreError
from cytorecon.gating.override_check import checked_initials
from cytorecon.jobs.batch import analyse
from cytorecon.jobs.done import seen_before
from cytorecon.jobs.keeping import Files, place_of
from cytorecon.pipeline import AnalysisSettings, plan_with_what_was_learned
from cytorecon.pipeline.learn import Progress
from cytorecon.pipeline.study import no_progress
from cytorecon.store import AWAITS_ANALYSIS, StudyStore
from cytorecon.store.history import UNKNOWN
from cytorecon.study import file_digests, load_study
from cytorecon.study.model import Study, Tube
from cytorecon.study.result import StudyResult
from cytorecon.workers import Pool, workers


@dataclass(frozen=True)
class Shard:
    """One of several parts of a study. Which tubes it has depends on their names only.

    Parameters
    ----------
    number, of : int
        From 1; how many there are.

    Examples
    --------
    >>> parts = [Shard(number, 3) for number in (1, 2, 3)]
    >>> [sum(part.has(f"P{patient:02}/d30/1") for part in parts) for patient in range(5)]
    [1, 1, 1, 1, 1]
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Return the shard that ``"2/8"`` means.

        Raises
        ------
        CytoreconError
            If the text is not of this kind.
        """
        number, _, of = text.partition("/")
        if number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
            return cls(int(number), int(of))
        raise CytoreconError(
            "This is not a part of the tubes.",
            field="--shard",
            found=text,
            allowed="i/N, from 1/N to N/N",
        )

    def has(self, tube: str) -> bool:
        """Tell whether a tube belongs to this part."""
        digest = hashlib.sha256(tube.encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1


def run_shard(
    manifest: Path,
    out: str | Path,
    shard: Shard,
    *,
    today: date | None = None,
    keep_files: bool = True,
    blobs: str = "",
    by: str = "",
    jobs: int = 1,
    pool: Pool | None = None,
    progress: Progress = no_progress,
) -> StudyResult:
    """Analyse the tubes of one shard into a study whose scales and priors are learned.

    Parameters
    ----------
    manifest : Path
        The sample sheet that ``run_batch(..., learn_only=True)`` took over; it is not taken over again.
    out : str or Path
        Study folder or database URL.
    shard : Shard
        Which part.
    today, keep_files, blobs, by, jobs, pool, progress
        See :func:`~cytorecon.jobs.run_batch`.

    Returns
    -------
    StudyResult
        The study with the tubes of this shard only, without pictures. Tubes that could not be
        analysed when the others were looked at have failed and are not tried again here.

    Raises
    ------
    StoreError
        If there is no such study, or it was made from another sheet.
    """
    sheet = load_study(manifest, today=today)
    who = checked_initials(by) if by else UNKNOWN
    with StudyStore.open(out, who=who) as store, nullcontext(pool) if pool else workers(jobs) as crew:
        own = tuple(
            _own_tubes(_analysed_here(sheet, store), _analysed_here(store.study(), store), shard, str(out))
        )
        settings, origins = AnalysisSettings.from_json(store.settings()), store.origins()
        todo = [tube for tube in own if tube.tube not in origins or origins[tube.tube].status == "done"]
        plan = plan_with_what_was_learned(
            todo,
            settings,
            overrides=store.overrides(),
            unchanged=seen_before(file_digests(todo), origins, settings),
            run=crew.run,
            progress=progress,
        )
        files = Files(place_of(out, blobs) if keep_files else None, asked_for=keep_files)
        remarks = analyse(store, todo, plan, files, each=crew.each, progress=progress)
        return _result(store, own, remarks)


def _analysed_here(study: Study, store: StudyStore) -> Study:
    """Return a study without the tubes of patients whose results are locked, or who were erased."""
    apart = set(store.locks()) | store.erased({tube.patient for tube in study.tubes})
    return study.model_copy(update={"tubes": tuple(t for t in study.tubes if t.patient not in apart)})


def _own_tubes(sheet: Study, stored: Study, shard: Shard, subject: str) -> Iterator[Tube]:
    """Yield the rows of the sheet that are tubes of this shard, under their stored names."""
    known = {tube.row: tube for tube in stored.tubes if tube.row > 0}
    uploads = {(tube.patient, tube.day) for tube in stored.tubes if tube.row == 0}
    # what is stored about them is what the sheet said before, until they are analysed again
    waiting = {issue.subject for issue in stored.issues if issue.code == AWAITS_ANALYSIS}
    for tube in sheet.tubes:
        name = known.get(tube.row)
        if name is None and (tube.patient, tube.day) in uploads:
            continue  # its file was uploaded: the batch that goes on after the shards looks after it
        if (
            name is None
            or (name.patient, name.day) != (tube.patient, tube.day)
            or (name.template != tube.template and name.tube not in waiting)
        ):
            raise StoreError(
                "The study was made from another sheet.",
                subject=subject,
                field=f"manifest row {tube.row}",
                hint="Run the batch with --learn-only first, with this sheet.",
            )
        if shard.has(name.tube):
            yield tube.model_copy(update={"tube": name.tube})


def _result(store: StudyStore, own: Sequence[Tube], remarks: Sequence[Issue]) -> StudyResult:
    study = store.study()
    names = {tube.tube for tube in own}
    tubes = tuple(tube for tube in study.tubes if tube.tube in names)
    results = tuple(store.tube_result(tube.tube).model_copy(update={"plots": ()}) for tube in tubes)
    issues = (*study.issues, *remarks)
    return StudyResult(study=study.model_copy(update={"tubes": tubes, "issues": issues}), tubes=results)
