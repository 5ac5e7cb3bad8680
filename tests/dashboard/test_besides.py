"""The patient page shows the programme's questions first, readouts and due tests."""

from __future__ import annotations

from cytorecon.knowledge.programmes import load_programmes
from cytorecon.study import Readout
from cytorecon.study.result import StudyResult
from dashboard.components.besides_view import besides_sections
from dashboard.services.besides import besides, programme_of
from dashboard.services.measures import patient_populations
from dashboard.services.study import Snapshot
from tests import builders
from tests.dashboard.rendered import text


def snapshot() -> Snapshot:
    made = builders.study_result()
    igg = Readout(patient="P01", day=100, readout="igg", value=6.1, unit="g/L")
    study = made.study.model_copy(update={"readouts": (igg,)})
    return Snapshot(1, StudyResult(study=study, tubes=made.tubes), ())


def test_readouts_and_due_tests_of_a_patient() -> None:
    shown = besides(snapshot(), snapshot().study.patient("P01"))
    assert [(row.latest, row.remark) for row in shown.readouts] == [
        ("6.1 g/L", "within days after immunoglobulin replacement")
    ]
    assert [row.when for row in shown.due if row.test == "CD4 T"] == ["from day 548"]
    page = text(besides_sections(shown))
    assert "What this programme looks at" in page
    assert "From outside of the cytometer" in page
    assert "Due by a published schedule" in page


def test_populations_of_the_programme_come_first() -> None:
    found = load_programmes().find("auto_hsct")
    assert patient_populations(snapshot(), "cells_per_ul", (), found)[:3] == ("lymphocytes", "NK", "CD4_T")
    assert patient_populations(snapshot(), "cells_per_ul", ("B",), found) == ("B",)


def test_a_programme_nobody_knows_has_nothing_to_say() -> None:
    patient = snapshot().study.patient("P01").model_copy(update={"programme": "own"})
    assert programme_of(patient).programme == "unknown"
    shown = besides(snapshot(), patient)
    assert (shown.programme, shown.due) == (None, ())
