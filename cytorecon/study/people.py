"""Patients with their clocks, from the patients sheet and the anchor dates of the manifest.

The dates live here, in memory, while a sheet is read; what leaves is days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from cytorecon.knowledge.day_limits import Span
from cytorecon.knowledge.event_kinds import EventKinds
from cytorecon.study.cells import RowReader
from cytorecon.study.model import Anchor, Patient
from cytorecon.study.numbers import quotable
from cytorecon.study.rows import ManifestRow, PatientRow, Vocabulary

DAYS_PER_YEAR: Final = 365.25

#: A year of birth is half a year wrong at most, an age in whole years one year.
_AGE_TOLERANCE_YEARS: Final = 1.5

_SAME_IN_EVERY_ROW: Final = ("age_years", "birth_year", "birth_date", "sex", "cmv", "programme", "graft")


@dataclass(frozen=True, slots=True)
class Person:
    """A patient and the dates that turn other dates into days.

    Parameters
    ----------
    patient : Patient
        What is kept.
    day0 : date or None
        Date of the first anchor.
    birth : date or None
        Date of birth, or the first day of the year of birth.
    """

    patient: Patient
    day0: date | None = None
    birth: date | None = None

    def day_of(self, when: date | None) -> int | None:
        """Return the day of a date on the patient's clock; None without the date or that of day 0."""
        return None if when is None or self.day0 is None else (when - self.day0).days

    def before_birth(self, day: int) -> int | None:
        """Return how many days `day` lies before birth; None when it does not, or birth is unknown."""
        if self.birth is not None and self.day0 is not None:
            first_day = (self.birth - self.day0).days
        elif self.patient.age_years is not None:
            # An age in whole years may be almost a year short.
            first_day = -round((self.patient.age_years + 1.0) * DAYS_PER_YEAR)
        else:
            return None
        return first_day - day if day < first_day else None


def people(
    patient_rows: Sequence[PatientRow], manifest_rows: Sequence[ManifestRow], words: Vocabulary
) -> dict[str, Person]:
    """Return every patient of the sheets, those of the patients sheet first.

    Problems are noted on the rows they belong to.
    """
    grouped: dict[str, list[PatientRow]] = {}
    for row in patient_rows:
        if row.patient:
            grouped.setdefault(row.patient, []).append(row)
    sampled: dict[str, list[ManifestRow]] = {}
    for tube in manifest_rows:
        if not tube.reader.failed():
            sampled.setdefault(tube.patient, []).append(tube)
    found: dict[str, Person] = {}
    for name, rows in grouped.items():
        person = _person(name, rows, sampled.get(name, []), words)
        if person is not None:
            found[name] = person
    for name, tubes in sampled.items():
        if name not in found:
            if patient_rows:
                tubes[0].reader.warn(
                    "patient",
                    "No row of the patients sheet can be used; age, sex and programme are unknown.",
                    code="study.patient_unknown",
                )
            found[name] = _without_row(name, tubes)
    return found


def first_anchor(programme: str, words: Vocabulary, *, kind: str = "", name: str = "") -> Anchor:
    """Return the anchor of day 0; its kind is that of the programme where nobody says another.

    Examples
    --------
    >>> first_anchor("car_t", Vocabulary.load(None))
    Anchor(name='CART1', kind='car_t', day=0)
    """
    kind = kind or words.programmes.find(programme).anchor_kind
    return Anchor(name=name or f"{words.kinds.find(kind).anchor}1", kind=kind, day=0)


def with_event_anchors(person: Person, events: Iterable[tuple[str, int]], kinds: EventKinds) -> Person:
    """Return `person` with an anchor for each (kind, day) that can start a clock and has none yet."""
    anchors = list(person.patient.anchors)
    for kind, day in sorted(events, key=lambda event: event[1]):
        prefix = kinds.find(kind).anchor
        if prefix and not any(anchor.kind == kind and anchor.day == day for anchor in anchors):
            anchors.append(Anchor(name=_free_name(prefix, kind, anchors, day), kind=kind, day=day))
    return replace(person, patient=person.patient.model_copy(update={"anchors": tuple(anchors)}))


