"""A small study made by hand for tests: plausible numbers, and one of everything that goes wrong.

Three patients with six visits. P01 has B cells below the LLOQ, a change of count method and
clinical events; P02 has a failed tube and a population that is not evaluable; P03 has no age, and
one visit without any count method.
"""

from __future__ import annotations

import base64
import hashlib
import math
import zlib
from collections.abc import Mapping
from functools import cache

import numpy as np
from pydantic import TypeAdapter
from scipy.stats import chi2

from cytorecon.errors import Issue, Severity
from cytorecon.results import (
    AxisTick,
    CountMethod,
    GatePlot,
    GateRecord,
    PopulationCount,
    Provenance,
    TubeResult,
)
from cytorecon.study.model import Anchor, ClinicalEvent, Patient, Study, Tube
from cytorecon.study.result import StudyResult

_COUNT = TypeAdapter(PopulationCount)

DAYS = (14, 30, 60, 100, 180, 365)
LLOQ_EVENTS = 50
SHARES_OF_PARENT: Mapping[str, tuple[str, float]] = {
    "CD3_T": ("lymphocytes", 0.62),
    "CD4_T": ("CD3_T", 0.45),
    "CD8_T": ("CD3_T", 0.48),
    "DN_T": ("CD3_T", 0.05),
    "DP_T": ("CD3_T", 0.02),
}
#: cells/µL on the days of DAYS
CURVES: Mapping[str, Mapping[str, tuple[float, ...]]] = {
    "P01": {
        "CD4_T": (12, 45, 90, 160, 240, 420),
        "CD8_T": (20, 60, 210, 380, 420, 500),
        "B": (0, 0, 2, 30, 110, 260),
        "NK": (90, 180, 220, 260, 210, 230),
    },
    "P02": {
        "CD4_T": (8, 20, 35, 48, 70, 95),
        "CD8_T": (15, 30, 260, 900, 760, 640),
        "B": (3, 1, 0, 0, 12, 60),
        "NK": (60, 110, 150, 140, 160, 180),
    },
    "P03": {
        "CD4_T": (30, 95, 180, 310, 520, 760),
        "CD8_T": (40, 90, 160, 240, 330, 420),
        "B": (5, 20, 90, 210, 380, 520),
        "NK": (120, 240, 300, 280, 250, 260),
    },
}
FAILED_TUBE = "P02/d60/1"
NOT_EVALUABLE = ("P02/d180/1", "B")
WITHOUT_COUNT_TUBE = "P03/d30/1"
BLOOD_COUNT_FROM_DAY = 180


def tube(patient: str, day: int, number: int = 1, *, row: int = 2) -> Tube:
    """Return a tube of the sheet with counting beads."""
    return Tube(
        tube=f"{patient}/d{day}/{number}",
        patient=patient,
        day=day,
        visit=f"+{day}",
        row=row,
        beads_per_tube=50_000,
        bead_lot="lot-1",
        blood_volume_ul=50,
    )


def study() -> Study:
    """Return the study: three patients, six visits each."""
    patients = (
        Patient(patient="P01", age_years=34.5, sex="female", programme="allo_hsct", graft="PBSC, unrelated"),
        Patient(
            patient="P02",
            age_years=6.2,
            sex="male",
            programme="allo_hsct",
            anchors=(
                Anchor(name="HCT1", kind="transplant", day=0),
                Anchor(name="DLI1", kind="dli", day=120),
            ),
        ),
        Patient(patient="P03", programme="auto_hsct"),
    )
    rows = iter(range(2, 100))
    tubes = tuple(tube(patient.patient, day, row=next(rows)) for patient in patients for day in DAYS)
    events = (
        ClinicalEvent(patient="P01", kind="transplant", label="PBSC", start_day=0),
        ClinicalEvent(patient="P01", kind="gvhd_acute", label="grade II, skin", start_day=38, end_day=75),
        ClinicalEvent(patient="P01", kind="cmv", label="viraemia", start_day=50, end_day=84),
        ClinicalEvent(patient="P01", kind="drug", label="ciclosporin", start_day=-1, end_day=180),
        ClinicalEvent(patient="P01", kind="drug", label="ganciclovir", start_day=54, end_day=84),
        ClinicalEvent(patient="P01", kind="ivig", label="IVIG", start_day=90, ongoing=True),
        ClinicalEvent(patient="P02", kind="dli", label="DLI 1e6/kg", start_day=120),
        ClinicalEvent(patient="P02", kind="relapse", label="", start_day=300),
    )
    return Study(name="Hand-made example", patients=patients, tubes=tubes, events=events)


