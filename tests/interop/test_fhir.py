"""The bundle: what FHIR R4 asks of it, and what must not be in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from cytorecon.interop import ExportTables, export_tables
from cytorecon.interop.fhir import fhir_bundle
from cytorecon.knowledge.loinc import load_loinc_codes
from cytorecon.results import TubeResult
from cytorecon.study.model import Patient, Study, Tube
from cytorecon.study.result import StudyResult
from tests.builders import population_count, study_result

Resource = dict[str, Any]


@pytest.fixture(scope="module")
def bundle(tables: ExportTables) -> Resource:
    made: Resource = json.loads(fhir_bundle(tables))
    return made


def resources(bundle: Resource, kind: str) -> list[Resource]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def observation(bundle: Resource, tube: str, name: str) -> Resource:
    (found,) = [
        one
        for one in resources(bundle, "Observation")
        if one["code"]["text"] == name and one.get("note", [{}])[0].get("text") == f"Tube {tube}."
    ]
    return found


def one(count: Mapping[str, object], **tube: object) -> Resource:
    """Return the observation of one population of one tube."""
    own = Tube.model_validate({"tube": "P1/d-7/1", "patient": "P1", "day": -7, **tube})
    result = TubeResult(tube=own.tube, status="done", counts=(population_count(count),))
    study = Study(name="s", patients=(Patient(patient="P1"),), tubes=(own,))
    made = json.loads(fhir_bundle(export_tables(StudyResult(study=study, tubes=(result,)))))
    (found,) = resources(made, "Observation")
    return found


B = {"population": "B", "parent": "lymphocytes", "status": "counted"}


def test_every_reference_is_to_a_resource_of_the_bundle(bundle: Resource) -> None:
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(urls) == len(set(urls))
    assert bundle["type"] == "collection"
    references = set(re.findall(r'"reference": "([^"]+)"', json.dumps(bundle)))
    assert references <= set(urls)
    for entry in bundle["entry"]:
        assert entry["fullUrl"] == f"urn:uuid:{entry['resource']['id']}"
        assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", entry["resource"]["id"])


def test_an_observation_has_what_r4_requires_and_one_value_or_the_reason(bundle: Resource) -> None:
    for made in resources(bundle, "Observation"):
        assert {"status", "code", "subject", "category"} <= set(made)
        assert made["status"] == "preliminary"
        assert ("valueQuantity" in made) != ("dataAbsentReason" in made)
        quantity = made.get("valueQuantity")
        if quantity is not None:
            assert quantity["system"] == "http://unitsofmeasure.org"
            assert quantity["code"] in ("/uL", "1")


def test_an_approved_study_is_final(tables: ExportTables) -> None:
    made = json.loads(fhir_bundle(tables, approved=True))
    assert {one["status"] for one in resources(made, "Observation")} == {"final"}


def test_a_concentration_with_its_code_interval_and_reference(bundle: Resource) -> None:
    made = observation(bundle, "P02/d365/1", "CD4 T")
    assert made["code"]["coding"] == [
        {
            "system": "http://loinc.org",
            "code": "24467-3",
            "display": "CD3+CD4+ (T4 helper) cells [#/volume] in Blood",
        }
    ]
    assert made["valueQuantity"] == {
        "value": 95, "unit": "cells/µL", "system": "http://unitsofmeasure.org", "code": "/uL",
    }  # fmt: skip
    (limits,) = made["referenceRange"]
    assert (limits["low"]["value"], limits["high"]["value"]) == (663.764, 1692.7)
    assert limits["text"] == "healthy people of the same age: shearer_2003, 10-90 percentile"
    assert made["interpretation"][0]["coding"][0]["code"] == "L"
    assert made["method"]["text"] == "flow cytometry with counting beads (single platform)"


def test_a_population_without_a_confirmed_code_has_its_name_only(bundle: Resource) -> None:
    assert observation(bundle, "P01/d14/1", "CD4-CD8- T")["code"] == {"text": "CD4-CD8- T"}
    coded = {
        coding["code"] for one in resources(bundle, "Observation") for coding in one["code"].get("coding", [])
    }
    assert coded <= {row.code for row in load_loinc_codes().values()}


def test_days_are_told_without_a_date() -> None:
    (extension,) = one({**B, "events": 700, "cells_per_ul": 70.0, "below_lloq": False})["_effectiveDateTime"][
        "extension"
    ]
    parts = {part["url"]: part for part in extension["extension"]}
    assert parts["relationship"]["valueCode"] == "before"
    assert parts["offset"]["valueDuration"]["value"] == 7
    assert parts["targetPath"]["valueString"] == "performed"


def test_below_the_lloq_is_less_than_it() -> None:
    count = {**B, "events": 3, "below_lloq": True, "lloq_cells_per_ul": 11.25, "count_method": "beads",
             "cells_per_ul_low": 0.5, "cells_per_ul_high": 9.0}  # fmt: skip
    made = one(count)
    assert (made["valueQuantity"]["comparator"], made["valueQuantity"]["value"]) == ("<", 11.25)
    assert "Below the lower limit of quantification of this tube." in [note["text"] for note in made["note"]]
    assert "interpretation" not in made


def test_not_detected_says_so_and_how_many_there_may_be() -> None:
    count = {**B, "events": 3, "detected": False, "background_events": 2.0, "below_lloq": True,
             "lloq_cells_per_ul": 11.25, "cells_per_ul_low": 0.0, "cells_per_ul_high": 3.5,
             "count_method": "beads"}  # fmt: skip
    made = one(count)
    assert (made["valueQuantity"]["comparator"], made["valueQuantity"]["value"]) == ("<", 3.5)
    assert made["interpretation"][0]["coding"][0] == {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
        "code": "ND",
        "display": "Not detected",
    }


def test_absence_that_labels_put_in_doubt_is_a_limit_and_no_absence() -> None:
    count = {**B, "events": 3, "detected": False, "background_events": 2.0, "below_lloq": True,
             "lloq_cells_per_ul": 11.25, "cells_per_ul_low": 0.0, "cells_per_ul_high": 3.5,
             "count_method": "beads", "review": ("assay.labels",), "absence_in_doubt": True}  # fmt: skip
    made = one(count)
    assert (made["valueQuantity"]["comparator"], made["valueQuantity"]["value"]) == ("<", 11.25)
    assert "Needs a look: assay.labels." in [note["text"] for note in made["note"]]
    assert "interpretation" not in made


@pytest.mark.parametrize(
    ("count", "code", "text"),
    [
        ({"status": "not_evaluable", "reason": "no valley"}, "unknown", "not evaluable: no valley"),
        ({"status": "not_evaluable"}, "unknown", "not evaluable: no reason was given"),
        (
            {"status": "not_evaluable", "reason": "not assessed: no channel for CD19"},
            "not-performed",
            "not assessed: no channel for CD19",
        ),
        (
            {"status": "counted", "events": 12},
            "not-performed",
            "no count method: neither beads, nor a blood count, nor a volume was given",
        ),
    ],
)
def test_what_is_missing_has_its_reason(count: dict[str, object], code: str, text: str) -> None:
    made = one({**B, **count})
    assert "valueQuantity" not in made
    assert made["dataAbsentReason"]["coding"][0]["code"] == code
    assert made["dataAbsentReason"]["text"] == text


def test_a_failed_tube_is_named(bundle: Resource) -> None:
    (outcome,) = resources(bundle, "OperationOutcome")
    assert outcome["issue"] == [
        {
            "severity": "error",
            "code": "incomplete",
            "diagnostics": "Tube P02/d60/1: no result. The file ends before its data do. "
            "Found: 61,440 bytes. Allowed: 1,048,576 bytes.",
        }
    ]


def test_nothing_but_the_pseudonym_says_who_it_is(bundle: Resource) -> None:
    people = resources(bundle, "Patient")
    assert [person["identifier"][0]["value"] for person in people] == ["P01", "P02", "P03"]
    assert {key for person in people for key in person} == {"resourceType", "id", "identifier", "gender"}
    assert re.search(r"\b(19|20)\d\d-\d\d-\d\d\b", json.dumps(bundle)) is None


def test_names_of_resources_do_not_depend_on_the_other_patients(bundle: Resource) -> None:
    whole = study_result()
    study = whole.study.model_copy(
        update={
            "patients": whole.study.patients[1:],
            "tubes": tuple(tube for tube in whole.study.tubes if tube.patient != "P01"),
        }
    )
    made = json.loads(fhir_bundle(export_tables(StudyResult(study=study, tubes=whole.tubes))))
    assert observation(made, "P02/d14/1", "B")["id"] == observation(bundle, "P02/d14/1", "B")["id"]
