"""A study that is open, and what it says: all of it, some patients, or again after a change."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from cytorecon.store import rows, schema
from cytorecon.store.compared import read_compared_result
from cytorecon.store.open_study import OpenStudy
from cytorecon.store.reading import ReadStudy, read_again
from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult


class ReadableStudy(OpenStudy):
    """An open study that gives its results; see :class:`OpenStudy`."""

    def result(self, *, plots: bool = True) -> StudyResult:
        """Return the study with one result per tube, as of one moment.

        Checks between tubes are made anew on what is there now; their marks are not stored, so that a tube
        added later changes no stored result.

        Parameters
        ----------
        plots : bool
            False leaves the pictures of the gates out, which are most of the bytes.
        """
        with self._reading() as connection:
            return rows.read_study_result(connection, self._subject, plots=plots)

    def result_of(self, patients: Collection[str]) -> StudyResult:
        """Return the study with the results of some patients' tubes, without the pictures of their gates.

        What is said of these tubes is what :meth:`result` says: the checks between tubes look at where the
        gates of all patients lie. Other tubes have no result, and patients that are not known have no tubes.

        Parameters
        ----------
        patients : collection of str
            Pseudonyms.
        """
        with self._reading() as connection:
            return rows.read_patients_result(connection, self._subject, patients)

    def result_beside_others(self, patients: Collection[str]) -> StudyResult:
        """Return the study with whole results of some patients, and of the others what is compared.

        Others have the counts and marks of :meth:`result`, but no gates, and no remark that one wanders.
        No result has pictures.

        Parameters
        ----------
        patients : collection of str
            Pseudonyms.
        """
        with self._reading() as connection:
            return read_compared_result(connection, self._subject, patients)

    def read(self, earlier: ReadStudy | None = None) -> ReadStudy:
        """Return what :meth:`result` says without pictures, with its revision and the removed tubes.

        Parameters
        ----------
        earlier : ReadStudy, optional
            What was read before: results whose stored text is the same are taken over
            (:mod:`cytorecon.store.reading`). What comes out is the same with and without.
        """
        with self._reading() as connection:
            return read_again(connection, self._subject, earlier)

    def removed(self) -> tuple[Tube, ...]:
        """Return the removed tubes, in the order of the study."""
        with self._reading() as connection:
            return rows.read_tubes(connection, self._subject, removed=True)

    def revision(self) -> int:
        """Return the number of changes so far; it grows with each."""
        with self._reading() as connection:
            return int(connection.execute(select(schema.study.c.revision)).scalar_one())
