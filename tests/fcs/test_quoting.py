"""What of a file's text is repeated in messages, and what is only counted."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.fcs.numbers import quoted
from cytorecon.fcs.quoting import quoted_label, safe_label
from cytorecon.fcs.special_files import special_file


@pytest.mark.parametrize("text", ["0", "-12", "+1.5", "0,12", "1e-3", "12345", "4,3,2,1", "L", " 7\x00", ""])
def test_numbers_byte_orders_and_letters_are_repeated(text: str) -> None:
    shown = text.strip(" \x00")
    assert quoted(text) == f"'{shown}'"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("MUELLER", 7),
        ("12a", 3),
        ("04.03.2026", 10),
        ("1-2", 3),
        ("9" * 21, 21),
        ("٢", 1),
        ("a b", 3),
        ("12,3,1964", 9),
        ("4,7,64", 6),
    ],
)
def test_everything_else_is_counted(text: str, length: int) -> None:
    told = f"unrecognised text of {length} character{'s' if length != 1 else ''}"
    assert quoted(text) == told


@pytest.mark.parametrize(
    "label",
    [
        "CD3",
        "CD45 PerCP-Cy5.5",
        "CD16+56 PE",
        "HLA-DR Pacific Blue",
        "CD3/4",
        "141Pr_CD27",
        "530/30@488/B",
        "",
        "-",
    ],
)
def test_a_label_of_known_words_is_repeated_as_it_is(label: str) -> None:
    assert safe_label(label) == label
    assert quoted_label(label) == f"'{label}'"


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("Mueller", "unrecognised text of 7 characters"),
        ("CD3 Anna Mueller FITC", "CD3 FITC and unrecognised text of 11 characters"),
        ("Mueller HLA-DR Pacific Blue-A", "HLA DR PACIFIC BLUE A and unrecognised text of 7 characters"),
        ("CD45 1970-01-01", "CD45 and unrecognised text of 8 characters"),
        ("H Mueller", "unrecognised text of 8 characters"),
        ("CD3 " * 20, "unrecognised text of 80 characters"),
    ],
)
def test_of_other_labels_the_known_words_are_repeated(label: str, told: str) -> None:
    assert safe_label(label) == told
    assert quoted_label(label) == told


@pytest.mark.parametrize(
    ("label", "name", "told"),
    [
        ("FSC-Height", "FSC-H", "FSC-Height"),
        ("Time", "Time", "Time"),
        ("FL1 LogA", "FL1 LogA", "FL1 LogA"),
        ("FSC of Mueller", "FSC-A", "FSC and unrecognised text of 9 characters"),
    ],
)
def test_words_of_the_channel_s_own_name_are_repeated(label: str, name: str, told: str) -> None:
    assert safe_label(label, name) == told


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_name_gets_through_nowhere(before: str, after: str) -> None:
    for text in (f"{before} Canarymueller {after}", f"{before}CANARYMUELLER{after}"):
        for shown in (quoted(text), safe_label(text), quoted_label(text)):
            assert "canarymueller" not in shown.lower()


def test_what_is_no_file(tmp_path: Path) -> None:
    pipe, plug, file = tmp_path / "pipe", tmp_path / "plug", tmp_path / "file"
    os.mkfifo(pipe)
    file.touch()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(plug))
        kinds = [
            special_file(path) for path in (pipe, plug, Path("/dev/zero"), file, tmp_path, tmp_path / "no")
        ]
    assert kinds == ["a named pipe", "a socket", "a device", "", "", ""]


def test_a_label_that_was_cut_is_not_cut_again() -> None:
    """Else its own words are counted as those of the file: 33 characters instead of 14."""
    once = safe_label("CD3 Jane Doe 123456")
    assert once == "CD3 and unrecognised text of 13 characters"
    assert safe_label(once) == once
    assert "Jane" not in safe_label("Jane and unrecognised text of 7 characters")
    assert "123456789" not in safe_label("unrecognised text of 123456789 characters")
