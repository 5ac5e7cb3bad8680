"""Reference limits of healthy people, and which set is shown by default.

``reference_ranges.csv`` holds the figures, ``reference_medians.csv`` the medians that were found,
``reference_strata.csv`` figures by CMV serology. ``reference_defaults.yaml`` says which set is shown for
which population, measure and age, and with which gate definitions ours may be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_csv_rows, read_yaml, validated
from cytorecon.knowledge.once import packaged_once
from cytorecon.values import Frozen

REFERENCE_RANGES_FILE = "reference_ranges.csv"
REFERENCE_DEFAULTS_FILE = "reference_defaults.yaml"
REFERENCE_MEDIANS_FILE = "reference_medians.csv"
REFERENCE_STRATA_FILE = "reference_strata.csv"

#: What a median is tied to, beside the beginning of its age band.
_MEDIAN_OF = ("set", "population", "measure", "gate_definition", "sex")

#: What a page that could not be opened again is marked with; such a figure never ships.
_RECALLED = "RECALLED"


class ReferenceRange(Frozen):
    """Limits of one population, measure, age band and sex in one set.

    Parameters
    ----------
    set : str
        Rows of one source.
    population, measure : str
        As in the trajectory table.
    age_from, age_below : float
        Years, ``age_from <= age < age_below``; None means no upper end.
    sex : {"all", "female", "male"}
        Whom it was measured in.
    low, high : float
        In the unit of the measure.
    percentiles : str
        What the limits are, e.g. ``"10-90"``; empty when the source does not say.
    gate_definition : str
        What was counted.
    source, confidence : str
        Citation, and how well the figures are known.
    median : float or None
        Of the same people; None where the source gives none.
    stratum : {"", "cmv_negative", "cmv_positive"}
        CMV serology of the people, where they were told apart.
    """

    set: str = Field(min_length=1)
    population: str = Field(min_length=1)
    measure: str = Field(min_length=1)
    age_from: float = Field(ge=0)
    age_below: float | None = None
    sex: Literal["all", "female", "male"]
    low: float = Field(ge=0)
    high: float = Field(gt=0)
    percentiles: str
    gate_definition: str = Field(min_length=1)
    source: str = Field(min_length=1)
    confidence: str = Field(min_length=1)
    median: float | None = Field(default=None, ge=0)
    stratum: Literal["", "cmv_negative", "cmv_positive"] = ""

    @field_validator("age_below", "median", mode="before")
    @classmethod
    def _empty_is_open(cls, value: object) -> object:
        return None if value == "" else value

    def covers(self, age_years: float, sex: str, cmv: str = "unknown") -> bool:
        """Return whether a person of this age, sex and CMV serology belongs to the row."""
        return (
            self.age_from <= age_years
            and (self.age_below is None or age_years < self.age_below)
            and self.sex in ("all", sex)
            and self.stratum in ("", f"cmv_{cmv}")
        )


class DefaultBand(Frozen):
    """The set shown from `age_from` up to, not including, `age_below` years."""

    age_from: float = Field(ge=0)
    age_below: float = Field(gt=0)
    set: str = Field(min_length=1)


class ReferenceDefault(Frozen):
    """Default sets of one population and measure, the gates accepted, and the reason.

    `ours` are gate definitions of results, `gate_definitions` those of rows that they may be held against.
    """

    population: str
    measure: str
    ours: tuple[str, ...] = Field(min_length=1)
    gate_definitions: tuple[str, ...] = Field(min_length=1)
    bands: tuple[DefaultBand, ...] = Field(min_length=1)
    reason: str = Field(min_length=1)

    def comparable(self, gate_definition: str | None) -> tuple[str, ...]:
        """Return the definitions of rows that a result may be held against; a row's own is one of them."""
        if gate_definition is None or gate_definition in self.ours:
            return self.gate_definitions
        return tuple(one for one in self.gate_definitions if one == gate_definition)


class _Defaults(Frozen):
    titles: Mapping[str, str] = Field(default_factory=dict)
    defaults: tuple[ReferenceDefault, ...]


