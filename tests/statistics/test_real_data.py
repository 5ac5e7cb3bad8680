"""Repeated CD4 counts of 234 patients with HIV and their deaths: a real course with real gaps."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import KaplanMeierFitter

from cytorecon.statistics.area import areas_under_curves
from cytorecon.statistics.censored_mixed import fit_censored_mixed
from cytorecon.statistics.competing import aalen_johansen
from cytorecon.statistics.hazards import hazard_ratio
from cytorecon.statistics.landmark import at_landmark
from cytorecon.statistics.turnbull import turnbull

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(
        not os.environ.get("CYTORECON_REAL_DATA"), reason="CYTORECON_REAL_DATA names no folder of real files"
    ),
]


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    """Return one row per visit; `CD4` is the square root of cells/µL, times are months."""
    folder = Path(os.environ["CYTORECON_REAL_DATA"])
    return pd.read_csv(folder / "longitudinal_tables" / "jm_aids_cd4.csv")


def test_survival_equals_lifelines(visits: pd.DataFrame) -> None:
    people = visits.drop_duplicates("patient")
    days, died = people["Time"].to_numpy(), people["death"].to_numpy()
    theirs = KaplanMeierFitter().fit(days, died)
    own = aalen_johansen(days, died)[1]
    for month in range(2, 21, 2):
        assert own.at(month) == pytest.approx(1 - float(theirs.predict(month)), abs=1e-6)


def test_the_mixed_model_equals_statsmodels(visits: pd.DataFrame) -> None:
    y, clock = visits["CD4"].to_numpy(), visits["obstime"].to_numpy() / 6
    design = np.column_stack([np.ones(len(y)), clock])
    own = fit_censored_mixed(y, np.zeros(len(y)), visits["patient"], design, design[:, :1])
    theirs = sm.MixedLM(y, design, groups=visits["patient"]).fit(reml=False)
    assert own.log_likelihood == pytest.approx(theirs.llf, abs=1e-3)
    assert own.fixed == pytest.approx(theirs.fe_params, abs=1e-3)


def test_few_cd4_at_the_landmark_go_with_death(visits: pd.DataFrame) -> None:
    last = visits[visits["obstime"] <= 6].groupby("patient").last()
    own = at_landmark(last["Time"], last["death"], last["CD4"] < np.sqrt(50), landmark=6)
    assert hazard_ratio(own.days, own.events, own.groups).low > 1


def test_a_fall_below_50_lies_between_visits(visits: pd.DataFrame) -> None:
    after, by = [], []
    for _, course in visits.groupby("patient"):
        below = course.loc[course["CD4"] < np.sqrt(50), "obstime"]
        by.append(below.min() if len(below) else np.inf)
        after.append(course.loc[course["obstime"] < by[-1], "obstime"].max() if by[-1] > 0 else 0.0)
    found = turnbull(after, by)
    shares = [found.curve.at(month) for month in (0, 6, 12)]
    assert shares == sorted(shares)
    assert 0.2 < shares[0] < shares[2] < 0.9
    who = np.asarray(visits.groupby("patient").ngroup(), dtype=np.intp)
    areas = areas_under_curves(
        who, visits["obstime"].to_numpy(float), visits["CD4"].to_numpy(float), np.zeros(len(who), bool),
        start=0, end=12,
    )  # fmt: skip
    assert (areas.low == areas.high).all()
    assert (areas.days <= 12).all()
