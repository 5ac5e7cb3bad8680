"""Where samples come from: files, and what only looks like one."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import numpy as np
import pytest

from cytorecon.cli import main
from cytorecon.errors import FcsError, Issue
from cytorecon.fcs import read_fcs
from cytorecon.pipeline import inspect_file
from cytorecon.pipeline.source import looks_transposed
from cytorecon.sample import Spillover
from tests.fcs.fcs_bytes import fcs_bytes, write


@pytest.fixture
def special(tmp_path: Path) -> dict[str, Path]:
    """Return a pipe nobody writes to, a device without end and a socket."""
    pipe, plug = tmp_path / "pipe.fcs", tmp_path / "plug.fcs"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(plug))
    return {"a named pipe": pipe, "a device": Path("/dev/zero"), "a socket": plug}


def test_what_is_no_file_is_not_waited_for(special: dict[str, Path]) -> None:
    for kind, path in special.items():
        for read in (read_fcs, inspect_file):
            with pytest.raises(FcsError) as caught:
                read(path)
            assert str(caught.value) == (
                f"{path.name}: This is not a file. Found: {kind}. Allowed: an FCS file. "
                "Save what it gives to a file first, and name that."
            )


@pytest.mark.parametrize("words", [["inspect"], ["gate", "--template", "tbnk"]])
def test_commands_name_it_and_go_on(
    special: dict[str, Path], tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder.fcs"
    folder.mkdir()
    bad = [*special.values(), folder]
    assert main([*words, *map(str, bad)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in said] == [str(path) for path in bad]
    assert said[-1].endswith("This is a folder, not a file. Name the FCS file in it.")


def test_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    link = tmp_path / "link.fcs"
    link.symlink_to(write(tmp_path, fcs_bytes()))
    assert read_fcs(link).n_events == 10


OWN = Spillover(np.array([[1, 0.3, 0.01], [0.02, 1, 0.2], [0.0, 0.05, 1]]), ("a", "b", "c"), "$SPILLOVER")


def given(matrix: np.ndarray, channels: tuple[str, ...] = ("a", "b", "c")) -> tuple[Issue, ...]:
    return looks_transposed(Spillover(matrix, channels, "sheet.csv"), OWN)


def test_a_matrix_with_rows_and_columns_exchanged_is_doubted() -> None:
    """All tubes of the batch are wrong alike then, and nothing else would show it."""
    (doubt,) = given(OWN.matrix.T)
    assert str(doubt) == (
        "warning: sheet.csv: The matrix that was given is closer to the file's own with rows and columns "
        "exchanged (largest difference 0.00) than as it is (0.28). Rows are dyes, columns are detectors. "
        "If it is right as it is, nothing has to be done."
    )


def test_a_matrix_that_is_like_the_file_s_own_or_better_is_not_doubted() -> None:
    assert given(OWN.matrix) == ()
    assert given(OWN.matrix * 1.1 - 0.1 * np.eye(3)) == ()
    order = [2, 0, 1]
    assert given(OWN.matrix[np.ix_(order, order)], ("c", "a", "b")) == ()
    assert looks_transposed(OWN, None) == ()
    assert given(OWN.matrix.T, ("a", "b", "d")) == ()
