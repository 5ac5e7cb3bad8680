"""Which group each patient belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cytorecon.errors import CytoreconError
from cytorecon.study.model import Patient, Study

#: Age of majority: the milestones' rules for children end there too.
ADULT_YEARS: Final = 18
UNKNOWN: Final = "unknown"
ALL: Final = "all"
#: Columns of patients.csv that make groups.
COLUMNS: Final = ("programme", "sex", "graft", "age_years", "anchors")


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of patients.

    Parameters
    ----------
    by : str
        What makes them; empty when there is one group only.
    of : mapping of str to str
        Group of each patient. Who is not in it takes no part.
    """

    by: str
    of: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """Groups, the largest first; of two of one size the one that comes first in the alphabet."""
        sizes: dict[str, int] = {}
        for group in self.of.values():
            sizes[group] = sizes.get(group, 0) + 1
        return tuple(sorted(sizes, key=lambda name: (-sizes[name], name)))


def groups_by(study: Study, column: str = "") -> Groups:
    """Return the groups of a study's patients.

    Parameters
    ----------
    study : Study
        With its patients.
    column : str
        ``programme``, ``sex``, ``graft``, ``age_years`` (under 18 years, 18 years and older) or ``anchors``
        (how the clock started and what followed, ``HCT1, DLI1``); empty puts all into one group. What a sheet
        does not say is the group ``unknown``. Other groups are made by hand: ``Groups("donor", {"P01":
        "sibling", ...})``.

    Raises
    ------
    CytoreconError
        If there is no such column.

    Examples
    --------
    >>> study = Study(name="s", tubes=(),
    ...     patients=(Patient(patient="P01", sex="female"), Patient(patient="P02")))
    >>> groups_by(study, "sex").of
    {'P01': 'female', 'P02': 'unknown'}
    """
    if column not in ("", *COLUMNS):
        raise CytoreconError(
            "Groups cannot be made by this column.",
            subject="groups",
            field="by",
            found=column,
            allowed=", ".join(COLUMNS),
        )
    return Groups(column, {patient.patient: _group(patient, column) for patient in study.patients})


def _group(patient: Patient, column: str) -> str:
    if not column:
        return ALL
    if column == "anchors":
        return ", ".join(anchor.name for anchor in patient.anchors)
    if column == "age_years":
        if patient.age_years is None:
            return UNKNOWN
        return (
            f"under {ADULT_YEARS} years"
            if patient.age_years < ADULT_YEARS
            else f"{ADULT_YEARS} years and older"
        )
    return str(getattr(patient, column)) or UNKNOWN
