"""Where a patient stands and what comes next, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd
from markupsafe import Markup

from cytorecon.figures.format import (
    MISSING,
    format_day,
    measure_named,
    population_label,
    reference_title,
)
from cytorecon.figures.profile import profile_svg
from cytorecon.knowledge.profile import load_profile_parts
from cytorecon.knowledge.visit_windows import load_visit_windows
from cytorecon.patient import Outlook
from cytorecon.report.words import POSITIONS

_KINDS: Final = {
    "slower": "slower than comparable patients",
    "drop": "drop beyond noise",
    "discordance": "one lineage is back, another is not",
}


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One subset that was measured, now or at the visit before."""

    compartment: str
    subset: str
    value: str
    position: str
    earlier: str
    cohort: str
    reference: str


@dataclass(frozen=True, slots=True)
class StandingView:
    """The immune profile: its picture, its distance to health in words, and the same as a table.

    Parameters
    ----------
    words : str
        Distance to health; empty where no visit has a result.
    picture : Markup
        SVG; empty with it.
    rows : tuple of ProfileRow
        Subsets that were measured.
    missing : tuple of str
        Compartments without any measured subset.
    """

    words: str
    picture: Markup
    rows: tuple[ProfileRow, ...]
    missing: tuple[str, ...]
    now: str
    earlier: str


@dataclass(frozen=True, slots=True)
class CourseRemark:
    """One remark on the course of a patient."""

    kind: str
    population: str
    words: str
    source: str


@dataclass(frozen=True, slots=True)
class ForecastCell:
    """A band or a probability, and how many patients had a sample then."""

    value: str
    patients: str = ""


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """What is expected of one population, or of one milestone."""

    name: str
    note: str
    cells: tuple[ForecastCell, ...]


@dataclass(frozen=True, slots=True)
class OutlookView:
    """What to expect of one patient.

    Parameters
    ----------
    band : str
        How many of 100 samples the bands hold; empty where there is no band.
    windows : tuple of str
        Columns of `visits`; `milestone_windows` of `milestones`.
    visits, milestones : tuple of ForecastRow
        One row per population, and per milestone that is still open.
    rests_on, reasons : tuple of (str, str)
        Populations, and what their rows rest on, or why they have none.
    remarks : tuple of CourseRemark
        What deserves a second look.
    """

    band: str
    windows: tuple[str, ...]
    visits: tuple[ForecastRow, ...]
    milestone_windows: tuple[str, ...]
    milestones: tuple[ForecastRow, ...]
    rests_on: tuple[tuple[str, str], ...]
    reasons: tuple[tuple[str, str], ...]
    remarks: tuple[CourseRemark, ...]


def standing_view(profile: pd.DataFrame, distance: pd.DataFrame) -> StandingView:
    """Return the immune profile of one patient.

    Parameters
    ----------
    profile, distance : DataFrame
        Of :func:`~cytorecon.patient.immune_profile` and :func:`~cytorecon.patient.profile_distance`.
    """
    parts = load_profile_parts()
    shown = profile[(profile["reported"] != "") | (profile["earlier_reported"] != "")]
    first = distance.to_dict("records")[0]
    seen = set(shown["compartment"])
    return StandingView(
        words=first["words"] if len(shown) else "",
        picture=Markup(profile_svg(profile, distance)) if len(shown) else Markup(),  # noqa: S704 - our drawing
        rows=tuple(_profile_row(row, parts.title(str(row["compartment"]))) for row in _records(shown)),
        missing=tuple(
            parts.title(part.compartment) for part in parts.compartments if part.compartment not in seen
        ),
        now=_on(first["days_after_transplant"]),
        earlier=_on(first["earlier_day"]),
    )


