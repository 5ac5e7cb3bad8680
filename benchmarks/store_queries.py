"""What pages of the dashboard ask of a large study, and how long the answer takes.

    python -m benchmarks.store_queries --tubes 10000 --populations 40 --pages --change
    python -m benchmarks.store_queries --url postgresql+psycopg://user@host/empty_database

The study is made of simulated results, written row by row as the program writes them, in one transaction.
Seconds are wall-clock, the least of `--repeat` runs; seconds of CPU stand beside them, for busy machines.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from cytorecon.errors import Issue, Severity
from cytorecon.jobs.desk import JobDesk
from cytorecon.knowledge.populations import load_populations
from cytorecon.results import GateRecord, PopulationCount, Provenance, TubeResult
from cytorecon.store import StudyStore, history
from cytorecon.store.chain import digest
from cytorecon.store.history import Change
from cytorecon.store.rows import result_sha256
from cytorecon.store.saving import write_analysed
from cytorecon.study.model import Patient, Study, Tube
from dashboard.services.cohorts import cohort_view
from dashboard.services.collector import left_out_of_the_search
from dashboard.services.patients import patient_view
from dashboard.services.selection import trajectory_selection
from dashboard.services.study import Snapshot, StudyService
from dashboard.services.tubes import filter_rows, worklist_rows, worklist_summary

_DAYS = (14, 30, 60, 100, 180, 270, 365, 540, 730, 1095)
_GATES = 25
_PARENTS = {"leukocytes": 15_000, "lymphocytes": 12_000}
_KB = 1024


@dataclass(frozen=True)
class Timed:
    """The least of several runs."""

    wall: float
    cpu: float


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store_queries")
    parser.add_argument("--tubes", type=int, default=10_000)
    parser.add_argument("--populations", type=int, default=40)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--url", default="", help="an empty PostgreSQL database, in place of SQLite")
    parser.add_argument("--pages", action="store_true", help="also the tables of the whole study, once")
    parser.add_argument(
        "--change",
        action="store_true",
        help="then change one tube, and ask for the pages again (with --pages)",
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        location = chosen.url or str(Path(folder) / "study")
        started = time.monotonic()
        with filled(location, chosen.tubes, chosen.populations) as store:
            print(f"{chosen.tubes} tubes written in {time.monotonic() - started:.0f} s")
            ask(store, chosen.repeat)
            if chosen.pages:
                service = StudyService(store, JobDesk(store, location))
                with left_out_of_the_search():
                    _say("whole study read", timed(service.snapshot, 1))
                pages(service.snapshot())
                if chosen.change:
                    change(store)
                    _say("after a change of one tube: study read", timed(service.snapshot, 1))
                    pages(service.snapshot())


def _say(what: str, timed: Timed) -> None:
    print(f"{what:<60} {timed.wall * 1000:>10.1f} ms {timed.cpu * 1000:>10.1f} ms CPU", flush=True)


def timed(work: Callable[[], object], repeat: int) -> Timed:
    """Return the least time of several runs."""
    found = []
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        found.append(Timed(time.perf_counter() - wall, time.process_time() - cpu))
    return Timed(min(one.wall for one in found), min(one.cpu for one in found))


def ask(store: StudyStore, repeat: int) -> None:
    """Print how long one patient takes."""
    _say("revision of the study", timed(store.revision, repeat))
    _say("results of one patient, as the whole study has them", timed(lambda: store.result_of(["P0007"]), 1))
    _say("one tube with its pictures", timed(lambda: store.tube_result("P0007/d30/1"), repeat))


def change(store: StudyStore) -> None:
    """Store another result of one tube."""
    tube = next(tube for tube in store.study().tubes if tube.tube == "P0007/d30/1")
    result = store.tube_result(tube.tube)
    more = replace(result.counts[0], events=(result.counts[0].events or 0) + 1)
    store.save_tube(tube, result.model_copy(update={"counts": (more, *result.counts[1:])}))


def pages(snapshot: Snapshot) -> None:
    """Print how long the tables take that all pages share; they are made once per change."""
    _say("worklist: rows, first time", timed(lambda: worklist_rows(snapshot), 1))
    for name in ("counts", "trajectories", "milestones", "event_free", "cohort"):
        _say(f"table of {name}", timed(lambda name=name: getattr(snapshot, name), 1))  # type: ignore[misc]
    rows = worklist_rows(snapshot)
    few = ["P0007", "P0011"]
    _say(
        "worklist: the rows of two patients",
        timed(lambda: filter_rows(worklist_rows(snapshot), patients=few), 3),
    )
    _say("worklist: summary", timed(lambda: worklist_summary(rows), 3))
    _say("rows of one patient", timed(lambda: snapshot.of("P0005"), 1))
    _say("rows of another patient", timed(lambda: snapshot.of("P0006"), 3))
    for patient in few:
        wanted = trajectory_selection(None, None, None, patient)
        view = partial(patient_view, snapshot, wanted)
        _say(f"patient page of {patient}", timed(view, 1))
    view_all = partial(cohort_view, snapshot, trajectory_selection(None, None, None, None))
    for when in ("first", "second"):
        _say(f"cohort page, {when} time", timed(view_all, 1))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KB
    print(f"peak memory {peak:.0f} MB")


def filled(location: str, tubes: int, populations: int) -> StudyStore:
    """Make a study of so many tubes, each with so many populations."""
    patients = tuple(
        Patient(patient=f"P{number:04d}", age_years=5.0 + number % 60, sex=("female", "male")[number % 2])
        for number in range(-(-tubes // len(_DAYS)))
    )
    rows = [
        Tube(tube=f"{patient.patient}/d{day}/1", patient=patient.patient, day=day, visit=f"+{day}", row=0)
        for patient in patients
        for day in _DAYS
    ][:tubes]
    sheet = [tube.model_copy(update={"row": number}) for number, tube in enumerate(rows, start=2)]
    store = StudyStore.create(
        location,
        Study(name="large", patients=patients, tubes=tuple(sheet)),
        "{}",
        software_version="0.1.0",
    )
    names = [row.population for row in load_populations().rows if row.population != "beads"][:populations]
    chance = random.Random(1)
    with store._writing() as connection:  # noqa: SLF001 - one transaction instead of so many
        for tube in sheet:
            result = simulated(tube, names, chance)
            history.append(
                connection, "large", history.system_clock(), Change.TUBE_SAVED,
                tube=tube.tube, after_sha256=result_sha256(result),
            )  # fmt: skip
            write_analysed(connection, "large", tube, result)
    return store


def simulated(tube: Tube, populations: list[str], chance: random.Random) -> TubeResult:
    """Return a result with numbers that rise over the visits."""
    counts = tuple(_count(name, tube.day, chance) for name in populations)
    gates = tuple(
        GateRecord(
            gate=f"gate{number}", parent="lymphocytes", kind="threshold", channels=("FITC-A",),
            status="found", method="own_valley", threshold=chance.gauss(0.5, 0.02), version="0f",
        )
        for number in range(_GATES)
    )  # fmt: skip
    issues = (Issue("gate.weak", Severity.WARNING, "cd3", "The valley is shallow.", "Look at it."),)
    return TubeResult(
        tube=tube.tube, status="done", n_events=20_000, channels=("FITC-A", "PE-A"),
        counts=counts, gates=gates, issues=issues if chance.random() < 0.1 else (),
        provenance=Provenance(
            file_sha256=digest(tube.tube), template="tbnk", software_version="0.1.0",
            template_sha256="a" * 64, transforms_sha256="b" * 64,
        ),
    )  # fmt: skip


def _count(population: str, day: int, chance: random.Random) -> PopulationCount:
    events = _PARENTS.get(population, max(1, min(3_000, int(day * chance.lognormvariate(0, 0.5)))))
    cells, share = events / 8, events / 160
    parent, parent_events = ("", 16_000) if population in _PARENTS else ("lymphocytes", 12_000)
    return PopulationCount(
        population=population, parent=parent, status="counted", events=events, parent_events=parent_events,
        percent_of_parent=share, percent_of_parent_low=share * 0.9, percent_of_parent_high=share * 1.1,
        percent_of_lymphocytes=share, percent_of_leukocytes=share / 2,
        cells_per_ul=cells, cells_per_ul_low=cells * 0.9, cells_per_ul_high=cells * 1.1,
        lloq_cells_per_ul=1.0, below_lloq=False, count_method="beads", blood_ul_counted=8.0,
    )  # fmt: skip


if __name__ == "__main__":
    main()
