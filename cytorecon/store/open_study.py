"""A study that is open: its database, read and changed in transactions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, select

from cytorecon.store import history, schema
from cytorecon.store.chain import Mark
from cytorecon.store.engine import reading, writing
from cytorecon.store.history import UNKNOWN, Change, Clock, system_clock
from cytorecon.store.location import Folder, Server, parse_location
from cytorecon.store.locks import Lock, check_unlocked, read_locks
from cytorecon.store.opening import open_database
from cytorecon.store.tombstones import check_not_erased, erased_and_gone


class OpenStudy:
    """The database of a study, with a clock and the name of who makes changes; a context manager.

    Parameters
    ----------
    engine : Engine
        Of its database, checked.
    place : Folder or Server
        Where it is.
    clock : callable
        Gives the time of a change, for the history.
    who : str
        Who makes changes, for the history.
    """

    def __init__(self, engine: Engine, place: Folder | Server, clock: Clock, who: str) -> None:
        self._engine = engine
        self._place = place
        self._subject = str(place)
        self._clock = clock
        self._who = who

    @classmethod
    def open(cls, location: str | Path, *, clock: Clock = system_clock, who: str = UNKNOWN) -> Self:
        """Open an existing study; one that this user may not write, or an older one, can be read.

        Parameters
        ----------
        location : str or Path
            A folder, or ``postgresql+psycopg://user@host/database``.
        clock : callable
            Gives the time of a change, for the history.
        who : str
            Who makes changes, for the history.

        Raises
        ------
        StoreError
            If there is none, or it is damaged, or a newer version wrote it. What is there is
            left as it is.
        """
        place = parse_location(location)
        return cls(open_database(place), place, clock, who)

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def is_current(self) -> bool:
        """Tell whether this version can change it: the schema is of today, and not of an older version."""
        with self._reading() as connection:
            version = connection.execute(select(schema.study.c.schema_version)).scalar_one()
        return bool(version == schema.SCHEMA_VERSION)

    def __enter__(self) -> Self:
        """Return the study itself."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the database."""
        self.close()

    def locks(self) -> dict[str, Lock]:
        """Return the patients whose results are locked (:mod:`cytorecon.store.locks`)."""
        with self._reading() as connection:
            return read_locks(connection)

    def check_unlocked(self, patient: str) -> None:
        """Check that the results of a patient may be changed.

        Raises
        ------
        LockedError
            Saying by whom they are locked.
        StoreError
            If the patient was erased and did not come back.
        """
        with self._reading() as connection:
            check_unlocked(connection, patient, self._subject)
            check_not_erased(connection, patient, self._subject)

    def erased(self, patients: Collection[str]) -> frozenset[str]:
        """Return those of `patients` who were erased and did not come back."""
        with self._reading() as connection:
            return erased_and_gone(connection, patients)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with reading(self._engine, self._subject) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with writing(self._engine, self._subject) as connection:
            yield connection

    @contextmanager
    def _changing(
        self,
        what: Change,
        *,
        patient: str = "",
        tube: str = "",
        reason: str = "",
        after_sha256: str = "",
        who: str = "",
        mark: Mark | None = None,
    ) -> Iterator[Connection]:
        with self._writing() as connection:
            self._note(
                connection, what,
                patient=patient, tube=tube, reason=reason, after_sha256=after_sha256, who=who, mark=mark,
            )  # fmt: skip
            yield connection

    def _note(
        self,
        connection: Connection,
        what: Change,
        *,
        patient: str = "",
        tube: str = "",
        reason: str = "",
        after_sha256: str = "",
        who: str = "",
        mark: Mark | None = None,
    ) -> int:
        """Write the line of a change, see :func:`cytorecon.store.history.append`."""
        return history.append(
            connection, self._subject, self._clock(), what,
            who=who or self._who, patient=patient, tube=tube, reason=reason, after_sha256=after_sha256,
            mark=mark,
        )  # fmt: skip