def _person(
    name: str, rows: Sequence[PatientRow], tubes: Sequence[ManifestRow], words: Vocabulary
) -> Person | None:
    first = rows[0]
    anchor = first_anchor(first.programme, words, kind=first.anchor_kind, name=first.anchor)
    if first.anchor_day not in (None, 0):
        first.reader.problem(
            "anchor_day",
            f"The first anchor of a patient is day 0. Found: {first.anchor_day}. Allowed: 0 or empty.",
        )
    day0 = first.anchor_date or _day0_of(tubes, anchor.name)
    birth = first.birth_date or (date(first.birth_year, 1, 1) if first.birth_year is not None else None)
    if first.anchor_date is not None and birth is not None and first.anchor_date < birth:
        _born_later(first.reader, "anchor_date", (birth - first.anchor_date).days)
    if first.reader.failed():
        for row in rows[1:]:
            row.reader.problem("patient", "The first row of this patient is left out, and with it day 0.")
        return None
    _check_manifest_anchor_dates(tubes, anchor.name, day0, birth)
    patient = Patient(
        patient=name,
        age_years=_age(first, day0),
        sex=first.sex,
        cmv=first.cmv,
        programme=first.programme,
        graft=first.graft,
        anchors=_anchors(anchor, rows, day0, words.kinds),
    )
    return Person(patient=patient, day0=day0, birth=birth)


def _without_row(name: str, tubes: Sequence[ManifestRow]) -> Person:
    patient = Patient(patient=name)
    anchor = patient.anchors[0].name
    day0 = _day0_of(tubes, anchor)
    _check_manifest_anchor_dates(tubes, anchor, day0, None)
    return Person(patient=patient, day0=day0)


def _day0_of(tubes: Sequence[ManifestRow], anchor: str) -> date | None:
    dates = (tube.anchor_date for tube in tubes if tube.anchor in ("", anchor))
    return next((when for when in dates if when is not None), None)


def _check_manifest_anchor_dates(
    tubes: Sequence[ManifestRow], anchor: str, day0: date | None, birth: date | None
) -> None:
    for tube in tubes:
        when = tube.anchor_date
        if when is None or tube.anchor not in ("", anchor) or day0 is None:
            continue
        if when != day0:
            other_anchor_date(tube.reader, (when - day0).days)
        elif birth is not None and when < birth:
            _born_later(tube.reader, "anchor_date", (birth - when).days)


def _anchors(
    first: Anchor, rows: Sequence[PatientRow], day0: date | None, kinds: EventKinds
) -> tuple[Anchor, ...]:
    anchors = [first]
    for row in rows[1:]:
        _check_same_patient(row, rows[0])
        day = None if row.reader.failed() else _anchor_day(row, day0)
        if day is not None:
            column = "anchor_date" if row.anchor_day is None else "anchor_day"
            check_within(row.reader, column, day, row.reader.limits.event)
        if day is None or row.reader.failed():
            continue
        kind = row.anchor_kind or first.kind
        name = row.anchor or _free_name(kinds.find(kind).anchor, kind, anchors, day)
        if any(anchor.name == name for anchor in anchors):
            row.reader.problem("anchor", "The patient already has an anchor of this name.")
            continue
        anchors.append(Anchor(name=name, kind=kind, day=day))
    return tuple(anchors)


def _check_same_patient(row: PatientRow, first: PatientRow) -> None:
    for column in _SAME_IN_EVERY_ROW:
        if row.reader.has(column) and getattr(row, column) != getattr(first, column):
            row.reader.problem(
                column,
                f"It differs from row {first.reader.number} of the same patient.",
                code="study.disagreement",
            )
    if not any(row.reader.has(column) for column in ("anchor", "anchor_kind", "anchor_date", "anchor_day")):
        row.reader.problem(
            "patient",
            f"The patient already has row {first.reader.number}.",
            code="study.patient_twice",
            hint="A further row needs a further anchor: anchor_kind with anchor_day or anchor_date.",
        )


