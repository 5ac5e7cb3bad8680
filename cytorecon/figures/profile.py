"""The personal immune profile as one picture: SVG text, drawn without a browser.

Each subset has a line: where it stands among healthy people of the age, now and at the visit before, and
where comparable patients stand at that time. A z-score is a point. Where the reference gives no median,
only the side of the limits is known, and the whole side is shaded instead.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Any, Final

import pandas as pd

from cytorecon.figures import theme
from cytorecon.figures.format import MISSING, measure_named, population_label, reference_title
from cytorecon.knowledge.profile import ProfileParts, load_profile_parts

_Row = Mapping[Hashable, Any]

_WIDTH, _NAMES, _LEFT, _RIGHT = 960, 128, 330, 700
_HEAD, _LINE, _GAP, _FOOT_LINE = 148, 22, 12, 16
#: Characters of a line under the picture.
_FOOT_CHARACTERS: Final = 150
#: Range of the axis; what lies beyond is drawn at its end as an arrow.
_FURTHEST: Final = 6.0
#: Ends of the usual limits: the 2.5th and 97.5th percentile.
_LIMIT: Final = 1.96
_TICKS: Final = (-6, -4, -2, 0, 2, 4, 6)
_NOW, _BEFORE, _COHORT = theme.BLUE, theme.MUTED, theme.ORANGE


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the picture: a subset, or the subsets of a compartment that were not measured."""

    y: float
    row: _Row | None
    words: str = ""


def profile_svg(profile: pd.DataFrame, distance: pd.DataFrame, *, parts: ProfileParts | None = None) -> str:
    """Return the profile of one patient as an SVG picture.

    Parameters
    ----------
    profile : DataFrame
        Of :func:`cytorecon.patient.immune_profile`.
    distance : DataFrame
        Of :func:`cytorecon.patient.profile_distance` for it.
    parts : ProfileParts, optional
        Names of compartments; the packaged file by default.

    Returns
    -------
    str
        ``<svg>…</svg>``, 960 wide; the height follows the subsets.
    """
    known = parts or load_profile_parts()
    body: list[str] = []
    y = float(_HEAD)
    for compartment, rows in profile.groupby("compartment", sort=False):
        lines, end = _lines(rows.to_dict("records"), y)
        body += _compartment(known.title(str(compartment)), lines, y, end)
        y = end + _GAP
    height = int(y + _foot_height(profile))
    font = f'font-family="{escape(theme.FONT_FAMILY)}" font-size="12" fill="{theme.INK}"'
    first: _Row = distance.to_dict("records")[0]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" {font}>',
            f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
            *_backdrop(y - _GAP),
            *_head(first),
            *body,
            *_foot(profile, height),
            "</svg>\n",
        ]
    )


def _lines(rows: list[dict[Hashable, Any]], top: float) -> tuple[list[_Line], float]:
    """Return the lines of a compartment below `top`, and where they end."""
    shown = [row for row in rows if row["reported"] or row["earlier_reported"]]
    unknown = dict.fromkeys(population_label(row["population"]) for row in rows if row not in shown)
    lines = [_Line(top + _LINE * (place + 0.5), row) for place, row in enumerate(shown)]
    if unknown:
        words = f"not measured: {', '.join(unknown)}"
        lines.append(_Line(top + _LINE * (len(lines) + 0.5), None, words))
    return lines, top + _LINE * len(lines)


def _compartment(title: str, lines: list[_Line], top: float, end: float) -> Iterator[str]:
    yield f'<rect x="12" y="{top:.1f}" width="4" height="{end - top:.1f}" fill="{theme.FRAME}"/>'
    yield _text(24, top + _LINE / 2 + 4, title, weight="bold")
    for line in lines:
        if line.row is None:
            yield _text(_NAMES, line.y + 4, line.words, colour=theme.MUTED, size=11)
        else:
            yield from _subset(line.row, line.y)


def _subset(row: _Row, y: float) -> Iterator[str]:
    yield _text(_NAMES, y + 4, f"{population_label(row['population'])}{_unit(row)}")
    yield f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{theme.GRID}"/>'
    if not _known(row["z"]) and not row["position"]:
        # white, so that words in the middle of the scale are not read as usual
        left, width = _x(-_LIMIT), _x(_LIMIT) - _x(-_LIMIT)
        yield f'<rect x="{left:.1f}" y="{y - 9:.1f}" width="{width:.1f}" height="18" fill="white"/>'
        yield _text(_x(0), y + 4, row["missing"], anchor="middle", size=11, colour=theme.MUTED)
    yield from _standing(row["cohort_z"], row["cohort_position"], y, "cohort")
    yield from _standing(row["earlier_z"], row["earlier_position"], y, "before")
    yield from _standing(row["z"], row["position"], y, "now")
    yield _text(_RIGHT + 92, y + 4, row["reported"] or MISSING, anchor="end", weight="bold")
    yield _text(_RIGHT + 178, y + 4, row["earlier_reported"] or MISSING, anchor="end", colour=_BEFORE)
    cohort = str(row["n_cohort"]) if row["cohort_position"] or _known(row["cohort_z"]) else MISSING
    yield _text(_RIGHT + 240, y + 4, cohort, anchor="end", colour=_BEFORE)


def _known(value: float | None) -> bool:
    return bool(pd.notna(value))


