"""A batch that is killed, and one with corrupt files: a small run of what ``make torture`` does at length."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.batch_faults import check_equal, corrupted, finish, made, run_until, stored, table
from cytorecon.jobs import run_batch

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def test_a_batch_that_is_killed_goes_on_and_ends_like_one_that_was_not(tmp_path: Path) -> None:
    manifest, study = made(tmp_path / "cohort", tubes=9, events=1500), tmp_path / "study"
    run_batch(manifest, tmp_path / "unbroken")
    assert run_until(manifest, study, 2, lambda: stored(study) >= 2)
    assert 2 <= stored(study) < 9
    finish(manifest, study, jobs=1)
    check_equal(study, table(tmp_path / "unbroken"))


def test_corrupt_files_are_named_and_cost_no_good_one(tmp_path: Path) -> None:
    manifest = made(tmp_path / "cohort", tubes=10, events=1500)
    found = corrupted(manifest, tmp_path / "study", 8, jobs=2)
    assert (found.exit_code, found.done) == (2, 2)
    assert len({reason.partition(": ")[2] for reason in found.reasons}) >= 6
