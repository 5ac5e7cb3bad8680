"""Count days from another anchor: the second transplant, a DLI, CAR-T."""

from __future__ import annotations

import pandas as pd

from cytorecon.errors import StudyError
from cytorecon.study.model import Study


def on_clock(table: pd.DataFrame, study: Study, anchor: str) -> pd.DataFrame:
    """Return `table` with days counted from another anchor.

    Parameters
    ----------
    table : DataFrame
        With columns `patient` and `days_after_transplant`, on the patients' own clocks.
    study : Study
        Knows the anchors.
    anchor : str
        Name of an anchor, e.g. ``"HCT2"``.

    Returns
    -------
    DataFrame
        The same columns; `days_after_transplant` is now days after `anchor`. Patients without this
        anchor have no rows.

    Raises
    ------
    StudyError
        If no patient of the study has such an anchor.

    Examples
    --------
    >>> from cytorecon.study.model import Anchor, Patient
    >>> anchors = (Anchor(name="HCT1", kind="transplant"), Anchor(name="DLI1", kind="dli", day=120))
    >>> study = Study(name="s", patients=(Patient(patient="P01", anchors=anchors),), tubes=())
    >>> table = pd.DataFrame({"patient": ["P01"], "days_after_transplant": [150]})
    >>> on_clock(table, study, "DLI1")
      patient  days_after_transplant
    0     P01                     30
    """
    days = {
        patient.patient: found.day
        for patient in study.patients
        if (found := patient.anchor(anchor)) is not None
    }
    if not days:
        names = dict.fromkeys(item.name for patient in study.patients for item in patient.anchors)
        raise StudyError(
            f"No patient has an anchor called '{anchor}'. Allowed: {', '.join(names)}.", subject="anchor"
        )
    own = table[table["patient"].isin(list(days))].reset_index(drop=True)
    shift = own["patient"].map(days).astype(own["days_after_transplant"].dtype)
    return own.assign(days_after_transplant=own["days_after_transplant"] - shift)
