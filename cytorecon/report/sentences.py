"""The sentences at the top of a patient's page."""

from __future__ import annotations

from collections.abc import Sequence

from cytorecon.figures.crossings import Crossing
from cytorecon.report import words
from cytorecon.report.remarks import Remark
from cytorecon.report.series import Series, before, latest
from cytorecon.report.tables import StudyTables


def value_sentences(shown: Series, most: int) -> tuple[str, ...]:
    """Return one sentence for each of the first `most` populations that have a value."""
    found = []
    for own in shown.values():
        point = latest(own)
        if point is not None:
            found.append(words.headline(point, before(own, point)))
    return tuple(found[:most])


def sentences(
    patient: str, tables: StudyTables, found: Sequence[Crossing], noticed: Sequence[Remark]
) -> tuple[str, ...]:
    """Return what is said of milestones, of the course, and of what to look at first.

    Parameters
    ----------
    patient : str
        Pseudonym.
    tables : StudyTables
        Of the study.
    found : sequence of Crossing
        Milestones of the patient.
    noticed : sequence of Remark
        On the patient's tubes.
    """
    return (
        *_danger_sentence(found, tables),
        *_reached_sentence(found),
        *_not_assessable_sentence(patient, tables),
        *_course_sentence(patient, tables),
        *_trust_sentence(patient, tables, noticed),
    )


def _reached_sentence(found: Sequence[Crossing]) -> tuple[str, ...]:
    judged = [crossing for crossing in found if crossing.judged and not crossing.is_danger]
    if not judged:
        return ("Milestones: none could be judged.",) if found else ()
    clauses = [f"{sum(one.met for one in judged)} of {len(judged)} that could be judged were reached"]
    dated = [crossing for crossing in judged if crossing.deadline]
    if dated:
        clauses.append(f"of the {len(dated)} with a deadline, {words.by_the_deadline(dated)}")
    doubtful = sum(bool(crossing.caution) for crossing in judged)
    if doubtful:
        clauses.append(f"{doubtful} to be read with caution (▲)")
    return (f"Milestones: {'; '.join(clauses)}.",)


def _danger_sentence(found: Sequence[Crossing], tables: StudyTables) -> tuple[str, ...]:
    titles = [
        tables.milestone_title(one.milestone, one.rule)
        for one in found
        if one.is_danger and one.status == "danger"
    ]
    return (f"Danger: {'; '.join(titles)}.",) if titles else ()


def _not_assessable_sentence(patient: str, tables: StudyTables) -> tuple[str, ...]:
    own = tables.milestones[tables.milestones["patient"] == patient]
    unknown = own["reading"].str.contains("unknown, the rule is for", regex=False)
    number = int(((own["status"] == "not_assessable") & unknown).sum())
    if not number:
        return ()
    rules = "1 rule" if number == 1 else f"{number} rules"
    why = (
        "because the programme, the age or the graft is not known: see Milestones, and state it in the "
        "sheet of patients"
    )
    return (f"{rules} could not be assessed, {why}.",)


def _course_sentence(patient: str, tables: StudyTables) -> tuple[str, ...]:
    number = len(tables.outlook.of(patient).flags)
    return (f"Course: {words.plural(number, 'remark')}, see Where the patient stands.",) if number else ()


def _trust_sentence(patient: str, tables: StudyTables, noticed: Sequence[Remark]) -> tuple[str, ...]:
    parts = []
    failed = sum(result.status == "failed" for _, result in tables.tubes_of(patient))
    if failed:
        parts.append(f"{words.plural(failed, 'tube')} without a result")
    if noticed:
        parts.append(f"{words.plural(len(noticed), 'remark')} to look at again")
    return (f"Before relying on this page: {words.listed(parts)}.",) if parts else ()
