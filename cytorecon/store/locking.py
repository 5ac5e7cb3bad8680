"""Lock the results of a patient, and unlock them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, select

from cytorecon.errors import StoreError
from cytorecon.gating.override_check import LONGEST_REASON, checked_initials
from cytorecon.store import rows, schema
from cytorecon.store.history import Change
from cytorecon.store.locks import Lock, lock_of, read_locks
from cytorecon.store.open_study import OpenStudy

_HINT: Final = "See: cytorecon approvals STUDY."


class StudyLocks(OpenStudy):
    """Locks of a study; see :class:`~cytorecon.store.open_study.OpenStudy`."""

    def lock(self, patient: str, *, by: str, why: str) -> Lock:
        """Keep tubes, facts, events and readouts of a patient as they are, until somebody unlocks them.

        Raises
        ------
        OverrideError
            If `by` holds more than initials.
        StoreError
            If there is no such patient, the results are locked already, or there is no reason.
        """
        self._check_words(patient, by, why)
        with self._locked_row() as connection:
            if not rows.has_patient(connection, patient):
                raise self._error("The study has no such patient.", patient, "", "a patient of the study")
            if (before := lock_of(connection, patient)) is not None:
                raise self._error("The results are locked already.", patient, before.words, "one lock")
            self._note(connection, Change.LOCKED, patient=patient, reason=why, who=by)
            return read_locks(connection)[patient]

    def unlock(self, patient: str, *, by: str, why: str) -> None:
        """Let the results of a patient be changed again.

        Raises
        ------
        OverrideError
            If `by` holds more than initials.
        StoreError
            If they are not locked, or there is no reason.
        """
        self._check_words(patient, by, why)
        with self._locked_row() as connection:
            if lock_of(connection, patient) is None:
                raise self._error("The results are not locked.", patient, "", "a patient who is locked")
            self._note(connection, Change.UNLOCKED, patient=patient, reason=why, who=by)

    @contextmanager
    def _locked_row(self) -> Iterator[Connection]:
        """Open a transaction with the study's row locked, as a change would."""
        with self._writing() as connection:
            connection.execute(select(schema.study.c.revision).with_for_update())
            yield connection

    def _check_words(self, patient: str, by: str, why: str) -> None:
        checked_initials(by)
        if not why.strip() or len(why) > LONGEST_REASON:
            found = f"{len(why)} characters" if why.strip() else "no reason"
            allowed = f"a reason of 1 to {LONGEST_REASON} characters"
            raise self._error("A lock, and its end, need a reason.", patient, found, allowed)

    def _error(self, message: str, patient: str, found: str, allowed: str) -> StoreError:
        field = f"patient {patient}"
        return StoreError(
            f"{message[:-1]}; nothing was changed.",
            subject=self._subject,
            field=field,
            found=found,
            allowed=allowed,
            hint=_HINT,
        )
