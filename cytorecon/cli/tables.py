"""What commands that print tables share: the tables of a study, and a table as JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from cytorecon.study import Study


@dataclass(frozen=True, slots=True)
class StudyTables:
    """A study with its trajectories and milestones."""

    study: Study
    trajectories: pd.DataFrame
    milestones: pd.DataFrame


def study_tables(place: str) -> StudyTables:
    """Return the tables of the study at `place`."""
    from cytorecon.milestone import milestones
    from cytorecon.store import StudyStore
    from cytorecon.trajectory import trajectories

    with StudyStore.open(place) as store:
        result = store.result(plots=False)
    curves = trajectories(result)
    return StudyTables(result.study, curves, milestones(curves, result.study))


def records(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return a table as a list of mappings; what is not known is None.

    Infinity is ``"inf"``: JSON has no word for it, and "not reached" is not "not known".

    Examples
    --------
    >>> import pandas as pd
    >>> records(pd.DataFrame({"day": [1.0, float("inf"), float("nan")]}))
    [{'day': 1.0}, {'day': 'inf'}, {'day': None}]
    """
    import pandas as pd

    def plain(value: object) -> object:
        if value is pd.NA or value is None:
            return None
        if isinstance(value, float):
            return None if math.isnan(value) else value if math.isfinite(value) else str(value)
        return value

    rows = table.astype(object).to_dict("records")
    return [{str(name): plain(value) for name, value in row.items()} for row in rows]