def _unit(row: _Row) -> str:
    """Return what follows the name of a subset: the parent for a percentage, else nothing."""
    if measure_named(row["measure"]).unit != "%":
        return ""
    return f", % of {population_label(row['unit'].removeprefix('% of '))}"


def _standing(z: float | None, position: str, y: float, which: str) -> Iterator[str]:
    """Yield a point at a z-score, or a bar over the side of the limits that is known."""
    if z is not None and _known(z):
        yield _point(z, y, which)
    elif position:
        yield _side(position, y, which)


def _point(z: float, y: float, which: str) -> str:
    x = _x(z)
    if abs(z) > _FURTHEST:
        tip = 6 if z > 0 else -6
        fill = {"now": _NOW, "before": "white", "cohort": _COHORT}[which]
        stroke = {"now": _NOW, "before": _BEFORE, "cohort": _COHORT}[which]
        points = f"{x + tip},{y} {x - tip},{y - 5} {x - tip},{y + 5}"
        return f'<polygon points="{points}" fill="{fill}" stroke="{stroke}" stroke-width="1.5"/>'
    if which == "cohort":
        points = f"{x},{y - 6} {x + 5},{y} {x},{y + 6} {x - 5},{y}"
        return f'<polygon points="{points}" fill="{_COHORT}"/>'
    if which == "before":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="white" stroke="{_BEFORE}" stroke-width="1.8"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" fill="{_NOW}"/>'


def _side(position: str, y: float, which: str) -> str:
    low, high = {
        "below": (-_FURTHEST, -_LIMIT),
        "within": (-_LIMIT, _LIMIT),
        "above": (_LIMIT, _FURTHEST),
    }[position]
    left, width = _x(low) + 3, _x(high) - _x(low) - 6
    shift, height, paint = {
        "now": (-4, 8, f'fill="{_NOW}" fill-opacity="0.75"'),
        "before": (-7, 14, f'fill="none" stroke="{_BEFORE}" stroke-width="1.4"'),
        "cohort": (7, 3, f'fill="{_COHORT}"'),
    }[which]
    return f'<rect x="{left:.1f}" y="{y + shift:.1f}" width="{width:.1f}" height="{height}" rx="3" {paint}/>'


def _x(z: float) -> float:
    inside = min(max(z, -_FURTHEST), _FURTHEST)
    return _LEFT + (_RIGHT - _LEFT) * (inside + _FURTHEST) / (2 * _FURTHEST)


def _backdrop(bottom: float) -> Iterator[str]:
    left, width = _x(-_LIMIT), _x(_LIMIT) - _x(-_LIMIT)
    top = _HEAD - 8
    yield (
        f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{bottom - top + 6:.1f}" '
        f'fill="{theme.GREEN}" fill-opacity="0.13"/>'
    )
    for tick in _TICKS:
        x = _x(tick)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom + 6:.1f}" stroke="{theme.GRID}"/>'
        yield _text(x, top - 4, f"{tick:+d}".replace("-", "\N{MINUS SIGN}") if tick else "0", anchor="middle")
    names = {"below": -4.0, "usual for the age": 0.0, "above": 4.0}
    for name, z in names.items():
        yield _text(_x(z), top - 20, name, anchor="middle", weight="bold", colour=theme.MUTED)


def _head(distance: _Row) -> Iterator[str]:
    day = distance["days_after_transplant"]
    when = "no visit" if not _known(day) else f"day {day}"
    yield _text(12, 26, f"Immune profile of {distance['patient']}, {when}", size=17, weight="bold")
    yield _text(12, 48, distance["words"])
    earlier = distance["earlier_day"]
    entries = [("now", when)]
    if _known(earlier):
        entries.append(("before", f"before, day {earlier}"))
    entries.append(("cohort", "median of comparable patients at that time"))
    x = 12.0
    for which, words in entries:
        # a point of the legend stands where its words begin, whatever the scale
        yield f'<g transform="translate({x + 8 - _x(0):.1f},0)">{_point(0.0, 72, which)}</g>'
        yield _text(x + 20, 76, words)
        x += 36 + 6.4 * len(words)
    yield f'<rect x="{x:.1f}" y="68" width="34" height="8" rx="3" fill="{_NOW}" fill-opacity="0.75"/>'
    yield _text(x + 42, 76, "bar: only the side is known", colour=theme.MUTED)
    for place, title in ((92, "now"), (178, "before"), (240, "n cohort")):
        yield _text(_RIGHT + place, _HEAD - 12, title, anchor="end", colour=theme.MUTED)


def _foot(profile: pd.DataFrame, height: int) -> Iterator[str]:
    sets = (
        ", ".join(dict.fromkeys(reference_title(name) for name in profile["reference_set"] if name)) or "none"
    )
    scale = "Scale: standard deviations from the median of healthy people of the age; counts in cells/µL."
    lines = [scale, *wrap(f"Reference sets: {sets}. Research use only.", _FOOT_CHARACTERS)]
    for place, words in enumerate(lines):
        yield _text(12, height - _FOOT_LINE * (len(lines) - place) + 4, words, size=11, colour=theme.MUTED)


def _foot_height(profile: pd.DataFrame) -> int:
    return _FOOT_LINE * (len(list(_foot(profile, 0))) + 1)


def _text(
    x: float,
    y: float,
    content: str,
    *,
    anchor: str = "start",
    weight: str = "normal",
    size: float = 12,
    colour: str = theme.INK,
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" font-size="{size:g}"'
    return f'<text {place} fill="{colour}">{escape(content)}</text>'
