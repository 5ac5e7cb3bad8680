from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from cytorecon.errors import CompensationError, Severity
from cytorecon.fcs import read_fcs, read_spillover_csv, resolve_spillover, spillover_from_keywords
from cytorecon.sample import Channel, ChannelRole, Spillover
from tests.fcs.fcs_bytes import fcs_bytes, write

CHANNELS = tuple(
    Channel(index, name, label, ChannelRole.FLUORESCENCE)
    for index, (name, label) in enumerate(
        [("FSC-A", ""), ("FITC-A", "CD3"), ("PE-A", "CD4"), ("APC-A", "CD8")]
    )
)
GOOD = "2,FITC-A,PE-A,1,0.2,0.01,1"


def message(keywords: dict[str, str]) -> str:
    with pytest.raises(CompensationError) as caught:
        spillover_from_keywords(keywords, CHANNELS)
    return str(caught.value)


@pytest.mark.parametrize("key", ["$SPILLOVER", "SPILLOVER", "SPILL"])
def test_a_good_matrix(key: str) -> None:
    spillover, issues = spillover_from_keywords({key: GOOD}, CHANNELS)
    assert spillover is not None
    np.testing.assert_array_equal(spillover.matrix, [[1, 0.2], [0.01, 1]])
    assert (spillover.channels, spillover.source, issues) == (("FITC-A", "PE-A"), key, ())


def test_no_matrix() -> None:
    assert spillover_from_keywords({"$SPILLOVER": " "}, CHANNELS) == (None, ())


def test_labels_are_translated_aloud() -> None:
    spillover, issues = spillover_from_keywords({"SPILL": "2,CD3,CD4,1,0.2,0.01,1"}, CHANNELS)
    assert spillover is not None
    assert spillover.channels == ("FITC-A", "PE-A")
    assert [str(issue) for issue in issues] == [
        "warning: SPILL: The spillover matrix uses labels ($PnS); they were read as FITC-A, PE-A."
    ]


def test_parameter_numbers_are_translated_aloud() -> None:
    spillover, issues = spillover_from_keywords({"SPILL": "2,2,3,1,0.2,0.01,1"}, CHANNELS)
    assert spillover is not None
    assert spillover.channels == ("FITC-A", "PE-A")
    assert [str(issue) for issue in issues] == [
        "warning: SPILL: The spillover matrix uses parameter numbers; they were read as FITC-A, PE-A."
    ]


def test_channels_that_are_not_there() -> None:
    assert message({"SPILL": "2,FITC-A,PE-Cy7-A,1,0.2,0.01,1"}) == (
        "SPILL: The spillover matrix names channels that the sample does not have, or has twice. "
        "Found: PE-Cy7-A. "
        "Allowed: FSC-A, FITC-A, PE-A, APC-A. Use the detector names ($PnN) of this sample."
    )


@pytest.mark.parametrize(
    ("text", "begins", "parts"),
    [
        ("FITC-A,PE-A,1,0,0,1", "unrecognised text of 6 characters", 6),
        ("3,FITC-A,PE-A,1,0.2,0.01,1", "'3'", 7),
        ("1000000000,FITC-A", "'1000000000'", 2),
        ("٢,FITC-A,PE-A,1,0.2,0.01,1", "unrecognised text of 1 character", 7),
        ("2", "'2'", 1),
    ],
)
def test_a_malformed_keyword(text: str, begins: str, parts: int) -> None:
    assert message({"$SPILLOVER": text}) == (
        f"$SPILLOVER: The spillover keyword is malformed. Found: it begins with {begins} and has "
        f"{parts} parts. "
        "Allowed: n, then n channel names, then n x n numbers. Give a matrix with --spillover "
        "FILE.csv, or export the file again."
    )


def test_a_word_in_the_matrix() -> None:
    assert message({"$SPILLOVER": "2,FITC-A,PE-A,1,low,0,1"}) == (
        "$SPILLOVER: The spillover matrix holds something that is not a number. "
        "Found: unrecognised text of 3 characters in row 1, column 2. Decimals are written with a point."
    )


def test_two_matrices_that_agree() -> None:
    spillover, _ = spillover_from_keywords(
        {"$SPILLOVER": GOOD, "SPILL": "2,PE-A,FITC-A,1,0.01,0.2,1"}, CHANNELS
    )
    assert spillover is not None
    assert spillover.source == "$SPILLOVER"


@pytest.mark.parametrize("other", ["2,FITC-A,PE-A,1,0.3,0.01,1", "2,FITC-A,APC-A,1,0.2,0.01,1"])
def test_two_matrices_that_differ(other: str) -> None:
    assert message({"$SPILLOVER": GOOD, "SPILL": other}) == (
        "$SPILLOVER: The file holds two spillover matrices that differ ($SPILLOVER and SPILL). "
        "Give the right one with --spillover FILE.csv."
    )


def test_channels_that_are_compensated_already() -> None:
    channels = [
        Channel(0, "Comp-FITC-A", "", ChannelRole.FLUORESCENCE),
        Channel(1, "Comp-PE-A", "", ChannelRole.OTHER),
    ]
    spillover, issues = spillover_from_keywords({"SPILL": GOOD}, channels)
    assert spillover is None
    assert [str(issue) for issue in issues] == [
        "info: SPILL: The channels are named as compensated already; the file's matrix was not taken."
    ]


