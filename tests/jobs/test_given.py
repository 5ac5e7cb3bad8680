"""What the user says about all files of a study: used, recorded, kept, and noticed when it changes."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from cytorecon.cli import main
from cytorecon.errors import CompensationError, KnowledgeError, PanelError, StoreError
from cytorecon.fcs import read_fcs
from cytorecon.gating.overrides import Override
from cytorecon.jobs import add_tube, run_batch
from cytorecon.jobs.settings import merged
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import AnalysisSettings, Given, Plan, Seen, plan_study
from cytorecon.pipeline.learn import Progress
from cytorecon.pipeline.site import SitePriors
from cytorecon.pipeline.source import CHANNEL_GIVEN
from cytorecon.running import Run
from cytorecon.sample import Spillover
from cytorecon.simulate import simulate_cohort, write_cohort
from cytorecon.store import StudyStore
from cytorecon.study import StudyResult, csv_text, tidy_counts
from cytorecon.study.model import Study, Tube
from tests.jobs.files import copy_with_other_bytes

CD3 = {"CD3": "FITC-A"}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a simulated cohort of one patient with two visits."""
    folder = tmp_path_factory.mktemp("cohort") / "c"
    write_cohort(simulate_cohort(patients=1, visits=2, events=4000, seed=41), folder)
    return folder


@pytest.fixture
def unlabelled(good: Path, tmp_path: Path) -> Path:
    """Return the same cohort without the label of CD3 and with a matrix that cannot be read."""
    folder = tmp_path / "unlabelled"
    shutil.copytree(good, folder)
    for file in (folder / "fcs").iterdir():
        content = file.read_bytes()
        assert (content.count(b"CD3 FITC"), content.count(b"6,FITC-A,")) == (1, 1)
        file.write_bytes(content.replace(b"CD3 FITC", b"CD2 FITC").replace(b"6,FITC-A,", b"X,FITC-A,"))
    return folder


@pytest.fixture(scope="module")
def matrix(good: Path) -> Spillover:
    """Return the matrix of one of the files; each has its own."""
    spillover = read_fcs(min((good / "fcs").iterdir())).spillover
    assert spillover is not None
    return Spillover(spillover.matrix, spillover.channels, "CSV 0123456789ab")


def matrix_file(matrix: Spillover, file: Path) -> Path:
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(matrix.channels)
        writer.writerows([[repr(float(cell)) for cell in row] for row in matrix.matrix])
    return file


def numbers(result: StudyResult) -> str:
    beside = ["file_sha256", "software_version", "gates_version"]
    return csv_text(tidy_counts(result).drop(columns=beside))


def first_file(cohort: Path) -> Path:
    return min((cohort / "fcs").iterdir())


def test_what_is_given_makes_up_for_the_files_and_is_kept(
    good: Path, unlabelled: Path, matrix: Spillover, tmp_path: Path
) -> None:
    place = tmp_path / "study"
    without = run_batch(unlabelled / "manifest.csv", place)
    assert {outcome.status for outcome in without.tubes} == {"failed"}
    done = run_batch(unlabelled / "manifest.csv", place, mapping=CD3, spillover=matrix)
    assert numbers(done) == numbers(run_batch(good / "manifest.csv", tmp_path / "good", spillover=matrix))
    for outcome in done.tubes:
        assert outcome.provenance.spillover_source == "CSV 0123456789ab"
        said = [str(issue) for issue in outcome.issues if issue.code == CHANNEL_GIVEN]
        assert said == ["info: CD3: Its channel was given by the user: FITC-A."]
        assert "spillover.unusable" not in {issue.code for issue in outcome.issues}
    stages: set[str] = set()
    again = run_batch(unlabelled / "manifest.csv", place, progress=lambda stage, *_: stages.add(stage))
    assert stages == {"reading"}
    assert again == done
    with StudyStore.open(place) as store:
        given = AnalysisSettings.from_json(store.settings()).given
        assert given.mapping == CD3
        kept = given.matrix()
        assert kept is not None
        np.testing.assert_array_equal(kept.matrix, matrix.matrix)
        copy = copy_with_other_bytes(first_file(unlabelled), tmp_path)
        added = add_tube(store, copy, Tube(tube="P09/d5/1", patient="P09", day=5))
        assert added.status == "done"
        assert added.provenance.spillover_source == "CSV 0123456789ab"


def test_what_is_given_anew_is_used_for_every_tube(good: Path, matrix: Spillover, tmp_path: Path) -> None:
    place, sheet = tmp_path / "study", good / "manifest.csv"
    plain = run_batch(sheet, place)
    assert {outcome.provenance.spillover_source for outcome in plain.tubes} == {"$SPILLOVER"}
    stages: dict[str, int] = {}

    def count(stage: str, done: int, _total: int) -> None:
        stages[stage] = done

    mapped = run_batch(sheet, place, mapping=CD3, progress=count)
    assert stages["gating and counting"] == 2
    assert numbers(mapped) == numbers(plain)
    other = run_batch(sheet, place, spillover=Spillover(np.eye(6), matrix.channels, "CSV one"))
    assert {outcome.provenance.spillover_source for outcome in other.tubes} == {"CSV one"}
    assert all(CHANNEL_GIVEN in {issue.code for issue in outcome.issues} for outcome in other.tubes)
    assert numbers(other) != numbers(plain)


