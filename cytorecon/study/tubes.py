"""Tubes and clinical events on the patients' clocks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path, PurePosixPath, PureWindowsPath

from cytorecon.knowledge.day_limits import DayLimits
from cytorecon.knowledge.event_kinds import EventKinds
from cytorecon.study.cells import RowReader
from cytorecon.study.model import Anchor, ClinicalEvent, LeftOutRow, Tube
from cytorecon.study.people import Person, check_within, in_days, other_anchor_date
from cytorecon.study.pseudonyms import is_pseudonym
from cytorecon.study.rows import EventRow, ManifestRow, Vocabulary


def clinical_events(
    rows: Sequence[EventRow], found: Mapping[str, Person], limits: DayLimits
) -> tuple[ClinicalEvent, ...]:
    """Return the events of known patients with their days; problems are noted on the rows."""
    events = []
    for row in rows:
        if row.reader.failed():
            continue
        person = found.get(row.patient)
        if person is None:
            unknown_patient(row.reader, row.patient, found)
            continue
        start = day_on_clock(
            row.reader, ("start_day", row.start_day), ("start_date", person.day_of(row.start_date))
        )
        end = day_on_clock(
            row.reader, ("end_day", row.end_day), ("end_date", person.day_of(row.end_date)), needed=False
        )
        _check_span(row, start, end)
        for day, column in ((start, "start"), (end, "end")):
            if day is not None:
                stated = row.reader.has(f"{column}_day")
                check_within(row.reader, f"{column}_{'day' if stated else 'date'}", day, limits.event)
        if start is not None:
            check_birth(
                row.reader, "start_date" if row.start_day is None else "start_day", "event", person, start
            )
        if start is None or row.reader.failed():
            continue
        event = ClinicalEvent(
            patient=row.patient,
            kind=row.kind,
            label=row.label,
            start_day=start,
            end_day=end,
            ongoing=row.ongoing,
        )
        events.append(event)
    return tuple(events)


def tubes(
    rows: Sequence[ManifestRow],
    found: Mapping[str, Person],
    folder: Path,
    words: Vocabulary,
    today: date | None = None,
) -> tuple[Tube, ...]:
    """Return the tubes whose rows can be used; problems are noted on the rows.

    Parameters
    ----------
    rows : sequence of ManifestRow
        In the order of the sheet.
    found : mapping of str to Person
        Patients with their clocks.
    folder : Path
        What paths in the manifest are relative to.
    words : Vocabulary
        Tells which names of anchors a message may repeat, and between what days must lie.
    today : date, optional
        No draw can be later.
    """
    seen_files: dict[tuple[Path, int], int] = {}
    seen_tubes: dict[tuple[str, int, str, str], int] = {}
    numbers: Counter[tuple[str, int]] = Counter()
    accepted = []
    for row in rows:
        if row.reader.failed():
            continue
        day = _sample_day(row, found[row.patient], words.kinds)
        if day is not None:
            _check_draw(row, found[row.patient], day, words.days, today)
        path = resolved(folder, row.file)
        _check_repeated(row, (path, row.dataset or 0), seen_files)
        if day is None or row.reader.failed():
            continue
        _check_same_visit(row, (row.patient, day, row.panel, row.tube), seen_tubes)
        if row.reader.failed():
            continue
        seen_files[path, row.dataset or 0] = row.reader.number
        seen_tubes[row.patient, day, row.panel, row.tube] = row.reader.number
        numbers[row.patient, day] += 1
        accepted.append(_tube(row, day, numbers[row.patient, day], path, folder))
    return tuple(accepted)


def left_out_rows(rows: Sequence[ManifestRow], folder: Path) -> tuple[LeftOutRow, ...]:
    """Return the rows of the manifest that cannot be used; call it when all problems are noted."""
    return tuple(
        LeftOutRow(
            row=row.reader.number,
            patient=row.patient if is_pseudonym(row.patient) else "",
            path=resolved(folder, row.file) if row.file else None,
        )
        for row in rows
        if row.reader.failed()
    )


def _tube(row: ManifestRow, day: int, number: int, path: Path, folder: Path) -> Tube:
    template, template_path = template_of(row.panel, folder)
    return Tube(
        tube=f"{row.patient}/d{day}/{number}",
        patient=row.patient,
        day=day,
        visit=row.visit,
        template=template,
        template_path=template_path,
        row=row.reader.number,
        path=path,
        dataset=row.dataset,
        wbc_cells_per_ul=row.wbc_cells_per_ul,
        lymphocytes_cells_per_ul=row.lymphocytes_cells_per_ul,
        wbc_given_per_l=_given_per_l(row, "wbc"),
        lymphocytes_given_per_l=_given_per_l(row, "lymphocytes"),
        beads_per_tube=row.beads_per_tube,
        bead_lot=row.bead_lot,
        blood_volume_ul=row.blood_volume_ul,
        acquired_volume_ul=row.acquired_volume_ul,
        dilution=row.dilution,
        pipetting_cv_percent=row.pipetting_cv_percent,
        beads_cv_percent=row.beads_cv_percent,
        wbc_cv_percent=row.wbc_cv_percent,
        lymphocytes_cv_percent=row.lymphocytes_cv_percent,
        count_method=row.count_method,
        product_volume_ml=row.product_volume_ml,
        recipient_weight_kg=row.recipient_weight_kg,
    )


def _own_name(path: str) -> str:
    """Return what a template of the user's is called: its file's name where that is one of a template.

    With spaces or a date in it, it may hold the name of a person, and it is stored and shown.
    """
    stem = PureWindowsPath(path).stem
    return stem if is_pseudonym(stem) else f"own-{hashlib.sha256(stem.encode()).hexdigest()[:4]}"


def _given_per_l(row: ManifestRow, cells: str) -> bool:
    return row.reader.has(f"{cells}_10e9_per_l")


def _sample_day(row: ManifestRow, person: Person, kinds: EventKinds) -> int | None:
    """Return the day of the draw on the patient's clock; the column `day` counts from the row's anchor."""
    anchor = _anchor(row, person, kinds)
    if anchor is None:
        return None
    stated = None if row.day is None else row.day + anchor.day
    if row.sample_date is not None and row.anchor_date is not None:
        dated: int | None = (row.sample_date - row.anchor_date).days + anchor.day
    else:
        dated = person.day_of(row.sample_date)
    day = day_on_clock(row.reader, ("day", stated), ("sample_date", dated))
    if day is not None:
        check_birth(row.reader, "sample_date" if row.day is None else "day", "sample", person, day)
    return day


def _anchor(row: ManifestRow, person: Person, kinds: EventKinds) -> Anchor | None:
    if not row.anchor:
        return person.patient.anchors[0]
    anchor = person.patient.anchor(row.anchor)
    if anchor is None:
        names = ", ".join(_anchor_name(item, kinds) for item in person.patient.anchors)
        row.reader.problem("anchor", f"The patient has no anchor of this name. Allowed: {names}.")
    elif row.anchor_date is not None and person.day0 is not None:
        apart = (row.anchor_date - person.day0).days - anchor.day
        if apart:
            other_anchor_date(row.reader, apart)
    return anchor


def _anchor_name(anchor: Anchor, kinds: EventKinds) -> str:
    """Return the name of an anchor where we made it (HCT1); any other may be that of a person."""
    usual = anchor.name.rstrip("0123456789") == kinds.find(anchor.kind).anchor
    return anchor.name if usual else f"the one of day {anchor.day}"


def day_on_clock(
    reader: RowReader, stated: tuple[str, int | None], dated: tuple[str, int | None], *, needed: bool = True
) -> int | None:
    """Return a day from a column with days, one with dates, or both when they agree.

    Each is (column, day on the clock); a date without a clock has no day.
    """
    day_column, day = stated
    date_column, from_date = dated
    if not reader.has(day_column) and not reader.has(date_column):
        if needed:
            reader.problem(
                day_column, f"Neither {day_column} nor {date_column} is filled.", code="study.value_missing"
            )
    elif day is None and from_date is None:
        reader.problem(
            date_column,
            "Without the date of the patient's first anchor it cannot become a day.",
            code="study.anchor_missing",
            hint=f"Fill in anchor_date, or use {day_column}.",
        )
    elif day is not None and from_date is not None and day != from_date:
        reader.problem(
            day_column,
            f"It disagrees with {date_column} by {in_days(day - from_date)}.",
            code="study.disagreement",
        )
    return from_date if day is None else day


def _check_draw(row: ManifestRow, person: Person, day: int, limits: DayLimits, today: date | None) -> None:
    """Check that a draw lies within the limits, and not in the future."""
    column = "sample_date" if row.day is None else "day"
    check_within(row.reader, column, day, limits.draw)
    if today is None or row.reader.failed():
        return
    drawn = row.sample_date
    if drawn is None and person.day0 is not None:
        drawn = person.day0 + timedelta(days=day)
    if drawn is not None and drawn > today:
        row.reader.problem(
            column,
            "The sample is drawn in the future.",
            code="study.in_future",
            hint="Check the date, that of the anchor, and the clock of this computer.",
        )


def check_birth(reader: RowReader, column: str, what: str, person: Person, day: int) -> None:
    """Note a day that lies before the birth of the patient."""
    before = person.before_birth(day)
    if before is not None:
        reader.problem(
            column,
            f"The {what} is {in_days(before)} before birth.",
            code="study.before_birth",
            hint="Check the day and the birth of the patient.",
        )


def _check_span(row: EventRow, start: int | None, end: int | None) -> None:
    if row.ongoing and end is not None:
        row.reader.problem("ongoing", "An event that has an end is not ongoing.", code="study.disagreement")
    if start is not None and end is not None and end < start:
        row.reader.problem(
            "end_day", f"The event ends {in_days(start - end)} before it starts.", code="study.disagreement"
        )


def _check_repeated(row: ManifestRow, key: tuple[Path, int], seen: Mapping[tuple[Path, int], int]) -> None:
    if key in seen:
        row.reader.problem(
            "file",
            f"Row {seen[key]} already uses this file{'' if row.dataset is None else ' and data set'}.",
            code="study.tube_twice",
            hint="Remove one of the rows, or correct the file or the data set.",
        )


def _check_same_visit(
    row: ManifestRow, key: tuple[str, int, str, str], seen: Mapping[tuple[str, int, str, str], int]
) -> None:
    if key in seen:
        row.reader.problem(
            "tube",
            f"Row {seen[key]} already is a tube of this patient, day and panel.",
            code="study.tube_twice",
            hint="If both are wanted, give each a different name in the column tube, e.g. 1 and 2.",
        )


def unknown_patient(reader: RowReader, patient: str, found: Mapping[str, Person]) -> None:
    """Note a patient that no other sheet knows."""
    close = [name for name in found if name.lower() == patient.lower()]
    reader.problem(
        "patient",
        "The patient is neither in the patients sheet nor in the manifest.",
        code="study.patient_unknown",
        hint=f"Did you mean '{close[0]}'?" if close else "",
    )


def template_of(panel: str, folder: Path) -> tuple[str, Path | None]:
    """Return name and file of a tube's template; no file for a packaged one."""
    if panel.lower().endswith((".yaml", ".yml")):
        return _own_name(panel), resolved(folder, panel)
    return panel, None


def resolved(folder: Path, text: str) -> Path:
    """Return a path of the manifest, which may have been written with backslashes, as absolute."""
    return (folder / PurePosixPath(text.replace("\\", "/"))).resolve()