def outlook_view(outlook: Outlook, titles: Mapping[str, str]) -> OutlookView:
    """Return what to expect of one patient.

    Parameters
    ----------
    outlook : Outlook
        Of this patient alone.
    titles : mapping of str to str
        Milestone -> title for people.
    """
    visits = outlook.visits[outlook.visits["reason"] == ""]
    open_ones = outlook.milestones[outlook.milestones["reason"] == ""]
    windows, later = _windows(visits), _windows(open_ones)
    labels = {name: population_label(name) for name in outlook.visits["population"]}
    return OutlookView(
        band=f"{100 * visits['band'].iloc[0]:g}" if len(visits) else "",
        windows=_headings(windows),
        visits=_rows(visits, "population", windows, labels),
        milestone_windows=_headings(later),
        milestones=_rows(open_ones, "milestone", later, titles, deadlines=True),
        rests_on=_grouped(visits, "rests_on"),
        reasons=_grouped(outlook.visits[outlook.visits["reason"] != ""], "reason"),
        remarks=tuple(
            CourseRemark(
                _KINDS[row["flag"]], population_label(row["population"]), row["words"], row["source"]
            )
            for row in _records(outlook.flags)
        ),
    )


def _records(table: pd.DataFrame) -> Iterable[Mapping[str, str]]:
    for row in table.to_dict("records"):
        yield {str(name): value for name, value in row.items()}


def _on(day: float | None) -> str:
    return "" if pd.isna(day) else f"day {format_day(int(day))}"


def _profile_row(row: Mapping[str, str], compartment: str) -> ProfileRow:
    unit = measure_named(row["measure"]).unit
    parent = row["unit"].removeprefix("% of ")
    unit = f"% of {population_label(parent)}" if unit == "%" else unit
    missing = "" if row["missing"] == "no median" else row["missing"]
    return ProfileRow(
        compartment=compartment,
        subset=", ".join(filter(None, (population_label(row["population"]), unit))),
        value=row["reported"] or MISSING,
        position=_position(row["position"], row["z"]) or missing or MISSING,
        earlier=" ".join(
            filter(
                None,
                (row["earlier_reported"] or MISSING, _position(row["earlier_position"], row["earlier_z"])),
            )
        ),
        cohort=_of_cohort(row),
        reference=reference_title(row["reference_set"]) if row["reference_set"] else "",
    )


def _position(position: str, z: object) -> str:
    words = POSITIONS.get(position, "")
    if not isinstance(z, float) or pd.isna(z):
        return words
    return ", ".join(filter(None, (words, f"z {z:+.1f}".replace("-", "\N{MINUS SIGN}"))))


def _of_cohort(row: Mapping[str, object]) -> str:
    words = _position(str(row["cohort_position"]), row["cohort_z"])
    if words:
        return f"{words} (n = {row['n_cohort']})"
    least = load_visit_windows().minimum_patients
    if int(str(row["n_cohort"])) < least:
        return f"fewer than {least} patients"
    return f"no median (n = {row['n_cohort']})"


def _windows(table: pd.DataFrame) -> dict[str, int]:
    """Return the planned visits of a table with their days, in order."""
    days = {str(row["window"]): int(row["days_after_transplant"]) for row in _records(table)}
    return dict(sorted(days.items(), key=lambda item: item[1]))


def _headings(windows: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(windows)


def _rows(
    table: pd.DataFrame,
    column: str,
    windows: Mapping[str, int],
    names: Mapping[str, str],
    *,
    deadlines: bool = False,
) -> tuple[ForecastRow, ...]:
    made = []
    for name, own in table.groupby(column, sort=False):
        cells = {
            str(row["window"]): ForecastCell(row["reported"], f"n = {row['n']}") for row in _records(own)
        }
        deadline = own["deadline_day"].iloc[0] if deadlines else None
        made.append(
            ForecastRow(
                name=names.get(str(name), str(name)),
                note="" if deadline is None or pd.isna(deadline) else f"asked for by day {int(deadline)}",
                cells=tuple(cells.get(window, ForecastCell(MISSING)) for window in windows),
            )
        )
    return tuple(made)


def _grouped(table: pd.DataFrame, column: str) -> tuple[tuple[str, str], ...]:
    """Return the populations that share a text of `column`, and the text."""
    found: dict[str, list[str]] = {}
    for row in _records(table.drop_duplicates(["population", column])):
        found.setdefault(row[column], []).append(population_label(row["population"]))
    return tuple((", ".join(names), text) for text, names in found.items())
