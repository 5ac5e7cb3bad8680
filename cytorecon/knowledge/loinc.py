"""LOINC codes of populations (``loinc.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import Field

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

LOINC_FILE: Final = "loinc.yaml"


class LoincCode(Frozen):
    """The code of one population, its long common name, and where both were read."""

    population: str = Field(min_length=1)
    code: str = Field(pattern=r"^\d{1,7}-\d$")
    display: str = Field(min_length=1)
    source: str = Field(min_length=1)


class _LoincCodes(Frozen):
    codes: tuple[LoincCode, ...]


def load_loinc_codes(*, folder: Path | None = None) -> Mapping[str, LoincCode]:
    """Return the code of each population that has one.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, a population occurs twice, or the check digit of a code is wrong.

    Examples
    --------
    >>> load_loinc_codes()["CD4_T"].code
    '24467-3'
    """
    rows = validated(_LoincCodes, read_yaml(LOINC_FILE, folder=folder), subject=LOINC_FILE).codes
    known: dict[str, LoincCode] = {}
    for row in rows:
        if row.population in known:
            raise KnowledgeError("A population occurs twice.", subject=LOINC_FILE, found=row.population)
        if check_digit(row.code) != int(row.code[-1]):
            raise KnowledgeError(
                "The check digit does not fit: a digit of the code is wrong.",
                subject=LOINC_FILE,
                field=row.population,
                found=row.code,
                allowed=f"{row.code[:-1]}{check_digit(row.code)}",
            )
        known[row.population] = row
    return known


def check_digit(code: str) -> int:
    """Return the check digit that belongs to a LOINC code (mod 10, LOINC Users' Guide, appendix C).

    Examples
    --------
    >>> check_digit("24467-3")
    3
    """
    digits = [int(digit) for digit in reversed(code.partition("-")[0])]
    doubled = [2 * digit - 9 * (digit > 4) if place % 2 == 0 else digit for place, digit in enumerate(digits)]
    return -sum(doubled) % 10
