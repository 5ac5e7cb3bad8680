"""A small study with everything that a store has to keep."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cytorecon.errors import Issue, Severity
from cytorecon.results import (
    AxisTick,
    GatePlot,
    GateRecord,
    PopulationCount,
    Provenance,
    TubeResult,
)
from cytorecon.study.model import Anchor, ClinicalEvent, Patient, Study, Tube

SETTINGS = '{"transforms": {"FITC-A": [262144.0, 4.5]}, "name": "µ"}'

PATIENTS = (
    Patient(
        patient="P02",
        age_years=41.5,
        sex="female",
        programme="allo_hsct",
        graft="PBSC, matched unrelated",
        anchors=(Anchor(name="HCT1", kind="transplant"), Anchor(name="DLI1", kind="dli", day=120)),
    ),
    Patient(patient="P01"),
)
TUBES = (
    Tube(
        tube="P02/d30/1",
        patient="P02",
        day=30,
        visit="+30",
        row=2,
        beads_per_tube=50_000.0,
        bead_lot="A7",
        blood_volume_ul=50.0,
        path=Path("/data/MUELLER_ANNA/2026-03-04.fcs"),
    ),
    Tube(tube="P01/d30/1", patient="P01", day=30, row=3, lymphocytes_cells_per_ul=700.0),
    Tube(tube="P01/d-7/1", patient="P01", day=-7, row=4, dilution=2.0, dataset=1),
)
EVENTS = (
    ClinicalEvent(patient="P02", kind="gvhd_acute", label="grade II, skin", start_day=24, end_day=40),
    ClinicalEvent(patient="P01", kind="drug", label="ciclosporin", start_day=-1, ongoing=True),
)
ISSUES = (Issue("sheet.row", Severity.ERROR, "row 5", "The day is missing.", "Fill it in."),)

STUDY = Study(name="example", patients=PATIENTS, tubes=TUBES, events=EVENTS, issues=ISSUES)


def without_paths(study: Study) -> Study:
    """Return `study` as it comes back from a store."""
    tubes = tuple(tube.model_copy(update={"path": None}) for tube in study.tubes)
    return study.model_copy(update={"tubes": tubes})


def sha256_of(tube: str) -> str:
    """Return the hash that results of `tube` have here when none is given: each has a file of its own."""
    return hashlib.sha256(tube.encode()).hexdigest()


def result_of(tube: str, *, sha256: str = "", events: int = 512, plot_bytes: int = 400) -> TubeResult:
    """Return a result with every kind of content; `events` marks which version of it this is."""
    below = PopulationCount(
        population="B",
        parent="lymphocytes",
        status="counted",
        events=3,
        parent_events=2_000,
        cells_per_ul_low=0.1,
        cells_per_ul_high=1.7,
        lloq_cells_per_ul=5.0,
        below_lloq=True,
        count_method="beads",
        blood_ul_counted=10.0,
        review=("count.below_lloq",),
    )
    above = PopulationCount(
        population="CD4_T",
        parent="CD3_T",
        status="counted",
        events=events,
        parent_events=1_000,
        percent_of_parent=51.2,
        percent_of_parent_low=48.05,
        percent_of_parent_high=54.34,
        cells_per_ul=51.2,
        cells_per_ul_low=46.9,
        cells_per_ul_high=55.9,
        lloq_cells_per_ul=5.0,
        below_lloq=False,
        count_method="beads",
        blood_ul_counted=10.0,
    )
    gates = (
        GateRecord(
            gate="cd3",
            parent="lymphocytes",
            kind="threshold",
            channels=("FITC-A",),
            status="found",
            method="own_valley",
            threshold=0.1 + 0.2,
            version="0f",
        ),
        GateRecord(
            gate="open",
            parent="cd3",
            kind="polygon",
            channels=("PE-A", "APC-A"),
            status="found",
            vertices=((0.25, float("-inf")), (float("inf"), 0.5), (0.1, 1e-300)),
        ),
    )
    plot = GatePlot(
        gate="cd3",
        title="T cells in lymphocytes",
        x_label="CD3 · FITC-A",
        x_low=0.0,
        x_high=1.0,
        x_ticks=(AxisTick(position=0.5, label="10³"),),
        rows=1,
        columns=64,
        density="x" * plot_bytes,
        events_shown=2_000,
    )
    return TubeResult(
        tube=tube,
        status="done",
        n_events=20_000,
        channels=("FITC-A", "PE-A"),
        counts=(below, above),
        gates=gates,
        plots=(plot,),
        issues=(Issue("gate.weak", Severity.WARNING, "cd3", "The valley is shallow.", "Look at it."),),
        provenance=Provenance(
            file_sha256=sha256 or hashlib.sha256(tube.encode()).hexdigest(),
            template="tbnk",
            software_version="0.1.0",
        ),
    )


def failed(tube: str) -> TubeResult:
    """Return the result of a tube whose file could not be read."""
    return TubeResult(tube=tube, status="failed", error="The file is cut off.")
