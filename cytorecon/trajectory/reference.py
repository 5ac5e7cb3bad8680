"""Cells of the trajectory table that hold a result against healthy people."""

from __future__ import annotations

from cytorecon.knowledge.reference_age import AgeLimits, percentile_of, z_score
from cytorecon.study.frame import Cell
from cytorecon.trajectory.points import Point


def reference_cells(point: Point, limits: AgeLimits | None) -> dict[str, Cell]:
    """Return the columns ``reference_*`` of one row; all empty where no limits may be shown."""
    z = None if limits is None or point.censored or point.value is None else z_score(point.value, limits)
    return {
        "reference_low": None if limits is None else limits.low,
        "reference_high": None if limits is None else limits.high,
        "reference_percentiles": "" if limits is None else limits.percentiles,
        "reference_set": "" if limits is None else limits.set,
        "reference_position": "" if limits is None else _position(point, limits),
        "reference_median": None if limits is None else limits.median,
        "reference_z": z,
        "reference_percentile": None if z is None else percentile_of(z),
        "reference_basis": "" if limits is None else limits.basis,
        "reference_source": "" if limits is None else limits.source,
    }


def _position(point: Point, limits: AgeLimits) -> str:
    if point.censored:
        # Somewhere below the LLOQ: certainly below the limits only when these lie no lower.
        return "below" if point.lloq is not None and point.lloq <= limits.low else ""
    if point.value is None:
        return ""
    if point.value < limits.low:
        return "below"
    return "above" if point.value > limits.high else "within"
