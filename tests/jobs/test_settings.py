"""A batch and an upload at the same time: neither wipes out what the other has learned."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cytorecon.gating.overrides import Override
from cytorecon.gating.prior import GatingPrior
from cytorecon.jobs import add_tube, run_batch
from cytorecon.jobs.settings import merged
from cytorecon.pipeline import Addition, AnalysisSettings, BatchContext, analyze_addition
from cytorecon.results import TubeResult
from cytorecon.simulate import simulate_cohort, write_cohort
from cytorecon.store import StudyStore
from cytorecon.study.model import Tube

OTHER = Tube(tube="P09/d5/1", patient="P09", day=5, template="t_cd4_cd8")
SAME = Tube(tube="P09/d6/1", patient="P09", day=6, template="tbnk")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a simulated cohort of two patients with two visits each."""
    folder = tmp_path_factory.mktemp("cohort") / "c"
    write_cohort(simulate_cohort(patients=2, visits=2, events=4000, seed=31), folder)
    return folder


@pytest.fixture
def late(cohort: Path, tmp_path: Path) -> Path:
    """Return a sheet of all but the last tube, whose file is uploaded instead."""
    header, *rows = (cohort / "manifest.csv").read_text(encoding="utf-8").splitlines()
    rows = [row.replace("fcs/", f"{cohort.as_posix()}/fcs/", 1) for row in rows[:-1]]
    sheet = tmp_path / "manifest.csv"
    sheet.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return sheet


def last_file(cohort: Path) -> Path:
    with (cohort / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return cohort / list(csv.DictReader(file))[-1]["file"]


class Once:
    """Does something in the middle of a batch: when it learns from its tubes."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.work = work
        self.worked = False

    def __call__(self, stage: str, _done: int, _total: int) -> None:
        if stage == "learning from the batch" and not self.worked:
            self.worked = True
            self.work()


def upload(place: Path, file: Path, tube: Tube) -> TubeResult:
    with StudyStore.open(place) as store:
        return add_tube(store, file, tube)


def settings_of(place: Path) -> AnalysisSettings:
    with StudyStore.open(place) as store:
        return AnalysisSettings.from_json(store.settings())


def priors(place: Path) -> dict[str, set[str]]:
    """Return template -> priors that the stored results came from."""
    found: dict[str, set[str]] = {}
    with StudyStore.open(place) as store:
        for result in store.result(plots=False).tubes:
            assert result.status == "done", result.error
            found.setdefault(result.provenance.template, set()).add(result.provenance.prior_sha256)
    return found


def test_an_upload_of_another_kind_in_the_middle_of_a_batch(cohort: Path, late: Path, tmp_path: Path) -> None:
    place = tmp_path / "study"
    once = Once(lambda: upload(place, last_file(cohort), OTHER))
    run_batch(late, place, progress=once)
    assert once.worked
    batches = settings_of(place).batches
    assert sorted(context.template for context in batches.values()) == ["t_cd4_cd8", "tbnk"]
    assert priors(place) == {context.template: {context.prior.sha256} for context in batches.values()}


def test_an_upload_of_the_same_kind_in_the_middle_of_a_batch(
    cohort: Path, late: Path, tmp_path: Path
) -> None:
    """Both learn the same batch: what more tubes taught holds, and the batch's tubes follow it."""
    place = tmp_path / "study"
    run_batch(late, place, progress=Once(lambda: upload(place, last_file(cohort), SAME)))
    (context,) = settings_of(place).batches.values()
    assert context.prior.tubes == 3
    with StudyStore.open(place) as store:
        sheet = [result for result in store.result(plots=False).tubes if result.tube != SAME.tube]
    assert {result.provenance.prior_sha256 for result in sheet} == {context.prior.sha256}


@pytest.mark.parametrize("tube", [OTHER, SAME])
def test_a_batch_in_the_middle_of_an_upload(
    cohort: Path, late: Path, tmp_path: Path, tube: Tube, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "study"
    with StudyStore.create(
        place, run_batch(late, tmp_path / "model").study, '{"software_version": "0"}', software_version="0"
    ):
        pass
    calls: list[Addition] = []

    def interrupted(
        path: Path, tube: Tube, settings: AnalysisSettings, overrides: Sequence[Override]
    ) -> Addition:
        calls.append(analyze_addition(path, tube, settings, overrides))
        if len(calls) == 1:
            run_batch(late, place)
        return calls[-1]

    monkeypatch.setattr("cytorecon.jobs.addition.analyze_addition", interrupted)
    added = upload(place, last_file(cohort), tube)
    batches = settings_of(place).batches
    assert {context.template for context in batches.values()} == {"tbnk", tube.template}
    assert priors(place) == {context.template: {context.prior.sha256} for context in batches.values()}
    assert added.counts == calls[-1].result.counts
    assert len(calls) == 2


def context_of(tubes: int, batch: str = "a") -> BatchContext:
    return BatchContext(
        batch=batch, template="tbnk", template_version="1", template_sha256="0", scales=str(tubes),
        prior=GatingPrior(tubes=tubes),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("known", "found", "stored", "expected"),
    [
        ({}, {"a": 3}, {}, {"a": 3}),
        ({}, {"a": 3}, {"b": 1}, {"a": 3, "b": 1}),
        ({}, {"a": 3}, {"a": 1}, {"a": 3}),
        ({}, {"a": 1}, {"a": 3}, {"a": 3}),
        ({"a": 1}, {"a": 4}, {"a": 1, "b": 2}, {"a": 4, "b": 2}),
        ({"a": 4}, {"a": 3}, {"a": 4}, {"a": 3}),  # learned again on purpose, from fewer
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 5}, {"a": 5, "b": 2}),
        ({"a": 1}, {"a": 3}, {"a": 5}, {"a": 5}),
        ({"a": 1}, {"a": 1}, {}, {"a": 1}),
    ],
)
def test_who_holds(
    known: dict[str, int], found: dict[str, int], stored: dict[str, int], expected: dict[str, int]
) -> None:
    def settings(batches: dict[str, int]) -> AnalysisSettings:
        return AnalysisSettings(
            software_version="1", batches={name: context_of(tubes, name) for name, tubes in batches.items()}
        )

    assert merged(settings(known), settings(found), settings(stored)) == settings(expected)


def test_settings_that_stay_the_same_are_no_change(late: Path, tmp_path: Path) -> None:
    run_batch(late, tmp_path / "study")
    with StudyStore.open(tmp_path / "study") as store:
        revision = store.revision()
        assert store.change_settings(lambda text: text) == store.settings()
        assert store.revision() == revision
        assert store.change_settings(lambda text: text + " ", reason="a space").endswith("} ")
        assert store.history()[-1].reason == "a space"
        assert store.revision() == revision + 1