@cache
def study_result() -> StudyResult:
    """Return the study with a result for every tube; frozen, so one is enough for all tests."""
    made = study()
    return StudyResult(study=made, tubes=tuple(tube_result(own) for own in made.tubes))


def file_sha256(tube: str) -> str:
    """Return what stands for the file of a tube: another one for each tube."""
    return hashlib.sha256(tube.encode()).hexdigest()


def tube_result(own: Tube, curves: Mapping[str, float] | None = None) -> TubeResult:
    """Return the result of one tube; `curves` gives cells/µL of CD4_T, CD8_T, B and NK."""
    if own.tube == FAILED_TUBE:
        message = "The file ends before its data do. Found: 61,440 bytes. Allowed: 1,048,576 bytes."
        return TubeResult(tube=own.tube, status="failed", error=message)
    if curves is None:
        curves = {name: values[DAYS.index(own.day)] for name, values in CURVES[own.patient].items()}
    blood_ul = 60.0
    method = count_method(own)
    events = _events(curves, blood_ul)
    counts = tuple(
        _count(own.tube, name, parent, events, blood_ul=blood_ul, method=method)
        for name, parent in _PARENTS.items()
    )
    issues = tuple(
        Issue("gate.not_evaluable", Severity.WARNING, f"{own.tube} {count.population}", count.reason)
        for count in counts
        if count.status == "not_evaluable"
    )
    gates = _gates(own.tube, events)
    return TubeResult(
        tube=own.tube,
        status="done",
        n_events=events["root"],
        channels=("FSC-A", "SSC-A", "FITC-A", "PE-A", "APC-A"),
        counts=counts,
        gates=gates,
        plots=tuple(_plot(gate) for gate in gates if gate.status != "passed_through"),
        issues=issues,
        provenance=Provenance(
            file_sha256=file_sha256(own.tube),
            template="tbnk",
            template_version="1",
            template_sha256="cd" * 32,
            gates_version="ef" * 8,
            spillover_source="$SPILLOVER",
            software_version="0.1.0",
        ),
    )


def count_method(own: Tube) -> CountMethod:
    """Return the count method of a tube of this study."""
    if own.tube == WITHOUT_COUNT_TUBE:
        return "none"
    return "blood_count_alc" if own.patient == "P01" and own.day >= BLOOD_COUNT_FROM_DAY else "beads"


_PARENTS: Mapping[str, str] = {
    "singlets": "root",
    "leukocytes": "singlets",
    "lymphocytes": "leukocytes",
    "CD3_T": "lymphocytes",
    "CD4_T": "CD3_T",
    "CD8_T": "CD3_T",
    "DN_T": "CD3_T",
    "B": "lymphocytes",
    "NK": "lymphocytes",
    "monocytes": "leukocytes",
    "granulocytes": "leukocytes",
}


def _events(curves: Mapping[str, float], blood_ul: float) -> dict[str, int]:
    events = {name: round(cells * blood_ul) for name, cells in curves.items()}
    events["DN_T"] = round(0.05 * (events["CD4_T"] + events["CD8_T"]))
    events["CD3_T"] = events["CD4_T"] + events["CD8_T"] + events["DN_T"]
    events["lymphocytes"] = round(1.03 * (events["CD3_T"] + events["B"] + events["NK"]))
    events["monocytes"] = round(400 * blood_ul)
    events["granulocytes"] = round(3000 * blood_ul)
    events["leukocytes"] = events["lymphocytes"] + events["monocytes"] + events["granulocytes"]
    events["singlets"] = round(1.1 * events["leukocytes"])
    events["root"] = round(1.08 * events["singlets"])
    return events


def _count(
    name_of_tube: str,
    population: str,
    parent: str,
    events: Mapping[str, int],
    *,
    blood_ul: float,
    method: CountMethod,
) -> PopulationCount:
    if (name_of_tube, population) == NOT_EVALUABLE:
        reason = "CD19 has no valley between negative and positive events"
        return PopulationCount(population=population, parent=parent, status="not_evaluable", reason=reason)
    number = events[population]
    values: dict[str, float | bool | None] = {}
    for column, whole in (("parent", parent), ("lymphocytes", "lymphocytes"), ("leukocytes", "leukocytes")):
        if population == "singlets" and column != "parent":
            continue
        if column == "lymphocytes" and population in ("leukocytes", "monocytes", "granulocytes"):
            continue
        share = 100 * number / events[whole]
        half = 196 * math.sqrt(max(number, 1)) / events[whole]
        values[f"percent_of_{column}"] = share
        values[f"percent_of_{column}_low"] = max(0.0, share - half)
        values[f"percent_of_{column}_high"] = min(100.0, share + half)
    if method != "none" and population != "singlets":
        below = number < LLOQ_EVENTS
        values["cells_per_ul"] = None if below else number / blood_ul
        values["cells_per_ul_low"] = chi2.ppf(0.025, 2 * number) / 2 / blood_ul if number else 0.0
        values["cells_per_ul_high"] = chi2.ppf(0.975, 2 * number + 2) / 2 / blood_ul
        values["lloq_cells_per_ul"] = LLOQ_EVENTS / blood_ul
        values["below_lloq"] = below
    return population_count(
        {
            "population": population,
            "parent": parent,
            "status": "counted",
            "events": number,
            "parent_events": events[parent],
            "count_method": "none" if population == "singlets" else method,
            "blood_ul_counted": blood_ul if method != "none" else None,
            "review": ("count.doublets",) if name_of_tube == "P01/d60/1" and population == "CD8_T" else (),
            **values,
        }
    )


