"""``patient``: the tables of one patient through the command line."""

from __future__ import annotations

import json

import pytest

from cytorecon.cli import main
from cytorecon.patient import patient_view
from cytorecon.tables import FORECAST_COLUMNS, PROFILE_COLUMNS
from cytorecon.trajectory import trajectories
from tests.builders import study_result
from tests.dashboard.studies import save_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_study(tmp_path_factory.mktemp("saved") / "study"))


def test_a_patient_in_words(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["patient", study, "P01"]) == 0
    shown = capsys.readouterr().out
    assert "istance to health" in shown.splitlines()[0]
    assert "Profile" in shown
    assert "not enough patients to pool" in shown


def test_a_patient_as_json(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["patient", study, "P01", "--json"]) == 0
    tables = json.loads(capsys.readouterr().out)
    assert set(tables) == {"curves", "visits", "milestones", "flags", "profile", "distance"}
    assert tuple(tables["profile"][0]) == PROFILE_COLUMNS
    assert tuple(tables["visits"][0]) == FORECAST_COLUMNS
    result = study_result()
    expected = patient_view(trajectories(result), result, "P01", seed=1)
    assert [row["reported"] for row in tables["profile"]] == expected.profile["reported"].tolist()


def test_an_unknown_patient_is_an_error(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["patient", study, "P99"]) == 1
    assert capsys.readouterr().err == (
        "error: profile, patient: There is no such patient in the study. Found: P99. "
        "Allowed: P01, P02, P03.\n"
    )


def test_the_same_call_prints_the_same(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for _ in range(2):
        assert main(["patient", study, "P02", "--json"]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
