"""What is exported: the tidy tables of a study, with the digits that the CSV files show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from cytorecon.milestone import milestones
from cytorecon.study.doses import product_doses
from cytorecon.study.model import Study
from cytorecon.study.result import StudyResult
from cytorecon.study.table import number_text, tidy_counts, tube_status
from cytorecon.trajectory import trajectories


@dataclass(frozen=True, slots=True)
class ExportTables:
    """A study with its tables.

    Parameters
    ----------
    study : Study
        Patients, tubes, events.
    counts, trajectories, milestones, tubes, product_dose : DataFrame
        The columns of each are those of ``cytorecon.tables``; numbers have six significant digits.
    """

    study: Study
    counts: pd.DataFrame
    trajectories: pd.DataFrame
    milestones: pd.DataFrame
    tubes: pd.DataFrame
    product_dose: pd.DataFrame

    @property
    def by_name(self) -> Mapping[str, pd.DataFrame]:
        """The tables by the name of their file; that of doses only where there are any."""
        named = {
            "counts": self.counts,
            "trajectories": self.trajectories,
            "milestones": self.milestones,
            "tubes": self.tubes,
        }
        return named if self.product_dose.empty else {**named, "product_dose": self.product_dose}


def export_tables(result: StudyResult) -> ExportTables:
    """Return the tables of a study, rounded once for all formats.

    Parameters
    ----------
    result : StudyResult
        A study with its results; the pictures of the gates are not needed.
    """
    curves = trajectories(result)
    return ExportTables(
        study=result.study,
        counts=rounded(tidy_counts(result)),
        trajectories=rounded(curves),
        milestones=rounded(milestones(curves, result.study)),
        tubes=rounded(tube_status(result)),
        product_dose=rounded(product_doses(result)),
    )


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` with the numbers that its CSV file holds.

    Examples
    --------
    >>> rounded(pd.DataFrame({"value": [1 / 3, float("nan")]}))["value"].tolist()
    [0.333333, nan]
    """
    numbers = [column for column in table.columns if table[column].dtype == "float64"]
    return table.assign(**{column: table[column].map(_as_in_csv) for column in numbers})


def _as_in_csv(value: float) -> float:
    text = number_text(value)
    return float(text) if text else float("nan")
