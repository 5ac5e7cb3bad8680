"""On which days a cohort's probabilities are stated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

#: Months 1, 2, 3, 6 and 12, at which recovery is measured (Westhafen Intercontinental Group 2025, Blood Adv
#: 9:6141, table 5), as days of the programme.
DAYS: Final = (30, 60, 100, 180, 365)


def stated_days(days: Sequence[int] | None, deadline: int | None) -> tuple[int, ...]:
    """Return the days asked for, else the usual ones and the deadline of the rule.

    Examples
    --------
    >>> stated_days(None, 90)
    (30, 60, 90, 100, 180, 365)
    """
    if days is not None:
        return tuple(days)
    return tuple(sorted({*DAYS, *(() if deadline is None else (deadline,))}))
