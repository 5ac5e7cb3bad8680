"""The name of a visit: the same check for sheets and for the upload form."""

from __future__ import annotations

import re
from typing import Final

from cytorecon.knowledge.visit_labels import VisitLabels
from cytorecon.study.found import holds_date

_SIGNS: Final = frozenset("+-./ ")
_RUN: Final = re.compile(r"[^\W\d_]+|\d+")


def visit_problem(text: str, labels: VisitLabels) -> str:
    """Return why `text` cannot be the name of a visit; empty when it can.

    Parameters
    ----------
    text : str
        As written, without spaces around it; empty is fine.
    labels : VisitLabels
        What names are made of.

    Returns
    -------
    str
        A sentence that does not repeat the text.

    Examples
    --------
    >>> from cytorecon.knowledge.visit_labels import load_visit_labels
    >>> labels = load_visit_labels()
    >>> [visit_problem(text, labels) for text in ("+30", "1 y", "pre-transplant", "Week 6", "C1D15")]
    ['', '', '', '', '']
    >>> visit_problem("31.03.2024", labels)
    'The name of a visit must not hold a date.'
    >>> visit_problem("Anna Muster", labels)
    'The name of a visit has a word that is not known as a word for visits.'
    """
    if holds_date(text):
        return "The name of a visit must not hold a date."
    if len(text) > labels.longest:
        return f"The name of a visit is too long ({len(text)} characters)."
    if not all(mark.isalnum() or mark in _SIGNS for mark in text):
        return "The name of a visit has a sign that is not allowed."
    if any(run[0].isdigit() and len(run[0]) > labels.digits for run in _RUN.finditer(text)):
        return f"The name of a visit has a number of more than {labels.digits} digits."
    if not all(_allowed(run, text, labels) for run in _RUN.finditer(text)):
        return "The name of a visit has a word that is not known as a word for visits."
    return ""


def visit_rule(labels: VisitLabels) -> str:
    """Return what the name of a visit may be, for people."""
    return (
        f"up to {labels.longest} letters, digits, spaces and + - . /, in words for visits, "
        "e.g. +30, 1 y, week 6, pre-transplant, relapse"
    )


def _allowed(run: re.Match[str], text: str, labels: VisitLabels) -> bool:
    word = run[0]
    if word[0].isdigit():
        return True
    beside = text[run.start() - 1 : run.start()] + text[run.end() : run.end() + 1]
    return labels.allows(word, beside_digit=any(mark.isdigit() for mark in beside))
