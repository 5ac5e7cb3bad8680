"""Where a patient stands: every subset against healthy people, by compartment."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from cytorecon.errors import CytoreconError
from cytorecon.knowledge.event_kinds import load_event_kinds
from cytorecon.knowledge.profile import DistanceLimits, ProfileParts, load_profile_parts
from cytorecon.knowledge.visit_windows import VisitWindow, VisitWindows, load_visit_windows
from cytorecon.milestone.clock import EndsOfClocks
from cytorecon.statistics.checked import Flags, Numbers
from cytorecon.study.frame import Cell, typed_frame
from cytorecon.study.model import Patient, Study
from cytorecon.tables import PROFILE_COLUMNS, PROFILE_DISTANCE_COLUMNS
from cytorecon.trajectory.marks import until_the_end

_ORDER: Final = ("below", "within", "above")
_NO_Z: Final = "no median"
#: Columns of the trajectory table that are read; taking all of them apart costs most of the time.
_USED: Final = (
    "population",
    "measure",
    "days_after_transplant",
    "value",
    "reported",
    "unit",
    "reference_position",
    "reference_z",
    "reference_set",
)


@dataclass(frozen=True, slots=True)
class _Standing:
    """What one visit says about one subset."""

    value: float | None
    reported: str
    unit: str
    position: str
    z: float | None
    reference_set: str


def immune_profile(
    table: pd.DataFrame,
    study: Study,
    patient: str,
    *,
    parts: ProfileParts | None = None,
    windows: VisitWindows | None = None,
) -> pd.DataFrame:
    """Return every subset of a patient at the last visit, at the one before, and in the cohort at that time.

    Parameters
    ----------
    table : DataFrame
        Of :func:`cytorecon.trajectory.trajectories`, all measures.
    study : Study
        Programmes, and events that end clocks.
    patient : str
        Pseudonym.
    parts, windows : optional
        Compartments, and windows of the cohort; the packaged files by default.

    Returns
    -------
    DataFrame
        Columns ``tables.PROFILE_COLUMNS``, one row per subset in the order of ``profile.yaml``. `position`
        is ``below``, ``within`` or ``above`` the limits for the age, `z` the z-score where the reference
        gives a median; `missing` says what is not known. The cohort is the other patients of the same
        programme whose clock has not ended: the sample of each that is closest to the planned day of the
        window that holds the patient's visit, medians of their positions and z-scores, each at its own age;
        nothing when they are fewer than `minimum_patients` of the windows.

    Raises
    ------
    CytoreconError
        If the study has no such patient.
    """
    person = next((each for each in study.patients if each.patient == patient), None)
    if person is None:
        names = ", ".join(each.patient for each in study.patients)
        raise CytoreconError(
            "There is no such patient in the study.",
            subject="profile",
            field="patient",
            found=patient,
            allowed=names,
        )
    table = until_the_end(table)
    known, visits = parts or load_profile_parts(), windows or load_visit_windows()
    own = table[table["patient"] == patient]
    seen = own[own["value"].notna() | (own["censored"] == "left")]
    days = sorted({int(day) for day in seen["days_after_transplant"]})
    now, earlier = (days[-1] if days else None), (days[-2] if len(days) > 1 else None)
    standings = _standings(seen)
    cohort = dict(iter(_cohort(table, study, person, now, visits).groupby(["population", "measure"])))
    rows: list[dict[str, Cell]] = []
    for part in known.compartments:
        for subset in part.subsets:
            key = subset.population, subset.measure
            head: dict[str, Cell] = {
                "patient": patient,
                "compartment": part.compartment,
                "population": subset.population,
                "measure": subset.measure,
                "days_after_transplant": now,
                "earlier_day": earlier,
            }
            rows.append(
                head
                | _cells(standings.get((*key, now)), standings.get((*key, earlier)))
                | _of_cohort(cohort.get(key, table.iloc[:0]), visits.minimum_patients)
            )
    return typed_frame(rows, PROFILE_COLUMNS)


def profile_distance(profile: pd.DataFrame, *, limits: DistanceLimits | None = None) -> pd.DataFrame:
    """Return how far a profile lies from health: the root mean square of its z-scores.

    Parameters
    ----------
    profile : DataFrame
        Of :func:`immune_profile`.
    limits : DistanceLimits, optional
        Of how many subsets and compartments a distance is given; those of ``profile.yaml`` by default.

    Returns
    -------
    DataFrame
        Columns ``tables.PROFILE_DISTANCE_COLUMNS``, one row. `distance` is over the `n` subsets that have a
        z-score; `earlier_distance` over those that have one at both visits (`n_earlier`), `cohort_distance`
        over those that have one in the cohort as well (`n_cohort`). 1 is usual among healthy people.
        Of fewer subsets or compartments than `limits` ask for there is no distance, and `words` says so.
        `n_within` of `n_placed` subsets lie within their limits, `n_missing` are not known.

    Examples
    --------
    >>> profile = pd.DataFrame({"patient": "P01", "days_after_transplant": 180, "earlier_day": 100,
    ...     "compartment": ["t", "b", "nk"], "z": [-3.0, 1.0, 1.0], "earlier_z": [-4.0, 2.0, np.nan],
    ...     "cohort_z": np.nan, "position": ["below", "within", "within"], "missing": ""})
    >>> profile_distance(profile)[["distance", "n", "n_earlier", "n_within"]]
       distance  n  n_earlier  n_within
    0  1.914854  3          2         2
    """
    z, before, others = (profile[name].to_numpy(dtype=np.float64) for name in ("z", "earlier_z", "cohort_z"))
    both, shared = ~np.isnan(z) & ~np.isnan(before), ~np.isnan(z) & ~np.isnan(others)
    placed = profile["position"].isin(list(_ORDER))
    asked = limits or load_profile_parts().distance
    places = profile["compartment"].to_numpy(dtype=np.object_)

    def distance(numbers: Numbers, of: Flags) -> float | None:
        enough = of.sum() >= asked.fewest_subsets and len(set(places[of])) >= asked.fewest_compartments
        return _rms(numbers[of]) if enough else None

    row: dict[str, Cell] = {
        "patient": str(profile["patient"].iloc[0]),
        "days_after_transplant": _day(profile["days_after_transplant"].iloc[0]),
        "distance": distance(z, ~np.isnan(z)),
        "n": int((~np.isnan(z)).sum()),
        "earlier_day": _day(profile["earlier_day"].iloc[0]),
        "earlier_distance": distance(before, both),
        "n_earlier": int(both.sum()),
        "cohort_distance": distance(others, shared),
        "n_cohort": int(shared.sum()),
        "n_within": int((profile["position"] == "within").sum()),
        "n_placed": int(placed.sum()),
        "n_missing": int((~placed & np.isnan(z)).sum()),
    }
    words = _words(row, _rms(z[both]), asked)
    return typed_frame([row | {"words": words}], PROFILE_DISTANCE_COLUMNS)


def _words(row: Mapping[str, Cell], now_of_both: float | None, asked: DistanceLimits) -> str:
    within = f"{row['n_within']} of {row['n_placed']} subsets within the limits for the age."
    if row["distance"] is None:
        return (
            "No distance to health, as too few ranges are known: "
            f"{row['n']} subset{'s' * (row['n'] != 1)} with a z-score; at least {asked.fewest_subsets} of "
            f"{asked.fewest_compartments} compartments are asked for; {within}"
        )
    number = int(row["n"] or 0)
    parts = [f"Distance to health {row['distance']:.1f} ({number} subset{'s' * (number != 1)}; 1 is usual)"]
    if row["earlier_distance"] is not None:
        was = f"{row['earlier_distance']:.1f} on day {row['earlier_day']}"
        same = row["n_earlier"] == row["n"]
        known = f"over the {row['n_earlier']} known then too {now_of_both:.1f}"
        parts.append(f"it was {was}" if same else f"{known}, it was {was}")
    return "; ".join([*parts, within])


def _rms(z: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float | None:
    return float(np.sqrt(np.mean(z**2))) if len(z) else None


def _day(value: float | None) -> int | None:
    return None if pd.isna(value) else int(value)


def _standings(rows: pd.DataFrame) -> dict[tuple[str, str, int | None], _Standing]:
    """Return what each day says about each population and measure; of several tubes the first."""
    found: dict[tuple[str, str, int | None], _Standing] = {}
    # tables made before references had medians lack a column
    for row in rows[[name for name in _USED if name in rows]].to_dict("records"):
        key = str(row["population"]), str(row["measure"]), int(row["days_after_transplant"])
        found.setdefault(key, _standing(row))
    return found


def _standing(row: Mapping[Hashable, Any]) -> _Standing:
    return _Standing(
        value=_number(row["value"]),
        reported=row["reported"],
        unit=row["unit"],
        position=row["reference_position"],
        z=_number(row.get("reference_z", np.nan)),
        reference_set=row["reference_set"],
    )


def _number(value: float | None) -> float | None:
    return None if pd.isna(value) else float(value)


def _cells(now: _Standing | None, earlier: _Standing | None) -> dict[str, Cell]:
    shown = now or earlier
    return {
        "unit": "" if shown is None else shown.unit,
        "value": None if now is None else now.value,
        "reported": "" if now is None else now.reported,
        "position": "" if now is None else now.position,
        "z": None if now is None else now.z,
        "earlier_value": None if earlier is None else earlier.value,
        "earlier_reported": "" if earlier is None else earlier.reported,
        "earlier_position": "" if earlier is None else earlier.position,
        "earlier_z": None if earlier is None else earlier.z,
        "reference_set": "" if shown is None else shown.reference_set,
        "missing": _missing(now),
    }


def _missing(now: _Standing | None) -> str:
    if now is None:
        return "not measured"
    if not now.reference_set:
        return "no limits for the age"
    if not now.position:
        return "below the limit of quantification"
    return "" if now.z is not None else _NO_Z


def _cohort(
    table: pd.DataFrame, study: Study, person: Patient, day: int | None, windows: VisitWindows
) -> pd.DataFrame:
    """Return the rows of comparable patients in the window of a day, their closest sample of each subset."""
    window = None if day is None else _window(windows.windows, day)
    if window is None:
        return table.iloc[:0]
    ends = EndsOfClocks.of(study, load_event_kinds()).of_patients(study.patients)
    others = [
        each.patient
        for each in study.patients
        if each.programme == person.programme and each.patient != person.patient
    ]
    inside = table[table["days_after_transplant"].between(window.from_day, window.to_day)]
    own = inside[inside["patient"].isin(others)]
    last = own["patient"].map({name: end.day for name, end in ends.items()}).fillna(np.inf)
    own = own[own["days_after_transplant"].astype(np.float64) <= last.astype(np.float64)]
    own = own[own["value"].notna() | (own["censored"] == "left")]
    distance = (own["days_after_transplant"].astype(np.int64) - window.target_day).abs()
    ordered = own.assign(_distance=distance).sort_values(
        ["_distance", "days_after_transplant"], kind="stable"
    )
    return ordered.drop_duplicates(["patient", "population", "measure"])


def _window(windows: Sequence[VisitWindow], day: int) -> VisitWindow | None:
    return next((window for window in windows if window.from_day <= day <= window.to_day), None)


def _of_cohort(rows: pd.DataFrame, minimum: int) -> dict[str, Cell]:
    """Return the median position and z-score of other patients."""
    places = sorted(_ORDER.index(position) for position in rows["reference_position"] if position)
    empty: dict[str, Cell] = {"n_cohort": len(rows), "cohort_position": "", "cohort_z": None}
    if len(places) < minimum:
        return empty
    # of an even number the two in the middle must agree
    middle = {places[(len(places) - 1) // 2], places[len(places) // 2]}
    position = _ORDER[middle.pop()] if len(middle) == 1 else ""
    return empty | {
        "n_cohort": len(places),
        "cohort_position": position,
        "cohort_z": _median_z(rows, minimum),
    }


def _median_z(rows: pd.DataFrame, minimum: int) -> float | None:
    """Return the median z-score; a value below its LLOQ is lower than all that were measured."""
    if "reference_z" not in rows:
        return None
    z = rows["reference_z"].to_numpy(dtype=np.float64)
    below = ((rows["censored"] == "left") & (rows["reference_position"] == "below")).to_numpy()
    known = np.where(below, -np.inf, z)
    known = known[~np.isnan(known)]
    if len(known) < minimum:
        return None
    middle = float(np.quantile(known, 0.5, method="inverted_cdf"))
    return middle if np.isfinite(middle) else None
