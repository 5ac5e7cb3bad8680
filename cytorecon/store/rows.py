"""Rows of the tables, read and written inside a transaction that the caller opened."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import Column, Connection, Table, delete, func, insert, inspect, select, update

from cytorecon.results import TubeResult
from cytorecon.store import schema
from cytorecon.store.chain import digest
from cytorecon.store.documents import (
    EVENT,
    GATES,
    ISSUES,
    PATIENT,
    PLOTS,
    READOUT,
    RESULT,
    TUBE,
    Compared,
    GatesOnly,
    Reader,
    Value,
    from_text,
    to_text,
)
from cytorecon.store.engine import streamed
from cytorecon.store.locks import lock_of, read_locks
from cytorecon.store.pending import pending_result
from cytorecon.study.assay import with_assay_checks
from cytorecon.study.assay.gate_drift import Positions, position_key
from cytorecon.study.model import ClinicalEvent, Patient, Readout, Study, Tube
from cytorecon.study.result import StudyResult

#: So many tubes are asked for by name; databases limit how many names a question holds.
FEW: Final = 500

#: Rows fetched at a time, where there is one per tube.
AT_A_TIME: Final = 100


def read_study(connection: Connection, subject: str, read: Reader = from_text) -> Study:
    """Return the study without removed tubes: the sheet's tubes first, then uploads."""
    head = connection.execute(select(schema.study.c.name, schema.study.c.issues)).one()
    return Study(
        name=head.name,
        patients=_in_order(connection, schema.patients, PATIENT, subject, read),
        tubes=read_tubes(connection, subject, removed=False, read=read),
        events=_in_order(connection, schema.events, EVENT, subject, read),
        readouts=read_readouts(connection, subject, read),
        issues=from_text(ISSUES, head.issues, subject=subject, field="issues"),
    )


def read_tubes(
    connection: Connection, subject: str, *, removed: bool, read: Reader = from_text
) -> tuple[Tube, ...]:
    """Return the tubes that are, or are not, removed: the sheet's first, then uploads."""
    table = schema.tubes
    rows = connection.execute(
        select(table.c.tube, table.c.document)
        .where(table.c.removed.is_(removed))
        .order_by(table.c.upload, table.c.position)
    )
    return tuple(read(TUBE, row.document, subject=subject, field=f"tube {row.tube}") for row in rows)


def _in_order(
    connection: Connection, table: Table, document: TypeAdapter[Value], subject: str, read: Reader
) -> tuple[Value, ...]:
    rows = connection.execute(select(table).order_by(table.c.position))
    return tuple(
        read(document, row.document, subject=subject, field=f"{table.name}, {row.patient}") for row in rows
    )


def read_readouts(connection: Connection, subject: str, read: Reader = from_text) -> tuple[Readout, ...]:
    """Return the readouts; none in a study of schema 1 or 2, which has no table for them."""
    if not inspect(connection).has_table(schema.readouts.name):
        return ()
    return _in_order(connection, schema.readouts, READOUT, subject, read)


def read_results(
    connection: Connection, tubes: Sequence[Tube], subject: str, *, plots: bool
) -> tuple[TubeResult, ...]:
    """Return one result per tube, in the order of `tubes`; see :mod:`cytorecon.store.pending`."""
    table = schema.results
    wanted: list[Column[str]] = [table.c.tube, table.c.document]
    if plots:
        wanted.append(table.c.plots)
    names = {tube.tube for tube in tubes}
    asked = select(*wanted).where(table.c.tube.in_(names)) if len(names) <= FEW else select(*wanted)
    # a few rows at a time: the text of all of them is as large as what is made of it
    with streamed(connection, asked, AT_A_TIME) as rows:
        stored = {
            row.tube: _result(row.tube, row.document, row.plots if plots else None, subject)
            for row in rows
            if row.tube in names
        }
    return tuple(stored.get(tube.tube) or pending_result(tube.tube) for tube in tubes)


def read_study_result(connection: Connection, subject: str, *, plots: bool) -> StudyResult:
    """Return the study with one result per tube, and the marks of checks between tubes."""
    study = read_study(connection, subject)
    results = read_results(connection, study.tubes, subject, plots=plots)
    locked = tuple(read_locks(connection))
    return with_assay_checks(StudyResult(study=study, tubes=results, locked=locked))


def read_patients_result(connection: Connection, subject: str, patients: Collection[str]) -> StudyResult:
    """Return the study with the results of some patients only; marks are those of the whole study."""
    study = read_study(connection, subject)
    own = [tube for tube in study.tubes if tube.patient in patients]
    results = read_results(connection, own, subject, plots=False)
    batch = read_positions(connection, study.tubes, subject)
    locked = tuple(patient for patient in patients if lock_of(connection, patient))
    return with_assay_checks(StudyResult(study=study, tubes=results, locked=locked), batch)


