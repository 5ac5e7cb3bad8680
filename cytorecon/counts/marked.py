"""Counts with review codes: what a code says about the result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cytorecon.knowledge.review_flags import questions_absence
from cytorecon.results import PopulationCount


def marked(count: PopulationCount, codes: Iterable[str]) -> PopulationCount:
    """Return `count` with `codes` after those that it carries.

    Parameters
    ----------
    count : PopulationCount
        Of one population.
    codes : iterable of str
        Review codes; one that it carries already is not repeated.

    Examples
    --------
    >>> count = PopulationCount(population="B", parent="lymphocytes", status="counted", detected=False)
    >>> count.verdict, marked(count, ["gate.none_seen:CD19"]).verdict, marked(count, ["assay.labels"]).verdict
    ('not_detected', 'not_detected', 'review')
    """
    review = tuple(dict.fromkeys((*count.review, *codes)))
    return replace(count, review=review, absence_in_doubt=questions_absence(review))
