"""All concentrations of a study as one FHIR R4 Bundle."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from cytorecon.interop.fhir.observation import Frame, ReferenceRange, cd4_cd8_ratio, concentration
from cytorecon.interop.fhir.values import Json, concept, identifier, reference
from cytorecon.interop.results import blood_results, number, text
from cytorecon.interop.tables import ExportTables
from cytorecon.knowledge.loinc import load_loinc_codes
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.study.model import Patient


def fhir_bundle(tables: ExportTables, *, approved: bool = False) -> str:
    """Return a Bundle of type ``collection`` as JSON.

    It holds, for each patient, a Patient with the pseudonym and a Procedure from which days count; for each
    tube of blood and population that is counted in cells an Observation of its concentration; the CD4/CD8
    ratios; and an OperationOutcome that names the tubes without a result. There is no calendar date:
    observations say how many days after the Procedure they were drawn. The same study gives the same bytes.

    Parameters
    ----------
    tables : ExportTables
        Of a study.
    approved : bool
        Whether a person approved the results: then they are ``final``, else ``preliminary``.
    """
    populations = load_populations()
    frame = Frame(
        study=tables.study.name,
        status="final" if approved else "preliminary",
        codes=load_loinc_codes(),
        names={row.population: row.display_name for row in populations.rows},
    )
    resources = [
        *(resource for patient in tables.study.patients for resource in _people(patient, frame)),
        *_concentrations(tables, frame, populations),
        *_ratios(tables, frame),
        *_failures(tables, frame),
    ]
    bundle: Json = {
        "resourceType": "Bundle",
        "id": identifier("bundle", tables.study.name),
        "type": "collection",
        "entry": [{"fullUrl": f"urn:uuid:{made['id']}", "resource": made} for made in resources],
    }
    return json.dumps(bundle, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _people(patient: Patient, frame: Frame) -> Iterator[Json]:
    own = frame.patient(patient.patient)
    gender = patient.sex if patient.sex in ("female", "male") else "unknown"
    yield {
        "resourceType": "Patient",
        "id": own,
        "identifier": [{"use": "secondary", "value": patient.patient}],
        "gender": gender,
    }
    anchor = patient.anchors[0]
    yield {
        "resourceType": "Procedure",
        "id": frame.anchor(patient.patient),
        "status": "completed",
        "code": concept(f"{anchor.kind.replace('_', ' ')} ({anchor.name}), day 0"),
        "subject": reference(own),
    }


def _concentrations(tables: ExportTables, frame: Frame, populations: Populations) -> Iterator[Json]:
    limits = _reference_ranges(tables)
    for result in blood_results(tables):
        if populations.kind_of(result.population) == "cells":
            yield concentration(result, frame, limits.get((result.tube, result.population)))


def _reference_ranges(tables: ExportTables) -> Mapping[tuple[str, str], ReferenceRange]:
    curves = tables.trajectories
    own = curves[(curves["measure"] == "cells_per_ul") & (curves["reference_set"] != "")]
    found = {}
    for row in own.to_dict("records"):
        low, high = number(row["reference_low"]), number(row["reference_high"])
        if low is not None and high is not None:
            names = ("reference_set", "reference_percentiles", "reference_position")
            found[str(row["tube"]), str(row["population"])] = ReferenceRange(
                low, high, *(text(row[name]) for name in names)
            )
    return found


def _ratios(tables: ExportTables, frame: Frame) -> Iterator[Json]:
    curves = tables.trajectories
    for row in curves[curves["measure"] == "ratio"].to_dict("records"):
        value = number(row["value"])
        if value is not None:
            yield cd4_cd8_ratio({str(key): cell for key, cell in row.items()}, value, frame)


def _failures(tables: ExportTables, frame: Frame) -> Iterator[Json]:
    failed = tables.tubes[tables.tubes["status"] == "failed"]
    if failed.empty:
        return
    yield {
        "resourceType": "OperationOutcome",
        "id": identifier("failures", frame.study),
        "issue": [
            {
                "severity": "error",
                "code": "incomplete",
                "diagnostics": f"Tube {row['tube']}: no result. {row['error']}",
            }
            for row in failed.to_dict("records")
        ],
    }
