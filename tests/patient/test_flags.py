from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cytorecon.knowledge.patient_flags import load_patient_flags
from cytorecon.patient import fit_recovery, patient_flags
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study.model import ClinicalEvent, Study, Tube
from cytorecon.study.result import StudyResult
from cytorecon.tables import PATIENT_FLAG_COLUMNS
from tests.patient.made import cohort, study, table


def flags(
    frame: pd.DataFrame, own: Study, patients: list[str], result: StudyResult | None = None
) -> pd.DataFrame:
    recovery = fit_recovery(frame, own, ["CD4_T"], patients=patients)
    found = patient_flags(recovery, frame, result or StudyResult(study=own, tubes=()))
    assert tuple(found.columns) == PATIENT_FLAG_COLUMNS
    return found


def slowed(frame: pd.DataFrame, patient: str, factor: float) -> pd.DataFrame:
    changed = frame.copy()
    changed.loc[changed["patient"] == patient, ["value", "low", "high"]] *= factor
    return changed


def test_slower_than_comparable_patients() -> None:
    frame, own = cohort(40, seed=21)
    found = flags(slowed(frame, "P00", 0.02), own, ["P00", "P01"])
    assert found[["patient", "flag", "population", "days_after_transplant", "limit", "n"]].to_dict(
        "records"
    ) == [
        {
            "patient": "P00",
            "flag": "slower",
            "population": "CD4_T",
            "days_after_transplant": 365,
            "limit": 5.0,
            "n": 40,
        }
    ]
    assert found["value"].item() < 1.0
    words = found["words"].item()
    assert words.startswith("CD4 T ")
    assert "cells/µL on day 365: " in words
    assert (
        "allogeneic stem-cell transplantation, 18 years and over; n = 40) are expected to be lower" in words
    )
    assert found["source"].item() == "patient_flags.yaml, slower.percentile: arithmetic"


def test_one_patient_in_twenty_is_slow() -> None:
    frame, own = cohort(200, seed=22)
    found = flags(frame, own, [each.patient for each in own.patients])
    assert set(found["flag"]) == {"slower"}
    # 10 of 200 expected; 3 to 19 hold it in 99 of 100 cohorts
    assert 3 <= len(found) <= 19


def test_a_value_below_a_limit_is_slow_when_the_limit_is_low_enough() -> None:
    frame, own = cohort(40, seed=21)
    rest = frame[~((frame["patient"] == "P00") & (frame["days_after_transplant"] == 365))]
    low, high = (
        flags(pd.concat([rest, table({"P00": {365: f"<{limit}"}})], ignore_index=True), own, ["P00"])
        for limit in (4, 4000)
    )
    assert "CD4 T below 4.0 cells/µL on day 365: at most" in low["words"].item()
    assert high.empty


def test_fewer_comparable_patients_than_the_limit_give_no_flag() -> None:
    frame, own = cohort(29, seed=21)
    assert flags(slowed(frame, "P00", 0.02), own, ["P00"]).empty
    assert load_patient_flags().slower.minimum_patients.value == 30


def test_nobody_is_slow_after_the_clock_has_ended() -> None:
    frame, own = cohort(40, seed=21)
    relapse = ClinicalEvent(patient="P00", kind="relapse", start_day=400)
    ended = own.model_copy(update={"events": (relapse,)})
    assert flags(slowed(frame, "P00", 0.02), ended, ["P00"]).empty


def discordant(cd4: dict[int, float | str], cd8: dict[int, float | str]) -> pd.DataFrame:
    """Return CD4 with limits from 424, CD8 with limits from 190."""
    parts = []
    for population, course, low in (("CD4_T", cd4, 424.0), ("CD8_T", cd8, 190.0)):
        own = table({"P00": course}, population)
        position = np.where(own["value"].fillna(0.0) < low, "below", "within")
        parts.append(own.assign(reference_position=position, reference_low=low, reference_set="shearer_2003"))
    return pd.concat(parts, ignore_index=True)


def test_one_lineage_is_back_and_the_other_is_not() -> None:
    frame = discordant({60: 40.0, 100: 90.0, 180: 150.0}, {60: 100.0, 100: 300.0, 180: 550.0})
    found = flags(frame, study({"P00": 1}), ["P00"])
    assert found.drop(columns="patient").to_dict("records") == [
        {
            "flag": "discordance",
            "population": "CD4_T",
            "days_after_transplant": 180,
            "value": 150.0,
            "limit": 424.0,
            "unit": "cells/µL",
            "n": 2,
            "words": (
                "CD8 T is back (550.0 cells/µL, lower limit for the age 190), CD4 T is not (150.0 cells/µL, "
                "lower limit 424): 2 visits in a row up to day 180."
            ),
            "source": "limits: shearer_2003; 2 visits in a row: patient_flags.yaml",
        }
    ]


@pytest.mark.parametrize(
    ("cd4", "cd8"),
    [
        ({100: 90.0}, {100: 300.0}),  # one visit only
        ({100: 90.0, 180: 400.0}, {100: 300.0, 180: 500.0}),  # the interval of the last reaches the limit
        ({100: 90.0, 180: 100.0}, {100: 300.0, 180: 100.0}),  # both below
        ({100: 90.0, 180: 600.0}, {100: 300.0, 180: 500.0}),  # both back
    ],
)
def test_no_discordance(cd4: dict[int, float | str], cd8: dict[int, float | str]) -> None:
    assert flags(discordant(cd4, cd8), study({"P00": 1}), ["P00"]).empty


def test_a_lineage_below_its_lloq_can_lag() -> None:
    found = flags(discordant({100: "<12", 180: "<12"}, {100: 300.0, 180: 500.0}), study({"P00": 1}), ["P00"])
    assert found["flag"].tolist() == ["discordance"]
    assert found["value"].isna().all()


def counted(*events: int) -> StudyResult:
    """Return CD4 T cells of P00 in 10 µL on days 100, 120 …"""
    tubes, results = [], []
    for place, number in enumerate(events):
        day = 100 + 20 * place
        name = f"P00/d{day}/1"
        count = PopulationCount(
            population="CD4_T", parent="CD3_T", status="counted", events=number, blood_ul_counted=10.0,
            cells_per_ul=number / 10.0, below_lloq=False, count_method="beads",
        )  # fmt: skip
        tubes.append(Tube(tube=name, patient="P00", day=day))
        results.append(TubeResult(tube=name, status="done", counts=(count,)))
    own = study({"P00": 1}).model_copy(update={"tubes": tuple(tubes)})
    return StudyResult(study=own, tubes=tuple(results))


def test_a_drop_beyond_noise_is_that_of_the_check_between_tubes() -> None:
    result = counted(4000, 100)
    frame = table({"P00": {100: 400.0, 120: 10.0}})
    found = flags(frame, result.study, ["P00"], result=result)
    row = found.to_dict("records")[0]
    assert (row["flag"], row["population"], row["days_after_transplant"]) == ("drop", "CD4_T", 120)
    assert (row["value"], row["limit"], row["n"]) == (0.025, 0.125, 100)
    assert row["words"] == (
        "CD4 T: a 40th of the count of day 100; 8 times beyond counting noise are allowed within 45 days."
    )


@pytest.mark.parametrize("events", [(100, 4000), (4000, 100, 100), (4000, 3000)])
def test_rises_and_earlier_drops_are_no_flag(events: tuple[int, ...]) -> None:
    result = counted(*events)
    frame = table({"P00": {100 + 20 * place: number / 10 for place, number in enumerate(events)}})
    assert flags(frame, result.study, ["P00"], result=result).empty
