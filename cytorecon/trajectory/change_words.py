"""A change in words: what it was made of, the largest part first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cytorecon.counts.reported import value_text
from cytorecon.knowledge.populations import Populations, load_populations
from cytorecon.trajectory.change import Change, ChangePart

#: A part is called halved or doubled up to this far from it (a tenth).
_NEAR: Final = 0.1
#: Lots differ by a few percent; where the sheet's beads per µL differ by more (ln), a slip may be the cause.
_OTHER_BEADS: Final = 0.2
#: Beyond so many times a factor reads better than a percentage.
_LARGE: Final = 2.2


def describe_change(change: Change, *, populations: Populations | None = None) -> str:
    """Return one or two sentences about a change.

    Parameters
    ----------
    change : Change
        From :func:`~cytorecon.trajectory.change.explain_change`.
    populations : Populations, optional
        Names for people; the packaged ones by default.

    Examples
    --------
    >>> parts = (ChangePart("blood_count", "lymphocytes", "", math.log(0.5), -0.9, -0.5),
    ...          ChangePart("share", "CD4_T", "lymphocytes", math.log(0.98), -0.1, 0.06),
    ...          ChangePart("gates", "CD4_T", "", 0.0, -0.05, 0.05))
    >>> change = Change("P01", "CD4_T", "a", "b", 60, 100, 210.0, 103.0, ("beads", "beads"),
    ...                 math.log(0.49), -0.95, -0.5, parts)
    >>> describe_change(change).partition(": ")[0]
    'CD4 T fell from 210 to 103 cells/µL (day 60 to 100)'
    >>> for clause in describe_change(change).partition(": ")[2].split("; "):
    ...     print(clause)
    lymphocytes halved (×0.50)
    CD4 T of lymphocytes not clearly different (×0.98)
    gate positions account for at most 6 %.
    """
    names = populations or load_populations()
    label = names.display_name(change.population)
    if change.ln_ratio is None or change.before is None or change.after is None:
        return f"{label}, day {change.before_day} to {change.after_day}: not taken apart, {change.reason}."
    told = sorted(_told(change), key=lambda part: -round(abs(part.ln_ratio), 6))
    clauses = [
        f"{_in_sentence(_name(part, names))} {_moved(part.ln_ratio, part.low, part.high)}" for part in told
    ]
    clauses += [
        _beads(part) for part in change.parts if part.kind == "beads" and abs(part.ln_ratio) > _OTHER_BEADS
    ]
    clauses += [_gates(part) for part in change.parts if part.kind == "gates" and part.high]
    verb = _verb(change.ln_ratio, change.low, change.high)
    sentence = (
        f"{label} {verb} from {value_text(change.before)} to {value_text(change.after)} cells/µL "
        f"(day {change.before_day} to {change.after_day}): {'; '.join(clauses)}."
    )
    if change.is_switch:
        sentence += " The two visits were counted by different methods: part of the change may be theirs."
    return sentence


def _told(change: Change) -> Iterator[ChangePart]:
    """Yield the parts a reader thinks in: cells per bead and beads per µL together are cells per µL."""
    by_sheet = sum(part.ln_ratio for part in change.parts if part.kind == "beads")
    for part in change.parts:
        if part.kind == "share":
            yield part
        elif part.kind == "blood_count":
            low = None if part.low is None else part.low + by_sheet
            high = None if part.high is None else part.high + by_sheet
            yield replace(part, ln_ratio=part.ln_ratio + by_sheet, low=low, high=high)


def _name(part: ChangePart, names: Populations) -> str:
    if part.kind == "blood_count":
        return names.display_name(part.population)
    return f"{names.display_name(part.population)} of {names.display_name(part.of)}"


def _in_sentence(name: str) -> str:
    """Return a name as it stands within a sentence: words in lower case, markers and letters as they are."""
    return " of ".join(
        word[0].lower() + word[1:] if word[1:2].islower() else word for word in name.split(" of ")
    )


def _verb(ln_ratio: float, low: float | None, high: float | None) -> str:
    if low is not None and high is not None and low <= 0 <= high:
        return "did not clearly change,"
    return "rose" if ln_ratio > 0 else "fell"


def _moved(ln_ratio: float, low: float | None, high: float | None) -> str:
    factor = math.exp(ln_ratio)
    shown = f"(×{factor:.2f})"
    if low is not None and high is not None and low <= 0 <= high:
        return f"not clearly different {shown}"
    if abs(factor / 2 - 1) <= _NEAR:
        return f"doubled {shown}"
    if abs(factor * 2 - 1) <= _NEAR:
        return f"halved {shown}"
    if factor > _LARGE:
        return f"rose ×{factor:.1f}"
    return f"{'rose' if factor > 1 else 'fell'} by {100 * abs(factor - 1):.0f} % {shown}"


def _beads(part: ChangePart) -> str:
    return f"beads, volume and dilution on the sheet differ ×{math.exp(part.ln_ratio):.2f}: check them"


def _gates(part: ChangePart) -> str:
    reach = 100 * math.expm1(part.high or 0.0)
    return f"gate positions account for at most {math.ceil(reach - 1e-9):.0f} %"
