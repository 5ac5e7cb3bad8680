"""A study is read again after a change: a result whose stored text is the same is taken over.

What tells that is the SHA-256 of the text itself, looked at each time: not the history, nor a revision, that
would say the same of a document that something else than this program changed. Checks between tubes are made
on all results, as if all had been read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Connection, LargeBinary, cast, func, select

from cytorecon.results import TubeResult
from cytorecon.store import schema
from cytorecon.store.documents import RESULT, SameTextSameValue, from_text
from cytorecon.store.engine import streamed
from cytorecon.store.locks import read_locks
from cytorecon.store.pending import pending_result
from cytorecon.store.rows import AT_A_TIME, FEW, read_study, read_tubes
from cytorecon.study.assay import Checked, checked_again
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
    removed : tuple of Tube
        Tubes that were taken out and can be restored.
    stored : mapping of str to StoredResult
        By tube.
    checked : Checked
        The study with the marks of checks between tubes.
    texts : SameTextSameValue
        Patients, tubes, events and readouts.
    """

    revision: int
    removed: tuple[Tube, ...]
    stored: Mapping[str, StoredResult]
    checked: Checked
    texts: SameTextSameValue

    @property
    def result(self) -> StudyResult:
        """As :meth:`~cytorecon.store.StudyStore.result` gives it without pictures."""
        return self.checked.result


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
    texts = SameTextSameValue(None if earlier is None else earlier.texts)
    study = read_study(connection, subject, texts)
    removed = read_tubes(connection, subject, removed=True, read=texts)
    names = {tube.tube for tube in study.tubes}
    stored = dict(_stored(connection, names, subject, {} if earlier is None else earlier.stored))
    results = tuple(
        stored[tube.tube].result if tube.tube in stored else pending_result(tube.tube) for tube in study.tubes
    )
    whole = StudyResult(study=study, tubes=results, locked=tuple(read_locks(connection)))
    revision = int(connection.execute(select(schema.study.c.revision)).scalar_one())
    checked = checked_again(whole, None if earlier is None else earlier.checked)
    return ReadStudy(revision, removed, MappingProxyType(stored), checked, texts)


def _stored(
    connection: Connection, names: Collection[str], subject: str, known: Mapping[str, StoredResult]
) -> Iterator[tuple[str, StoredResult]]:
    """Yield the stored results of tubes, those of the same text as they were read before."""
    table = schema.results
    on_server = connection.dialect.name == "postgresql"
    # as bytes: most of the texts are hashed and not read
    document = func.convert_to(table.c.document, "UTF8") if on_server else cast(table.c.document, LargeBinary)
    if known and on_server:
        # the server makes the hashes, so that texts which are known do not cross the network
        asked = select(table.c.tube, func.encode(func.sha256(document), "hex"))
        same = {
            tube
            for tube, sha256 in connection.execute(asked)
            if tube in names and tube in known and known[tube].sha256 == sha256
        }
        yield from ((tube, known[tube]) for tube in same)
        names = set(names) - same
    wanted = select(table.c.tube, document.label("document"))
    # a few rows at a time: the text of all of them is as large as what is made of it
    with streamed(
        connection, wanted.where(table.c.tube.in_(names)) if len(names) <= FEW else wanted, AT_A_TIME
    ) as rows:
        for row in rows:
            if row.tube in names:
                yield row.tube, _read(row.tube, row.document, subject, known.get(row.tube))


def _read(tube: str, document: bytes, subject: str, known: StoredResult | None) -> StoredResult:
    sha256 = hashlib.sha256(document).hexdigest()
    if known is not None and known.sha256 == sha256:
        return known
    return StoredResult(sha256, from_text(RESULT, document, subject=subject, field=f"result of {tube}"))