def test_comp_of_fcs_3_0() -> None:
    comp = "4," + ",".join(str(value) for value in np.eye(4).ravel())
    spillover, _ = spillover_from_keywords({"$COMP": comp}, CHANNELS)
    assert spillover is not None
    assert spillover.channels == ("FSC-A", "FITC-A", "PE-A", "APC-A")
    assert message({"$COMP": "3,1,0,0,0,1,0,0,0,1"}) == (
        "$COMP: The spillover keyword is malformed. Found: it begins with '3' and has 10 parts. "
        "Allowed: 4, then 4 x 4 numbers. Give a matrix with --spillover FILE.csv, or export the file again."
    )


COMP = np.eye(4)
COMP[1:3, 1:3] = [[1, 0.2], [0.01, 1]]


def comp_text(matrix: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    return "4," + ",".join(str(value) for value in matrix.ravel())


def test_comp_beside_a_matrix() -> None:
    spillover, issues = spillover_from_keywords({"$SPILLOVER": GOOD, "$COMP": comp_text(COMP)}, CHANNELS)
    assert spillover is not None
    assert (spillover.channels, issues) == (("FITC-A", "PE-A"), ())
    _, issues = spillover_from_keywords({"$SPILLOVER": GOOD, "$COMP": "2,1,0,0,1"}, CHANNELS)
    assert [str(issue) for issue in issues] == [
        (
            "warning: $COMP: $COMP could not be compared with $SPILLOVER, which was taken: "
            "The spillover keyword is malformed."
        )
    ]


@pytest.mark.parametrize("place", [(1, 2), (3, 1)])
def test_comp_that_disagrees_with_the_matrix(place: tuple[int, int]) -> None:
    other = COMP.copy()
    other[place] = 0.3
    assert message({"$SPILLOVER": GOOD, "$COMP": comp_text(other)}) == (
        "$SPILLOVER: The file holds two spillover matrices that differ ($SPILLOVER and $COMP). "
        "Give the right one with --spillover FILE.csv."
    )


@pytest.mark.parametrize("beside", [{}, {"$SPILLOVER": GOOD}])
def test_percentages_of_fcs_2_0_are_named(beside: dict[str, str]) -> None:
    _, issues = spillover_from_keywords(beside | {"$DFC1TO2": "12.5", "$DFC2TO1": "0"}, CHANNELS)
    assert [str(issue) for issue in issues] == [
        (
            "warning: $DFCiTOj: The file gives compensation in percent for pairs of parameters, which was "
            "not taken. If it is what holds, give it with --spillover FILE.csv."
        )
    ]
    assert spillover_from_keywords(beside | {"$DFC1TO2": "0.0"}, CHANNELS)[1] == ()


@pytest.mark.parametrize("key", ["$COMP", "SPILL"])
def test_a_matrix_that_is_too_large_is_refused_before_any_work(key: str) -> None:
    assert message({key: "4," + "x," * 1001**2}) == (
        f"{key}: The spillover matrix is too large. Found: 1001 rows. Allowed: at most 1000. "
        "Give a matrix with --spillover FILE.csv, or export the file again."
    )


@pytest.mark.parametrize("cell", ["0_1", "\u0660", "0x1"])
def test_what_only_python_takes_for_a_number(cell: str) -> None:
    assert "holds something that is not a number" in message({"$SPILLOVER": f"2,FITC-A,PE-A,1,{cell},0,1"})


@pytest.mark.parametrize(
    ("matrix", "severity", "told"),
    [
        ("PE-A,PE-A,1,0.1,0,1", "error", "names a channel twice; compensation with it will be refused."),
        (
            "FITC-A,PE-A,1,nan,0,1",
            "error",
            "is singular or not finite; compensation with it will be refused.",
        ),
        ("FITC-A,PE-A,0,1,1,0", "error", ""),
        ("FITC-A,PE-A,100,10,2,100", "warning", ""),
    ],
)
def test_what_compensation_will_say_is_said_at_once(
    tmp_path: Path, matrix: str, severity: str, told: str
) -> None:
    (issue,) = read_fcs(write(tmp_path, fcs_bytes(keywords={"$SPILLOVER": f"2,{matrix}"}))).issues
    if told:
        assert str(issue).startswith(f"{severity}: $SPILLOVER: The spillover matrix {told}")
    else:
        assert (issue.code, issue.severity) == ("spillover.diagonal", severity)


def test_a_matrix_that_cannot_be_used_is_an_issue_of_the_sample(tmp_path: Path) -> None:
    sample = read_fcs(write(tmp_path, fcs_bytes(keywords={"SPILL": "2,FITC-A,PE-A,1,x,0,1"})))
    assert sample.spillover is None
    (issue,) = sample.issues
    assert (issue.code, issue.severity) == ("spillover.unusable", Severity.ERROR)
    assert str(issue) == (
        "error: SPILL: The spillover matrix holds something that is not a number. "
        "Found: 'x' in row 1, column 2. Decimals are written with a point."
    )


@pytest.mark.parametrize("cells", ["1,1,1,1", "1,nan,0,1", "1,inf,0,1"])
def test_a_singular_matrix_is_an_issue_of_the_sample(tmp_path: Path, cells: str) -> None:
    sample = read_fcs(write(tmp_path, fcs_bytes(keywords={"SPILL": f"2,FITC-A,PE-A,{cells}"})))
    assert sample.spillover is not None
    assert [str(issue) for issue in sample.issues] == [
        "error: SPILL: The spillover matrix is singular or not finite; compensation with it will be refused."
    ]


def csv_file(tmp_path: Path, text: str) -> Path:
    return write(tmp_path, text.encode(), "matrix.csv")


@pytest.mark.parametrize(
    "text",
    [
        "FITC-A,PE-A\n1,0.2\n0.01,1\n",
        "\ufeff;FITC-A;PE-A\r\nFITC-A;1;0.2\r\nPE-A;0.01;1\r\n",
        "FITC-A :: CD3\tPE-A :: CD4\nFITC-A :: CD3\t1\t0.2\nPE-A :: CD4\t0.01\t1\n\n",
        ",FITC-A,PE-A\nPE-A,0.01,1\nFITC-A,1,0.2\n",
    ],
)
def test_matrices_as_csv(tmp_path: Path, text: str) -> None:
    spillover = read_spillover_csv(csv_file(tmp_path, text))
    assert spillover.channels == ("FITC-A", "PE-A")
    np.testing.assert_array_equal(spillover.matrix, [[1, 0.2], [0.01, 1]])


def test_the_source_names_the_content_and_not_the_file(tmp_path: Path) -> None:
    spillover = read_spillover_csv(csv_file(tmp_path, "a\n1\n"))
    assert spillover.source == "CSV 309b0e45a73d"


def csv_message(path: Path) -> str:
    with pytest.raises(CompensationError) as caught:
        read_spillover_csv(path)
    return str(caught.value)


def test_a_csv_file_that_is_too_large(tmp_path: Path) -> None:
    assert "The spillover matrix is too large" in csv_message(csv_file(tmp_path, ";" * 1001**2))


def test_a_csv_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert csv_message(tmp_path / "none.csv") == (
        "none.csv: The spillover file cannot be read. Found: no such file. Allowed: a CSV file in UTF-8."
    )
    assert csv_message(write(tmp_path, b"\xff\xfe\x00", "binary.csv")) == (
        "binary.csv: The spillover file cannot be read. Found: UnicodeDecodeError. Allowed: a CSV "
        "file in UTF-8."
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "0 rows of no cells"),
        ("FITC-A,PE-A\n1,0.2,3\n", "2 rows of 2 or 3 cells"),
        ("FITC-A,PE-A\n1,0.2\n0.01\n", "3 rows of 1 or 2 cells"),
        ("FITC-A,PE-A,APC-A\n1,0.2\n0.01,1\n", "3 rows of 2 or 3 cells"),
    ],
)
def test_a_csv_file_that_is_not_square(tmp_path: Path, text: str, found: str) -> None:
    assert csv_message(csv_file(tmp_path, text)) == (
        f"matrix.csv: The spillover file is not a square table. Found: {found}. "
        "Allowed: one row of detector names, then one row per detector."
    )


