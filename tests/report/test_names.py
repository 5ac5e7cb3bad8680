"""File names made of pseudonyms."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cytorecon.report.names import page_names


def test_a_plain_pseudonym_is_kept() -> None:
    assert page_names(["P01", "Pat_2"]) == {"P01": "patient_P01.html", "Pat_2": "patient_Pat_2.html"}


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", "a\\b", "..", "", " ", "Müller", "a\nb", "CON:", "x" * 300]
)
def test_any_other_gets_a_safe_name_with_part_of_its_hash(name: str) -> None:
    page = page_names([name])[name]
    assert re.fullmatch(r"patient_[A-Za-z0-9_-]*[0-9a-f]{10}\.html", page)
    assert len(page) < 100


def test_names_that_differ_in_case_only_get_different_files_on_every_disk() -> None:
    names = page_names(["p01", "P01", "P02"])
    assert names["P02"] == "patient_P02.html"
    assert re.fullmatch(r"patient_p01-[0-9a-f]{10}\.html", names["p01"])
    assert re.fullmatch(r"patient_P01-[0-9a-f]{10}\.html", names["P01"])
    assert names["p01"].casefold() != names["P01"].casefold()


def test_a_pseudonym_that_looks_like_another_s_hashed_name() -> None:
    taken = page_names(["a/"])["a/"].removeprefix("patient_").removesuffix(".html")
    names = page_names(["a/", taken])
    assert names[taken] == f"patient_{taken}.html"
    assert names["a/"].startswith(f"patient_{taken}")
    assert len(set(names.values())) == 2


@given(st.lists(st.text(), unique=True, max_size=12))
@example(["a", "A", "a/", "a-", "A-", "", "-"])
def test_names_are_safe_distinct_and_do_not_depend_on_order(patients: list[str]) -> None:
    names = page_names(patients)
    assert set(names) == set(patients)
    assert len({name.casefold() for name in names.values()}) == len(patients)
    for name in names.values():
        assert re.fullmatch(r"patient_[A-Za-z0-9_-]+\.html", name)
        assert PurePosixPath(name).name == PureWindowsPath(name).name == name
    assert page_names(reversed(patients)) == names
