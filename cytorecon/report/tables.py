"""The tidy tables of a study, made once for all pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from cytorecon.cohort import cohort_summary
from cytorecon.event_free import event_free_patients, event_free_summary
from cytorecon.knowledge.milestones import MilestoneRule, load_milestone_rules
from cytorecon.knowledge.programmes import UNKNOWN_PROGRAMME, Programme, load_programmes
from cytorecon.knowledge.readouts import series_of
from cytorecon.knowledge.references import References, load_references
from cytorecon.milestone import due_tests, milestones
from cytorecon.patient import (
    Outlook,
    fit_recovery,
    immune_profile,
    modelled_populations,
    outlook,
    profile_distance,
    unfitted_recovery,
)
from cytorecon.report.series import Series, points_by_measure
from cytorecon.results import TubeResult
from cytorecon.study.doses import product_doses
from cytorecon.study.model import Study, Tube
from cytorecon.study.readout_frame import readout_table
from cytorecon.study.result import StudyResult
from cytorecon.study.table import tidy_counts, tube_status, tubes_in_order
from cytorecon.trajectory import trajectories

#: Stands where a forecast was not asked for.
WITHOUT_FORECASTS: Final = (
    "left out of this report, because it needs the counts of all patients and takes seconds; "
    "`cytorecon report --forecasts` and the dashboard have it"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one patient stands: :func:`~cytorecon.patient.immune_profile` and its distance to health."""

    profile: pd.DataFrame
    distance: pd.DataFrame


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
    standings : mapping of str to Standing
        Patient -> immune profile, beside comparable patients of the whole study.
    outlook : Outlook
        What comes next for each patient, or why nobody can say.
    event_free_patients : tuple of str
        Of the whole study.
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
    standings: Mapping[str, Standing]
    outlook: Outlook
    event_free_patients: tuple[str, ...]

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
    result: StudyResult,
    *,
    references: References | None = None,
    patients: Sequence[str] | None = None,
    cohort: bool = True,
    forecasts: bool = True,
) -> StudyTables:
    """Return the tables of a study.

    Parameters
    ----------
    result : StudyResult
        A study with its results.
    references : References, optional
        Ranges of healthy people; the packaged ones by default.
    patients : sequence of str, optional
        Tables of these only, all by default. What holds a patient against others is made of all.
    cohort : bool
        Whether all patients are summarised together; else that table is empty.
    forecasts : bool
        Whether recovery is modelled; else the outlook says that it is not.
    """
    known = references or load_references()
    every = trajectories(result, references=known)
    own = result if patients is None else _cut(result, patients)
    people = [patient.patient for patient in own.study.patients]
    counts, curves = tidy_counts(own), every if patients is None else every[every["patient"].isin(people)]
    return StudyTables(
        study=own.study,
        tubes=tuple(tubes_in_order(own)),
        counts=counts,
        doses=product_doses(own),
        trajectories=curves,
        milestones=milestones(curves, own.study),
        cohort=cohort_summary(curves if cohort else curves.iloc[:0]),
        event_free=event_free_summary(every, result.study),
        status=tube_status(own),
        points={name: points_by_measure(curves, counts, name) for name in people},
        rules={rule.milestone: rule for rule in load_milestone_rules().milestones},
        citations={row.set: row.source for row in known.ranges},
        programmes={row.programme: row for row in load_programmes().programmes},
        readouts=readout_table(own.study),
        due=due_tests(curves, own.study),
        standings={name: standing(every, result.study, name) for name in people},
        outlook=_outlook(every, result.study, own, forecasts=forecasts),
        event_free_patients=event_free_patients(result.study),
    )


def standing(table: pd.DataFrame, study: Study, patient: str) -> Standing:
    """Return where one patient stands among comparable patients of `table`."""
    profile = immune_profile(table, study, patient)
    return Standing(profile, profile_distance(profile))


def _outlook(table: pd.DataFrame, study: Study, own: StudyResult, *, forecasts: bool) -> Outlook:
    """Return the outlook of the patients of `own`, by the models of all patients of `study`."""
    patients = [patient.patient for patient in own.study.patients]
    populations = modelled_populations(table)
    recovery = (
        fit_recovery(table, study, populations, patients=patients)
        if forecasts
        else unfitted_recovery(study, populations, patients=patients, reason=WITHOUT_FORECASTS)
    )
    return outlook(recovery, table, own)


def _cut(result: StudyResult, patients: Sequence[str]) -> StudyResult:
    """Return the study of these patients only."""
    study = result.study
    own = study.model_copy(
        update={
            "patients": tuple(one for one in study.patients if one.patient in patients),
            "tubes": tuple(tube for tube in study.tubes if tube.patient in patients),
            "events": tuple(event for event in study.events if event.patient in patients),
            "readouts": tuple(readout for readout in study.readouts if readout.patient in patients),
        }
    )
    kept = {tube.tube for tube in own.tubes}
    tubes = tuple(tube for tube in result.tubes if tube.tube in kept)
    return result.model_copy(update={"study": own, "tubes": tubes})