class References(Frozen):
    """Reference limits with their defaults, what pages call the sets, and own sets, shown first."""

    ranges: tuple[ReferenceRange, ...]
    defaults: tuple[ReferenceDefault, ...]
    titles: Mapping[str, str] = Field(default_factory=dict)
    own_sets: tuple[str, ...] = ()

    def title(self, set_name: str) -> str:
        """Return what pages call a set; a set without a title by its name.

        Examples
        --------
        >>> load_references().title("mayo_tbbs_2013"), load_references().title("own_lab")
        ('Mayo Clinic 2013', 'own lab')
        """
        return self.titles.get(set_name, set_name.replace("_", " "))

    def sets(self, population: str, measure: str) -> tuple[str, ...]:
        """Return the names of all sets that have rows for this population and measure."""
        hits = (row.set for row in self.ranges if row.population == population and row.measure == measure)
        return tuple(dict.fromkeys(hits))

    def of(self, population: str, measure: str) -> References:
        """Return only what concerns one population and measure: a long curve asks many times."""
        return References(
            ranges=tuple(
                row for row in self.ranges if row.population == population and row.measure == measure
            ),
            defaults=tuple(
                item for item in self.defaults if item.population == population and item.measure == measure
            ),
            titles=self.titles,
            own_sets=self.own_sets,
        )

    def find(
        self,
        population: str,
        measure: str,
        age_years: float | None,
        sex: str,
        *,
        set_name: str = "",
        gate_definition: str | None = None,
        cmv: str = "unknown",
    ) -> ReferenceRange | None:
        """Return the limits for one person, or None when none may be shown.

        Parameters
        ----------
        population, measure : str
            As in the trajectory table.
        age_years : float or None
            Age at the visit; without it there are no limits.
        sex : str
            ``"female"``, ``"male"`` or ``"unknown"``; rows by sex need a known one.
        set_name : str
            Another set than the default. The gates must be comparable all the same.
        gate_definition : str, optional
            What was counted. By default it is taken for granted that ranges may be compared with it.
        cmv : str
            ``"negative"``, ``"positive"`` or ``"unknown"``; rows of a stratum are taken before those of all.

        Returns
        -------
        ReferenceRange or None
            None when the population, age or sex has no row, or only rows of another gate.

        Examples
        --------
        >>> load_references().find("CD4_T", "cells_per_ul", 3.0, "unknown").low
        700.0
        """
        default = self._default(population, measure)
        if default is None or age_years is None:
            return None
        comparable = default.comparable(gate_definition)
        wanted = (set_name,) if set_name else (*self.own_sets, _band(default, age_years))
        hits = [
            row
            for row in self.ranges
            if row.set in wanted
            and row.population == population
            and row.measure == measure
            and row.gate_definition in comparable
            and row.covers(age_years, sex, cmv)
        ]
        return min(hits, key=lambda row: (wanted.index(row.set), row.stratum == ""), default=None)

    def refusal(self, population: str, measure: str, gate_definition: str) -> str:
        """Return why no range may be held against a result of any age; empty when one may, or none exists.

        Parameters
        ----------
        population, measure : str
            As in the trajectory table.
        gate_definition : str
            What was counted; empty when the result does not say.

        Examples
        --------
        >>> load_references().refusal("NK_CD56bright", "cells_per_ul", "CD3-CD56bright")
        'no range of this definition (CD3-CD56bright); there are ranges of: CD3-CD16-CD56bright'
        """
        default = self._default(population, measure)
        if default is not None and default.comparable(gate_definition):
            return ""
        there = dict.fromkeys(
            row.gate_definition
            for row in self.ranges
            if row.population == population and row.measure == measure
        )
        if not there:
            return ""
        counted = gate_definition or "the result does not say which"
        return f"no range of this definition ({counted}); there are ranges of: {'; '.join(there)}"

    def default_sets(self, population: str, measure: str) -> tuple[str, ...]:
        """Return the names of the sets that are shown by default, youngest ages first."""
        default = self._default(population, measure)
        return tuple(dict.fromkeys(band.set for band in default.bands)) if default else ()

    def _default(self, population: str, measure: str) -> ReferenceDefault | None:
        return next(
            (item for item in self.defaults if item.population == population and item.measure == measure),
            None,
        )


@packaged_once
def load_references(*, folder: Path | None = None) -> References:
    """Return reference limits and defaults.

    Raises
    ------
    KnowledgeError
        If a file cannot be used, limits are reversed, rows of one set overlap, a figure is
        marked as recalled, or a default names a set without a comparable row.
    """
    ranges = with_medians(
        reference_rows(REFERENCE_RANGES_FILE, folder=folder),
        read_csv_rows(REFERENCE_MEDIANS_FILE, folder=folder),
    )
    ranges += reference_rows(REFERENCE_STRATA_FILE, folder=folder)
    content = validated(
        _Defaults, read_yaml(REFERENCE_DEFAULTS_FILE, folder=folder), subject=REFERENCE_DEFAULTS_FILE
    )
    for default in content.defaults:
        _check_default(default, ranges)
    return References(ranges=ranges, defaults=content.defaults, titles=content.titles)


