"""One study on disk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import Connection, select, update

from cytorecon.errors import Issue, StoreError
from cytorecon.gating.overrides import Override
from cytorecon.results import TubeResult
from cytorecon.store import history, rows, schema
from cytorecon.store.chain import digest
from cytorecon.store.checks import check_belongs, check_consistent
from cytorecon.store.decided import OverrideCheck, append_override, read_overrides, unchecked
from cytorecon.store.documents import ISSUES, OVERRIDE, from_text, to_text
from cytorecon.store.engine import writing
from cytorecon.store.history import UNKNOWN, Change, Clock, HistoryEntry, patient_of, system_clock
from cytorecon.store.kept import KeptFile, Work, claim, read_file, stored_by, write_file
from cytorecon.store.last_said import NAMES_WHAT_GOES, ROW_GOES, ROW_STAYS
from cytorecon.store.location import parse_location
from cytorecon.store.locks import check_unlocked
from cytorecon.store.opening import create_database, holds_study, open_database
from cytorecon.store.origins import Origin, read_origins
from cytorecon.store.readable import ReadableStudy
from cytorecon.store.saving import check_may_return, write_analysed
from cytorecon.store.sheet import SheetFiles, WrittenSheet, read_patients, write_sheet
from cytorecon.store.tombstones import check_not_erased, erased_and_gone, without_erased
from cytorecon.store.uploads import with_known_facts
from cytorecon.study.model import Patient, Study, Tube


class StudyStore(ReadableStudy):
    """A study that is kept: sheets, settings, results and history.

    Made by :meth:`create` or :meth:`open`; a context manager that closes the database. Every
    method is one transaction, so another thread or process may read while one writes. All of
    them raise :class:`~cytorecon.errors.StoreError` when the database cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> patient, tube = Patient(patient="P01"), Tube(tube="P01/d30/1", patient="P01", day=30, row=2)
    >>> study = Study(name="example", patients=(patient,), tubes=(tube,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with StudyStore.create(folder, study, "{}", software_version="0.1.0") as store:
    ...         store.save_tube(tube, TubeResult(tube="P01/d30/1", status="done"))
    ...     with StudyStore.open(folder) as store:
    ...         store.tube_result("P01/d30/1").status, store.revision()
    ('done', 2)
    """

    @classmethod
    def create(
        cls,
        location: str | Path,
        study: Study,
        settings: str,
        *,
        software_version: str,
        results: Sequence[TubeResult] = (),
        clock: Clock = system_clock,
        who: str = UNKNOWN,
    ) -> StudyStore:
        """Create a study and open it.

        Parameters
        ----------
        location : str or Path
            A folder (made if need be), or ``postgresql+psycopg://user@host/database`` naming an
            existing, empty database.
        study : Study
            Patients, tubes, events. Paths of files are not stored.
        settings : str
            JSON text of what was frozen for all tubes (transforms, priors, templates).
        software_version : str
            Version of cytorecon.
        results : sequence of TubeResult
            Of tubes of `study`, when they are known already: they come with it or not at all.
        clock : callable
            Gives the time of a change, for the history.
        who : str
            Who makes changes, for the history.

        Raises
        ------
        StoreError
            If there is a study already, the study contradicts itself or the place cannot be
            written. Nothing is left behind then.
        """
        place = parse_location(location)
        create_database(
            place, study, settings, results, software_version=software_version, at=clock(), who=who
        )
        return cls(open_database(place), place, clock, who)

    @staticmethod
    def exists(location: str | Path) -> bool:
        """Tell whether there is a study, whole or broken, at `location`."""
        return holds_study(parse_location(location))

    def study(self) -> Study:
        """Return the study without removed tubes: tubes in sheet order, then uploads."""
        with self._reading() as connection:
            return rows.read_study(connection, self._subject)

    def settings(self) -> str:
        """Return the settings as they were given."""
        with self._reading() as connection:
            return str(connection.execute(select(schema.study.c.settings)).scalar_one())

    def set_settings(self, text: str, *, reason: str = "") -> None:
        """Replace the settings. Results that were computed with the earlier ones stay."""
        with self._changing(Change.SETTINGS_SET, reason=reason, after_sha256=digest(text)) as connection:
            connection.execute(update(schema.study).values(settings=text))

    def change_settings(self, change: Callable[[str], str], *, reason: str = "") -> str:
        """Replace the settings by what `change` makes of those stored now, and return that.

        Reading and writing are one transaction, so nothing that others stored meanwhile is lost.
        Settings that stay the same are no change in the history.
        """
        with self._writing() as connection:
            # the row is locked before it is read: PostgreSQL would let two read and then write in turn
            stored = str(connection.execute(select(schema.study.c.settings).with_for_update()).scalar_one())
            text = change(stored)
            if text != stored:
                self._note(connection, Change.SETTINGS_SET, reason=reason, after_sha256=digest(text))
                connection.execute(update(schema.study).values(settings=text))
        return text

    def replace_sheet(
        self,
        study: Study,
        *,
        file_sha256: Mapping[str, str] | None = None,
        left_out_sha256: Mapping[int, str] | None = None,
        remove_missing: bool = False,
        consent_anew: Collection[str] = (),
    ) -> WrittenSheet:
        """Take over sheets that were read again; uploads, removals and what they do not list stay.

        A result stays until its tube was analysed again, see :mod:`cytorecon.store.earlier`; tubes
        that go have a line in the history each. An upload is never replaced: see
        :mod:`cytorecon.store.uploads`.

        Parameters
        ----------
        study : Study
            As the sheets say.
        file_sha256 : mapping of str to str, optional
            Tube -> SHA-256 of its file: tells which rows are tubes that the study knows.
        left_out_sha256 : mapping of int to str, optional
            Row that was left out -> SHA-256 of its file.
        remove_missing : bool
            Take out what the sheets do not list, uploads apart; no tube when rows were left out.
        consent_anew : collection of str
            Patients who were erased and may come back, which the history then tells.

        Returns
        -------
        WrittenSheet
            The sheets as they were taken over.
        """
        check_consistent(study, self._subject)
        files = SheetFiles(file_sha256 or {}, left_out_sha256 or {})
        with self._changing(Change.SHEET_REPLACED, mark=NAMES_WHAT_GOES) as connection:
            back = erased_and_gone(connection, {one.patient for one in study.patients})
            study, of_erased = without_erased(study, back, consent_anew)
            for patient in sorted(back.intersection(consent_anew)):
                reason = f"patient {patient}, who was erased: consent was given anew"
                self._note(connection, Change.PATIENT_SAVED, patient=patient, reason=reason)
            written = write_sheet(connection, study, self._subject, files, remove_missing=remove_missing)
            for tube, reason in written.discarded:
                self._note(connection, Change.RESULT_DISCARDED, tube=tube, reason=reason)
            for tube, reason in written.gone:
                self._note(connection, Change.TUBE_REMOVED, tube=tube, reason=reason, mark=ROW_GOES)
        return replace(written, not_stored=(*written.not_stored, *of_erased))

    def change_issues(self, change: Callable[[tuple[Issue, ...]], tuple[Issue, ...]]) -> None:
        """Replace what is said about the sheets by what `change` makes of it, in one transaction."""
        with self._writing() as connection:
            text = connection.execute(select(schema.study.c.issues).with_for_update()).scalar_one()
            stored = from_text(ISSUES, text, subject=self._subject, field="issues")
            changed = change(stored)
            if changed != stored:
                self._note(connection, Change.SHEET_REPLACED, reason="remarks on the run")
                connection.execute(update(schema.study).values(issues=to_text(ISSUES, changed)))

    def overrides(self) -> tuple[Override, ...]:
        """Return what people decided about gates, oldest first, undone records too."""
        with self._reading() as connection:
            return read_overrides(connection, self._subject)

    def add_override(self, record: Override, check: OverrideCheck = unchecked) -> None:
        """Add a checked record, for ever; `check` sees those there are, in the same transaction."""
        with self._changing(
            Change.GATE_DECIDED,
            patient=patient_of(record.target) if record.scope == "sample" else "",
            reason=f"override {record.id}",
            after_sha256=digest(to_text(OVERRIDE, record)),
            who=record.by,
        ) as connection:
            if record.scope == "sample":
                check_unlocked(connection, patient_of(record.target), self._subject)
            append_override(connection, record, self._subject, check)

    def has_uploads(self) -> bool:
        """Tell whether a tube came by upload, removed ones included."""
        with self._reading() as connection:
            found = connection.execute(select(schema.tubes.c.tube).where(schema.tubes.c.upload.is_(True)))
            return found.first() is not None

    def save_patient(self, patient: Patient) -> None:
        """Add a patient, or replace what is known about one."""
        with self._saving(patient) as connection:
            check_unlocked(connection, patient.patient, self._subject)
            check_not_erased(connection, patient.patient, self._subject)
            rows.write_patient(connection, patient)

    def complete_patient(self, patient: Patient) -> None:
        """Add a patient, or fill in what is not known about one; what is known stays."""
        with self._saving(patient) as connection:
            check_unlocked(connection, patient.patient, self._subject)
            check_not_erased(connection, patient.patient, self._subject)
            stored = read_patients(connection, self._subject).get(patient.patient)
            rows.write_patient(connection, with_known_facts(stored, patient) if stored else patient)

    def save_tube(
        self,
        tube: Tube,
        result: TubeResult,
        *,
        patient: Patient | None = None,
        reason: str = "",
        work: Work | None = None,
    ) -> None:
        """Store a tube (new or known) and its result, in place of an earlier one.

        A removed tube stays removed. A tube of the sheet and an upload never replace one another,
        nor does an upload one of another file, and no file counts twice.

        Parameters
        ----------
        tube : Tube
            What is known about it.
        result : TubeResult
            Of this tube.
        patient : Patient, optional
            Added with the tube when the study does not know the patient.
        reason : str
            For the history.
        work : Work, optional
            The job that does it: its result is stored once, whoever did it.

        Raises
        ------
        FileCountedError
            If another tube came from the same bytes.
        StoreError
            If the result is another tube's, another tube has the name, or the study lacks the
            patient.
        WorkStoredError
            If `work` was stored before.
        WorkOutdatedError
            If gates were decided about since.
        """
        check_belongs(tube, result, self._subject)
        after = rows.result_sha256(result)
        with self._changing(
            Change.TUBE_SAVED, patient=tube.patient, tube=tube.tube, reason=reason, after_sha256=after
        ) as connection:
            if work is not None:
                claim(connection, work, tube.tube, self._subject)
            write_analysed(connection, self._subject, tube, result, patient)

    def save_failure(self, tube: Tube, result: TubeResult) -> bool:
        """Store that a tube could not be analysed, unless an earlier run could.

        Returns
        -------
        bool
            Whether an earlier result is kept, with what was known about the tube then.
        """
        check_belongs(tube, result, self._subject)
        with self._writing() as connection:
            # locks the study's row, as a change would
            connection.execute(select(schema.study.c.revision).with_for_update())
            status = select(schema.results.c.status).where(schema.results.c.tube == tube.tube)
            if connection.execute(status).scalar() == "done":
                return True
            self._note(connection, Change.TUBE_SAVED, tube=tube.tube, after_sha256=rows.result_sha256(result))
            write_analysed(connection, self._subject, tube, result)
        return False

    def stored_by(self, key: str) -> str:
        """Return the tube whose result the job `key` has stored; empty when it has stored none."""
        with self._reading() as connection:
            return stored_by(connection, key)

    def keep_file(self, kept: KeptFile) -> None:
        """Write down a file that is kept (:mod:`cytorecon.store.blobs`); one that is known stays."""
        with writing(self._engine, self._subject) as connection:
            # locks the study's row, as a change would
            connection.execute(select(schema.study.c.revision).with_for_update())
            write_file(connection, kept)

    def kept_file(self, file_sha256: str, dataset: int | None = None) -> KeptFile | None:
        """Return what is kept of the file with this SHA-256, or None."""
        with self._reading() as connection:
            return read_file(connection, file_sha256, dataset, self._subject)

    def tube_result(self, tube: str) -> TubeResult:
        """Return the result of one tube, also of a removed one.

        A tube that was not analysed yet has status ``failed`` and an issue of code
        :data:`~cytorecon.store.NOT_ANALYSED`.

        Raises
        ------
        StoreError
            If the study has no such tube.
        """
        with self._reading() as connection:
            self._known_tube(connection, tube)
            return rows.read_result(connection, tube, self._subject)

    def done(self) -> Mapping[str, str]:
        """Return tube -> SHA-256 of its file for all tubes with a result, removed ones too.

        A batch that starts again leaves these out.
        """
        table = schema.results
        wanted = select(table.c.tube, table.c.file_sha256).where(table.c.status == "done")
        with self._reading() as connection:
            found = connection.execute(wanted.order_by(table.c.tube))
            return MappingProxyType({row.tube: row.file_sha256 for row in found})

    def origins(self) -> Mapping[str, Origin]:
        """Return tube -> what its result rests on, for all tubes that were analysed, removed ones too."""
        with self._reading() as connection:
            return MappingProxyType(read_origins(connection, self._subject))

    def remove_tube(self, tube: str, *, reason: str) -> None:
        """Leave a tube out of the study; :meth:`restore_tube` brings it back.

        Raises
        ------
        StoreError
            If the study has no such tube, it is removed already, or the reason is empty.
        """
        if not reason.strip():
            raise StoreError(
                "A removal needs a reason.",
                subject=self._subject,
                field=f"tube {tube}",
                allowed="a few words",
                hint="Say why, for those who read the history.",
            )
        self._set_removed(tube, removed=True, reason=reason)

    def restore_tube(self, tube: str, *, reason: str = "") -> None:
        """Bring a removed tube back with its result.

        Raises
        ------
        StoreError
            If the study has no such tube, it is not removed, or its file is counted as another
            tube by now.
        """
        self._set_removed(tube, removed=False, reason=reason)

    def history(self) -> tuple[HistoryEntry, ...]:
        """Return every change, oldest first. It holds clock times: keep it out of reports."""
        with self._reading() as connection:
            return history.entries(connection)

    def _saving(self, patient: Patient) -> AbstractContextManager[Connection]:
        name = patient.patient
        return self._changing(Change.PATIENT_SAVED, patient=name, reason=f"patient {name}")

    def _set_removed(self, tube: str, *, removed: bool, reason: str) -> None:
        what = Change.TUBE_REMOVED if removed else Change.TUBE_RESTORED
        with self._changing(what, tube=tube, reason=reason, mark=ROW_STAYS) as connection:
            if self._known_tube(connection, tube) == removed:
                raise StoreError(
                    f"The tube is {'removed already' if removed else 'not removed'}.",
                    subject=self._subject,
                    field=f"tube {tube}",
                    allowed=f"a tube that is {'part of the study' if removed else 'removed'}",
                    hint="Look the tube up in the history.",
                )
            check_unlocked(connection, patient_of(tube), self._subject)
            if not removed:
                check_may_return(connection, self._subject, tube)
            table = schema.tubes
            connection.execute(update(table).where(table.c.tube == tube).values(removed=removed))

    def _known_tube(self, connection: Connection, tube: str) -> bool:
        """Return whether `tube` is removed; refuse an unknown one."""
        removed = rows.is_removed(connection, tube)
        if removed is None:
            raise StoreError(
                "The study has no such tube.",
                subject=self._subject,
                found=tube,
                allowed="a tube of the study",
                hint="Names look like P01/d30/1: patient, day, number.",
            )
        return removed