def _anchor_day(row: PatientRow, day0: date | None) -> int | None:
    from_date = None if row.anchor_date is None or day0 is None else (row.anchor_date - day0).days
    if row.anchor_day is None and from_date is None:
        row.reader.problem(
            "anchor_day",
            "The day of this anchor is not known."
            " Allowed: a day, or an anchor_date here and one for the first anchor.",
            code="study.value_missing",
        )
    elif row.anchor_day is not None and from_date is not None and row.anchor_day != from_date:
        row.reader.problem(
            "anchor_day",
            f"It disagrees with anchor_date by {in_days(row.anchor_day - from_date)}.",
            code="study.disagreement",
        )
    return from_date if row.anchor_day is None else row.anchor_day


def _age(row: PatientRow, day0: date | None) -> float | None:
    """Return the age at day 0 in years, from the most exact of date of birth, age, year of birth."""
    born = _age_at(row, day0)
    if born is None:
        if row.age_years is None and (row.birth_date is not None or row.birth_year is not None):
            column = "birth_date" if row.birth_date is not None else "birth_year"
            row.reader.warn(
                column,
                "Without an anchor_date it cannot become an age, so no reference range applies.",
                code="study.age_unknown",
                hint="Fill in anchor_date, or age_years at day 0.",
            )
        return row.age_years
    if row.age_years is None:
        return born
    if abs(born - row.age_years) > _AGE_TOLERANCE_YEARS:
        row.reader.warn(
            "age_years",
            f"It disagrees with the birth given by {abs(born - row.age_years):.1f} years; "
            f"{'birth_date' if row.birth_date is not None else 'age_years'} was used.",
            code="study.disagreement",
        )
    return born if row.birth_date is not None else row.age_years


def _age_at(row: PatientRow, day0: date | None) -> float | None:
    if day0 is None:
        return None
    if row.birth_date is not None:
        return round((day0 - row.birth_date).days / DAYS_PER_YEAR, 2)
    if row.birth_year is not None:
        # Mid-year halves the largest error.
        return round(max((day0 - date(row.birth_year, 7, 1)).days / DAYS_PER_YEAR, 0.0), 1)
    return None


def check_within(reader: RowReader, column: str, day: int, limits: Span) -> None:
    """Note a day on the patient's clock that no sample, event or anchor can have."""
    if not limits.holds(day):
        reader.problem(
            column,
            f"This day of the patient cannot be right. Found: {quotable(day)}. Allowed: {limits}.",
            code="study.day_out_of_range",
            hint="Check the day, or the dates of this and of the first anchor.",
        )


def other_anchor_date(reader: RowReader, days: int) -> None:
    """Note that an anchor has two dates, `days` apart."""
    reader.problem(
        "anchor_date",
        f"It differs by {in_days(days)} from the date of the same anchor given elsewhere.",
        code="study.disagreement",
    )


def in_days(days: int) -> str:
    """Return a difference in days in words, without its sign."""
    return "1 day" if abs(days) == 1 else f"{abs(days)} days"


def _born_later(reader: RowReader, column: str, days: int) -> None:
    reader.problem(
        column,
        f"It is {in_days(days)} before birth.",
        code="study.before_birth",
        hint="Check the date and the birth of the patient.",
    )


def _free_name(prefix: str, kind: str, anchors: Sequence[Anchor], day: int) -> str:
    """Return the next name of its kind; those before day 0 are counted apart, as ``preHCT1``."""
    names = {anchor.name for anchor in anchors}
    number = 1 + sum(anchor.kind == kind and (anchor.day < 0) == (day < 0) for anchor in anchors)
    prefix = f"pre{prefix}" if day < 0 else prefix
    while f"{prefix}{number}" in names:
        number += 1
    return f"{prefix}{number}"
