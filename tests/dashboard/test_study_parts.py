"""Pages look at parts of a study that are found once; each must be what the whole tables say."""

from __future__ import annotations

import pandas as pd
import pytest

from cytorecon.figures.crossings import crossings
from cytorecon.figures.points import patient_points, study_points
from dashboard.services.cohorts import cohort_view
from dashboard.services.measures import available_measures, available_populations
from dashboard.services.selection import TrajectorySelection
from dashboard.services.study import Snapshot, StudyService
from dashboard.services.tubes import worklist_rows
from tests.cohort.made import made_cohort


@pytest.fixture(scope="module")
def made() -> Snapshot:
    """Return a study of 12 patients."""
    return Snapshot(1, made_cohort(12, seed=3).result, ())


@pytest.fixture(params=["analysed", "made"])
def snapshot(request: pytest.FixtureRequest, read_only: StudyService, made: Snapshot) -> Snapshot:
    """Return a small study with everything, and one with more patients."""
    return read_only.snapshot() if request.param == "analysed" else made


def test_the_rows_of_a_patient_are_those_of_the_tables(snapshot: Snapshot) -> None:
    for patient in snapshot.patients:
        own = snapshot.of(patient)
        for part, table in (
            (own.counts, snapshot.counts),
            (own.trajectories, snapshot.trajectories),
            (own.milestones, snapshot.milestones),
        ):
            pd.testing.assert_frame_equal(part, table[table["patient"] == patient])
        assert own.result.study.tubes == tuple(t for t in snapshot.study.tubes if t.patient == patient)
        assert own.result.tubes == tuple(snapshot.result.tube(t.tube) for t in own.result.study.tubes)


def test_nobody_has_no_rows(snapshot: Snapshot) -> None:
    nobody = snapshot.of("P99")
    assert (len(nobody.counts), len(nobody.trajectories), len(nobody.milestones)) == (0, 0, 0)
    assert (nobody.result.tubes, nobody.result.study.tubes) == ((), ())


def test_the_points_of_a_patient_are_those_of_the_whole_study(snapshot: Snapshot) -> None:
    for measure in available_measures(snapshot):
        populations = available_populations(snapshot, measure.name)
        for patient in snapshot.patients:
            own = snapshot.of(patient)
            assert patient_points(
                own.trajectories, own.counts, patient=patient, measure=measure.name, populations=populations
            ) == patient_points(snapshot.trajectories, snapshot.counts, patient=patient, measure=measure.name)


def test_the_panels_of_the_cohort_are_those_of_the_whole_study(snapshot: Snapshot) -> None:
    for measure in available_measures(snapshot):
        populations = available_populations(snapshot, measure.name)
        whole = study_points(snapshot.trajectories, snapshot.counts, measure=measure.name)
        view = cohort_view(snapshot, TrajectorySelection(measure=measure.name, populations=populations))
        assert tuple(view.panels) == populations
        for population, panel in view.panels.items():
            expected = {
                patient: tuple(point for point in whole[patient].get(population, ()) if point.is_result)
                for patient in snapshot.patients
                if patient in whole
            }
            assert list(panel.patients.items()) == [pair for pair in expected.items() if pair[1]]


def test_the_chosen_milestone_is_that_of_each_patient(snapshot: Snapshot) -> None:
    for milestone, _title in cohort_view(snapshot, TrajectorySelection()).milestones:
        assert cohort_view(snapshot, TrajectorySelection(milestone=milestone)).crossings == tuple(
            crossing
            for patient in snapshot.patients
            for crossing in crossings(snapshot.milestones, patient=patient)
            if crossing.milestone == milestone and crossing.applies
        )


def test_what_is_made_of_a_study_is_made_once(made: Snapshot) -> None:
    calls: list[str] = []

    def count(snapshot: Snapshot, word: str) -> int:
        calls.append(word)
        return len(snapshot.patients)

    assert [made.once(count, word) for word in ("a", "b", "a")] == [12, 12, 12]
    assert calls == ["a", "b"]


def test_a_filtered_worklist_leaves_the_next_one_whole(made: Snapshot) -> None:
    rows = worklist_rows(made)
    rows.clear()
    assert len(worklist_rows(made)) == len(made.study.tubes)