def reference_rows(name: str, *, folder: Path | None = None) -> tuple[ReferenceRange, ...]:
    """Return the checked rows of one file.

    Raises
    ------
    KnowledgeError
        If limits are reversed, rows of one set overlap, or a figure is marked as recalled.
    """
    ranges = tuple(
        validated(ReferenceRange, row, subject=f"{name}, data row {number}")
        for number, row in enumerate(read_csv_rows(name, folder=folder), start=1)
    )
    for number, row in enumerate(ranges, start=1):
        check_rows(row, f"{name}, data row {number}", ranges[: number - 1])
    return ranges


def check_rows(row: ReferenceRange, subject: str, earlier: Sequence[ReferenceRange]) -> None:
    """Refuse a row that contradicts itself, is recalled, or overlaps one of the rows before it.

    Raises
    ------
    KnowledgeError
        What is wrong with `row`; `subject` names it.
    """
    _check_row(row, subject)
    _check_overlap(row, subject, earlier)


def with_medians(
    ranges: tuple[ReferenceRange, ...], medians: Sequence[Mapping[str, str]]
) -> tuple[ReferenceRange, ...]:
    """Return the rows with the medians that are listed apart from them.

    Raises
    ------
    KnowledgeError
        If a median belongs to no row, or does not lie between its limits.
    """
    found = {
        (*(row[name] for name in _MEDIAN_OF), float(row["age_from"])): float(row["median"]) for row in medians
    }
    completed = []
    for number, row in enumerate(ranges, start=1):
        key = (row.set, row.population, row.measure, row.gate_definition, row.sex, row.age_from)
        completed.append(row.model_copy(update={"median": found.pop(key)}) if key in found else row)
        _check_median(completed[-1], f"{REFERENCE_RANGES_FILE}, data row {number}")
    if found:
        raise KnowledgeError(
            "A median belongs to no row.",
            subject=REFERENCE_MEDIANS_FILE,
            found=", ".join(str(part) for part in next(iter(found))),
            allowed=f"what a row of {REFERENCE_RANGES_FILE} begins with",
        )
    return tuple(completed)


def _band(default: ReferenceDefault, age_years: float) -> str:
    return next((band.set for band in default.bands if band.age_from <= age_years < band.age_below), "")


def _check_row(row: ReferenceRange, subject: str) -> None:
    _check_median(row, subject)
    if row.low >= row.high:
        raise KnowledgeError(
            "The lower limit is not below the upper one.",
            subject=subject,
            field="low",
            found=f"{row.low:g}",
            allowed=f"below {row.high:g}",
        )
    if row.age_below is not None and row.age_below <= row.age_from:
        raise KnowledgeError(
            "The age band is empty.",
            subject=subject,
            field="age_below",
            found=f"{row.age_below:g}",
            allowed=f"above {row.age_from:g}",
        )
    if row.confidence.upper().startswith(_RECALLED):
        raise KnowledgeError(
            "A recalled figure is not used for patients.",
            subject=subject,
            field="confidence",
            found=row.confidence,
            allowed="a figure that was found in its source",
        )


def _check_median(row: ReferenceRange, subject: str) -> None:
    if row.median is not None and not row.low <= row.median <= row.high:
        raise KnowledgeError(
            "The median does not lie between the limits.",
            subject=subject,
            field="median",
            found=f"{row.median:g}",
            allowed=f"{row.low:g} to {row.high:g}",
        )


def _check_overlap(row: ReferenceRange, subject: str, earlier: Sequence[ReferenceRange]) -> None:
    for other in earlier:
        if other.population != row.population:
            continue
        same = (other.set, other.population, other.measure, other.gate_definition, other.stratum) == (
            row.set, row.population, row.measure, row.gate_definition, row.stratum,
        )  # fmt: skip
        if not same or ("all" not in (other.sex, row.sex) and other.sex != row.sex):
            continue
        ends = [item.age_below if item.age_below is not None else float("inf") for item in (row, other)]
        if row.age_from < ends[1] and other.age_from < ends[0]:
            raise KnowledgeError(
                "Two rows of one set cover the same age.",
                subject=subject,
                field="age_from",
                found=f"{row.set}, {row.population}, {row.measure}, from {row.age_from:g} years",
            )


def _check_default(default: ReferenceDefault, ranges: tuple[ReferenceRange, ...]) -> None:
    comparable = {
        row.set
        for row in ranges
        if row.population == default.population
        and row.measure == default.measure
        and row.gate_definition in default.gate_definitions
    }
    for band in default.bands:
        if band.set not in comparable:
            raise KnowledgeError(
                "The default names a set without a comparable row.",
                subject=REFERENCE_DEFAULTS_FILE,
                field=f"{default.population}, {default.measure}",
                found=band.set,
                allowed=", ".join(sorted(comparable)) or "no set, for no row has this gate",
            )
