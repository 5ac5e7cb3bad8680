"""Names of the columns of the sheets, and what is wrong with a header."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cytorecon.errors import Issue, Severity


@dataclass(frozen=True, slots=True)
class SheetColumns:
    """Columns of one sheet; of each group in `one_of` at least one must be there."""

    sheet: str
    required: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every column, required ones first."""
        return (*self.required, *(name for group in self.one_of for name in group), *self.optional)


MANIFEST: Final = SheetColumns(
    sheet="manifest",
    required=("file", "patient"),
    one_of=(("day", "sample_date"),),
    optional=(
        "anchor_date",
        "anchor",
        "visit",
        "panel",
        "tube",
        "dataset",
        "control",
        "wbc_cells_per_ul",
        "wbc_10e9_per_l",
        "lymphocytes_cells_per_ul",
        "lymphocytes_10e9_per_l",
        "beads_per_tube",
        "bead_lot",
        "blood_volume_ul",
        "acquired_volume_ul",
        "dilution",
        "pipetting_cv_percent",
        "beads_cv_percent",
        "wbc_cv_percent",
        "lymphocytes_cv_percent",
        "count_method",
        "product_volume_ml",
        "recipient_weight_kg",
    ),
)
PATIENTS: Final = SheetColumns(
    sheet="patients",
    required=("patient",),
    one_of=(),
    optional=(
        "age_years",
        "birth_year",
        "birth_date",
        "sex",
        "cmv",
        "programme",
        "graft",
        "anchor",
        "anchor_kind",
        "anchor_date",
        "anchor_day",
    ),
)
EVENTS: Final = SheetColumns(
    sheet="events",
    required=("patient", "kind"),
    one_of=(("start_day", "start_date"),),
    optional=("label", "end_day", "end_date", "ongoing"),
)

#: Counts that were made elsewhere, one row per patient, day, population and unit.
COUNTS: Final = SheetColumns(
    sheet="counts",
    required=("patient", "day", "population", "value", "unit"),
    one_of=(),
    optional=("visit", "low", "high", "lloq", "gate_definition", "count_method"),
)

READOUTS: Final = SheetColumns(
    sheet="readouts",
    required=("patient", "readout", "value", "unit"),
    one_of=(("day", "sample_date"),),
    optional=("lineage", "checked", "note"),
)

#: A name this much like a column that is missing is taken for a slip of the pen (difflib ratio).
_SLIP: Final = 0.8
_SIMILAR: Final = 0.6


def normalised(name: str) -> str:
    """Return a column name in lower case with ``_`` for spaces, hyphens and the like.

    Examples
    --------
    >>> normalised(" Blood-Volume (µL) ")
    'blood_volume_ul'
    """
    plain = name.strip().lower().replace("µ", "u").replace("\u03bc", "u")
    return re.sub(r"[^0-9a-z]+", "_", plain).strip("_")


def check_header(
    header: Sequence[str], columns: SheetColumns
) -> tuple[dict[int, str], tuple[Issue, ...], bool]:
    """Match the header of a sheet with the columns it may have.

    Parameters
    ----------
    header : sequence of str
        Names as written.
    columns : SheetColumns
        What the sheet may have.

    Returns
    -------
    places : dict of int to str
        Column of the sheet -> our name, for the columns that are read.
    issues : tuple of Issue
        Every problem of the header.
    fatal : bool
        Whether the sheet cannot be used: a required column is missing, or a column occurs twice.
    """
    names = [normalised(name) for name in header]
    places = {place: name for place, name in enumerate(names) if name in columns.all}
    present = set(places.values())
    issues = [_twice(name, columns) for name in sorted(present) if names.count(name) > 1]
    issues += [_missing((name,), columns) for name in columns.required if name not in present]
    issues += [_missing(group, columns) for group in columns.one_of if not present & set(group)]
    fatal = bool(issues)
    issues += [
        _unknown(place, header[place], name, columns, present)
        for place, name in enumerate(names)
        if place not in places and name
    ]
    return places, tuple(issues), fatal


def _twice(name: str, columns: SheetColumns) -> Issue:
    return Issue(
        code="study.column_twice",
        severity=Severity.ERROR,
        subject=f"{columns.sheet}, column {name}",
        message="The column occurs more than once.",
        hint="Keep one of them.",
    )


def _missing(names: Sequence[str], columns: SheetColumns) -> Issue:
    return Issue(
        code="study.column_missing",
        severity=Severity.ERROR,
        subject=f"{columns.sheet}, column {' or '.join(names)}",
        message=f"The required column is missing. Allowed columns: {', '.join(columns.all)}.",
        hint="Add the column, or correct its name.",
    )


def _unknown(place: int, written: str, name: str, columns: SheetColumns, present: set[str]) -> Issue:
    free = [candidate for candidate in columns.all if candidate not in present]
    close = difflib.get_close_matches(name, free, n=1, cutoff=_SIMILAR)
    slip = bool(close) and difflib.SequenceMatcher(None, name, close[0]).ratio() >= _SLIP
    # A sheet without a header has data in its first row, so only a slip of the pen is repeated.
    harmless = slip and not re.search(r"\d{3}|\d\D\d", written)
    shown = f"'{written}'" if harmless else f"number {place + 1}"
    return Issue(
        code="study.column_unknown",
        severity=Severity.ERROR if slip else Severity.WARNING,
        subject=f"{columns.sheet}, column {shown}",
        message="The column is not known and was not read.",
        hint=f"Did you mean '{close[0]}'?" if close else f"Known columns: {', '.join(columns.all)}.",
    )