def population_count(row: Mapping[str, object]) -> PopulationCount:
    """Return the count with these fields, checked."""
    return _COUNT.validate_python(row)


def _gates(name_of_tube: str, events: Mapping[str, int]) -> tuple[GateRecord, ...]:
    circle = tuple(
        (round(0.35 + 0.14 * math.cos(angle), 4), round(0.2 + 0.1 * math.sin(angle), 4))
        for angle in np.linspace(0, 2 * math.pi, 17)[:-1]
    )
    missing = (name_of_tube, "B") == NOT_EVALUABLE
    return (
        GateRecord(
            gate="viability",
            parent="singlets",
            kind="none",
            status="passed_through",
            reason="the tube has no viability dye",
        ),
        GateRecord(
            gate="lymphocytes",
            parent="leukocytes",
            kind="polygon",
            channels=("FSC-A", "SSC-A"),
            status="found",
            method="own_cluster",
            vertices=circle,
            events_in=events["lymphocytes"],
            events_of_parent=events["leukocytes"],
            version="1a2b3c4d",
        ),
        GateRecord(
            gate="CD3",
            parent="lymphocytes",
            kind="threshold",
            channels=("FITC-A",),
            status="found",
            method="own_valley",
            threshold=0.45,
            standard_error=0.01,
            events_in=events["CD3_T"],
            events_of_parent=events["lymphocytes"],
            version="2b3c4d5e",
        ),
        GateRecord(
            gate="CD19",
            parent="lymphocytes and not CD3",
            kind="none" if missing else "threshold",
            channels=("APC-A",),
            status="not_evaluable" if missing else "found",
            reason="no valley between negative and positive events" if missing else "",
            threshold=None if missing else 0.55,
            events_in=None if missing else events["B"],
            events_of_parent=events["lymphocytes"] - events["CD3_T"],
            version="3c4d5e6f",
        ),
    )


_TICKS = tuple(
    AxisTick(position=position, label=label)
    for position, label in ((0.2, "0"), (0.4, "10³"), (0.6, "10⁴"), (0.8, "10⁵"))
)


def _plot(gate: GateRecord) -> GatePlot:
    two = gate.gate in ("lymphocytes", "CD3")
    rows, columns = (64, 64) if two else (1, 64)
    return GatePlot(
        gate=gate.gate,
        title=f"{gate.gate} in {gate.parent}",
        x_label={"lymphocytes": "forward scatter · FSC-A", "CD3": "CD3 · FITC-A"}.get(
            gate.gate, "CD19 · APC-A"
        ),
        y_label="side scatter · SSC-A" if two else "",
        x_low=0.0,
        x_high=1.0,
        x_ticks=_TICKS,
        y_ticks=_TICKS if two else (),
        rows=rows,
        columns=columns,
        density=_density(rows, columns),
        events_shown=gate.events_of_parent or 0,
    )


def _density(rows: int, columns: int) -> str:
    x = np.linspace(0, 1, columns)[None, :]
    y = np.linspace(0, 1, rows)[:, None] if rows > 1 else np.full((1, 1), 0.2)
    clouds = (
        np.exp(-((x - 0.35) ** 2) / 0.006 - (y - 0.2) ** 2 / 0.004)
        + 0.6 * np.exp(-((x - 0.62) ** 2) / 0.012 - (y - 0.55) ** 2 / 0.02)
        + 0.3 * np.exp(-((x - 0.7) ** 2) / 0.004 - (y - 0.2) ** 2 / 0.004)
    )
    pixels = np.sqrt(clouds / clouds.max()) * 255
    pixels[pixels < 6] = 0
    return base64.b64encode(zlib.compress(pixels.astype(np.uint8).tobytes())).decode()
