"""Small parts of FHIR resources: codes, quantities, references that are the same at every export."""

from __future__ import annotations

import uuid
from typing import Final

#: A FHIR resource or a part of one, ready for :func:`json.dumps`.
Json = dict[str, object]

LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
#: hl7.org/fhir/R4, value sets data-absent-reason and observation-interpretation.
ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
INTERPRETATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
RELATIVE: Final = "http://hl7.org/fhir/StructureDefinition/cqf-relativeDateTime"
#: Names of our resources are made in a space of their own (RFC 9562, version 5).
_SPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://cytorecon.invalid/fhir")


def identifier(*parts: str) -> str:
    """Return the id of a resource: the same parts give the same one.

    Examples
    --------
    >>> identifier("patient", "study", "P01") == identifier("patient", "study", "P01")
    True
    """
    return str(uuid.uuid5(_SPACE, "\x1f".join(parts)))


def reference(resource: str) -> Json:
    """Return a reference to a resource of the same bundle, by its id."""
    return {"reference": f"urn:uuid:{resource}"}


def concept(text: str, *, system: str = "", code: str = "", display: str = "") -> Json:
    """Return a CodeableConcept: a text, with a code where there is one."""
    if not code:
        return {"text": text}
    coding: Json = {"system": system, "code": code}
    return {"coding": [coding | ({"display": display} if display else {})], "text": text}


def per_microlitre(value: float) -> Json:
    """Return a concentration in cells/µL as a Quantity (UCUM ``/uL``)."""
    return {"value": plain(value), "unit": "cells/µL", "system": UCUM, "code": "/uL"}


def ratio(value: float) -> Json:
    """Return a ratio of two counts as a Quantity (UCUM ``1``)."""
    return {"value": plain(value), "unit": "ratio", "system": UCUM, "code": "1"}


def plain(value: float) -> int | float:
    """Return a whole number as an int, so that JSON has no ``420.0`` where the table has ``420``."""
    return int(value) if value.is_integer() else value
