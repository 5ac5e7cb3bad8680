"""A run that stops goes on where it was; what changed is analysed again, and nothing else."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from cytorecon.jobs import add_tube, run_batch
from cytorecon.pipeline import AnalysisSettings
from cytorecon.simulate import simulate_cohort, simulate_tube, tube_spec, write_cohort, write_fcs
from cytorecon.store import StudyStore
from cytorecon.study import csv_text, tidy_counts
from cytorecon.study.model import Tube


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a simulated cohort of two patients with two visits each."""
    folder = tmp_path_factory.mktemp("cohort") / "c"
    write_cohort(simulate_cohort(patients=2, visits=2, events=5000, seed=21), folder)
    return folder


@pytest.fixture
def cohort(made: Path, tmp_path: Path) -> Path:
    """Return a copy that a test may change."""
    shutil.copytree(made, tmp_path / "cohort")
    return tmp_path / "cohort"


class Stages:
    """Counts tubes per stage; stops the program after `stop` tubes of the last one."""

    def __init__(self, stop: int = 99) -> None:
        self.done: dict[str, int] = {}
        self.stop = stop

    def __call__(self, stage: str, done: int, total: int) -> None:
        self.done[stage] = done
        if stage == "gating and counting" and done > self.stop:
            raise KeyboardInterrupt


def test_a_stopped_run_goes_on_where_it_was(cohort: Path, tmp_path: Path) -> None:
    whole = run_batch(cohort / "manifest.csv", tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run_batch(cohort / "manifest.csv", tmp_path / "study", progress=Stages(stop=2))
    with StudyStore.open(tmp_path / "study") as store:
        assert len(store.done()) == 2
    stages = Stages()
    resumed = run_batch(cohort / "manifest.csv", tmp_path / "study", progress=stages)
    assert stages.done == {"reading": 4, "gating and counting": 2}
    assert csv_text(tidy_counts(resumed)) == csv_text(tidy_counts(whole))


def test_a_file_that_changed_is_analysed_again(cohort: Path, tmp_path: Path) -> None:
    before = run_batch(cohort / "manifest.csv", tmp_path / "study")
    blood = {"CD4_T": 300, "CD8_T": 200, "B": 80, "NK": 90, "monocytes": 300, "granulocytes": 2500}
    changed = min((cohort / "fcs").iterdir())
    write_fcs(simulate_tube(tube_spec(concentrations=blood, events=5000), seed=77), changed)
    stages = Stages()
    after = run_batch(cohort / "manifest.csv", tmp_path / "study", progress=stages)
    assert stages.done["gating and counting"] == 1
    differing = [
        one.tube
        for one, other in zip(before.tubes, after.tubes, strict=True)
        if one.provenance.file_sha256 != other.provenance.file_sha256
    ]
    assert len(differing) == 1
    assert {one.provenance.prior_sha256 for one in before.tubes} == {
        other.provenance.prior_sha256 for other in after.tubes
    }


def test_a_file_that_came_later_is_analysed_then(cohort: Path, tmp_path: Path) -> None:
    """And the others of a small batch with it: it is learned again, and their numbers said so."""
    file = sorted((cohort / "fcs").iterdir())[1]
    file.rename(tmp_path / "late.fcs")
    first = run_batch(cohort / "manifest.csv", tmp_path / "study")
    assert [outcome.status for outcome in first.tubes].count("failed") == 1
    (tmp_path / "late.fcs").rename(file)
    stages = Stages()
    second = run_batch(cohort / "manifest.csv", tmp_path / "study", progress=stages)
    assert stages.done["gating and counting"] == 4
    assert {outcome.status for outcome in second.tubes} == {"done"}
    assert all("batch.few_tubes" in count.review for tube in first.tubes for count in tube.counts)


def test_a_panel_without_cd3_fails_alone(cohort: Path, tmp_path: Path) -> None:
    file = sorted((cohort / "fcs").iterdir())[2]
    content = file.read_bytes()
    assert content.count(b"CD3 FITC") == 1
    file.write_bytes(content.replace(b"CD3 FITC", b"CD2 FITC"))
    result = run_batch(cohort / "manifest.csv", tmp_path / "study")
    (error,) = [outcome.error for outcome in result.tubes if outcome.status == "failed"]
    assert error == (
        "The panel lacks what is needed: CD3 (not found). Found: FITC-A 'CD2 FITC' = CD2; "
        "PE-A 'CD16+56 PE' = CD16+CD56; PerCP-Cy5-5-A 'CD45 PerCP-Cy5.5' = CD45; "
        "PE-Cy7-A 'CD4 PE-Cy7' = CD4; APC-A 'CD19 APC' = CD19; APC-Cy7-A 'CD8 APC-Cy7' = CD8. "
        "Say which channel it is with --map CD3=CHANNEL."
    )


def test_when_every_file_is_bad_the_study_says_so_of_each(cohort: Path, tmp_path: Path) -> None:
    for file in (cohort / "fcs").iterdir():
        file.write_bytes(b"")
    result = run_batch(cohort / "manifest.csv", tmp_path / "study")
    assert len(result.tubes) == 4
    assert {outcome.status for outcome in result.tubes} == {"failed"}
    assert all(outcome.error for outcome in result.tubes)
    assert tidy_counts(result).empty


def test_an_upload_of_another_kind_founds_a_batch_of_its_own(cohort: Path, tmp_path: Path) -> None:
    """The batches that are frozen stay as they are."""
    result = run_batch(cohort / "manifest.csv", tmp_path / "study")
    with (cohort / "manifest.csv").open(encoding="utf-8", newline="") as file:
        path = cohort / next(csv.DictReader(file))["file"]
    other = Tube(tube="P09/d5/1", patient="P09", day=5, template="t_cd4_cd8")
    with StudyStore.open(tmp_path / "study") as store:
        known = AnalysisSettings.from_json(store.settings())
        added = add_tube(store, path, other)
        settings = AnalysisSettings.from_json(store.settings())
        assert added.status == "done"
        assert added.provenance.template == "t_cd4_cd8"
        assert len(settings.batches) == 2
        assert {name: settings.batches[name] for name in known.batches} == dict(known.batches)
        assert store.study().patient("P09").age_years is None
        assert csv_text(tidy_counts(store.result()).query("patient != 'P09'")) == csv_text(
            tidy_counts(result)
        )


def test_relearning_is_asked_for(cohort: Path, tmp_path: Path) -> None:
    """Nothing but the wish for it makes a batch that has not grown learn again."""
    run_batch(cohort / "manifest.csv", tmp_path / "study")
    stages = Stages()
    run_batch(cohort / "manifest.csv", tmp_path / "study", relearn=True, progress=stages)
    assert stages.done == {"reading": 4, "learning from the batch": 4}
