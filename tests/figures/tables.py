"""The tidy tables of the hand-made study, made once."""

from __future__ import annotations

from functools import cache

import pandas as pd

from cytorecon.milestone import milestones
from cytorecon.study.result import StudyResult
from cytorecon.study.table import tidy_counts
from cytorecon.trajectory import trajectories
from tests.builders import study_result


@cache
def result() -> StudyResult:
    return study_result()


@cache
def trajectory_table() -> pd.DataFrame:
    return trajectories(result())


@cache
def count_table() -> pd.DataFrame:
    return tidy_counts(result())


@cache
def milestone_table() -> pd.DataFrame:
    return milestones(trajectory_table(), result().study)
