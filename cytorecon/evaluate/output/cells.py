"""Numbers of the tables as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

#: What a document says where there is no number.
NOTHING = "–"


def fraction(value: object) -> str:
    """Return an F1 or a share with three decimals.

    Examples
    --------
    >>> fraction(0.98765), fraction(None)
    ('0.988', '–')
    """
    return _number(value, "{:.3f}")


def percent(value: object) -> str:
    """Return a share as a percentage with one decimal."""
    return NOTHING if _is_missing(value) else f"{100 * float(str(value)):.1f} %"


def points(value: object) -> str:
    """Return percentage points with their sign."""
    return _number(value, "{:+.2f}")


def whole(value: object) -> str:
    """Return a whole number, or a half where a median lies between two."""
    return _number(value, "{:g}")


def text(value: object) -> str:
    """Return a word as it is."""
    return NOTHING if _is_missing(value) or value == "" else str(value)


def yes_or_no(value: object) -> str:
    """Return whether a target was met; NOTHING where no result can tell."""
    return NOTHING if _is_missing(value) else ("met" if value else "**not met**")


def spread(low: object, high: object, form: Callable[[object], str]) -> str:
    """Return an interval, or nothing."""
    return "" if _is_missing(low) or _is_missing(high) else f" [{form(low)}, {form(high)}]"


def markdown_table(rows: Sequence[Mapping[str, str]]) -> str:
    """Return a Markdown table; keys are the header.

    Examples
    --------
    >>> print(markdown_table([{"population": "B", "n": "3"}]))
    | population | n |
    |---|---|
    | B | 3 |
    """
    if not rows:
        return "(no results)"
    header = list(rows[0])
    lines = [_line(header), "|" + "---|" * len(header)]
    lines += [_line([row[name] for name in header]) for row in rows]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _number(value: object, form: str) -> str:
    return NOTHING if _is_missing(value) else form.format(float(str(value)))


def _is_missing(value: object) -> bool:
    return value is None or bool(pd.isna(value))  # type: ignore[call-overload]  # any object is allowed
