"""The one place that turns numbers into words: dashboard, report and hover texts all call it.

A value below the limit of quantification is ``<12``, an unknown one is a dash, and every number
carries its unit. Cells/µL are rounded by :mod:`cytorecon.counts`, so they equal the tables'
digits. Missing is never shown as zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from cytorecon.counts.reported import below_text, measure_text
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.knowledge.references import References, load_references

MISSING: Final = "–"
#: How gating begins the reason of a population that holds all of its parent for want of a channel.
NOT_ASSESSED: Final = "not assessed"
MINUS: Final = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One way to express a population.

    Parameters
    ----------
    name : str
        ``measure`` of the trajectory table.
    label : str
        For people: axis titles, selectors.
    unit : str
        Unit as it is written after a number; empty for a ratio.
    scale : {"log", "linear"}
        Axis it is drawn on.
    """

    name: str
    label: str
    unit: str
    scale: Literal["log", "linear"]


#: In the order in which a page prefers them.
MEASURES: Final = (
    Measure("cells_per_ul", "cells/µL", "cells/µL", "log"),
    Measure("percent_of_leukocytes", "% of leukocytes", "%", "linear"),
    Measure("percent_of_lymphocytes", "% of lymphocytes", "%", "linear"),
    Measure("percent_of_parent", "% of parent", "%", "linear"),
    Measure("ratio", "ratio", "", "linear"),
)

COUNT_METHODS: Final = {
    "beads": "beads",
    "blood_count_alc": "blood count (lymphocytes)",
    "blood_count_wbc": "blood count (leukocytes)",
    "volumetric": "volumetric",
    "none": "no count method",
}


def measure_named(name: str) -> Measure:
    """Return the measure called `name` (KeyError if there is none)."""
    return {measure.name: measure for measure in MEASURES}[name]


def population_label(population: str) -> str:
    """Return the name of a population for people, as ``knowledge/populations.csv`` has it.

    Examples
    --------
    >>> population_label("CD4_T"), population_label("granulocytes"), population_label("B")
    ('CD4 T', 'Granulocytes', 'B')
    """
    return _populations().display_name(population)


@cache
def _populations() -> Populations:
    # read once: a page asks for hundreds of names, and the packaged file does not change
    return load_populations()


def reference_title(set_name: str) -> str:
    """Return the name of a reference set for people, as ``knowledge/reference_defaults.yaml`` has it.

    Examples
    --------
    >>> reference_title("shearer_2003")
    'Shearer 2003'
    """
    return _references().title(set_name)


@cache
def _references() -> References:
    return load_references()


def is_not_assessed(reason: str) -> bool:
    """Return whether a population has no number because the tube was not stained or set up for it.

    That is no fault of the tube, and no reason to look again.

    Examples
    --------
    >>> is_not_assessed("not assessed: no channel for viability"), is_not_assessed("no valley")
    (True, False)
    """
    return reason.startswith(NOT_ASSESSED)


def bare_reason(reason: str) -> str:
    """Return a reason without the words that say its kind, which stand before it on a page.

    Examples
    --------
    >>> bare_reason("not assessed: no channel for viability")
    'no channel for viability'
    """
    return reason.removeprefix(NOT_ASSESSED).removeprefix(": ")


def known(value: float | None) -> bool:
    """Return whether `value` is a number (not None, not NaN)."""
    return value is not None and not math.isnan(value)


def format_number(value: float | None, measure: str) -> str:
    """Return `value` without unit, in the digits of the tables, with separators for thousands.

    Parameters
    ----------
    value : float or None
        In the unit of the measure.
    measure : str
        One of :data:`MEASURES`.

    Examples
    --------
    >>> [format_number(v, "cells_per_ul") for v in (1234.4, 57.6, 3.21, None)]
    ['1,234', '58', '3.2', '–']
    >>> [format_number(v, "percent_of_lymphocytes") for v in (45.25, 0.0321)]
    ['45.2', '0.032']
    """
    if value is None or math.isnan(value):
        return MISSING
    whole, point, rest = measure_text(value, measure).partition(".")
    return f"{int(whole):,}{point}{rest}"


def with_unit(text: str, measure: str) -> str:
    """Append the unit of `measure` to a formatted number; a dash stays a dash.

    Examples
    --------
    >>> with_unit("58", "cells_per_ul"), with_unit("4.2", "percent_of_parent"), with_unit("–", "ratio")
    ('58 cells/µL', '4.2 %', '–')
    """
    unit = measure_named(measure).unit
    return text if text == MISSING or not unit else f"{text} {unit}"


def format_result(
    value: float | None, measure: str, *, lloq: float | None = None, below_lloq: bool = False
) -> str:
    """Return a result without its unit, for a table whose head names the unit.

    Parameters
    ----------
    value : float or None
        The result; ignored when below the LLOQ.
    measure : str
        One of :data:`MEASURES`.
    lloq : float or None
        Lower limit of quantification, same unit.
    below_lloq : bool
        Whether the result is below it.

    Examples
    --------
    >>> format_result(57.6, "cells_per_ul"), format_result(None, "cells_per_ul")
    ('58', '–')
    >>> format_result(None, "cells_per_ul", lloq=11.2, below_lloq=True)
    '<12'
    """
    if not below_lloq:
        return format_number(value, measure)
    if lloq is None or math.isnan(lloq):
        return "<LLOQ"
    return below_text(lloq) if measure == "cells_per_ul" else f"<{format_number(lloq, measure)}"


def format_value(
    value: float | None, measure: str, *, lloq: float | None = None, below_lloq: bool = False
) -> str:
    """Return a result as it is shown everywhere: :func:`format_result` and the unit.

    Examples
    --------
    >>> format_value(57.6, "cells_per_ul")
    '58 cells/µL'
    >>> format_value(None, "cells_per_ul", lloq=11.2, below_lloq=True)
    '<12 cells/µL'
    >>> format_value(None, "cells_per_ul")
    '–'
    """
    return with_unit(format_result(value, measure, lloq=lloq, below_lloq=below_lloq), measure)


def format_interval(low: float | None, high: float | None, measure: str) -> str:
    """Return a 95 % interval, e.g. ``51–66``; a dash when a bound is unknown.

    Examples
    --------
    >>> format_interval(50.8, 65.6, "cells_per_ul")
    '51–66'
    >>> format_interval(0.0, None, "cells_per_ul")
    '–'
    """
    if not known(low) or not known(high):
        return MISSING
    return f"{format_number(low, measure)}–{format_number(high, measure)}"


def format_day(day: int | float) -> str:
    """Return a day on the patient's clock with its sign.

    Examples
    --------
    >>> format_day(100), format_day(0), format_day(-8)
    ('+100', '0', '−8')
    """
    whole = round(day)
    return f"+{whole}" if whole > 0 else f"{MINUS}{-whole}" if whole < 0 else "0"


def format_count(count: int | None) -> str:
    """Return a number of events with thousands separators; a dash when unknown.

    Examples
    --------
    >>> format_count(12345), format_count(0), format_count(None)
    ('12,345', '0', '–')
    """
    return MISSING if count is None else f"{count:,}"


def format_method(method: str) -> str:
    """Return the count method in words.

    Examples
    --------
    >>> format_method("blood_count_alc")
    'blood count (lymphocytes)'
    """
    return COUNT_METHODS.get(method, method)
