"""One result as a FHIR R4 Observation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cytorecon.interop.fhir.values import (
    ABSENT,
    CATEGORY,
    INTERPRETATION,
    LOINC,
    RELATIVE,
    UCUM,
    Json,
    concept,
    identifier,
    per_microlitre,
    ratio,
    reference,
)
from cytorecon.interop.results import BloodResult
from cytorecon.knowledge.loinc import LoincCode

#: Position of a value against its reference -> code and name in the code system of interpretations.
_POSITIONS: Final = {"below": ("L", "Low"), "within": ("N", "Normal"), "above": ("H", "High")}
_NOT_ASSESSED: Final = "not assessed"
_METHODS: Final = {
    "beads": "flow cytometry with counting beads (single platform)",
    "volumetric": "volumetric flow cytometry (single platform)",
    "blood_count_alc": "flow cytometry and lymphocyte count of a haematology analyser (dual platform)",
    "blood_count_wbc": "flow cytometry and leukocyte count of a haematology analyser (dual platform)",
}


@dataclass(frozen=True, slots=True)
class ReferenceRange:
    """Limits for the age at the visit, with their set and percentiles, and where the value lies."""

    low: float
    high: float
    name: str
    percentiles: str
    position: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What all observations of a bundle share.

    Parameters
    ----------
    study : str
        Name of the study.
    status : {"preliminary", "final"}
        Final when a person approved the results.
    codes : mapping of str to LoincCode
        Population -> code.
    names : mapping of str to str
        Population -> name for people.
    """

    study: str
    status: str
    codes: Mapping[str, LoincCode]
    names: Mapping[str, str]

    def patient(self, patient: str) -> str:
        """Return the id of a patient's resource."""
        return identifier("patient", self.study, patient)

    def anchor(self, patient: str) -> str:
        """Return the id of the procedure from which a patient's days count."""
        return identifier("procedure", self.study, patient)

    def head(self, kind: str, patient: str, tube: str, population: str, day: int) -> Json:
        """Return what every observation begins with: who, what, when, and how final."""
        row = self.codes.get(population)
        name = self.names.get(population, population)
        code = concept(name)
        if row is not None:
            code = concept(name, system=LOINC, code=row.code, display=row.display)
        return {
            "resourceType": "Observation",
            "id": identifier(kind, self.study, tube, population),
            "status": self.status,
            "category": [concept("Laboratory", system=CATEGORY, code="laboratory", display="Laboratory")],
            "code": code,
            "subject": reference(self.patient(patient)),
            "_effectiveDateTime": {"extension": [days_after(day, self.anchor(patient))]},
        }


def days_after(day: int, anchor: str) -> Json:
    """Return a day on the patient's clock as an extension: a date without a calendar.

    Parameters
    ----------
    day : int
        Days after the procedure; negative before it.
    anchor : str
        Id of the procedure.
    """
    relationship = "after" if day > 0 else "before" if day < 0 else "concurrent"
    offset = {"value": abs(day), "unit": "d", "system": UCUM, "code": "d"}
    return {
        "url": RELATIVE,
        "extension": [
            {"url": "target", "valueReference": reference(anchor)},
            {"url": "targetPath", "valueString": "performed"},
            {"url": "relationship", "valueCode": relationship},
            {"url": "offset", "valueDuration": offset},
        ],
    }


def concentration(result: BloodResult, frame: Frame, limits: ReferenceRange | None) -> Json:
    """Return a concentration as an Observation.

    Below the LLOQ, and where nothing is detected, the value is ``<`` the limit; where there is no result,
    `dataAbsentReason` says why.

    Parameters
    ----------
    result : BloodResult
        One population of one tube.
    frame : Frame
        What all observations share.
    limits : ReferenceRange or None
        At the age of the visit.
    """
    made = frame.head("observation", result.patient, result.tube, result.population, result.day)
    made |= _value(result)
    interpretation = _interpretation(result, limits)
    if interpretation:
        made["interpretation"] = interpretation
    notes = _notes(result)
    if notes:
        made["note"] = [{"text": note} for note in notes]
    if result.method in _METHODS:
        made["method"] = concept(_METHODS[result.method])
    if limits is not None:
        made["referenceRange"] = [_range(limits)]
    if result.is_result and result.low is not None and result.high is not None:
        made["component"] = [
            {"code": concept("95 % interval, lower end"), "valueQuantity": per_microlitre(result.low)},
            {"code": concept("95 % interval, upper end"), "valueQuantity": per_microlitre(result.high)},
        ]
    return made


def cd4_cd8_ratio(row: Mapping[str, object], value: float, frame: Frame) -> Json:
    """Return the CD4/CD8 ratio of one tube as an Observation.

    Parameters
    ----------
    row : mapping
        Patient, tube, population and day of the trajectory table.
    value : float
        The ratio.
    frame : Frame
        What all observations share.
    """
    day = row["days_after_transplant"]
    assert isinstance(day, int)
    made = frame.head("ratio", str(row["patient"]), str(row["tube"]), str(row["population"]), day)
    return {**made, "valueQuantity": ratio(value)}


def _value(result: BloodResult) -> Json:
    if result.value is not None:
        return {"valueQuantity": per_microlitre(result.value)}
    if result.upper_limit is not None:
        return {"valueQuantity": {**per_microlitre(result.upper_limit), "comparator": "<"}}
    return {"dataAbsentReason": _absent(result)}


def _absent(result: BloodResult) -> Json:
    if result.status != "not_evaluable":
        reason = "no count method: neither beads, nor a blood count, nor a volume was given"
        return concept(reason, system=ABSENT, code="not-performed", display="Not Performed")
    if result.reason.startswith(_NOT_ASSESSED):
        return concept(result.reason, system=ABSENT, code="not-performed", display="Not Performed")
    reason = f"not evaluable: {result.reason or 'no reason was given'}"
    return concept(reason, system=ABSENT, code="unknown", display="Unknown")


def _interpretation(result: BloodResult, limits: ReferenceRange | None) -> list[Json]:
    found: list[Json] = []
    if result.status == "not_detected":
        found.append(concept("Not detected", system=INTERPRETATION, code="ND", display="Not detected"))
    if result.value is not None and limits is not None and limits.position in _POSITIONS:
        code, display = _POSITIONS[limits.position]
        found.append(concept(display, system=INTERPRETATION, code=code, display=display))
    return found


def _notes(result: BloodResult) -> list[str]:
    notes = [f"Tube {result.tube}."]
    if result.status == "below_lloq":
        notes.append("Below the lower limit of quantification of this tube.")
    if result.review:
        notes.append(f"Needs a look: {result.review}.")
    return notes


def _range(limits: ReferenceRange) -> Json:
    percentiles = f", {limits.percentiles} percentile" if limits.percentiles else ""
    return {
        "low": per_microlitre(limits.low),
        "high": per_microlitre(limits.high),
        "text": f"healthy people of the same age: {limits.name}{percentiles}",
    }
