"""LOINC codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_text
from cytorecon.knowledge.loinc import LOINC_FILE, check_digit, load_loinc_codes
from cytorecon.knowledge.populations import load_populations


def error_of(folder: Path, old: str, new: str) -> str:
    text = read_text(LOINC_FILE)
    assert old in text
    (folder / LOINC_FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_loinc_codes(folder=folder)
    return str(caught.value)


def test_every_code_belongs_to_a_population_and_has_a_source() -> None:
    known = load_populations()
    codes = load_loinc_codes()
    assert [name for name in codes if known.find(name) is None] == []
    assert len({row.code for row in codes.values()}) == len(codes)
    assert all(row.source for row in codes.values())


@pytest.mark.parametrize("code", ["24467-3", "8122-4", "54218-3", "718-7", "4544-3", "2160-0"])
def test_the_check_digit_is_that_of_published_codes(code: str) -> None:
    assert check_digit(code) == int(code[-1])


def test_a_mistyped_code(tmp_path: Path) -> None:
    assert error_of(tmp_path, "24467-3", "24476-3") == (
        "loinc.yaml, CD4_T: The check digit does not fit: a digit of the code is wrong. "
        f"Found: 24476-3. Allowed: 24476-{check_digit('24476-3')}."
    )


def test_a_population_twice(tmp_path: Path) -> None:
    assert error_of(tmp_path, "population: B", "population: NK") == (
        "loinc.yaml: A population occurs twice. Found: NK."
    )
