"""What a patient's programme looks at first, readouts from outside of the cytometer, and due tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cytorecon.counts.reported import measure_text
from cytorecon.figures.crossings import Crossing
from cytorecon.figures.format import format_day
from cytorecon.knowledge.programmes import Programme
from cytorecon.knowledge.readouts import load_readouts, series_of
from cytorecon.trajectory import latest_ratio


@dataclass(frozen=True, slots=True)
class ProgrammeRow:
    """How to read a programme; `ratios` are name and value in words."""

    clock: str
    text: str
    source: str
    ratios: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ReadoutRow:
    """All values of one series, the latest first in words."""

    name: str
    latest: str
    day: str
    remark: str
    earlier: str


@dataclass(frozen=True, slots=True)
class DueRow:
    """One test that is due."""

    test: str
    when: str
    because: str
    source: str


def programme_row(programme: Programme, table: pd.DataFrame, patient: str) -> ProgrammeRow | None:
    """Return how to read the programme; None where there is nothing to say.

    Parameters
    ----------
    programme : Programme
        Of the patient.
    table : DataFrame
        ``TRAJECTORY_COLUMNS`` of the study.
    patient : str
        Pseudonym.
    """
    if not programme.text:
        return None
    ratios = tuple(
        (ratio.ratio, _ratio_text(latest_ratio(table, patient, ratio.above, ratio.below)))
        for ratio in programme.ratios
    )
    return ProgrammeRow(programme.clock, programme.text, programme.source, ratios)


def in_programme_order(found: Sequence[Crossing], programme: Programme) -> tuple[Crossing, ...]:
    """Return milestones with those of the programme first."""
    places = {name: place for place, name in enumerate(programme.milestones)}
    return tuple(sorted(found, key=lambda one: places.get(one.milestone, len(places))))


def readout_rows(table: pd.DataFrame, patient: str) -> tuple[ReadoutRow, ...]:
    """Return one row per series of readouts of a patient.

    Parameters
    ----------
    table : DataFrame
        ``READOUT_COLUMNS``.
    patient : str
        Pseudonym.
    """
    known = load_readouts()
    rows = []
    own = table[table["patient"] == patient]
    for (readout, lineage), series in own.groupby(["readout", "lineage"], sort=False):
        values = series.to_dict("records")
        last = values[-1]
        remarks = (f"within days after {last['replaced_by']}" if last["replaced_by"] else "", last["note"])
        earlier = [f"{format_day(one['days_after_transplant'])}: {one['reported']}" for one in values[:-1]]
        rows.append(
            ReadoutRow(
                name=known.series_name(series_of(str(readout), str(lineage))),
                latest=str(last["reported"]),
                day=format_day(last["days_after_transplant"]),
                remark="; ".join(filter(None, remarks)),
                earlier=", ".join(reversed(earlier)),
            )
        )
    return tuple(rows)


def due_rows(table: pd.DataFrame, patient: str) -> tuple[DueRow, ...]:
    """Return the tests that are due of one patient (``DUE_TEST_COLUMNS``)."""
    own = table[table["patient"] == patient]
    return tuple(
        DueRow(
            test=str(row["test"]),
            when=f"from day {row['due_from_day']}"
            + ("" if pd.isna(row["due_to_day"]) else f" to {row['due_to_day']}"),
            because=str(row["because"]),
            source=str(row["source"]),
        )
        for _, row in own.iterrows()
    )


def _ratio_text(found: tuple[int, float] | None) -> str:
    if found is None:
        return "no visit has both parts"
    day, ratio = found
    return f"{measure_text(ratio, 'ratio')} on day {format_day(day)}"
