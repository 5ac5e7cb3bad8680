"""Write a simulated cohort as a folder: FCS files, sheets, truth. Same seed, same bytes."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from cytorecon.fcs import write_fcs as write_events
from cytorecon.simulate.cohort import SimulatedCohort
from cytorecon.simulate.plan import PatientPlan
from cytorecon.simulate.settings import SimulatorSettings
from cytorecon.simulate.spec import SimulationError
from cytorecon.simulate.tube import SimulatedTube
from cytorecon.simulate.visits import VisitPlan
from cytorecon.study.csv_cells import csv_line

MANIFEST_COLUMNS: Final = (
    "file", "patient", "day", "visit", "panel", "wbc_cells_per_ul", "lymphocytes_cells_per_ul",
    "beads_per_tube", "bead_lot", "blood_volume_ul", "dilution",
    "pipetting_cv_percent", "beads_cv_percent", "wbc_cv_percent", "lymphocytes_cv_percent",
)  # fmt: skip
PATIENT_COLUMNS: Final = ("patient", "age_years", "sex", "programme", "graft", "anchor", "anchor_kind")
EVENT_COLUMNS: Final = ("patient", "kind", "label", "start_day", "end_day", "ongoing")
TRUTH_COLUMNS: Final = (
    "patient", "days_after_transplant", "visit", "file", "population", "true_events", "true_cells_per_ul",
)  # fmt: skip
EVENT_TRUTH_COLUMNS: Final = ("event", "label", "nkt_like", "source")

Cell = str | int | float | bool | None


def write_cohort(
    cohort: SimulatedCohort,
    out: Path,
    *,
    event_truth: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write `cohort` into folder `out`.

    Writes ``fcs/<patient>_d<day>.fcs`` (FCS 3.1, float32), ``patients.csv``, ``events.csv``,
    ``truth.csv`` and, last, ``manifest.csv``: a folder with a manifest is complete. No date and no
    name of a person or machine is written, so the same cohort gives the same bytes.

    Parameters
    ----------
    cohort : SimulatedCohort
    out : Path
        Made when it does not exist; must be empty.
    event_truth : bool
        Also write ``truth_events/<stem>.csv.gz`` with what each event is.
    progress : callable, optional
        Called after each tube with (tubes done, tubes in all).

    Raises
    ------
    SimulationError
        If `out` is a file, or a folder that holds something.
    """
    _prepare(out, event_truth)
    truth: list[list[Cell]] = []
    manifest: list[list[Cell]] = []
    precision = _stated_precision(cohort.settings)
    for done, (visit, tube) in enumerate(cohort.tubes(), start=1):
        write_fcs(tube, out / visit.file, notice=cohort.settings.notice)
        if event_truth:
            _write_event_truth(tube, out / "truth_events" / f"{Path(visit.file).stem}.csv.gz")
        truth += _truth_rows(visit, tube)
        manifest.append([*_manifest_row(visit), *precision])
        if progress is not None:
            progress(done, len(cohort.visits))
    _write_csv(
        out / "patients.csv", PATIENT_COLUMNS, [_patient_row(plan, cohort) for plan in cohort.patients]
    )
    _write_csv(out / "events.csv", EVENT_COLUMNS, _event_rows(cohort))
    _write_csv(out / "truth.csv", TRUTH_COLUMNS, truth)
    _write_csv(out / "manifest.csv", MANIFEST_COLUMNS, manifest)


def write_fcs(tube: SimulatedTube, path: Path, *, notice: str = "") -> None:
    """Write one tube as FCS 3.1, float32, little endian, with ``$SPILLOVER`` and without dates.

    Parameters
    ----------
    tube : SimulatedTube
    path : Path
        The file; its folder must exist.
    notice : str
        Written as ``$COM``, so that the file itself says it is simulated.
    """
    keywords = {"$TIMESTEP": repr(tube.time_step), "$CYT": "cytorecon simulator"}
    if notice:
        keywords["$COM"] = notice
    write_events(
        path,
        tube.events,
        [replace(channel, maximum=tube.maximum) for channel in tube.sample().channels],
        keywords=keywords,
        spillover=tube.spillover,
        checksum=False,  # the sample cohort's files have none, and their bytes are pinned
    )


def _prepare(out: Path, event_truth: bool) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SimulationError(
            "The simulated cohort needs a new or empty folder.",
            subject=out.name,
            found="a folder with files" if out.is_dir() else "a file",
            hint="Name another folder, or empty this one first.",
        )
    (out / "fcs").mkdir(parents=True)
    if event_truth:
        (out / "truth_events").mkdir()


def _manifest_row(visit: VisitPlan) -> list[Cell]:
    spec = visit.spec
    return [
        visit.file, visit.patient, visit.day, visit.visit, "tbnk", visit.wbc_cells_per_ul,
        visit.lymphocytes_cells_per_ul, spec.beads_per_tube, visit.bead_lot, spec.blood_volume_ul, 1,
    ]  # fmt: skip


def _stated_precision(settings: SimulatorSettings) -> list[Cell]:
    """Return the CVs of a laboratory that knows its errors, percent; a lot has the beads of its label."""
    count = settings.cohort.blood_count
    cvs = (settings.beads.pipetting_cv.value, 0.0, count.cv.value, count.lymphocyte_cv.value)
    return [round(100.0 * cv, 6) for cv in cvs]


def _patient_row(plan: PatientPlan, cohort: SimulatedCohort) -> list[Cell]:
    scenario = cohort.settings.cohort.scenarios.rows[plan.scenario]
    return [plan.patient, plan.age_years, plan.sex, scenario.programme, scenario.graft, "HCT1", "transplant"]


def _event_rows(cohort: SimulatedCohort) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for plan in cohort.patients:
        last = max(visit.day for visit in cohort.visits if visit.patient == plan.patient)
        for event in plan.events:
            if event.start_day > last:
                continue
            ongoing = event.ongoing or (event.end_day is not None and event.end_day > last)
            end = None if ongoing else event.end_day
            rows.append([event.patient, event.kind, event.label, event.start_day, end, ongoing])
    return rows


def _truth_rows(visit: VisitPlan, tube: SimulatedTube) -> list[list[Cell]]:
    return [
        [visit.patient, visit.day, visit.visit, visit.file, row.population, row.events, row.cells_per_ul]
        for row in tube.truth
    ]


def _write_event_truth(tube: SimulatedTube, path: Path) -> None:
    rows = zip(
        range(tube.events.shape[0]),
        tube.labels.tolist(),
        tube.nkt_like.tolist(),
        tube.sources.tolist(),
        strict=True,
    )
    text = _csv_text(EVENT_TRUTH_COLUMNS, rows)
    # mtime and name stay out of the gzip header: same truth, same bytes.
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
        packed.write(text.encode("utf-8"))


def _write_csv(path: Path, columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> None:
    path.write_text(_csv_text(columns, rows), encoding="utf-8", newline="\n")


def _csv_text(columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> str:
    return csv_line(columns) + "".join(csv_line(map(_text, row)) for row in rows)


def _text(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, ".10g") if isinstance(value, float) else str(value)
