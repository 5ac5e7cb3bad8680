"""What stands beside a patient's counts: the programme, readouts from outside of the cytometer, due tests."""

from __future__ import annotations

from dataclasses import dataclass

from cytorecon.knowledge.programmes import UNKNOWN_PROGRAMME, Programme, load_programmes
from cytorecon.milestone import due_tests
from cytorecon.report.programme import (
    DueRow,
    ProgrammeRow,
    ReadoutRow,
    due_rows,
    programme_row,
    readout_rows,
)
from cytorecon.study import readout_table
from cytorecon.study.model import Patient
from dashboard.services.study import Snapshot


@dataclass(frozen=True, slots=True)
class Besides:
    """The same as the sections of the report's page; empty where there is nothing to show."""

    programme: ProgrammeRow | None
    readouts: tuple[ReadoutRow, ...]
    due: tuple[DueRow, ...]


def programme_of(patient: Patient) -> Programme:
    """Return the programme of a patient; of one that is not packaged, what is shown of one nobody stated."""
    known = load_programmes()
    return known.find(patient.programme if patient.programme in known.names else UNKNOWN_PROGRAMME)


def besides(snapshot: Snapshot, patient: Patient) -> Besides:
    """Return what stands beside the counts of one patient."""
    table, study = snapshot.of(patient.patient).trajectories, snapshot.study
    own = study.model_copy(update={"patients": (patient,)})
    return Besides(
        programme=programme_row(programme_of(patient), table, patient.patient),
        readouts=readout_rows(readout_table(study), patient.patient),
        due=due_rows(due_tests(table, own), patient.patient),
    )
