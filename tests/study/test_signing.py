"""What is signed: each component that differs is named, causes before numbers."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from cytorecon.knowledge.files import sha256_of
from cytorecon.study import signing
from cytorecon.study.model import ClinicalEvent, Readout
from cytorecon.study.result import StudyResult
from cytorecon.study.signing import Difference, SignedPatient, differences, signed_patient
from tests.store.examples import STUDY, result_of

RESULT = StudyResult(study=STUDY, tubes=tuple(result_of(tube.tube) for tube in STUDY.tubes))


def document(result: StudyResult = RESULT, version: str = "0.1.0") -> SignedPatient:
    return signed_patient(result, "P01", software_version=version)


def with_tube(tube: str, **changes: object) -> StudyResult:
    tubes = tuple(one.model_copy(update=changes) if one.tube == tube else one for one in RESULT.tubes)
    return RESULT.model_copy(update={"tubes": tubes})


def components(result: StudyResult, version: str = "0.1.0") -> list[str]:
    return [one.component for one in differences(document(), document(result, version))]


def test_the_hash_is_of_the_text_and_the_text_comes_back() -> None:
    one = document()
    assert hashlib.sha256(one.text.encode()).hexdigest() == one.sha256
    assert SignedPatient.model_validate_json(one.text) == one
    assert SignedPatient.model_validate_json(one.text).sha256 == one.sha256
    content = json.loads(one.text)
    assert [tube["tube"] for tube in content["tubes"]] == ["P01/d-7/1", "P01/d30/1"]
    assert content["format"] == "cytorecon-signed-1"


def test_nothing_of_another_patient_and_no_path_is_in_it() -> None:
    assert "P02" not in document().text
    assert "MUELLER" not in signed_patient(RESULT, "P02", software_version="0").text
    other = with_tube("P02/d30/1", n_events=7, counts=())
    assert document(other) == document()


@pytest.mark.parametrize(
    ("field", "component"),
    [
        ("file_sha256", "file"),
        ("spillover_source", "spillover"),
        ("transforms_sha256", "transforms"),
        ("template", "template"),
        ("template_version", "version of the template"),
        ("template_sha256", "text of the template"),
        ("prior_sha256", "priors"),
        ("overrides_sha256", "decisions about gates"),
        ("software_version", "software that analysed it"),
        ("gates_version", "gates"),
    ],
)
def test_each_part_of_the_provenance_is_named(field: str, component: str) -> None:
    provenance = result_of("P01/d30/1").provenance.model_copy(update={field: "other"})
    assert components(with_tube("P01/d30/1", provenance=provenance)) == [f"P01/d30/1: {component}"]


def test_a_count_that_differs_is_named_with_both_values() -> None:
    counts = result_of("P01/d30/1", events=513).counts
    assert differences(document(), document(with_tube("P01/d30/1", counts=counts))) == (
        Difference(component="P01/d30/1: CD4_T, events", signed="512", now="513"),
    )
    assert components(with_tube("P01/d30/1", counts=counts[:1])) == ["P01/d30/1: CD4_T"]


def changed_study(**changes: Any) -> StudyResult:  # noqa: ANN401 - fields of a study
    return RESULT.model_copy(update={"study": STUDY.model_copy(update=changes)})


def test_what_the_sheets_say_is_named() -> None:
    event = ClinicalEvent(patient="P01", kind="cmv", start_day=3)
    readout = Readout(patient="P01", day=14, readout="anc", value=510, unit="cells/µL")
    patients = tuple(
        one.model_copy(update={"sex": "male"}) if one.patient == "P01" else one for one in STUDY.patients
    )
    assert components(changed_study(events=(*STUDY.events, event))) == ["events"]
    assert components(changed_study(readouts=(readout,))) == ["readouts"]
    assert components(changed_study(patients=patients)) == ["patient"]
    facts = tuple(tube.model_copy(update={"dilution": 3.0}) for tube in STUDY.tubes)
    assert components(changed_study(tubes=facts)) == [
        "P01/d-7/1: what the sheet says",
        "P01/d30/1: what the sheet says",
    ]
    moved = tuple(tube.model_copy(update={"row": tube.row + 5}) for tube in STUDY.tubes)
    assert components(changed_study(tubes=moved)) == []


def test_a_tube_that_came_or_went_is_named() -> None:
    fewer = changed_study(tubes=STUDY.tubes[:2])
    assert differences(document(), document(fewer)) == (
        Difference(component="P01/d-7/1", signed="P01/d-7/1", now=""),
    )


def test_software_and_knowledge_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert components(RESULT, "0.2.0") == ["software"]
    before = document()

    def other(name: str) -> str:
        return "other" if name == "reference_ranges.csv" else sha256_of(name)

    monkeypatch.setattr(signing, "sha256_of", other)
    assert [one.component for one in differences(before, document())] == ["reference ranges"]
