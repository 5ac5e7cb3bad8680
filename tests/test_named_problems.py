"""Problems of a study that must be named; none becomes a zero."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.counts import TubeQuantities, choose_method
from cytorecon.milestone import milestones
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study import ClinicalEvent, Patient, Study, StudyResult, Tube, load_study
from cytorecon.trajectory import trajectories
from tests.counts.tube import counts
from tests.study.sheets import write

COLUMNS = "file,patient,day,beads_per_tube,bead_lot,blood_volume_ul,lymphocytes_cells_per_ul,count_method\n"


def study_of(
    folder: Path, row: str, patients: str = "patient,age_years,programme\nP01,40,allo_hsct\n"
) -> Study:
    return load_study(write(folder, manifest=f"{COLUMNS}{row}\n", patients=patients))


def codes(study: Study) -> set[str]:
    return {issue.code for issue in study.issues}


def test_missing_alc() -> None:
    """Asked to count by ALC, without one: no concentration, and the reason."""
    choice = choose_method(counts(), TubeQuantities(), method="blood_count_alc")
    assert choice.method == "none"
    assert any("lymphocyte count" in issue.message for issue in choice.issues)


@pytest.mark.parametrize("events", [0, 9])
def test_zero_or_few_beads(events: int) -> None:
    choice = choose_method(
        counts({"beads": events}), TubeQuantities(beads_per_tube=50_000, blood_volume_ul=50)
    )
    assert choice.method == "none"
    assert any("bead" in issue.message for issue in choice.issues)


def test_a_bead_lot_without_value(tmp_path: Path) -> None:
    study = study_of(tmp_path, "a.fcs,P01,30,,LOT04,50,,")
    assert [str(issue) for issue in study.issues] == [
        (
            "warning: manifest row 2, column beads_per_tube: The row names a lot of beads and no number "
            "of beads per tube; nothing is counted by beads. The number is on the pouch of the lot."
        )
    ]
    assert study.tubes[0].beads_per_tube is None


def test_units_mixed_up(tmp_path: Path) -> None:
    """0.9 cells/µL of lymphocytes is 900 written in 10^9/L: it is used as written and asked about."""
    study = study_of(tmp_path, "a.fcs,P01,30,,,,0.9,")
    assert codes(study) == {"study.unit_suspect"}
    assert study.tubes[0].lymphocytes_cells_per_ul == 0.9


def curve(study: Study, days: dict[int, float | None]) -> StudyResult:
    """Return results with CD4 T of these cells/µL; None is not evaluable."""
    tubes, results = [], []
    for number, (day, value) in enumerate(days.items()):
        name = f"P01/d{day}/{number}"
        tubes.append(Tube(tube=name, patient="P01", day=day, row=number + 2))
        counted = PopulationCount(
            population="CD4_T",
            parent="CD3_T",
            status="not_evaluable" if value is None else "counted",
            events=None if value is None else 500,
            cells_per_ul=value,
            lloq_cells_per_ul=None if value is None else 5.0,
            below_lloq=None if value is None else False,
            count_method="none" if value is None else "beads",
        )
        results.append(TubeResult(tube=name, status="done", counts=(counted,)))
    own = study.model_copy(update={"tubes": tuple(tubes)})
    return StudyResult(study=own, tubes=tuple(results))


def status(result: StudyResult, milestone: str) -> tuple[str, str]:
    table = milestones(trajectories(result), result.study)
    (row,) = table[table["milestone"] == milestone].to_dict("records")
    return str(row["status"]), str(row["reading"])


ADULT = Study(name="s", patients=(Patient(patient="P01", age_years=40, programme="allo_hsct"),), tubes=())


def test_age_missing(tmp_path: Path) -> None:
    study = study_of(tmp_path, "a.fcs,P01,30,,,,,", "patient,programme\nP01,allo_hsct\n")
    assert study.patients[0].age_years is None
    result = curve(study, {100: 300.0})
    found = trajectories(result)
    assert found["age_years"].isna().all()
    assert found["reference_low"].isna().all()
    assert status(result, "cd4_104_d100") == (
        "not_assessable",
        "Not assessable: age unknown, the rule is for ages from 20 years.",
    )


def test_a_visit_before_the_transplant() -> None:
    """It is drawn, and says nothing of the graft."""
    result = curve(ADULT, {-7: 600.0, 30: 10.0})
    assert trajectories(result)["days_after_transplant"].tolist() == [-7, 30]
    assert status(result, "cd4_50_d100")[0] == "not_reached_by_last_visit"


def test_a_visit_twice(tmp_path: Path) -> None:
    """The same row twice is refused by name; two tubes of a day are both kept, and both are marked."""
    sheet = f"{COLUMNS}a.fcs,P01,30,,,,,\nb.fcs,P01,30,,,,,\n"
    study = load_study(write(tmp_path, manifest=sheet))
    assert "study.tube_twice" in codes(study)
    two = ADULT.model_copy()
    result = curve(two, {30: 10.0})
    again = curve(two, {30: 900.0})
    tubes = (*result.study.tubes, again.study.tubes[0].model_copy(update={"tube": "P01/d30/9"}))
    outcomes = (*result.tubes, again.tubes[0].model_copy(update={"tube": "P01/d30/9"}))
    both = StudyResult(study=two.model_copy(update={"tubes": tubes}), tubes=outcomes)
    assert trajectories(both)["review"].tolist() == ["trajectory.same_day", "trajectory.same_day"]
    # one is above and one below, so the day cannot be judged
    assert status(both, "cd4_50_d100")[0] == "not_evaluable"


def test_death_before_day_100() -> None:
    dead = ADULT.model_copy(update={"events": (ClinicalEvent(patient="P01", kind="death", start_day=70),)})
    found = status(curve(dead, {30: 10.0, 60: 20.0}), "cd4_50_d100")
    assert found == (
        "censored_by_event",
        "CD4 T not ≥ 50/µL up to day 60; death on day 70 ended the follow-up.",
    )


def test_what_cannot_be_counted_is_no_zero() -> None:
    table = trajectories(curve(ADULT, {30: None, 60: 20.0}))
    assert table["value"].isna().tolist() == [True, False]
    assert not (table["value"] == 0).any()


def test_repeated_doses_are_clocks_of_their_own(tmp_path: Path) -> None:
    manifest = write(
        tmp_path,
        manifest="file,patient,day\na.fcs,P01,30\n",
        patients="patient,age_years,programme\nP01,40,msc\n",
        events="patient,kind,start_day\nP01,cell_infusion,7\nP01,cell_infusion,28\n",
    )
    study = load_study(manifest)
    assert [(one.name, one.day) for one in study.patients[0].anchors] == [
        ("INF1", 0),
        ("INF2", 7),
        ("INF3", 28),
    ]
    result = curve(study, {6: 300.0, 20: 100.0, 40: 300.0})
    table = milestones(trajectories(result), result.study, anchor="INF2")
    (row,) = table[table["milestone"] == "cd4_200"].to_dict("records")
    assert (row["after_day"], row["by_day"]) == (13, 33)