def test_a_stopped_run_with_something_new_goes_on_with_it(good: Path, tmp_path: Path) -> None:
    place, sheet = tmp_path / "study", good / "manifest.csv"
    run_batch(sheet, place)

    def stop(stage: str, done: int, _total: int) -> None:
        if stage == "gating and counting" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(sheet, place, mapping=CD3, progress=stop)
    resumed = run_batch(sheet, place)
    assert all(CHANNEL_GIVEN in {issue.code for issue in outcome.issues} for outcome in resumed.tubes)


def test_a_marker_that_no_panel_asks_for(good: Path, tmp_path: Path) -> None:
    with pytest.raises(PanelError) as caught:
        run_batch(good / "manifest.csv", tmp_path / "study", mapping={"CD34": "PE-A"})
    template = load_template("tbnk")
    asked = {*template.required, *template.optional, "CD16", "CD56"}
    assert str(caught.value) == (
        "--map CD34=PE-A: No panel of the sample sheet asks for this marker. "
        f"Allowed: {', '.join(sorted(asked))}."
    )
    assert not (tmp_path / "study").exists()
    with pytest.raises(KnowledgeError):
        Given().changed({"no marker": "PE-A"}, None)


def test_a_matrix_that_cannot_be_used_stops_before_the_work(
    good: Path, matrix: Spillover, tmp_path: Path
) -> None:
    singular = Spillover(np.ones((6, 6)), matrix.channels, "CSV ones")
    with pytest.raises(CompensationError):
        run_batch(good / "manifest.csv", tmp_path / "study", spillover=singular)
    assert not (tmp_path / "study").exists()


def test_a_matrix_of_other_detectors_fails_the_tubes(good: Path, tmp_path: Path) -> None:
    other = Spillover(np.eye(1), ("BV421-A",), "CSV other")
    result = run_batch(good / "manifest.csv", tmp_path / "study", spillover=other)
    errors = [outcome.error for outcome in result.tubes]
    assert [error.partition(": ")[0] for error in errors] == ["Manifest row 2", "Manifest row 3"]
    (error,) = {error.partition(": ")[2] for error in errors}
    assert error == (
        "The spillover matrix names channels that the sample does not have, or has twice. "
        "Found: BV421-A. Allowed: FSC-A, FSC-H, SSC-A, FITC-A, PE-A, PerCP-Cy5-5-A, PE-Cy7-A, APC-A, "
        "APC-Cy7-A, Time. Use the detector names ($PnN) of this sample."
    )


def test_only_what_a_panel_asks_for_is_mapped() -> None:
    given = Given(mapping={"CD19": "APC-A", "CD3": "FITC-A", "CD56": "PE-A"})
    assert given.mapping_for(load_template("tbnk")) == dict(given.mapping)
    assert given.mapping_for(load_template("t_cd4_cd8")) == {"CD3": "FITC-A"}


def test_whoever_gave_something_new_is_followed() -> None:
    plain, mapped = (
        AnalysisSettings(software_version="1", given=Given(mapping=mapping)) for mapping in ({}, CD3)
    )
    assert merged(plain, plain, mapped) == mapped
    assert merged(plain, mapped, plain) == mapped


def test_a_batch_that_is_overtaken_stops(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, sheet = tmp_path / "study", good / "manifest.csv"
    run_batch(sheet, place)
    name = "cytorecon.jobs.batch.plan_study"

    def overtaken(
        study: Study,
        *,
        known: AnalysisSettings,
        relearn: bool,
        overrides: Sequence[Override],
        site: SitePriors | None,
        unchanged: Mapping[str, Seen],
        run: Run,
        progress: Progress,
    ) -> Plan:
        plan = plan_study(
            study,
            known=known,
            relearn=relearn,
            overrides=overrides,
            site=site,
            unchanged=unchanged,
            run=run,
            progress=progress,
        )
        monkeypatch.setattr(name, plan_study)
        run_batch(sheet, place, mapping=CD3)
        return plan

    monkeypatch.setattr(name, overtaken)
    with pytest.raises(StoreError) as caught:
        run_batch(sheet, place)
    assert str(caught.value) == (
        "Another batch has changed the mapping or the matrix of this study meanwhile; this one stops. "
        "Start it again when the other one is done."
    )


def test_on_the_command_line(
    unlabelled: Path, matrix: Spillover, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--map", "CD3=FITC-A", "--spillover", str(matrix_file(matrix, tmp_path / "Jane Doe.csv"))]
    place = tmp_path / "study"
    assert main(["batch", str(unlabelled / "manifest.csv"), "--out", str(place), *options]) == 0
    assert main(["gate", str(first_file(unlabelled)), "--template", "tbnk", *options]) == 0
    assert b"Jane" not in (place / "study.sqlite").read_bytes()
    assert main(["gate", str(first_file(unlabelled)), "--template", "tbnk", *options[:2]]) == 1
    assert capsys.readouterr().err.endswith("Give the right one with --spillover FILE.csv.\n")
