"""The tidy tables of a study, made once for all pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from cytorecon.cohort import cohort_summary
from cytorecon.knowledge.milestones import MilestoneRule, load_milestone_rules
from cytorecon.knowledge.programmes import load_programmes
from cytorecon.knowledge.references import load_references
from cytorecon.milestone import milestones
from cytorecon.report.series import Series, points_by_measure
from cytorecon.results import TubeResult
from cytorecon.study.doses import product_doses
from cytorecon.study.model import Study, Tube
from cytorecon.study.result import StudyResult
from cytorecon.study.table import tidy_counts, tube_status, tubes_in_order
from cytorecon.trajectory import trajectories


@dataclass(frozen=True, slots=True)
class StudyTables:
    """A study with its tidy tables and the names that go with them.

    Parameters
    ----------
    study : Study
        Patients, tubes, events.
    tubes : tuple of (Tube, TubeResult)
        By patient, day, and order of the sheet.
    counts, doses, trajectories, milestones, cohort, status : DataFrame
        The columns of each are those of ``cytorecon.tables``.
    points : mapping of str to mapping of str to Series
        Patient -> measure -> population -> points; see :func:`points_by_measure`.
    rules : mapping of str to MilestoneRule
        The packaged rules by name.
    programmes : mapping of str to str
        Programme -> name for people.
    citations : mapping of str to str
        Reference set -> source.
    """

    study: Study
    tubes: tuple[tuple[Tube, TubeResult], ...]
    counts: pd.DataFrame
    doses: pd.DataFrame
    trajectories: pd.DataFrame
    milestones: pd.DataFrame
    cohort: pd.DataFrame
    status: pd.DataFrame
    points: Mapping[str, Mapping[str, Series]]
    rules: Mapping[str, MilestoneRule]
    programmes: Mapping[str, str]
    citations: Mapping[str, str]

    def tubes_of(self, patient: str) -> tuple[tuple[Tube, TubeResult], ...]:
        """Return the tubes of one patient with their results, in order of the days."""
        return tuple((tube, result) for tube, result in self.tubes if tube.patient == patient)

    @property
    def applicable(self) -> pd.DataFrame:
        """The milestones whose rule was shown for such a patient, as far as is known."""
        return self.milestones[~self.milestones["status"].isin(("not_applicable", "not_assessable"))]

    def milestone_title(self, milestone: str, rule: str) -> str:
        """Return a milestone in words; one whose rule is not packaged is told by `rule`."""
        known = self.rules.get(milestone)
        return known.title if known is not None else rule

    def milestone_effect(self, milestone: str) -> str:
        """Return what the source of a milestone found; empty when its rule is not packaged."""
        known = self.rules.get(milestone)
        return known.effect if known is not None else ""

    def milestone_note(self, milestone: str) -> str:
        """Return how our reading of a milestone differs from its source; empty when it does not."""
        known = self.rules.get(milestone)
        return known.note if known is not None else ""

    def programme_name(self, programme: str) -> str:
        """Return the name of a programme for people."""
        return self.programmes.get(programme, programme)


def study_tables(result: StudyResult, *, cohort: bool = True) -> StudyTables:
    """Return the tables of a study.

    Parameters
    ----------
    result : StudyResult
        A study with its results.
    cohort : bool
        Whether all patients are summarised together; else that table is empty.
    """
    counts, curves = tidy_counts(result), trajectories(result)
    return StudyTables(
        study=result.study,
        tubes=tuple(tubes_in_order(result)),
        counts=counts,
        doses=product_doses(result),
        trajectories=curves,
        milestones=milestones(curves, result.study),
        cohort=cohort_summary(curves if cohort else curves.iloc[:0]),
        status=tube_status(result),
        points={
            patient.patient: points_by_measure(curves, counts, patient.patient)
            for patient in result.study.patients
        },
        rules={rule.milestone: rule for rule in load_milestone_rules().milestones},
        citations={row.set: row.source for row in load_references().ranges},
        programmes={row.programme: row.name for row in load_programmes().programmes},
    )
