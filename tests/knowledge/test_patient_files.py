from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_text
from cytorecon.knowledge.patient_flags import PATIENT_FLAGS_FILE, load_patient_flags
from cytorecon.knowledge.patient_model import PATIENT_MODEL_FILE, load_patient_model
from cytorecon.knowledge.profile import PROFILE_FILE, load_profile_parts


def test_a_band_is_a_probability(tmp_path: Path) -> None:
    text = read_text(PATIENT_MODEL_FILE).replace("value: 0.9\n", "value: 90\n")
    (tmp_path / PATIENT_MODEL_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as error:
        load_patient_model(folder=tmp_path)
    assert str(error.value) == (
        "patient_model.yaml, band.value: 1 field cannot be used. Found: 90. "
        "Allowed: Input should be less than 1."
    )


def test_a_prior_has_a_factor_above_1(tmp_path: Path) -> None:
    content = yaml.safe_load(read_text(PATIENT_MODEL_FILE))
    content["priors"]["visit_sd"]["factor"] = 1.0
    (tmp_path / PATIENT_MODEL_FILE).write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"priors\.visit_sd\.factor"):
        load_patient_model(folder=tmp_path)


def test_a_percentile_of_slow_lies_below_the_middle(tmp_path: Path) -> None:
    text = read_text(PATIENT_FLAGS_FILE).replace("value: 5\n", "value: 95\n")
    (tmp_path / PATIENT_FLAGS_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"slower\.percentile\.value"):
        load_patient_flags(folder=tmp_path)


def test_a_population_of_the_profile_is_known(tmp_path: Path) -> None:
    text = read_text(PROFILE_FILE).replace("population: monocytes", "population: monocyte")
    (tmp_path / PROFILE_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as error:
        load_profile_parts(folder=tmp_path)
    assert str(error.value) == (
        "profile.yaml, population: There is no such population. Found: monocyte. "
        "Allowed: a name of populations.csv."
    )


def test_a_subset_stands_once(tmp_path: Path) -> None:
    text = read_text(PROFILE_FILE).replace("population: monocytes", "population: granulocytes")
    (tmp_path / PROFILE_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as error:
        load_profile_parts(folder=tmp_path)
    assert str(error.value) == ("profile.yaml, subsets: It occurs twice. Found: granulocytes, cells_per_ul.")
