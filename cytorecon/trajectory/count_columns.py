"""Counts by column: in a large study each count is looked at once, not once for each field and measure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cytorecon.results import PopulationCount
from cytorecon.study.frame import objects

_NUMBERS: Final = (
    "cells_per_ul", "cells_per_ul_low", "cells_per_ul_high", "lloq_cells_per_ul",
    "percent_of_parent", "percent_of_parent_low", "percent_of_parent_high",
    "percent_of_lymphocytes", "percent_of_lymphocytes_low", "percent_of_lymphocytes_high",
    "percent_of_leukocytes", "percent_of_leukocytes_low", "percent_of_leukocytes_high",
)  # fmt: skip
_TEXTS: Final = ("count_method", "parent", "gate_definition")
_NAMES: Final = (*_NUMBERS, *_TEXTS, "below_lloq", "detected", "review")
_FIELDS: Final = attrgetter(*_NAMES)


@dataclass(frozen=True, slots=True)
class CountColumns:
    """Fields of counts.

    Parameters
    ----------
    numbers : mapping of str to ndarray of float
        NaN where not known.
    texts : mapping of str to ndarray of str
        ``count_method``, ``parent``, ``gate_definition``.
    below_lloq, not_detected : ndarray of bool
        Whether that is known of the count.
    review : ndarray of tuple of str
        Codes that say the number needs a look.
    """

    numbers: Mapping[str, npt.NDArray[np.float64]]
    texts: Mapping[str, npt.NDArray[np.object_]]
    below_lloq: npt.NDArray[np.bool_]
    not_detected: npt.NDArray[np.bool_]
    review: npt.NDArray[np.object_]

    @classmethod
    def of(cls, *tubes: Iterable[PopulationCount]) -> CountColumns:
        """Return the fields of the counts of one tube after the other.

        Examples
        --------
        >>> count = PopulationCount(population="B", parent="lymphocytes", status="counted", detected=False)
        >>> columns = CountColumns.of([count], [])
        >>> columns.not_detected, columns.numbers["cells_per_ul"]
        (array([ True]), array([nan]))
        """
        found: dict[str, list[Any]] = {name: [] for name in _NAMES}
        for counts in tubes:
            # of a tube without counts nothing is added
            for name, own in zip(_NAMES, zip(*map(_FIELDS, counts), strict=True), strict=False):
                found[name] += own
        return cls(
            {name: np.array(found[name], dtype=np.float64) for name in _NUMBERS},
            {name: objects(found[name]) for name in _TEXTS},
            np.array([bool(one) for one in found["below_lloq"]], dtype=np.bool_),
            np.array([one is False for one in found["detected"]], dtype=np.bool_),
            objects(found["review"]),
        )

    def at(self, rows: npt.NDArray[np.intp]) -> CountColumns:
        """Return the fields of some of the counts."""
        return CountColumns(
            {name: values[rows] for name, values in self.numbers.items()},
            {name: values[rows] for name, values in self.texts.items()},
            self.below_lloq[rows],
            self.not_detected[rows],
            self.review[rows],
        )
