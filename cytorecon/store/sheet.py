"""Write a whole study as its sheets say, the first time or again after they were corrected."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, delete, select, update

from cytorecon.errors import Issue, Severity
from cytorecon.store import rows, schema
from cytorecon.store.documents import EVENT, ISSUES, PATIENT, TUBE, from_text, to_text
from cytorecon.store.earlier import (
    EarlierTube,
    awaits_analysis,
    bytes_of,
    counted_elsewhere,
    remarks,
    same_facts,
)
from cytorecon.store.held import without_locked
from cytorecon.store.locks import read_locks
from cytorecon.store.uploads import Upload, agrees, beside_uploads, listed_uploads, with_known_facts
from cytorecon.study.model import ClinicalEvent, Patient, Readout, Study, Tube

Given = TypeVar("Given", ClinicalEvent, Readout)

NOT_LISTED = "not in the sample sheet any more"
FACTS_CHANGED = "the sample sheet says something else of it, and it had failed"


@dataclass(frozen=True, slots=True)
class SheetFiles:
    """Which bytes the rows of a sheet are, as far as their files can be read.

    Parameters
    ----------
    tubes : mapping of str to str
        Tube -> SHA-256 of its file.
    left_out : mapping of int to str
        Row that was left out -> SHA-256 of its file.
    """

    tubes: Mapping[str, str]
    left_out: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class WrittenSheet:
    """What became of a sheet.

    Parameters
    ----------
    study : Study
        As the sheet was taken over, with the paths of its files: rows that are uploads left out,
        tubes under the names they are stored by.
    uploads : tuple of Tube
        Uploads that the sheet lists and agrees with, with the paths of their files.
    gone : tuple of (tube, reason)
        Tubes that were removed.
    discarded : tuple of (tube, reason)
        Tubes that stay, and whose result does not fit them any more.
    locked : tuple of Tube
        Tubes of locked patients that the sheet lists, with the paths of their files: they teach the batch,
        and stay as they are.
    not_stored : tuple of Issue
        What is to be said of locked patients, which holds times, and of erased ones, which names them.
    """

    study: Study
    uploads: tuple[Tube, ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    discarded: tuple[tuple[str, str], ...] = ()
    locked: tuple[Tube, ...] = ()
    not_stored: tuple[Issue, ...] = ()


def write_sheet(
    connection: Connection, sheet: Study, subject: str, files: SheetFiles, *, remove_missing: bool = False
) -> WrittenSheet:
    """Take a sheet over; uploads stay as they are, and so does what it does not list.

    A stored result stays, with what was known about its tube, until the tube was analysed again:
    a file that cannot be read today costs nothing. Results whose file is another tube's by now go.

    Parameters
    ----------
    connection : Connection
        A transaction that writes.
    sheet : Study
        As the sheets say.
    subject : str
        The study, for messages.
    files : SheetFiles
        Tell which rows are tubes that the study knows.
    remove_missing : bool
        Take out tubes, facts and events that the sheets do not list; no tube when rows of the
        manifest were left out.
    """
    uploads, everyone = _uploads(connection, subject), _earlier(connection, subject)
    locks = read_locks(connection)
    held = without_locked(sheet, locks, uploads, everyone, files.tubes)
    sheet = held.sheet
    locked = [known for known in everyone if known.tube.patient in locks]
    earlier = [known for known in everyone if known.tube.patient not in locks]
    by_row = {tube.row: files.tubes[tube.tube] for tube in sheet.tubes if tube.tube in files.tubes}
    study = beside_uploads(sheet, uploads, files.tubes, earlier)
    study = study.model_copy(
        update={
            "patients": _patients(connection, study, uploads, subject, locks, remove_missing=remove_missing)
        }
    )
    holders = [(bytes_of(tube, by_row[tube.row]), tube.tube) for tube in study.tubes if tube.row in by_row]
    holders += [
        (bytes_of(upload.tube, upload.file_sha256), upload.tube.tube)
        for upload in uploads
        if not upload.removed
    ]
    moved = counted_elsewhere(earlier, holders)
    gone = _gone(sheet, study, earlier, moved, remove_missing=remove_missing and not sheet.left_out)
    for name, _ in gone:
        rows.delete_result(connection, name)
        connection.execute(delete(schema.tubes).where(schema.tubes.c.tube == name))
    stay = [known for known in earlier if known.tube.tube not in dict(gone)]
    as_stored, waiting, discarded = _settled(connection, study, stay, moved)
    listed = {tube.tube for tube in study.tubes}
    unlisted = [known for known in stay if known.tube.tube not in listed]
    said = remarks(
        [known for known in unlisted if not known.removed],
        sheet,
        files.left_out,
        remove_missing=remove_missing,
    )
    events, of_events = _events(connection, study, subject, locks, remove_missing=remove_missing)
    readouts, of_readouts = _readouts(connection, study, subject, locks, remove_missing=remove_missing)
    study = study.model_copy(
        update={"issues": (*study.issues, *waiting, *said, *of_events, *of_readouts), "readouts": readouts}
    )
    _write_in_order(connection, study, as_stored, [known.tube for known in (*unlisted, *locked)], events)
    listed_again = listed_uploads(sheet, uploads, files.tubes)
    again = tuple(_with_files(sheet, listed_again))
    return WrittenSheet(study, again, tuple(gone), tuple(discarded), held.tubes, held.issues)


def _gone(
    sheet: Study,
    study: Study,
    earlier: Sequence[EarlierTube],
    moved: Mapping[str, str],
    *,
    remove_missing: bool,
) -> list[tuple[str, str]]:
    """Return the tubes to remove, and why; nothing but `remove_missing` costs a result that counts."""
    listed = {tube.tube for tube in study.tubes}
    uploaded = {tube.tube for tube in sheet.tubes} - listed
    gone = []
    for known in earlier:
        name = known.tube.tube
        if name in listed:
            continue
        if name in moved:
            gone.append((name, f"its file is counted as tube {moved[name]}"))
        elif remove_missing:
            gone.append((name, f"{NOT_LISTED}, removed with --remove-missing"))
        elif known.status == "failed" or (not known.status and name in uploaded):
            gone.append((name, f"{NOT_LISTED}, and had no result"))
    return gone


def _settled(
    connection: Connection, study: Study, stay: Sequence[EarlierTube], moved: Mapping[str, str]
) -> tuple[list[Tube], list[Issue], list[tuple[str, str]]]:
    """Return the listed tubes as they are to be stored, remarks on what waits, and whose results went."""
    known_as = {known.tube.tube: known for known in stay}
    as_stored, waiting, discarded = [], [], []
    for tube in study.tubes:
        known = known_as.get(tube.tube)
        is_moved = tube.tube in moved
        if known is None or (same_facts(known.tube, tube) and not is_moved):
            as_stored.append(tube)
        elif known.is_good and not is_moved:
            # a tube and its result change together
            as_stored.append(known.tube.model_copy(update={"row": tube.row, "visit": tube.visit}))
            waiting.append(awaits_analysis(known.tube, tube))
        else:
            if known.status:
                why = f"its file is counted as tube {moved[tube.tube]}" if is_moved else FACTS_CHANGED
                discarded.append((tube.tube, why))
            rows.delete_result(connection, tube.tube)
            as_stored.append(tube)
    return as_stored, waiting, discarded


def _with_files(sheet: Study, listed_again: Mapping[str, Tube]) -> Sequence[Tube]:
    return [
        listed_again[row.tube].model_copy(update={"path": row.path, "dataset": row.dataset})
        for row in sheet.tubes
        if row.tube in listed_again and agrees(row, listed_again[row.tube])
    ]


def _uploads(connection: Connection, subject: str) -> tuple[Upload, ...]:
    tubes, results = schema.tubes, schema.results
    wanted = (
        select(tubes.c.tube, tubes.c.document, tubes.c.removed, results.c.file_sha256)
        .join(results, results.c.tube == tubes.c.tube, isouter=True)
        .where(tubes.c.upload.is_(True))
        .order_by(tubes.c.position)
    )
    return tuple(
        Upload(
            from_text(TUBE, row.document, subject=subject, field=f"tube {row.tube}"),
            row.file_sha256 or "",
            row.removed,
        )
        for row in connection.execute(wanted)
    )


def _earlier(connection: Connection, subject: str) -> tuple[EarlierTube, ...]:
    tubes, results = schema.tubes, schema.results
    wanted = (
        select(tubes.c.tube, tubes.c.document, tubes.c.removed, results.c.status, results.c.file_sha256)
        .join(results, results.c.tube == tubes.c.tube, isouter=True)
        .where(tubes.c.upload.is_(False))
        .order_by(tubes.c.position)
    )
    return tuple(
        EarlierTube(
            from_text(TUBE, row.document, subject=subject, field=f"tube {row.tube}"),
            row.status or "",
            (row.file_sha256 or "") if row.status == "done" else "",
            row.removed,
        )
        for row in connection.execute(wanted)
    )


def read_patients(connection: Connection, subject: str) -> dict[str, Patient]:
    """Return the patients of the study by pseudonym."""
    return {
        row.patient: from_text(PATIENT, row.document, subject=subject, field=f"patients, {row.patient}")
        for row in connection.execute(select(schema.patients).order_by(schema.patients.c.position))
    }


def _patients(
    connection: Connection,
    study: Study,
    uploads: Sequence[Upload],
    subject: str,
    locks: Collection[str],
    *,
    remove_missing: bool,
) -> tuple[Patient, ...]:
    """Return the patients of the sheets, with what is known about them and the sheets do not say."""
    known = read_patients(connection, subject)
    locked = {name: known[name] for name in locks if name in known}
    if remove_missing:
        uploaded = {upload.tube.patient for upload in uploads}
        known = {name: patient for name, patient in known.items() if name in uploaded}
    return tuple(
        locked.get(patient.patient)
        or (with_known_facts(patient, known[patient.patient]) if patient.patient in known else patient)
        for patient in study.patients
    )


def _events(
    connection: Connection, study: Study, subject: str, locks: Collection[str], *, remove_missing: bool
) -> tuple[tuple[ClinicalEvent, ...], tuple[Issue, ...]]:
    """Return the events of the study: of the sheets, and earlier ones of patients they say nothing about."""
    stored = connection.execute(select(schema.events).order_by(schema.events.c.position))
    earlier = tuple(
        from_text(EVENT, row.document, subject=subject, field=f"events, {row.patient}") for row in stored
    )
    of_locked = tuple(event for event in earlier if event.patient in locks)
    if remove_missing:
        return study.events + of_locked, ()
    earlier = tuple(event for event in earlier if event.patient not in locks)
    own, issues = _with_earlier(study.events, earlier, study, is_listed=study.lists_events, what="event")
    return own + of_locked, issues


def _readouts(
    connection: Connection, study: Study, subject: str, locks: Collection[str], *, remove_missing: bool
) -> tuple[tuple[Readout, ...], tuple[Issue, ...]]:
    """Return the readouts of the study, by the same rule as its events."""
    earlier = rows.read_readouts(connection, subject)
    of_locked = tuple(readout for readout in earlier if readout.patient in locks)
    if remove_missing:
        return study.readouts + of_locked, ()
    earlier = tuple(readout for readout in earlier if readout.patient not in locks)
    own, issues = _with_earlier(
        study.readouts, earlier, study, is_listed=study.lists_readouts, what="readout"
    )
    return own + of_locked, issues


def _with_earlier(
    own: tuple[Given, ...], earlier: tuple[Given, ...], study: Study, *, is_listed: bool, what: str
) -> tuple[tuple[Given, ...], tuple[Issue, ...]]:
    listed = {patient.patient for patient in study.patients}
    kept: tuple[Given, ...] = tuple(item for item in earlier if not is_listed or item.patient not in listed)
    if is_listed or not kept:
        return own + kept, ()
    one = len(kept) == 1
    remark = Issue(
        code="study.not_listed",
        severity=Severity.INFO,
        subject=f"{what}s",
        message=f"There is no {what}s sheet; {len(kept)} {what}{'' if one else 's'} of an earlier one "
        f"stay{'s' if one else ''}.",
        hint=f"To take {what}s out, give {'an' if what[0] in 'aeiou' else 'a'} {what}s sheet.",
    )
    return kept, (remark,)


def _delete_patients_without_tubes(connection: Connection) -> None:
    table = schema.patients
    with_tubes = select(schema.tubes.c.patient)
    connection.execute(delete(table).where(table.c.patient.not_in(with_tubes)))


def _write_in_order(
    connection: Connection,
    study: Study,
    tubes: Sequence[Tube],
    unlisted: Sequence[Tube],
    events: Sequence[ClinicalEvent],
) -> None:
    rows.write_events(connection, ())
    rows.write_readouts(connection, ())
    _delete_patients_without_tubes(connection)
    listed = [patient.patient for patient in study.patients]
    others = [name for (name,) in connection.execute(
        select(schema.patients.c.patient).order_by(schema.patients.c.position)
    ) if name not in listed]  # fmt: skip
    for patient in study.patients:
        rows.write_patient(connection, patient)
    for tube in tubes:
        rows.write_tube(connection, tube)
    for position, name in enumerate((*listed, *others)):
        of_patient = update(schema.patients).where(schema.patients.c.patient == name)
        connection.execute(of_patient.values(position=position))
    for position, tube in enumerate((*tubes, *unlisted)):
        of_tube = update(schema.tubes).where(schema.tubes.c.tube == tube.tube)
        connection.execute(of_tube.values(position=position))
    there = {*listed, *others}
    rows.write_events(connection, [event for event in events if event.patient in there])
    rows.write_readouts(connection, [readout for readout in study.readouts if readout.patient in there])
    head = update(schema.study).values(name=study.name, issues=to_text(ISSUES, study.issues))
    connection.execute(head)
