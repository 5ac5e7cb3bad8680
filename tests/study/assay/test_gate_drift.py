"""A gate that wanders, against the definition written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytorecon.knowledge.quality import load_quality_limits
from cytorecon.results import GateRecord, TubeResult
from cytorecon.study.assay.gate_drift import (
    Courses,
    Positions,
    courses_of,
    gate_drifts,
    medians,
    medians_of_others,
)
from cytorecon.study.assay.visits import Visit
from cytorecon.study.model import Tube

LIMITS = load_quality_limits().between_tubes


def visits(courses: Mapping[str, Sequence[float]]) -> dict[str, tuple[Visit, ...]]:
    """Return a visit every 10 days with one threshold."""
    return {
        patient: tuple(visit(patient, 10 * place, position) for place, position in enumerate(course, start=1))
        for patient, course in courses.items()
    }


def of_gates(visits: Mapping[str, Sequence[Visit]]) -> dict[str, Courses]:
    return {patient: courses_of(own) for patient, own in visits.items()}


def visit(patient: str, day: int, position: float) -> Visit:
    gate = GateRecord(
        gate="CD3",
        parent="lymphocytes",
        kind="threshold",
        status="found",
        threshold=position,
        channels=("A",),
    )
    tube = Tube(tube=f"{patient}/d{day}/1", patient=patient, day=day)
    return Visit(tube, TubeResult(tube=tube.tube, status="done", gates=(gate,)))


def moved(courses: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return whose gate moved how far, as the definition says it: slowly."""
    found = {}
    for patient, course in courses.items():
        others = [own for name, own in courses.items() if name != patient] or [course]
        around = np.concatenate([np.array(own) - np.median(own) for own in others])
        spread = 1.4826 * float(np.median(np.abs(around)))
        everybody = sum(map(len, courses.values()))
        enough = min(everybody, len(around)) >= LIMITS.drift_tubes.value
        if len(course) >= LIMITS.drift_visits.value and enough and spread > 0:
            by = (np.median(course[-3:]) - np.median(course[:3])) / spread
            if abs(by) > LIMITS.drift_spreads.value:
                found[patient] = float(by)
    return found


COURSES = st.dictionaries(
    st.sampled_from([f"P{number}" for number in range(6)]),
    st.lists(st.integers(400, 600).map(lambda number: number / 1000), min_size=1, max_size=10),
    min_size=1,
)


@settings(max_examples=200, deadline=None)
@given(COURSES)
def test_any_course_is_judged_by_the_definition(courses: dict[str, list[float]]) -> None:
    found = {one.tube.split("/")[0]: one.value for one in gate_drifts(of_gates(visits(courses)), LIMITS)}
    assert found == pytest.approx(moved(courses))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.floats(-2, 2), min_size=1, max_size=12), min_size=1, max_size=8))
def test_medians_of_groups_are_those_of_numpy_to_the_last_bit(groups: list[list[float]]) -> None:
    values, sizes = np.concatenate(groups), np.array([len(group) for group in groups])
    assert medians(values, sizes).tolist() == [float(np.median(group)) for group in groups]
    others = [[one for other in groups if other is not group for one in other] or group for group in groups]
    assert medians_of_others(values, sizes).tolist() == [float(np.median(other)) for other in others]


def test_some_patients_are_judged_against_all() -> None:
    steady = {f"S{number}": [0.5, 0.51, 0.49, 0.5, 0.52, 0.5, 0.48, 0.5] for number in range(4)}
    courses = {"P": [0.5, 0.5, 0.5, 0.6, 0.7, 0.8, 0.8, 0.8], **steady}
    batch: Positions = {("CD3", "", "", "A"): {name: list(course) for name, course in courses.items()}}
    own = {"P": visits(courses)["P"]}
    (alone,) = gate_drifts(of_gates(own), LIMITS, batch)
    assert [alone] == list(gate_drifts(of_gates(visits(courses)), LIMITS))
    assert "moved up" in alone.message
