"""FlowIO as a second opinion: what it reads otherwise, and the cause that is named."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cytorecon.errors import FcsError
from cytorecon.fcs import cross_check as module
from cytorecon.fcs.cross_check import Cause, CrossCheck, cross_check
from cytorecon.intake.files import find_files
from tests.fcs.fcs_bytes import EVENTS, NAMES, fcs_bytes, write
from tests.intake.made import with_second_data_set


def causes(found: CrossCheck) -> set[Cause]:
    return {difference.cause for difference in found.differences}


def test_an_ordinary_file_is_read_the_same(tmp_path: Path) -> None:
    found = cross_check(write(tmp_path, fcs_bytes(keywords={"$P3S": "CD3"})))
    assert found == CrossCheck(n_events=10, n_channels=5)
    assert (found.verdict, found.is_explained) == ("the same", True)


def test_flowio_must_be_told_to_ignore_an_end_one_byte_too_far(tmp_path: Path) -> None:
    found = cross_check(write(tmp_path, fcs_bytes(text_data=(0, 1), header_data=(0, 1))))
    assert found.verdict == "the same, once FlowIO was told to ignore what it found wrong"


INTEGERS = np.arange(1, 51).reshape(10, 5)
MIXED = np.dtype([("a", "<u4"), *[(name, "<f4") for name in "bcde"]])


@pytest.mark.parametrize(
    ("content", "cause", "subject"),
    [
        (fcs_bytes(keywords={"TIMESTEP": "5"}), Cause.SHADOWED, "values of Time"),
        (fcs_bytes(keywords={"P3N": "mine"}), Cause.SHADOWED, "name of FITC-A"),
        (fcs_bytes(keywords={"$P3E": "4,1"}), Cause.LOG_OF_FLOAT, "values of FITC-A"),
        (fcs_bytes(keywords={"$TIMESTEP": "fast"}), Cause.TIME_STEP, "time"),
        (fcs_bytes(keywords={"$P2S": "", "$P3S": "CD3"}), Cause.EMPTY_VALUE, "label of FITC-A"),
        (
            fcs_bytes(
                data=np.array([tuple(row) for row in INTEGERS], MIXED).tobytes(),
                keywords={"$P1DATATYPE": "I"},
                version="FCS3.2",
            ),
            Cause.KIND_OF_PARAMETER,
            "values of FSC-A",
        ),
    ],
    ids=["shadowed time step", "shadowed name", "log", "time step", "empty value", "kinds side by side"],
)
def test_the_cause_of_a_difference_is_named(
    tmp_path: Path, content: bytes, cause: Cause, subject: str
) -> None:
    found = cross_check(write(tmp_path, content))
    assert found.verdict == "read differently"
    assert causes(found) == {cause}
    assert subject in [difference.subject for difference in found.differences]
    assert found.is_explained


def test_a_supplement_that_flowio_does_not_read(tmp_path: Path) -> None:
    supplement = b"|$P3S|CD19|"
    keywords: dict[str, str | None] = {"$BEGINSTEXT": "00000000", "$ENDSTEXT": "00000000"}
    place = len(fcs_bytes(keywords=keywords))
    keywords = {"$BEGINSTEXT": f"{place:08d}", "$ENDSTEXT": f"{place + len(supplement) - 1:08d}"}
    found = cross_check(write(tmp_path, fcs_bytes(keywords=keywords) + supplement))
    assert [(difference.subject, difference.cause) for difference in found.differences] == [
        ("label of FITC-A", Cause.SUPPLEMENT)
    ]


def test_what_only_we_read(tmp_path: Path) -> None:
    bits = {f"$P{index}B": "24" for index in range(1, 6)}
    data = INTEGERS.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    path = write(tmp_path, fcs_bytes(INTEGERS, NAMES, datatype="I", data=data, keywords=bits))
    assert cross_check(path).verdict == "read by cytorecon, refused by FlowIO (no events)"


@pytest.mark.parametrize("dataset", [0, 1])
def test_each_data_set_is_compared(tmp_path: Path, dataset: int) -> None:
    path = write(tmp_path, with_second_data_set(fcs_bytes(keywords={"$NEXTDATA": "00000000"})))
    assert cross_check(path, dataset=dataset).verdict == "the same"


def test_what_only_flowio_reads(tmp_path: Path) -> None:
    found = cross_check(write(tmp_path, fcs_bytes(keywords={"$MODE": "C"})))
    assert found.verdict == "refused by cytorecon, read by FlowIO"
    assert found.refused_by_us.startswith("tube.fcs, $MODE: The file holds histograms, not events.")


def test_what_nobody_reads(tmp_path: Path) -> None:
    found = cross_check(write(tmp_path, b"no file of events"))
    assert (found.verdict, found.refused_by_flowio) == ("refused by both", "ValueError")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.fcs", "nowhere.fcs: There is no such file. Check the name and the folder."),
        ("empty.fcs", "empty.fcs: The file is empty. Copy it again from the cytometer."),
    ],
)
def test_nothing_to_read_is_no_opinion(tmp_path: Path, name: str, message: str) -> None:
    write(tmp_path, b"", "empty.fcs")
    with pytest.raises(FcsError) as caught:
        cross_check(tmp_path / name)
    assert str(caught.value) == message


def test_a_difference_without_a_known_cause_is_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_linear_values", lambda flow: EVENTS + np.float32(1))
    found = cross_check(write(tmp_path, fcs_bytes()))
    assert causes(found) == {Cause.UNEXPLAINED}
    assert not found.is_explained


def test_every_cause_stands_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "fcs_cross_check.md").read_text(encoding="utf-8")
    assert [cause for cause in Cause if cause.value not in " ".join(page.split())] == []


def documented() -> dict[str, int]:
    """Return verdict -> files, as the page says; details follow a colon."""
    page = (Path(__file__).parents[2] / "docs" / "fcs_cross_check.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+) \| (\d+) \|$", page, re.MULTILINE)
    return {re.split(r"[:(]", words)[0].strip(): int(number) for words, number in rows}


def row_of(found: CrossCheck) -> str:
    """Return the row of the page that a file belongs to."""
    if not found.is_explained:
        return "without a known cause"
    if found.leniently and found.verdict.startswith("the same"):
        return "the same, once FlowIO was told to ignore an offset it found wrong"
    return found.verdict.partition(" (")[0]


def test_real_files_are_explained_and_counted_as_the_page_says(real_data: Path, tmp_path: Path) -> None:
    files = find_files([real_data], tmp_path).files
    found = Counter(row_of(cross_check(path)) for path in files)
    assert {row: found[row] for row in documented()} == documented()
    assert sum(documented().values()) == len(files)
    page = (Path(__file__).parents[2] / "docs" / "fcs_cross_check.md").read_text(encoding="utf-8")
    assert f"{len(files)} files that are not part of the project" in page
