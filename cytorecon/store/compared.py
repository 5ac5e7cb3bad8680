"""Results of some patients beside those of all others, of which only what is compared is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlalchemy import Connection, select

from cytorecon.results import TubeResult
from cytorecon.store import schema
from cytorecon.store.documents import COMPARED, Compared, from_text
from cytorecon.store.engine import streamed
from cytorecon.store.locks import read_locks
from cytorecon.store.pending import pending_result
from cytorecon.store.rows import AT_A_TIME, add_positions, read_results, read_study
from cytorecon.study.assay import with_assay_checks
from cytorecon.study.assay.gate_drift import Positions
from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult


def read_compared_result(connection: Connection, subject: str, patients: Collection[str]) -> StudyResult:
    """Return the study with the results of some patients, and the others' without gates."""
    study = read_study(connection, subject)
    own = [tube for tube in study.tubes if tube.patient in patients]
    found = {outcome.tube: outcome for outcome in read_results(connection, own, subject, plots=False)}
    positions: Positions = {}
    _add_own(positions, own, found)
    others = {tube.tube: tube for tube in study.tubes if tube.tube not in found}
    for outcome, gates in _read_others(connection, others, subject):
        tube = others[outcome.tube]
        if outcome.status == "done" and not tube.is_product:
            add_positions(positions, tube.patient, gates)
        found[outcome.tube] = outcome
    results = tuple(found.get(tube.tube) or pending_result(tube.tube) for tube in study.tubes)
    locked = tuple(read_locks(connection))
    return with_assay_checks(StudyResult(study=study, tubes=results, locked=locked), positions)


def _add_own(positions: Positions, tubes: Iterable[Tube], found: Mapping[str, TubeResult]) -> None:
    for tube in tubes:
        if found[tube.tube].status == "done" and not tube.is_product:
            add_positions(positions, tube.patient, found[tube.tube])


def _read_others(
    connection: Connection, tubes: Mapping[str, Tube], subject: str
) -> Iterator[tuple[TubeResult, Compared]]:
    table = schema.results
    # a few rows at a time: the text of all of them is larger than what is made of it
    with streamed(connection, select(table.c.tube, table.c.document), AT_A_TIME) as rows:
        for row in rows:
            if row.tube in tubes:
                read = from_text(COMPARED, row.document, subject=subject, field=f"result of {row.tube}")
                yield _without_gates(read), read


def _without_gates(read: Compared) -> TubeResult:
    return TubeResult(
        tube=read.tube, status=read.status, error=read.error, n_events=read.n_events,
        channels=read.channels, counts=read.counts, issues=read.issues, provenance=read.provenance,
    )  # fmt: skip
