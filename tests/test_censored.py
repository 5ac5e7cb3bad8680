"""Censored values stay censored from the count to the last plot, page and file; none becomes a zero."""

from __future__ import annotations

import pytest

from cytorecon.cohort import cohort_summary
from cytorecon.figures.cohort import CohortPanel, cohort_figure
from cytorecon.figures.patient import patient_figure
from cytorecon.figures.points import patient_points
from cytorecon.figures.timeaxis import time_axis
from cytorecon.figures.valueaxis import value_axis
from cytorecon.results import TubeResult
from cytorecon.study import Patient, Study, StudyResult, Tube, tidy_counts
from cytorecon.study.table import csv_text
from cytorecon.trajectory import trajectories
from tests.builders import population_count

CENSORED = {
    "below": {"events": 3, "detected": True, "cells_per_ul_low": 0.1, "cells_per_ul_high": 1.4},
    "absent": {"events": 0, "detected": False, "cells_per_ul_low": 0.0, "cells_per_ul_high": 0.6},
    "background": {"events": 60, "detected": False, "cells_per_ul_low": 0.0, "cells_per_ul_high": 12.8},
}
LIMITS = {"below": "<8.4", "absent": "<8.4", "background": "<13"}
WORDS = {
    "below": "<8.4 cells/µL",
    "absent": "not detected (<8.4 cells/µL)",
    "background": "not detected (<13 cells/µL)",
}


def study(kind: str) -> StudyResult:
    count = population_count(
        {
            "population": "B", "parent": "lymphocytes", "status": "counted", "lloq_cells_per_ul": 8.4,
            "below_lloq": True, "count_method": "beads", "blood_ul_counted": 6.0, **CENSORED[kind],
        }
    )  # fmt: skip
    names = [f"P{number}" for number in range(1, 7)]
    tubes = tuple(Tube(tube=f"{name}/d98/1", patient=name, day=98) for name in names)
    results = tuple(TubeResult(tube=tube.tube, status="done", counts=(count,)) for tube in tubes)
    patients = tuple(Patient(patient=name) for name in names)
    return StudyResult(study=Study(name="s", patients=patients, tubes=tubes), tubes=results)


@pytest.mark.parametrize("kind", CENSORED)
def test_a_censored_result_stays_one(kind: str) -> None:
    result = study(kind)
    counts, table = tidy_counts(result), trajectories(result, measures=("cells_per_ul",))
    first = counts.iloc[0]
    assert first["cells_per_ul_reported"].removeprefix("not detected (").startswith("<")
    assert f",{first['cells_per_ul_reported']}," in csv_text(counts)
    row = table.iloc[0]
    assert (row["censored"], row["value"] == row["value"]) == ("left", False)
    high = CENSORED[kind]["cells_per_ul_high"]
    assert row["lloq"] == max(8.4, high)
    (window,) = cohort_summary(table).to_dict("records")
    assert (window["n_censored"], window["median_reported"]) == (6, LIMITS[kind])
    points = patient_points(table, counts, patient="P1", measure="cells_per_ul")
    (point,) = points["B"]
    assert (point.value, point.text) == (None, WORDS[kind])
    axis, values = time_axis([98, 180]), value_axis(points["B"])
    for figure in (
        patient_figure(points, axis),
        cohort_figure({"B": CohortPanel({"P1": points["B"]})}, axis),
    ):
        drawn = [y for trace in figure.data if trace.y is not None for y in trace.y if y is not None]
        assert drawn
        assert set(drawn) == {values.lloq_center}
