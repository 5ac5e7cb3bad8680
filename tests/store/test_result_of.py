"""The results of some patients, as the whole study says them."""

from __future__ import annotations

from pathlib import Path

from cytorecon.results import GateRecord, PopulationCount, TubeResult
from cytorecon.store import NOT_ANALYSED, StudyStore
from cytorecon.study.model import Patient, Study, Tube

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
