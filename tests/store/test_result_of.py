"""The results of some patients, as the whole study says them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pandas.testing import assert_frame_equal

from cytorecon.results import GateRecord, PopulationCount, TubeResult
from cytorecon.store import NOT_ANALYSED, StudyStore
from cytorecon.study.model import Patient, Study, Tube
from cytorecon.study.table import tidy_counts

STEADY = (0.50, 0.51, 0.49, 0.50, 0.52, 0.50, 0.48, 0.50)
DRIFTING = (0.50, 0.50, 0.50, 0.60, 0.70, 0.80, 0.80, 0.80)


def drifting_study(place: Path) -> StudyStore:
    """Return a stored study of four steady patients and one whose gate wanders."""
    names = ("P01", "P02", "P03", "P04", "P05")
    tubes = tuple(
        Tube(tube=f"{name}/d{day}/1", patient=name, day=day, row=place)
        for place, (name, day) in enumerate(((name, 30 * step) for name in names for step in range(1, 9)), 2)
    )
    study = Study(name="s", patients=tuple(Patient(patient=name) for name in names), tubes=tubes)
    store = StudyStore.create(place / "study", study, "{}", software_version="1")
    for number, tube in enumerate(tubes[:-1]):
        course = DRIFTING if tube.patient == "P03" else STEADY
        store.save_tube(tube, result_at(tube, course[number % 8], number))
    return store


def result_at(tube: Tube, position: float, number: int) -> TubeResult:
    gate = GateRecord(
        gate="CD3", parent="lymphocytes", kind="threshold", status="found", threshold=position,
        channels=("FITC-A",),
    )  # fmt: skip
    count = PopulationCount(population="lymphocytes", parent="leukocytes", status="counted", events=120)
    made = TubeResult(tube=tube.tube, status="done", gates=(gate,), counts=(count,))
    source = made.provenance.model_copy(update={"file_sha256": f"{number:064x}"})
    return made.model_copy(update={"provenance": source})


def test_the_results_of_one_patient_are_those_of_the_whole_study(tmp_path: Path) -> None:
    with drifting_study(tmp_path) as store:
        whole = store.result(plots=False)
        for patient in ("P01", "P03", "P05"):
            part = store.result_of([patient])
            own = {tube.tube for tube in whole.study.tubes if tube.patient == patient}
            assert part.study == whole.study
            assert part.tubes == tuple(outcome for outcome in whole.tubes if outcome.tube in own)


def test_a_drift_is_found_against_patients_that_are_not_read(tmp_path: Path) -> None:
    with drifting_study(tmp_path) as store:
        codes = [issue.code for outcome in store.result_of(["P03"]).tubes for issue in outcome.issues]
        assert codes.count("assay.gate_drift") == 1
        last = store.result_of(["P05"]).tubes[-1]
        assert [issue.code for issue in last.issues] == [NOT_ANALYSED]
        assert store.result_of([]).tubes == ()


def test_beside_others_a_patient_is_said_as_in_the_whole_study(tmp_path: Path) -> None:
    with drifting_study(tmp_path) as store:
        whole = store.result(plots=False)
        for patient in ("P01", "P03", "P05"):
            part = store.result_beside_others([patient])
            assert part.study == whole.study
            for tube, here, there in zip(whole.study.tubes, part.tubes, whole.tubes, strict=True):
                if tube.patient == patient:
                    assert here == there
                else:
                    assert here.counts == there.counts
                    assert here.gates == ()


def test_tables_beside_others_are_those_of_the_whole_study(tmp_path: Path) -> None:
    with drifting_study(tmp_path) as store:
        # a mark of a check between tubes stands on the counts of others, too
        tube = store.study().tubes[10]
        stored = store.tube_result(tube.tube)
        few = replace(stored.counts[0], events=5)
        of_few = replace(few, population="CD4_T", parent="CD3_T", percent_of_lymphocytes=40.0)
        store.save_tube(tube, stored.model_copy(update={"counts": (few, of_few)}))
        whole, part = store.result(plots=False), store.result_beside_others(["P01"])
        assert whole.tube(tube.tube).counts[1].review == part.tube(tube.tube).counts[1].review != ()
        assert_frame_equal(tidy_counts(part), tidy_counts(whole))
