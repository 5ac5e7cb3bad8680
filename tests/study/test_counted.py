"""A study from counts that were made elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.errors import CytoreconError
from cytorecon.milestone import milestones
from cytorecon.patient import fit_recovery
from cytorecon.study import ClinicalEvent, Patient, study_of_counts
from cytorecon.trajectory import trajectories


def table(**columns: object) -> pd.DataFrame:
    given = {"patient": "P01", "day": 30, "population": "CD4_T", "value": "250", "unit": "cells/µL"}
    return pd.DataFrame([given | columns])


def refused(frame: pd.DataFrame) -> str:
    with pytest.raises(CytoreconError) as caught:
        study_of_counts(frame, name="s")
    return str(caught.value)


def test_counts_become_trajectories_and_milestones() -> None:
    rows = [(30, "<50"), (60, "120"), (100, "0.25"), (180, "300"), (365, "")]
    frame = pd.DataFrame(rows, columns=["day", "value"]).assign(
        patient="P01", population="CD4_T", unit=["cells/µL", "cells/µL", "10^9/L", "cells/µL", "cells/µL"]
    )
    patient = Patient(patient="P01", age_years=40.0, programme="allo_hsct")
    result = study_of_counts(frame, name="s", patients=[patient])
    curve = trajectories(result)
    assert curve["reported"].tolist() == ["<50", "120", "250", "300", ""]
    assert curve["censored"].tolist()[0] == "left"
    reached = milestones(curve, result.study).set_index("milestone").loc["cd4_200"]
    assert (reached["status"], reached["after_day"], reached["by_day"]) == ("reached", 60, 100)
    assert reached["confirmed"] == "yes"


def test_a_value_below_its_lloq_is_hidden_and_keeps_its_limits() -> None:
    found = study_of_counts(table(value=8, lloq=12, low=3, high=15), name="s").tubes[0].counts[0]
    assert (found.cells_per_ul, found.below_lloq, found.lloq_cells_per_ul) == (None, True, 12.0)
    assert (found.cells_per_ul_low, found.cells_per_ul_high) == (3.0, 15.0)


def test_patients_and_events_of_others_are_left_out() -> None:
    events = [ClinicalEvent(patient=name, kind="death", start_day=90) for name in ("P01", "P02")]
    study = study_of_counts(table(), name="s", patients=[Patient(patient="P02")], events=events).study
    assert [patient.patient for patient in study.patients] == ["P01"]
    assert [event.patient for event in study.events] == ["P01"]


def test_there_are_no_reference_limits_for_gates_nobody_knows() -> None:
    patient = Patient(patient="P01", age_years=40.0)
    curve = trajectories(study_of_counts(table(), name="s", patients=[patient]))
    assert curve["reference_set"].tolist() == [""]
    stated = study_of_counts(table(gate_definition="CD3+CD4+CD8-"), name="s", patients=[patient])
    assert trajectories(stated)["reference_set"].tolist() == ["mayo_tbbs_2013"]


NUMBER = "a number from 0, or <LLOQ as a value"


@pytest.mark.parametrize(
    ("column", "cell", "allowed"),
    [
        ("unit", "/nL", "cells/µL, cells/uL, 10^6/L, 10^9/L, % of lymphocytes, % of leukocytes"),
        ("population", "CD99", "a population of populations.csv"),
        ("day", "3.5", "a whole number of days"),
        ("day", "soon", "a whole number of days"),
        ("value", "-3", NUMBER),
        ("value", "many", NUMBER),
        ("lloq", "few", NUMBER),
        ("value", "0", "<LLOQ, such as <1: no count shows that there is none"),
    ],
)
def test_what_cannot_be_read_is_named(column: str, cell: str, allowed: str) -> None:
    assert refused(table(**{column: cell})) == (
        f"table of counts, row 1, column {column}: The counts cannot be read. Found: {cell}. "
        f"Allowed: {allowed}."
    )


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            {"patient": "Jürgen Müller 12.3.1980"},
            (
                "row 1, column patient: The counts cannot be read. Found: no pseudonym. Allowed: up to 64 "
                "letters "
                "(a-z), digits, '.', '_' and '-', beginning with a letter or digit; no date."
            ),
        ),
        (
            {"value": 100, "low": 200, "high": 300},
            (
                "row 1: The counts cannot be read. Found: low 200, value 100, high 300. Allowed: low, "
                "value "
                "and "
                "high that ascend."
            ),
        ),
        (
            {"value": 100, "high": 50},
            (
                "row 1: The counts cannot be read. Found: low –, value 100, high 50. Allowed: low, value "
                "and "
                "high "
                "that ascend."
            ),
        ),
        (
            {"value": "<12", "high": 5},
            (
                "row 1: The counts cannot be read. Found: low –, value 12, high 5. Allowed: low, value "
                "and high "
                "that ascend."
            ),
        ),
        (
            {"value": 30, "unit": "% of lymphocytes", "low": 40},
            (
                "row 1: The counts cannot be read. Found: low 40, value 30, high –. Allowed: low, value "
                "and "
                "high "
                "that ascend."
            ),
        ),
        (
            {"value": 501, "unit": "10^9/L"},
            "row 1, column value: The counts cannot be read. Found: 501. Allowed: up to 500 10^9/L.",
        ),
        (
            {"day": 100_000},
            "row 1, column day: The counts cannot be read. Found: 100000. Allowed: -3650 to 36525 days.",
        ),
        (
            {"count_method": "by eye"},
            (
                "row 1, column count_method: The counts cannot be read. Found: no known value. Allowed: "
                "beads, blood_count_alc, "
                "blood_count_wbc, volumetric, none."
            ),
        ),
    ],
)
def test_a_table_in_memory_is_held_to_the_rules_of_a_file(cells: dict[str, object], message: str) -> None:
    assert refused(table(**cells)) == f"table of counts, {message}"


def test_definitions_and_visits_are_those_a_file_may_have() -> None:
    assert refused(table(gate_definition="CD4 by eye")).startswith(
        "table of counts, row 1, column gate_definition: The counts cannot be read. Found: no known value."
    )
    assert refused(table(visit="Anna Muster 12.3.1980")).startswith(
        "table of counts, row 1, column visit: The counts cannot be read. Found: The name of a visit "
        "must not "
        "hold a date. Allowed: up to"
    )
    assert study_of_counts(table(visit="+30"), name="s").study.tubes[0].visit == "+30"


def test_a_population_of_a_day_stands_once() -> None:
    assert refused(pd.concat([table(), table()])) == (
        "table of counts, row 2: The counts cannot be read. Found: CD4_T of day 30 twice. "
        "Allowed: one row for each."
    )


def test_a_missing_column_is_named() -> None:
    assert refused(table().drop(columns="unit")) == (
        "table of counts, unit: The counts cannot be read. Found: no such column. "
        "Allowed: patient, day, population, value, unit, low, high, lloq."
    )


def test_a_percentage_stands_beside_the_count_of_its_day() -> None:
    frame = pd.concat([table(), table(value="31.5", unit="% of lymphocytes", low=29, high=34)])
    (found,) = study_of_counts(frame, name="s").tubes[0].counts
    assert (found.cells_per_ul, found.percent_of_lymphocytes) == (250.0, 31.5)
    assert (found.percent_of_lymphocytes_low, found.percent_of_lymphocytes_high) == (29.0, 34.0)
    assert refused(table(value="131.5", unit="% of lymphocytes")) == (
        "table of counts, row 1: The counts cannot be read. Found: 131.5. Allowed: a percentage up to 100."
    )


def test_two_definitions_of_a_day_are_refused() -> None:
    other = table(value="31.5", unit="% of lymphocytes", gate_definition="CD3+CD4+CD8-")
    assert refused(pd.concat([table(), other])) == (
        "table of counts, row 2, column gate_definition: The counts cannot be read. "
        "Found: two definitions of CD4_T on one day. Allowed: one."
    )


def test_it_is_said_that_nothing_was_gated() -> None:
    result = study_of_counts(table(), name="s")
    (tube,), (outcome,) = result.study.tubes, result.tubes
    assert tube.template == outcome.provenance.template == "given, not gated here"
    (said,) = outcome.issues
    assert str(said) == (
        "info: P01/d30/1: These counts were given and not gated here: there are no events, gates or "
        "pictures. Ask their source how they were made."
    )


@given(st.floats(0.001, 500), st.sampled_from(["cells/µL", "10^9/L"]))
def test_units_change_nothing_but_the_scale(value: float, unit: str) -> None:
    found = study_of_counts(table(value=value, unit=unit), name="s").tubes[0].counts[0].cells_per_ul
    assert found == pytest.approx(value * (1000 if unit == "10^9/L" else 1))


def test_counts_without_intervals_and_below_limits_can_be_modelled() -> None:
    rng = np.random.default_rng(1)
    rows = [
        (
            f"P{number:02d}",
            day,
            "<20" if (count := rng.lognormal(3 + day / 60, 0.4)) < 20 else str(round(count)),
        )
        for number in range(25)
        for day in (14, 30, 60, 100)
    ]
    frame = pd.DataFrame(rows, columns=["patient", "day", "value"]).assign(
        population="CD4_T", unit="cells/µL"
    )
    result = study_of_counts(frame, name="s")
    found = fit_recovery(trajectories(result), result.study, ["CD4_T"])
    model = found.models["P00", "CD4_T"]
    assert not isinstance(model, str)
    assert model.batch.censored.any()
    assert np.isfinite(model.of_patient("P00", [180]).mean).all()
