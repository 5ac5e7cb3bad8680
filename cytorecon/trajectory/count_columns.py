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

#: What each measure is made of; a ratio is made of counts themselves.
_NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "cells_per_ul": ("cells_per_ul", "cells_per_ul_low", "cells_per_ul_high", "lloq_cells_per_ul"),
    **{
        measure: (measure, f"{measure}_low", f"{measure}_high")
        for measure in ("percent_of_parent", "percent_of_lymphocytes", "percent_of_leukocytes")
    },
    "ratio": (),
}
_TEXTS: Final = ("count_method", "parent", "gate_definition")


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
    def of(cls, *tubes: Iterable[PopulationCount], measures: Iterable[str] = tuple(_NUMBERS)) -> CountColumns:
        """Return the fields of the counts of one tube after the other, as far as `measures` need them.

        Examples
        --------
        >>> count = PopulationCount(population="B", parent="lymphocytes", status="counted", detected=False)
        >>> columns = CountColumns.of([count], [])
        >>> columns.not_detected, columns.numbers["cells_per_ul"]
        (array([ True]), array([nan]))
        """
        counts = [count for own in tubes for count in own]

        def of_all(name: str) -> list[Any]:
            return list(map(attrgetter(name), counts))

        names = [name for measure in measures for name in _NUMBERS[measure]]
        return cls(
            {name: np.array(of_all(name), dtype=np.float64) for name in names},
            {name: objects(of_all(name)) for name in _TEXTS},
            np.array(list(map(bool, of_all("below_lloq"))), dtype=np.bool_),
            np.array([one is False for one in of_all("detected")], dtype=np.bool_),
            objects(of_all("review")),
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