def read_positions(connection: Connection, tubes: Sequence[Tube], subject: str) -> Positions:
    """Return where the gates of analysed tubes lie; those of cell products are left out."""
    table = schema.results
    wanted = select(table.c.tube, table.c.document).where(table.c.status == "done")
    patients = {tube.tube: tube.patient for tube in tubes if not tube.is_product}
    found: Positions = {}
    with streamed(connection, wanted, AT_A_TIME) as rows:
        for row in rows:
            if (patient := patients.get(row.tube)) is None:
                continue
            own = from_text(GATES, row.document, subject=subject, field=f"result of {row.tube}")
            add_positions(found, patient, own)
    return found


def add_positions(positions: Positions, patient: str, outcome: GatesOnly | Compared | TubeResult) -> None:
    """Add to `positions` where the gates of one tube of a patient lie."""
    scale = outcome.provenance.template_sha256, outcome.provenance.transforms_sha256
    for gate in outcome.gates:
        if gate.threshold is not None and gate.status == "found":
            key = position_key(gate.gate, *scale, gate.channels)
            positions.setdefault(key, {}).setdefault(patient, []).append(gate.threshold)


def _result(tube: str, document: str, plots: str | None, subject: str) -> TubeResult:
    field = f"result of {tube}"
    result = from_text(RESULT, document, subject=subject, field=field)
    if plots is None:
        return result
    pictures = from_text(PLOTS, plots, subject=subject, field=f"plots of {tube}")
    return result.model_copy(update={"plots": pictures})


def read_result(connection: Connection, tube: str, subject: str) -> TubeResult:
    """Return the result of `tube` with its plots; see :mod:`cytorecon.store.pending`."""
    table = schema.results
    row = connection.execute(select(table).where(table.c.tube == tube)).one_or_none()
    return pending_result(tube) if row is None else _result(tube, row.document, row.plots, subject)


def is_removed(connection: Connection, tube: str) -> bool | None:
    """Tell whether `tube` was removed; None when the study has no such tube."""
    table = schema.tubes
    found: bool | None = connection.execute(select(table.c.removed).where(table.c.tube == tube)).scalar()
    return found


def has_patient(connection: Connection, patient: str) -> bool:
    """Tell whether the study has this patient."""
    table = schema.patients
    return connection.execute(select(table.c.patient).where(table.c.patient == patient)).first() is not None


def write_patient(connection: Connection, patient: Patient) -> None:
    """Add a patient after the others, or replace what is known about one."""
    _put(
        connection,
        schema.patients,
        patient.patient,
        {
            "patient": patient.patient,
            "document": to_text(PATIENT, patient),
        },
    )


def write_tube(connection: Connection, tube: Tube) -> None:
    """Add a tube after the others, or replace what is known about one."""
    _put(
        connection,
        schema.tubes,
        tube.tube,
        {
            "tube": tube.tube,
            "patient": tube.patient,
            "upload": tube.row == 0,
            "document": to_text(TUBE, tube),
        },
        removed=False,
    )


def _put(
    connection: Connection, table: Table, key: str, values: dict[str, object], **of_a_new_row: object
) -> None:
    (primary,) = table.primary_key.columns
    if connection.execute(update(table).where(primary == key).values(values)).rowcount:
        return
    last = connection.execute(select(func.max(table.c.position))).scalar()
    position = 0 if last is None else last + 1
    connection.execute(insert(table).values(values | of_a_new_row | {"position": position}))


def write_result(connection: Connection, result: TubeResult) -> None:
    """Store a result in place of an earlier one of the same tube."""
    delete_result(connection, result.tube)
    document, plots = _result_texts(result)
    connection.execute(
        insert(schema.results).values(
            tube=result.tube,
            status=result.status,
            file_sha256=result.provenance.file_sha256,
            document=document,
            plots=plots,
        )
    )


def result_sha256(result: TubeResult) -> str:
    """Return the hash of a result as it is stored, for the history."""
    return digest(*_result_texts(result))


def _result_texts(result: TubeResult) -> tuple[str, str]:
    return to_text(RESULT, result.model_copy(update={"plots": ()})), to_text(PLOTS, result.plots)


def delete_result(connection: Connection, tube: str) -> None:
    """Forget the result of `tube`; it can be computed again."""
    connection.execute(delete(schema.results).where(schema.results.c.tube == tube))


def write_events(connection: Connection, events: Iterable[ClinicalEvent]) -> None:
    """Replace the clinical events."""
    connection.execute(delete(schema.events))
    rows = [
        {"position": position, "patient": event.patient, "document": to_text(EVENT, event)}
        for position, event in enumerate(events)
    ]
    if rows:
        connection.execute(insert(schema.events), rows)


def write_readouts(connection: Connection, readouts: Sequence[Readout]) -> None:
    """Replace the readouts."""
    table = schema.readouts
    connection.execute(delete(table))
    rows = [
        {"position": position, "patient": readout.patient, "document": to_text(READOUT, readout)}
        for position, readout in enumerate(readouts)
    ]
    if rows:
        connection.execute(insert(table), rows)
