"""A study is read again after a change: a result whose stored text is the same is taken over.

What tells that is the SHA-256 of the text itself, looked at each time: not the history, nor a revision, that
would say the same of a document that something else than this program changed. Checks between tubes are made
on all results, as if all had been read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, Row, func, select

from cytorecon.results import TubeResult
from cytorecon.store import schema
from cytorecon.store.chain import digest
from cytorecon.store.documents import RESULT, from_text
from cytorecon.store.engine import streamed
from cytorecon.store.locks import read_locks
from cytorecon.store.pending import pending_result
from cytorecon.store.rows import AT_A_TIME, FEW, read_study, read_tubes
from cytorecon.study.assay import with_assay_checks
from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A result as it is stored: without pictures, and without the marks of checks between tubes.

    Parameters
    ----------
    sha256 : str
        Of its text.
    result : TubeResult
        What the text says.
    """

    sha256: str
    result: TubeResult


@dataclass(frozen=True, slots=True)
class ReadStudy:
    """A study as of one moment, with what the next reading can take over.

    Parameters
    ----------
    revision : int
        Number of changes so far.
    result : StudyResult
        As :meth:`~cytorecon.store.StudyStore.result` gives it without pictures.
    removed : tuple of Tube
        Tubes that were taken out and can be restored.
    stored : mapping of str to StoredResult
        By tube.
    """

    revision: int
    result: StudyResult
    removed: tuple[Tube, ...]
    stored: Mapping[str, StoredResult]


_NOTHING: Final[Mapping[str, StoredResult]] = MappingProxyType({})


def read_again(connection: Connection, subject: str, earlier: ReadStudy | None) -> ReadStudy:
    """Return the study as it is now.

    Parameters
    ----------
    connection : Connection
        A transaction that reads.
    subject : str
        The study, for messages.
    earlier : ReadStudy or None
        Of the same place, at any time before.
    """
    study = read_study(connection, subject)
    names = {tube.tube for tube in study.tubes}
    known = _NOTHING if earlier is None else earlier.stored
    stored = dict(_stored(connection, names, subject, known))
    results = tuple(
        stored[tube.tube].result if tube.tube in stored else pending_result(tube.tube) for tube in study.tubes
    )
    whole = StudyResult(study=study, tubes=results, locked=tuple(read_locks(connection)))
    return ReadStudy(
        revision=int(connection.execute(select(schema.study.c.revision)).scalar_one()),
        result=with_assay_checks(whole),
        removed=read_tubes(connection, subject, removed=True),
        stored=MappingProxyType(stored),
    )


def _stored(
    connection: Connection, names: Collection[str], subject: str, known: Mapping[str, StoredResult]
) -> Iterator[tuple[str, StoredResult]]:
    """Yield the stored results of tubes, those of the same text as they were read before."""
    table = schema.results
    if known and connection.dialect.name == "postgresql":
        # the server makes the hashes, so that texts which are known do not cross the network
        sha256 = func.encode(func.sha256(func.convert_to(table.c.document, "UTF8")), "hex")
        now: dict[str, str] = {
            tube: found for tube, found in connection.execute(select(table.c.tube, sha256)) if tube in names
        }
        same = [tube for tube, found in now.items() if tube in known and known[tube].sha256 == found]
        yield from ((tube, known[tube]) for tube in same)
        names = now.keys() - set(same)
    for row in _texts(connection, names):
        sha256 = digest(row.document)
        if row.tube in known and known[row.tube].sha256 == sha256:
            yield row.tube, known[row.tube]
        else:
            result = from_text(RESULT, row.document, subject=subject, field=f"result of {row.tube}")
            yield row.tube, StoredResult(sha256, result)


def _texts(connection: Connection, names: Collection[str]) -> Iterator[Row[tuple[str, str]]]:
    """Yield tube and text of results, a few at a time: together they are as large as what is made of them."""
    table = schema.results
    wanted = select(table.c.tube, table.c.document)
    asked = wanted.where(table.c.tube.in_(names)) if len(names) <= FEW else wanted
    with streamed(connection, asked, AT_A_TIME) as rows:
        yield from (row for row in rows if row.tube in names)
