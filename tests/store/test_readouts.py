"""Readouts are kept with the study, by the same rule as its events."""

from __future__ import annotations

from pathlib import Path

from cytorecon.store import StudyStore
from cytorecon.study import Patient, Readout, Study, Tube

ANC = Readout(patient="P01", day=14, readout="anc", value=510, unit="cells/µL")
LIMIT = Readout(patient="P01", day=30, readout="chimerism", lineage="myeloid", more_than=99, unit="%")


def study(*readouts: Readout, lists_readouts: bool = True) -> Study:
    tube = Tube(tube="P01/d30/1", patient="P01", day=30, row=2)
    return Study(
        name="s",
        patients=(Patient(patient="P01"),),
        tubes=(tube,),
        readouts=readouts,
        lists_readouts=lists_readouts,
    )


def test_they_come_back_as_they_were(tmp_path: Path) -> None:
    with StudyStore.create(tmp_path / "s", study(ANC, LIMIT), "{}", software_version="1") as store:
        assert store.study().readouts == (ANC, LIMIT)


def test_without_a_sheet_they_stay_and_that_is_said(tmp_path: Path) -> None:
    with StudyStore.create(tmp_path / "s", study(ANC, LIMIT), "{}", software_version="1") as store:
        store.replace_sheet(study(lists_readouts=False))
        kept = store.study()
        assert kept.readouts == (ANC, LIMIT)
        assert [str(issue) for issue in kept.issues if issue.subject == "readouts"] == [
            (
                "info: readouts: There is no readouts sheet; 2 readouts of an earlier one stay. "
                "To take readouts out, give a readouts sheet."
            )
        ]
        store.replace_sheet(study(LIMIT))
        assert store.study().readouts == (LIMIT,)
        store.replace_sheet(study(lists_readouts=False), remove_missing=True)
        assert store.study().readouts == ()
