"""The tidy tables of a study, made once for all pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from cytorecon.cohort import cohort_summary
from cytorecon.event_free import event_free_summary
from cytorecon.knowledge.milestones import MilestoneRule, load_milestone_rules
from cytorecon.knowledge.programmes import UNKNOWN_PROGRAMME, Programme, load_programmes
from cytorecon.knowledge.readouts import series_of
from cytorecon.knowledge.references import References, load_references
from cytorecon.milestone import due_tests, milestones
from cytorecon.report.series import Series, points_by_measure
from cytorecon.results import TubeResult
from cytorecon.study.doses import product_doses
from cytorecon.study.model import Study, Tube
from cytorecon.study.readout_table import readout_table
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
    counts, doses, trajectories, milestones, cohort, event_free, status : DataFrame
        The columns of each are those of ``cytorecon.tables``.
    points : mapping of str to mapping of str to Series
        Patient -> measure -> population -> points; see :func:`points_by_measure`.
    rules : mapping of str to MilestoneRule
        The packaged rules by name.
    programmes : mapping of str to Programme
        Programmes by name.
    readouts, due : DataFrame
        Readouts from outside of the cytometer, and tests that are due.
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
    event_free: pd.DataFrame
    status: pd.DataFrame
    points: Mapping[str, Mapping[str, Series]]
    rules: Mapping[str, MilestoneRule]
    programmes: Mapping[str, Programme]
    readouts: pd.DataFrame
    due: pd.DataFrame
    citations: Mapping[str, str]

    @property
    def result(self) -> StudyResult:
        """The study with its results."""
        return StudyResult(study=self.study, tubes=tuple(outcome for _, outcome in self.tubes))

    def tubes_of(self, patient: str) -> tuple[tuple[Tube, TubeResult], ...]:
        """Return the tubes of one patient with their results, in order of the days."""
        return tuple((tube, result) for tube, result in self.tubes if tube.patient == patient)

    @property
    def applicable(self) -> pd.DataFrame:
        """The milestones whose rule was shown for such a patient, as far as is known."""
        return self.milestones[~self.milestones["status"].isin(("not_applicable", "not_assessable"))]

    def is_measured(self, milestone: str) -> bool:
        """Whether anything that a rule asks for was measured in any patient; true of a rule not packaged."""
        rule = self.rules.get(milestone)
        return rule is None or any(
            one.population in (self._readouts if one.measure == "readout" else self._populations)
            for one in rule.conditions
        )

    @property
    def _populations(self) -> frozenset[str]:
        return frozenset(self.trajectories["population"].unique())

    @property
    def _readouts(self) -> frozenset[str]:
        return frozenset(series_of(one.readout, one.lineage) for one in self.study.readouts)

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
        known = self.programmes.get(programme)
        return programme if known is None else known.name

    def programme(self, programme: str) -> Programme:
        """Return a programme; of one that is not packaged, what is shown of one that nobody stated."""
        return self.programmes.get(programme, self.programmes[UNKNOWN_PROGRAMME])


def study_tables(
    result: StudyResult, *, references: References | None = None, cohort: bool = True
) -> StudyTables:
    """Return the tables of a study.

    Parameters
    ----------
    result : StudyResult
        A study with its results.
    references : References, optional
        Ranges of healthy people; the packaged ones by default.
    cohort : bool
        Whether all patients are summarised together; else those tables are empty.
    """
    known = references or load_references()
    counts, curves = tidy_counts(result), trajectories(result, references=known)
    together = curves if cohort else curves.iloc[:0]
    return StudyTables(
        study=result.study,
        tubes=tuple(tubes_in_order(result)),
        counts=counts,
        doses=product_doses(result),
        trajectories=curves,
        milestones=milestones(curves, result.study),
        cohort=cohort_summary(together),
        event_free=event_free_summary(together, result.study),
        status=tube_status(result),
        points={
            patient.patient: points_by_measure(curves, counts, patient.patient)
            for patient in result.study.patients
        },
        rules={rule.milestone: rule for rule in load_milestone_rules().milestones},
        citations={row.set: row.source for row in known.ranges},
        programmes={row.programme: row for row in load_programmes().programmes},
        readouts=readout_table(result.study),
        due=due_tests(curves, result.study),
    )
