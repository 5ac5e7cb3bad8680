"""The template that a sheet asks for, by name and by text, is part of what a stored result is known by."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from cytorecon.errors import Issue
from cytorecon.jobs import Shard, add_tube, run_batch, run_shard
from cytorecon.knowledge.templates import load_template
from cytorecon.simulate import simulate_cohort, write_cohort
from cytorecon.store import StudyLocks, StudyStore
from cytorecon.study import csv_text, tidy_counts
from cytorecon.study.model import Tube
from cytorecon.study.result import StudyResult
from tests.jobs.files import copy_with_other_bytes

CODES = ("batch.template_changed", "batch.mixed_templates")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a simulated cohort of two patients with two visits each."""
    folder = tmp_path_factory.mktemp("cohort") / "c"
    write_cohort(simulate_cohort(patients=2, visits=2, events=3000, seed=21), folder)
    return folder


@pytest.fixture
def cohort(made: Path, tmp_path: Path) -> Path:
    """Return a copy that a test may change."""
    shutil.copytree(made, tmp_path / "cohort")
    return tmp_path / "cohort"


def changed(file: Path, change: Callable[[str], str]) -> Path:
    text = file.read_text(encoding="utf-8")
    assert change(text) != text
    file.write_text(change(text), encoding="utf-8")
    return file


def with_own_template(cohort: Path) -> Path:
    """Have the sheet ask for a copy of the packaged template, and return that."""
    packaged = resources.files("cytorecon.knowledge") / "templates" / "tbnk.yaml"
    own = cohort / "own.yaml"
    own.write_text(packaged.read_text(encoding="utf-8").replace("name: tbnk", "name: own"), encoding="utf-8")
    changed(cohort / "manifest.csv", lambda text: text.replace(",tbnk,", ",own.yaml,"))
    return own


def edited(text: str) -> str:
    """Return the template with a narrower gate of single cells, as its next version."""
    return re.sub(r"(?m)^version: .*$", "version: 9.9.9", text).replace("width: 5", "width: 1")


def versions(result: StudyResult) -> list[str]:
    return [f"{tube.provenance.template} {tube.provenance.template_version}" for tube in result.tubes]


def said(result: StudyResult) -> list[Issue]:
    return [issue for issue in result.study.issues if issue.code in CODES]


