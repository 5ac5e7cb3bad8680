"""What is wrong or doubtful about the amounts of one tube: the same for sheets and the upload form."""

from __future__ import annotations

from typing import Final

from cytorecon.knowledge.counting import AmountLimits, CountingRules
from cytorecon.study.numbers import quotable

#: A true count in deep aplasia; a fraction of nothing is no concentration.
ZERO_COUNT: Final = "0 is taken as too few to count; no concentration is computed from it."


def amount_doubt(value: float, limits: AmountLimits) -> str:
    """Return what is doubtful about a possible amount; empty when nothing is.

    Examples
    --------
    >>> from cytorecon.knowledge.counting import load_counting_rules
    >>> beads = load_counting_rules().amounts.beads_per_tube
    >>> amount_doubt(2000, beads)
    'This amount is unusual and was used as written. Found: 2000. Usual: 5000 to 500000 beads.'
    >>> amount_doubt(51420, beads)
    ''
    """
    if limits.is_usual(value):
        return ""
    return (
        f"This amount is unusual and was used as written. Found: {quotable(value)}. "
        f"Usual: {limits.usual_low:.15g} to {limits.usual_high:.15g} {limits.unit}."
    )


def count_conflict(wbc: float | None, lymphocytes: float | None, rules: CountingRules) -> str:
    """Return how the blood counts of one draw contradict each other; empty when they do not.

    Parameters
    ----------
    wbc, lymphocytes : float or None
        White cells and lymphocytes, cells/µL.
    rules : CountingRules
        How far rounding can bring lymphocytes above white cells.

    Examples
    --------
    >>> from cytorecon.knowledge.counting import load_counting_rules
    >>> count_conflict(900, 1200, load_counting_rules())
    'There are more lymphocytes (1200) than white cells (900 cells/µL), and lymphocytes are white cells.'
    """
    if wbc is None or lymphocytes is None:
        return ""
    slack = rules.lymphocytes_over_wbc
    if lymphocytes <= max(wbc * slack.value, wbc + slack.rounding):
        return ""
    return (
        f"There are more lymphocytes ({quotable(lymphocytes)}) than white cells ({quotable(wbc)} cells/µL), "
        "and lymphocytes are white cells."
    )
