"""One row per result: what was found beside what is true, and how well the two agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Final

import numpy as np
import pandas as pd

from cytorecon.gating.shapes import Mask
from cytorecon.knowledge.evaluation import EvaluationRules

#: Statuses of a result that nobody has to look at.
ACCEPTED: Final = ("ok", "not_detected", "below_lloq")
#: Statuses that say that the population is there.
DETECTED: Final = ("ok", "review", "below_lloq")


@dataclass(frozen=True, slots=True)
class Score:
    """One population of one tube, found by one method.

    Parameters
    ----------
    dataset, batch, regime, method : str
        Set of tubes, batch gated together, how (``together``, ``alone``, ``left_out`` or
        ``diluted``), and by what (``cytorecon`` or a baseline).
    tube, patient, population, parent : str
        What it is about.
    planted : int or None
        True cells, where their number was chosen.
    true, found : int
        Events; found is None where the population was not evaluable.
    true_positives : int or None
        Found and true; None where only numbers are known.
    true_parent, found_parent : int or None
        Events of the parent.
    status : str
        ``ok``, ``review``, ``not_detected``, ``below_lloq`` or ``not_evaluable``.
    review : str
        Codes, joined by a space.
    instability : float or None
        Change of log10(count) when the gates move by their standard error.
    """

    dataset: str
    batch: str
    regime: str
    method: str
    tube: str
    patient: str
    population: str
    parent: str
    planted: int | None
    true: int
    found: int | None
    true_positives: int | None
    true_parent: int | None
    found_parent: int | None
    status: str
    review: str = ""
    instability: float | None = None


_INTEGERS: Final = (
    "planted", "true", "found", "true_positives", "true_parent", "found_parent",
)  # fmt: skip

#: Columns of the table of scores.
SCORE_COLUMNS: Final = (
    *(field.name for field in fields(Score)),
    "precision",
    "recall",
    "f1",
    "log10_ratio",
    "bias_of_parent",
    "has_f1",
    "is_detected",
    "is_accepted",
    "is_wrong",
    "is_close",
)


def agreement(found: Mask, true: Mask) -> int:
    """Return how many events are found and true."""
    return int(np.count_nonzero(found & true))


def score_table(scores: Iterable[Score], rules: EvaluationRules) -> pd.DataFrame:
    """Return `scores` as a table with what follows from them, columns ``SCORE_COLUMNS``.

    Notes
    -----
    F1 = 2 TP / (true + found); it is 1 when both are 0, and 0 when one of them is. The ratio is
    log10((found + 1) / (true + 1)). The bias is in percentage points of the parent: found of what
    was found of the parent, minus true of true. Wrong and close are in ``evaluation.yaml``. `has_f1`:
    enough true cells for F1 to mean something. `is_detected`: the status says that the population is
    there, and at least one event was found.

    Examples
    --------
    >>> from cytorecon.knowledge.evaluation import load_evaluation_rules
    >>> row = Score("set", "1", "together", "cytorecon", "a", "P01", "B", "root", None, 100, 90, 80, 1000,
    ...             1000, "ok")
    >>> score_table([row], load_evaluation_rules())[["precision", "recall", "f1", "is_wrong"]].round(3)
       precision  recall     f1  is_wrong
    0      0.889     0.8  0.842     False
    """
    table = pd.DataFrame([asdict(score) for score in scores], columns=[item.name for item in fields(Score)])
    for name in _INTEGERS:
        table[name] = table[name].astype("Int64")
    table["instability"] = table["instability"].astype("float64")
    numbers = {name: table[name].to_numpy("float64", na_value=np.nan) for name in _INTEGERS}
    true, found, both = numbers["true"], numbers["found"], numbers["true_positives"]
    table["precision"] = _share(both, found)
    table["recall"] = _share(both, true)
    nothing = (true == 0) & (found == 0)
    table["f1"] = np.where(nothing, 1.0, _share(2 * both, true + found))
    table["log10_ratio"] = np.log10((found + 1) / (true + 1))
    table["bias_of_parent"] = 100 * (
        _share(found, numbers["found_parent"]) - _share(true, numbers["true_parent"])
    )
    table["has_f1"] = (true >= rules.f1_least_cells.value) & table["f1"].notna()
    table["is_detected"] = table["status"].isin(DETECTED) & (found > 0)
    # "not detected" says that there are none, whatever few events lie in the gate
    said = np.where(table["status"] == "not_detected", 0.0, found)
    away = np.abs(said - true)
    wrong, close = rules.wrong, rules.close
    table["is_accepted"] = table["status"].isin(ACCEPTED)
    table["is_wrong"] = (away > wrong.share.value * true) & (
        away > wrong.deviations.value * np.sqrt(true) + wrong.cells.value
    )
    table["is_close"] = away <= close.deviations.value * np.sqrt(true) + close.cells.value
    return table[list(SCORE_COLUMNS)]


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(whole > 0, part / whole, np.nan))