def version_of(template: Path) -> str:
    found = re.search(r"(?m)^version: (.*)$", template.read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def test_an_edited_template_has_its_tubes_analysed_again(cohort: Path, tmp_path: Path) -> None:
    own = with_own_template(cohort)
    before = version_of(own)
    first = run_batch(cohort / "manifest.csv", tmp_path / "study")
    assert said(first) == []
    changed(own, edited)
    again = run_batch(cohort / "manifest.csv", tmp_path / "study")
    assert versions(again) == ["own 9.9.9"] * 4
    assert [str(issue) for issue in said(again)] == [
        f"warning: batch: Template own {before} -> 9.9.9: 4 tubes analysed again."
    ]
    fresh = run_batch(cohort / "manifest.csv", tmp_path / "fresh")
    assert csv_text(tidy_counts(again)) == csv_text(tidy_counts(fresh)) != csv_text(tidy_counts(first))
    assert said(run_batch(cohort / "manifest.csv", tmp_path / "study")) == []


def test_another_text_of_the_same_version_is_another_template(cohort: Path, tmp_path: Path) -> None:
    own = with_own_template(cohort)
    version = version_of(own)
    old = run_batch(cohort / "manifest.csv", tmp_path / "study").tubes[0].provenance.template_sha256
    changed(own, lambda text: text.replace("width: 5", "width: 1"))
    again = run_batch(cohort / "manifest.csv", tmp_path / "study")
    new = again.tubes[0].provenance.template_sha256
    assert old != new
    (issue,) = said(again)
    assert issue.message == (
        f"Template own {version}, text {old[:8]} -> text {new[:8]} of the same version: "
        "4 tubes analysed again."
    )


def test_another_panel_in_the_sheet_is_followed(cohort: Path, tmp_path: Path) -> None:
    sheet = cohort / "manifest.csv"
    first = run_batch(sheet, tmp_path / "study")
    changed(sheet, lambda text: text.replace(",tbnk,", ",t_cd4_cd8,"))
    again = run_batch(sheet, tmp_path / "study")
    fresh = run_batch(sheet, tmp_path / "fresh")
    assert versions(again) == versions(fresh) != versions(first)
    assert csv_text(tidy_counts(again)) == csv_text(tidy_counts(fresh))
    assert [issue.message for issue in said(again)] == [
        f"Template {versions(first)[0]} -> {versions(fresh)[0]}: 4 tubes analysed again."
    ]
    assert [tube.template for tube in again.study.tubes] == ["t_cd4_cd8"] * 4


def test_what_the_sheet_does_not_list_stays_and_is_said_to_be_of_another_text(
    cohort: Path, tmp_path: Path
) -> None:
    own = with_own_template(cohort)
    before = version_of(own)
    first = run_batch(cohort / "manifest.csv", tmp_path / "study")
    changed(own, edited)
    changed(cohort / "manifest.csv", lambda text: "".join(text.splitlines(keepends=True)[:-1]))
    again = run_batch(cohort / "manifest.csv", tmp_path / "study")
    kept = again.tubes[-1]
    assert kept == first.tubes[-1]
    assert [issue.message for issue in said(again)] == [
        f"Template own {before} -> 9.9.9: 3 tubes analysed again.",
        f"Results rest on several texts of template own: {before} (1 tube: {kept.tube}); 9.9.9 (3 tubes).",
    ]
    assert said(again)[1].hint == (
        "Their numbers need not be alike. List those tubes with files that can be read, to have them "
        "analysed by the same text; a locked patient has to be unlocked first."
    )


def test_locked_results_stay_with_their_text(cohort: Path, tmp_path: Path) -> None:
    own = with_own_template(cohort)
    first = run_batch(cohort / "manifest.csv", tmp_path / "study")
    patient = first.study.tubes[0].patient
    with StudyLocks.open(tmp_path / "study", who="AB") as store:
        store.lock(patient, by="AB", why="reported")
    changed(own, edited)
    again = run_batch(cohort / "manifest.csv", tmp_path / "study")
    of = {tube.tube: tube.patient for tube in again.study.tubes}
    assert [outcome for outcome in again.tubes if of[outcome.tube] == patient] == [
        outcome for outcome in first.tubes if of[outcome.tube] == patient
    ]
    assert sorted(versions(again)) == sorted(
        "own 9.9.9" if name != patient else versions(first)[0] for name in of.values()
    )
    assert [issue.code for issue in said(again)] == list(CODES)


def test_a_packaged_template_of_a_new_version_is_followed_and_said(
    cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No text of a template is stored: the tubes go over, an upload that no sheet lists does not."""
    first = run_batch(cohort / "manifest.csv", tmp_path / "study")
    file = copy_with_other_bytes(min((cohort / "fcs").iterdir()), tmp_path)
    with StudyStore.open(tmp_path / "study") as store:
        upload = add_tube(store, file, Tube(tube="P09/d5/1", patient="P09", day=5, template="tbnk"))
    now = load_template("tbnk")
    newer = now.model_copy(update={"version": "9.9.9", "sha256": "9" * 64})
    monkeypatch.setattr("cytorecon.pipeline.study.load_template", lambda _name: newer)
    again = run_batch(cohort / "manifest.csv", tmp_path / "study")
    assert versions(again) == ["tbnk 9.9.9"] * 4 + [f"tbnk {now.version}"]
    assert again.tubes[-1].counts == upload.counts
    assert [issue.message for issue in said(again)] == [
        f"Template {versions(first)[0]} -> 9.9.9: 4 tubes analysed again.",
        f"Results rest on several texts of template tbnk: {now.version} (1 tube: P09/d5/1); 9.9.9 (4 tubes).",
    ]


def test_a_template_that_is_edited_between_shards_is_refused_and_then_followed(
    cohort: Path, tmp_path: Path
) -> None:
    own, sheet, place = with_own_template(cohort), cohort / "manifest.csv", tmp_path / "study"
    before = version_of(own)
    run_batch(sheet, place, learn_only=True)
    (one, other) = sorted((Shard(1, 2), Shard(2, 2)), key=lambda shard: shard.has("P01/d14/1"))
    done = run_shard(sheet, place, one)
    changed(own, edited)
    part = run_shard(sheet, place, other)
    assert done.tubes
    assert part.tubes
    (reason,) = {outcome.error.partition(": ")[2] for outcome in part.tubes}
    assert reason == (
        f"Its template own 9.9.9 is another text than that (version {before}) with which scales and priors "
        "were learned. Run the batch with --learn-only first, with all tubes."
    )
    again = run_batch(sheet, place)
    assert versions(again) == ["own 9.9.9"] * 4
    tubes = f"{len(done.tubes)} tube{'' if len(done.tubes) == 1 else 's'}"
    assert [issue.message for issue in said(again)] == [
        f"Template own {before} -> 9.9.9: {tubes} analysed again."
    ]


def test_shards_go_over_to_another_panel_once_it_is_learned(cohort: Path, tmp_path: Path) -> None:
    sheet, place = cohort / "manifest.csv", tmp_path / "study"
    first = run_batch(sheet, place)
    changed(sheet, lambda text: text.replace(",tbnk,", ",t_cd4_cd8,"))
    learned = run_batch(sheet, place, learn_only=True)
    fresh = run_batch(sheet, tmp_path / "fresh")
    (issue,) = said(learned)
    assert issue.message == (
        f"Template {versions(first)[0]} -> {versions(fresh)[0]}: "
        "4 tubes wait for --shard, to be analysed again."
    )
    for number in (1, 2):
        run_shard(sheet, place, Shard(number, 2))
    with StudyStore.open(place) as store:
        assert csv_text(tidy_counts(store.result(plots=False))) == csv_text(tidy_counts(fresh))
