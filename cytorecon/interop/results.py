"""The concentrations of blood tubes, as exports pick them: one value per tube and population."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cytorecon.interop.tables import ExportTables

# pandas hands out cells of any type; they are narrowed one by one below
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BloodResult:
    """One population in one tube of blood.

    Parameters
    ----------
    patient, tube, visit, population, status, reason, reported, method : str
        As in the table of counts.
    day : int
        On the patient's clock.
    events : int or None
        Counted.
    value, low, high, lloq : float or None
        Cells/µL; `value` is None below the LLOQ, and where nothing is detected.
    review : str
        Codes that ask for a look, with semicolons between them.
    """

    patient: str
    tube: str
    visit: str
    day: int
    population: str
    status: str
    reason: str
    events: int | None
    value: float | None
    low: float | None
    high: float | None
    lloq: float | None
    reported: str
    method: str
    review: str

    @property
    def upper_limit(self) -> float | None:
        """What the concentration is known to lie below, where it has no value: the LLOQ, or the upper end.

        The larger one where the stain is in doubt: it is neither "not detected" nor below the LLOQ then.
        """
        if self.status == "not_detected":
            return self.high
        if self.status == "review" and self.value is None and self.high is not None:
            return max(self.high, self.lloq or 0.0)
        return self.lloq if self.status == "below_lloq" else None

    @property
    def is_result(self) -> bool:
        """Whether anything is known about how many there are."""
        return self.value is not None or self.upper_limit is not None


def blood_results(tables: ExportTables) -> Iterator[BloodResult]:
    """Yield the populations of all tubes of blood, in the order of the table of counts.

    Parameters
    ----------
    tables : ExportTables
        Of a study.
    """
    products = {tube.tube for tube in tables.study.tubes if tube.is_product}
    for row in tables.counts.to_dict("records"):
        if row["tube"] not in products:
            yield _result({str(key): value for key, value in row.items()})


def _result(row: Row) -> BloodResult:
    events = number(row["events"])
    return BloodResult(
        patient=str(row["patient"]),
        tube=str(row["tube"]),
        visit=text(row["visit"]),
        day=int(row["days_after_transplant"]),
        population=str(row["population"]),
        status=str(row["status"]),
        reason=text(row["reason"]),
        events=int(events) if events is not None else None,
        value=number(row["cells_per_ul"]),
        low=number(row["cells_per_ul_low"]),
        high=number(row["cells_per_ul_high"]),
        lloq=number(row["lloq_cells_per_ul"]),
        reported=text(row["cells_per_ul_reported"]),
        method=text(row["count_method"]),
        review=text(row["review"]),
    )


def number(cell: object) -> float | None:
    """Return a cell as a number; None for one that is not known."""
    return float(cell) if isinstance(cell, int | float) and not pd.isna(cell) else None


def text(cell: object) -> str:
    """Return a cell as text; empty for one that is not known."""
    return cell if isinstance(cell, str) else ""
