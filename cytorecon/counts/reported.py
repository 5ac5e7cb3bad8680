"""How a concentration is written for people: ``156``, ``7.5``, ``<12``."""

from __future__ import annotations

import math

from cytorecon.results import PopulationCount


def reported_concentration(count: PopulationCount) -> str:
    """Return cells/µL as text.

    Parameters
    ----------
    count : PopulationCount
        With or without a concentration.

    Returns
    -------
    str
        Whole cells/µL from 10 on, one decimal from 1 on, two figures below;
        ``"<LLOQ"`` below the LLOQ; ``"not detected (<upper end)"``; empty when there is no
        concentration. Never ``"0"`` for fewer cells than can be counted.

    Examples
    --------
    >>> reported_concentration(PopulationCount(population="B", parent="lymphocytes", status="counted",
    ...                                        events=3, below_lloq=True, lloq_cells_per_ul=11.2))
    '<12'
    """
    if count.detected is False and count.cells_per_ul_high is not None:
        return not_detected_text(below_text(count.cells_per_ul_high))
    if count.below_lloq and count.lloq_cells_per_ul is not None:
        return below_text(count.lloq_cells_per_ul)
    return "" if count.cells_per_ul is None else value_text(count.cells_per_ul)


def censoring_limit(count: PopulationCount) -> float | None:
    """Return what a concentration that is not given lies below, cells/µL.

    The LLOQ; of what is not detected the upper end of its interval where that is higher: more events than the
    LLOQ asks for may all be background, and then "below the LLOQ" would say too much.

    Examples
    --------
    >>> censoring_limit(PopulationCount(population="B", parent="lymphocytes", status="counted", events=60,
    ...     detected=False, below_lloq=True, lloq_cells_per_ul=50.0, cells_per_ul_high=77.2))
    77.2
    """
    if (
        count.detected is False
        and count.lloq_cells_per_ul is not None
        and count.cells_per_ul_high is not None
    ):
        return max(count.lloq_cells_per_ul, count.cells_per_ul_high)
    return count.lloq_cells_per_ul


def not_detected_text(limit: str) -> str:
    """Return how "not detected" is written, with what there may be at most.

    Examples
    --------
    >>> not_detected_text("<3.7")
    'not detected (<3.7)'
    """
    return f"not detected ({limit})"


def is_not_detected(reported: str) -> bool:
    """Return whether a reported result says that the cells were not detected.

    Examples
    --------
    >>> is_not_detected(not_detected_text("<3.7")), is_not_detected("<12")
    (True, False)
    """
    return reported.startswith(not_detected_text("")[:-2])


def value_text(value: float) -> str:
    """Return a value with no decimals from 10 on, one from 1 on, and two figures below.

    Examples
    --------
    >>> value_text(156.4), value_text(7.46), value_text(0.043)
    ('156', '7.5', '0.043')
    """
    if value < 1:
        return f"{value:.2g}"
    # 9.96 rounds to 10.0 with one decimal, and 10 is written without.
    return f"{value:.0f}" if value >= 10 or round(value, 1) >= 10 else f"{value:.1f}"


def measure_text(value: float, measure: str) -> str:
    """Return a value as text in the way of its measure.

    Parameters
    ----------
    value : float
        In the unit of the measure.
    measure : str
        ``cells_per_ul``, ``ratio`` (two decimals) or a percentage (one decimal, two figures below 1).

    Examples
    --------
    >>> measure_text(156.4, "cells_per_ul"), measure_text(0.042, "percent_of_parent")
    ('156', '0.042')
    """
    if measure == "cells_per_ul":
        return value_text(value)
    if measure == "ratio":
        return f"{value:.2f}"
    return f"{value:.1f}" if value >= 1 or value == 0 else f"{value:.2g}"


def below_text(limit: float) -> str:
    """Return ``"<limit"`` with the limit rounded up, so that the statement stays true.

    Examples
    --------
    >>> below_text(4.91), below_text(50.0)
    ('<5', '<50')
    """
    # A limit that is whole but for floating-point noise (50.00000000000001) must not become 51.
    steady = float(f"{limit:.9g}")
    if steady > 10:
        return f"<{math.ceil(steady)}"
    return f"<{math.ceil(steady * 10) / 10:g}"