def test_a_csv_file_whose_rows_name_other_detectors(tmp_path: Path) -> None:
    assert csv_message(csv_file(tmp_path, ",FITC-A,PE-A\nFITC-A,1,0\nAPC-A,0,1\n")) == (
        "matrix.csv: Rows and columns of the spillover file name different detectors. Found: APC-A, PE-A."
    )


def test_names_that_are_no_detectors_are_not_repeated(tmp_path: Path) -> None:
    assert message({"SPILL": "2,FITC-A,Jane Doe,1,0,0,1"}) == (
        "SPILL: The spillover matrix names channels that the sample does not have, or has twice. "
        "Found: unrecognised text of 7 characters. "
        "Allowed: FSC-A, FITC-A, PE-A, APC-A. Use the detector names ($PnN) of this sample."
    )
    assert csv_message(csv_file(tmp_path, ",FITC-A,Jane\nFITC-A,1,0\nDoe-A,0,1\n")) == (
        "matrix.csv: Rows and columns of the spillover file name different detectors. "
        "Found: A and unrecognised text of 3 characters, unrecognised text of 4 characters."
    )


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "matrix.csv"
    os.mkfifo(pipe)
    assert csv_message(pipe) == (
        "matrix.csv: The spillover file cannot be read. Found: a named pipe. Allowed: a CSV file in UTF-8."
    )


def test_labels_of_a_csv_matrix_can_be_resolved() -> None:
    matrix = Spillover(np.eye(2), ("CD3", "CD8"), "CSV 0")
    resolved, (issue,) = resolve_spillover(matrix, CHANNELS)
    assert resolved.channels == ("FITC-A", "APC-A")
    assert issue.code == "spillover.names_translated"
