"""The band of the cohort's own patients whom no event disturbed, behind a patient's curve."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cytorecon.figures import theme
from cytorecon.figures.drawing import Drawing
from cytorecon.figures.format import with_unit
from cytorecon.figures.panel import Panel, add_trace
from cytorecon.figures.panel_band import BandWindow


def own_bands(summary: pd.DataFrame, *, measure: str) -> Mapping[str, tuple[BandWindow, ...]]:
    """Return the band of each population in one measure.

    Parameters
    ----------
    summary : DataFrame
        ``COHORT_COLUMNS``, as :func:`~cytorecon.event_free.event_free_summary` makes it. Windows with too few
        patients are in no band.
    measure : str
        One of the measures of ``cytorecon.figures.format``.
    """
    rows = summary[(summary["measure"] == measure) & ~summary["suppressed"].astype(bool)]
    found: dict[str, list[BandWindow]] = {}
    for row in rows.to_dict("records"):
        words = " to ".join(str(row[f"quartile_{side}_reported"]) for side in ("low", "high"))
        median = with_unit(str(row["median_reported"]), measure)
        window = BandWindow(
            window=str(row["window"]),
            day=int(row["target_day"]),
            n=int(row["n"]),
            low=_known(row["quartile_low"]),
            median=_known(row["median"]),
            high=_known(row["quartile_high"]),
            text=f"median {median}, quartiles {with_unit(words, measure)}",
        )
        found.setdefault(str(row["population"]), []).append(window)
    return {population: tuple(sorted(own, key=lambda each: each.day)) for population, own in found.items()}


def add_own_band(drawing: Drawing, panel: Panel) -> bool:
    """Draw the median with quartiles as bars, one per window; return whether there is any.

    Windows are not joined: different patients stand behind each.
    """
    windows = panel.own_band
    if not windows:
        return False
    lows = [_height(panel, window.low) for window in windows]
    middles = [_height(panel, window.median) for window in windows]
    highs = [_height(panel, window.high) for window in windows]
    add_trace(
        drawing,
        panel,
        "own_band",
        [panel.time.position(window.day) for window in windows],
        middles,
        mode="markers",
        hovertext=[
            f"<b>{window.window}: this cohort, no disturbing event</b><br>{window.text}<br>n = {window.n}"
            for window in windows
        ],
        hoverinfo="text",
        marker={"symbol": "line-ew-open", "size": 13, "color": theme.OWN_BAND, "line": {"width": 2}},
        error_y={
            "type": "data",
            "array": [high - middle for high, middle in zip(highs, middles, strict=True)],
            "arrayminus": [middle - low for low, middle in zip(lows, middles, strict=True)],
            "thickness": 7,
            "width": 0,
            "color": theme.with_alpha(theme.OWN_BAND, 0.35),
        },
    )
    return True


def _height(panel: Panel, value: float | None) -> float:
    """Return a height within the panel; what lies below the LLOQ stands in its strip."""
    if value is None:
        return panel.values.lloq_center if panel.values.lloq_strip else panel.values.low
    return min(panel.values.position(value), panel.values.high)


def _known(cell: object) -> float | None:
    return float(cell) if isinstance(cell, int | float) and not pd.isna(cell) else None
