"""Parts of one study, analysed apart, are the whole study."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cytorecon.cli import main
from cytorecon.errors import CytoreconError, StoreError
from cytorecon.jobs import Shard, run_batch, run_shard
from cytorecon.simulate import simulate_cohort, write_cohort
from cytorecon.store import StudyStore
from cytorecon.study import csv_text, tidy_counts


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cohort of nine tubes: one file is no FCS file, one has the bytes of another."""
    folder = tmp_path_factory.mktemp("cohort") / "c"
    write_cohort(simulate_cohort(patients=3, visits=3, events=2500, seed=9), folder)
    files = sorted((folder / "fcs").iterdir())
    files[2].write_text("a,b\n", encoding="utf-8")
    files[7].write_bytes(files[4].read_bytes())
    return folder


def saved(place: Path) -> Counter[str]:
    with StudyStore.open(place) as store:
        return Counter(entry.tube for entry in store.history() if entry.what == "tube_saved")


def test_the_union_of_shards_is_the_whole_run(cohort: Path, tmp_path: Path) -> None:
    sheet, place = cohort / "manifest.csv", tmp_path / "study"
    whole = run_batch(sheet, tmp_path / "whole")
    stages: set[str] = set()
    run_batch(sheet, place, learn_only=True)
    assert len(saved(place)) == 2, "the two that cannot be analysed"
    for number in (3, 1, 2):
        part = run_shard(
            sheet, place, Shard(number, 3), progress=lambda stage, _done, _total: stages.add(stage)
        )
        assert {tube.tube for tube in part.tubes} == {
            tube.tube for tube in whole.tubes if Shard(number, 3).has(tube.tube)
        }
    assert stages == {"reading", "gating and counting"}
    with StudyStore.open(place) as store:
        union = store.result(plots=False)
    assert csv_text(tidy_counts(union)) == csv_text(tidy_counts(whole))
    assert union.tubes == whole.tubes
    assert set(saved(place).values()) == {1}
    assert len(saved(place)) == 9
    again = run_batch(sheet, place)
    assert again.tubes == whole.tubes


def test_a_shard_that_is_run_again_does_nothing(cohort: Path, tmp_path: Path) -> None:
    sheet, place = cohort / "manifest.csv", tmp_path / "study"
    run_batch(sheet, place, learn_only=True)
    first = run_shard(sheet, place, Shard(1, 2))
    before = saved(place)
    assert run_shard(sheet, place, Shard(1, 2)) == first
    assert saved(place) == before


def test_a_shard_needs_the_sheet_that_was_learned_from(cohort: Path, tmp_path: Path) -> None:
    sheet, place = tmp_path / "manifest.csv", tmp_path / "study"
    header, *rows = (cohort / "manifest.csv").read_text().splitlines()
    rows = [row.replace("fcs/", f"{cohort.as_posix()}/fcs/", 1) for row in rows]
    sheet.write_text("\n".join([header, *rows[:3]]) + "\n")
    with pytest.raises(StoreError):
        run_shard(sheet, place, Shard(1, 2))
    run_batch(sheet, place, learn_only=True)
    sheet.write_text("\n".join([header, *rows]) + "\n")
    with pytest.raises(StoreError) as caught:
        run_shard(sheet, place, Shard(1, 2))
    assert str(caught.value) == (
        f"{place}, manifest row 5: The study was made from another sheet. "
        "Run the batch with --learn-only first, with this sheet."
    )


def test_every_tube_is_in_one_shard() -> None:
    names = [f"P{patient:03}/d{day}/1" for patient in range(50) for day in (14, 30, 100, 365)]
    shards = [Shard(number, 7) for number in range(1, 8)]
    assert all(sum(shard.has(name) for shard in shards) == 1 for name in names)
    assert all(sum(shard.has(name) for name in names) >= 10 for shard in shards)


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", ""])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(CytoreconError) as caught:
        Shard.parse(text)
    found = f" Found: {text}." if text else ""
    assert str(caught.value) == (
        f"--shard: This is not a part of the tubes.{found} Allowed: i/N, from 1/N to N/N."
    )


def test_on_the_command_line(cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(tmp_path / "study")
    words = ["batch", str(cohort / "manifest.csv"), "--out", place]
    assert main([*words, "--learn-only"]) == 2
    said = capsys.readouterr().err
    assert "Scales and priors are learned and frozen; 7 tubes wait for --shard 1/N to N/N.\n" in said
    assert said.count("failed: ") == 2
    assert main([*words, "--shard", "1/1", "--relearn"]) == 1
    assert capsys.readouterr().err == (
        "error: --shard: A shard changes nothing about the study; say this with --learn-only. Allowed: with "
        "MANIFEST, --out, --by, --blobs, --no-keep-files, --jobs, --scheduler, --tube-seconds, "
        "--tube-memory-mb, --json.\n"
    )
    assert main([*words, "--shard", "1/1"]) == 2
    assert "2 of 9 tubes have no result; the reasons are listed below.\n" in capsys.readouterr().err
    assert main([*words, "--resume", "--tube-seconds", "300"]) == 2
