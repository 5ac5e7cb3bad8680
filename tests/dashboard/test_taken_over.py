"""After any change the study and its tables are, to the last cell, as if all had been read and made anew."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from cytorecon.errors import StoreError
from cytorecon.results import GateRecord, PopulationCount, Provenance, TubeResult
from cytorecon.store import StudyLocks, StudyStore, erase_patient
from cytorecon.study.model import Anchor, ClinicalEvent, Patient, Readout, Study, Tube
from dashboard.services.cohorts import cohort_view
from dashboard.services.patients import patient_view
from dashboard.services.selection import TrajectorySelection
from dashboard.services.study import Snapshot, StudyService
from dashboard.services.tubes import worklist_rows
from tests.dashboard.analysis import InstantDesk

POPULATIONS: Final = ("lymphocytes", "CD3_T", "CD4_T", "CD8_T", "B", "Treg")
TABLES: Final = ("counts", "trajectories", "milestones")


def result_of(tube: str, chance: random.Random) -> TubeResult:
    """Return any result: failed, with few populations, below limits, not evaluable, with marks to come."""
    source = Provenance(file_sha256=f"{chance.getrandbits(256):064x}", template="tbnk")
    if chance.random() < 0.1:
        return TubeResult(tube=tube, status="failed", error="It cannot be read.", provenance=source)
    few = chance.sample(POPULATIONS, chance.randint(0, len(POPULATIONS)))
    gate = GateRecord(
        gate="CD3", parent="lymphocytes", kind="threshold", status="found", channels=("A",),
        threshold=chance.gauss(0.5, 0.05),
    )  # fmt: skip
    return TubeResult(
        tube=tube,
        status="done",
        counts=tuple(count_of(name, chance) for name in few),
        gates=(gate,),
        provenance=source,
    )


def count_of(population: str, chance: random.Random) -> PopulationCount:
    if chance.random() < 0.2:
        return PopulationCount(
            population=population, parent="", status="not_evaluable", reason="no gate was found"
        )
    events, below = chance.randint(1, 3_000), chance.random() < 0.2
    concentration = {"cells_per_ul": None if below else events / 8, "lloq_cells_per_ul": 2_000.0}
    return PopulationCount(
        population=population,
        parent="lymphocytes",
        status="counted",
        events=events,
        percent_of_lymphocytes=chance.choice([None, events / 30]),
        below_lloq=below,
        cells_per_ul_low=events / 9,
        cells_per_ul_high=events / 7,
        count_method="beads",
        blood_ul_counted=8.0,
        review=chance.choice([(), ("gate.weak:CD4",)]),
        **concentration,  # type: ignore[arg-type]
    )


def patient_of(name: str, chance: random.Random) -> Patient:
    later = (Anchor(name="HCT2", kind="transplant", day=200),)
    return Patient(
        patient=name,
        age_years=chance.choice([None, 5.0, 40.0]),
        sex=chance.choice(["female", "unknown"]),
        programme=chance.choice(["allo_hsct", "unknown"]),
        anchors=Patient(patient=name).anchors + chance.choice([(), later]),
    )


@dataclass
class Lab:
    """People who change a study, each change drawn by chance."""

    place: Path
    store: StudyStore
    chance: random.Random
    sheet: Study
    tubes: dict[str, Tube] = field(default_factory=dict)

    def new_tube(self) -> None:
        name, day = self.chance.choice(self.sheet.patients).patient, self.chance.choice([30, 60, 100, 300])
        number = sum(tube.startswith(f"{name}/d{day}/") for tube in self.tubes) + 1
        tube = Tube(tube=f"{name}/d{day}/{number}", patient=name, day=day)
        self.store.save_tube(tube, result_of(tube.tube, self.chance))
        self.tubes[tube.tube] = tube

    def new_patient(self) -> None:
        patient = patient_of(f"N{self.chance.randint(0, 99)}", self.chance)
        tube = Tube(tube=f"{patient.patient}/d30/1", patient=patient.patient, day=30)
        self.store.save_tube(tube, result_of(tube.tube, self.chance), patient=patient)
        self.tubes[tube.tube] = tube

    def result_again(self) -> None:
        tube = self.chance.choice(list(self.tubes.values()))
        known = self.store.tube_result(tube.tube).provenance.file_sha256
        found = result_of(tube.tube, self.chance)
        source = found.provenance.model_copy(update={"file_sha256": known})
        self.store.save_tube(tube, found.model_copy(update={"provenance": source}))

    def remove(self) -> None:
        self.store.remove_tube(self.chance.choice(list(self.tubes)), reason="mixed up")

    def restore(self) -> None:
        self.store.restore_tube(
            self.chance.choice([tube.tube for tube in self.store.removed()] or ["P0/d0/1"])
        )

    def facts(self) -> None:
        name = self.chance.choice(self.store.study().patients).patient
        self.store.save_patient(patient_of(name, self.chance))

    def sheet_again(self) -> None:
        """Facts, order, events, readouts: what a corrected sheet may say."""
        people = [
            patient_of(one.patient, self.chance) if self.chance.random() < 0.3 else one
            for one in self.sheet.patients
        ]
        if self.chance.random() < 0.3:
            self.chance.shuffle(people)
        names = [one.patient for one in people]
        kinds = ("relapse", "gvhd_acute", "ivig")
        events = [
            ClinicalEvent(patient=name, kind=self.chance.choice(kinds), start_day=self.chance.randint(1, 200))
            for name in self.chance.sample(names, 2)
        ]
        anc = Readout(patient=self.chance.choice(names), day=20, readout="anc", value=600.0, unit="cells/µL")
        listed = [tube for tube in self.sheet.tubes if self.chance.random() < 0.9]
        self.sheet = Study(
            name="s", patients=tuple(people), tubes=tuple(listed), events=tuple(events), readouts=(anc,)
        )
        self.store.replace_sheet(self.sheet, remove_missing=self.chance.random() < 0.3)

    def lock(self) -> None:
        with StudyLocks.open(self.place) as locks:
            locks.lock(self.chance.choice(self.sheet.patients).patient, by="AB", why="signed")

    def erase(self) -> None:
        name = self.chance.choice(self.sheet.patients).patient
        erase_patient(self.place, name, by="AB", why="asked for")
        self.tubes = {tube: known for tube, known in self.tubes.items() if known.patient != name}
        self.sheet = self.sheet.model_copy(
            update={
                "patients": tuple(one for one in self.sheet.patients if one.patient != name),
                "tubes": tuple(one for one in self.sheet.tubes if one.patient != name),
            }
        )

    @property
    def changes(self) -> tuple[Callable[[], None], ...]:
        return (
            self.new_tube, self.new_patient, self.result_again, self.remove, self.restore, self.facts,
            self.sheet_again, self.lock, self.erase,
        )  # fmt: skip


def opened(place: Path, chance: random.Random) -> Lab:
    """Return a study of six patients with three visits each, most of them analysed."""
    names = [f"P{number}" for number in range(6)]
    days = [(name, day) for name in names for day in (30, 60, 100)]
    tubes = tuple(
        Tube(tube=f"{name}/d{day}/1", patient=name, day=day, row=row)
        for row, (name, day) in enumerate(days, start=2)
    )
    sheet = Study(name="s", patients=tuple(patient_of(name, chance) for name in names), tubes=tubes)
    store = StudyStore.create(place, sheet, "{}", software_version="1")
    for tube in tubes[:-2]:
        store.save_tube(tube, result_of(tube.tube, chance))
    return Lab(place, store, chance, sheet, {tube.tube: tube for tube in tubes})


def assert_as_if_anew(snapshot: Snapshot, store: StudyStore) -> None:
    anew = Snapshot(store.revision(), store.result(plots=False), store.removed())
    assert snapshot.revision == anew.revision
    assert snapshot.result == anew.result
    assert snapshot.removed == anew.removed
    for name in TABLES:
        assert_frame_equal(getattr(snapshot, name), getattr(anew, name), check_exact=True)
    assert snapshot.series == anew.series
    assert worklist_rows(snapshot) == worklist_rows(anew)
    view, expected = (cohort_view(one, TrajectorySelection()) for one in (snapshot, anew))
    assert list(view.panels.items()) == list(expected.panels.items())
    assert view == expected
    for patient in snapshot.patients[:2]:
        own, other = snapshot.of(patient), anew.of(patient)
        assert own.result == other.result
        for name in TABLES:
            assert_frame_equal(getattr(own, name), getattr(other, name), check_exact=True)


STEPS: Final = st.lists(
    st.tuples(st.sampled_from(range(9)), st.sampled_from(["nothing", "worklist", "counts", "cohort"])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=12, deadline=None)
@given(steps=STEPS, seed=st.integers(0, 10**6))
def test_any_changes_leave_what_a_full_reading_gives(steps: list[tuple[int, str]], seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lab = opened(Path(folder) / "study", random.Random(seed))
        with lab.store as store:
            service = StudyService(store, InstantDesk(store))
            assert_as_if_anew(service.snapshot(), store)
            for step, asked in steps:
                try:
                    lab.changes[step]()
                except StoreError:
                    continue  # removed already, locked ...: nothing changed
                if asked == "worklist":
                    worklist_rows(service.snapshot())
                elif asked == "counts":
                    assert len(service.snapshot().counts) >= 0
                elif asked == "cohort":
                    cohort_view(service.snapshot(), TrajectorySelection())
            assert_as_if_anew(service.snapshot(), store)


def test_patients_page_after_a_change_is_the_same(tmp_path: Path) -> None:
    lab = opened(tmp_path / "study", random.Random(5))
    with lab.store as store:
        service = StudyService(store, InstantDesk(store))
        patient_view(service.snapshot(), TrajectorySelection(patient="P1"))
        lab.new_tube()
        anew = Snapshot(store.revision(), store.result(plots=False), store.removed())
        for patient in ("P1", lab.chance.choice(anew.patients)):
            wanted = TrajectorySelection(patient=patient)
            assert patient_view(service.snapshot(), wanted) == patient_view(anew, wanted)


def test_a_readout_alone_makes_the_milestones_of_its_patient_anew(tmp_path: Path) -> None:
    lab = opened(tmp_path / "study", random.Random(5))
    with lab.store as store:
        service = StudyService(store, InstantDesk(store))
        before = service.snapshot().milestones
        # whatever the programmes of these people ask for
        given = tuple(
            Readout(patient=one.patient, day=day, readout=name, value=60_000.0, unit="cells/µL")
            for one in lab.sheet.patients
            for day in (18, 19, 20)
            for name in ("anc", "platelets")
        )
        store.replace_sheet(lab.sheet.model_copy(update={"readouts": given}))
        anew = Snapshot(store.revision(), store.result(plots=False), store.removed())
        assert_frame_equal(service.snapshot().milestones, anew.milestones, check_exact=True)
        assert not anew.milestones.equals(before)
