"""Rows of the three sheets with their cells interpreted, each on its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, cast, get_args

from cytorecon.counts import CountMethodRequest
from cytorecon.errors import Issue, Severity
from cytorecon.knowledge.counting import (
    PER_UL_OF_10E9_PER_L,
    BloodCountLimits,
    CountingRules,
    load_counting_rules,
)
from cytorecon.knowledge.day_limits import DayLimits, load_day_limits
from cytorecon.knowledge.event_kinds import EventKinds, load_event_kinds
from cytorecon.knowledge.product_doses import load_dose_rules
from cytorecon.knowledge.programmes import Programmes, load_programmes
from cytorecon.knowledge.readouts import Readouts, load_readouts
from cytorecon.knowledge.templates import load_template, template_names
from cytorecon.knowledge.visit_labels import VisitLabels, load_visit_labels
from cytorecon.study.amounts import ZERO_COUNT, amount_doubt, count_conflict, count_doubt
from cytorecon.study.cells import Limits, RowReader
from cytorecon.study.model import CmvSerology
from cytorecon.study.numbers import quotable
from cytorecon.study.sheet import Sheet, Unusable

SEXES: Final = {"female": "female", "f": "female", "male": "male", "m": "male", "unknown": "unknown"}
OLDEST_YEARS: Final = 120.0
DEFAULT_PANEL: Final = "tbnk"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words and limits that sheets are checked against."""

    kinds: EventKinds
    programmes: Programmes
    counting: CountingRules
    visits: VisitLabels
    days: DayLimits
    readouts: Readouts

    @classmethod
    def load(cls, folder: Path | None) -> Vocabulary:
        """Read the knowledge files, a user's folder first."""
        return cls(
            kinds=load_event_kinds(folder=folder),
            programmes=load_programmes(folder=folder),
            counting=load_counting_rules(folder=folder),
            visits=load_visit_labels(folder=folder),
            days=load_day_limits(folder=folder),
            readouts=load_readouts(folder=folder),
        )


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One row of the patients sheet; several rows of one patient are several anchors."""

    reader: RowReader
    patient: str
    age_years: float | None
    birth_year: int | None
    birth_date: date | None
    sex: str
    cmv: CmvSerology
    programme: str
    graft: str
    anchor: str
    anchor_kind: str
    anchor_date: date | None
    anchor_day: int | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One row of the events sheet."""

    reader: RowReader
    patient: str
    kind: str
    label: str
    start_day: int | None
    start_date: date | None
    end_day: int | None
    end_date: date | None
    ongoing: bool


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One row of the manifest: one tube."""

    reader: RowReader
    file: str
    patient: str
    day: int | None
    sample_date: date | None
    anchor_date: date | None
    anchor: str
    visit: str
    panel: str
    tube: str
    dataset: int | None
    wbc_cells_per_ul: float | None
    lymphocytes_cells_per_ul: float | None
    beads_per_tube: float | None
    bead_lot: str
    blood_volume_ul: float | None
    acquired_volume_ul: float | None
    dilution: float
    pipetting_cv_percent: float | None
    beads_cv_percent: float | None
    wbc_cv_percent: float | None
    lymphocytes_cv_percent: float | None
    count_method: CountMethodRequest
    product_volume_ml: float | None
    recipient_weight_kg: float | None


def readers(sheet: Sheet, places: dict[int, str], limits: DayLimits) -> Iterator[RowReader]:
    """Yield a reader for each row; a cell beyond the header is a problem of its row.

    So is one that may have swallowed other rows, even where its column is not read.
    """
    for row in sheet.rows:
        cells = {places[place]: cell for place, cell in row.cells if place in places}
        reader = RowReader(sheet, row.number, cells, limits=limits)
        for place, cell in row.cells:
            if place not in places and isinstance(cell, Unusable) and cell.holds_rows:
                reader.problem(
                    f"number {place + 1}", cell.message, code="study.unusable_cell", hint=cell.hint
                )
        beyond = [place for place, _ in row.cells if place >= len(sheet.header)]
        if beyond:
            reader.problem(
                f"number {beyond[0] + 1}",
                f"The row has more fields than the header, which has {len(sheet.header)}.",
                code="study.row_too_long",
                hint="Put text that contains the separator in double quotes.",
            )
        yield reader


def columns_without_name(sheet: Sheet) -> tuple[Issue, ...]:
    """Return a warning for each filled column whose header is empty."""
    filled = {place for row in sheet.rows for place, _ in row.cells if place < len(sheet.header)}
    return tuple(
        Issue(
            code="study.column_without_name",
            severity=Severity.WARNING,
            subject=f"{sheet.name}, column number {place + 1}",
            message="The column has values but no name and was not read.",
            hint="Give it a name, or empty it.",
        )
        for place in sorted(filled)
        if not sheet.header[place]
    )


def patient_row(reader: RowReader, words: Vocabulary) -> PatientRow:
    """Interpret one row of the patients sheet."""
    sex = reader.choice("sex", tuple(SEXES), "unknown")
    return PatientRow(
        reader=reader,
        patient=reader.pseudonym("patient"),
        age_years=reader.number_or_none("age_years", Limits(0.0, OLDEST_YEARS)),
        birth_year=_birth_year(reader),
        birth_date=reader.date_or_none("birth_date"),
        sex=SEXES[sex],
        cmv=cast("CmvSerology", reader.choice("cmv", get_args(CmvSerology), "unknown")),
        programme=reader.choice("programme", words.programmes.names, "unknown"),
        graft=reader.free_text("graft"),
        anchor=reader.pseudonym("anchor") if reader.has("anchor") else "",
        anchor_kind=reader.choice("anchor_kind", words.kinds.anchor_kinds, ""),
        anchor_date=reader.date_or_none("anchor_date"),
        anchor_day=reader.day_or_none("anchor_day"),
    )


def event_row(reader: RowReader, words: Vocabulary) -> EventRow:
    """Interpret one row of the events sheet."""
    if not reader.has("kind"):
        reader.problem("kind", "The cell is empty.", code="study.value_missing")
    return EventRow(
        reader=reader,
        patient=reader.pseudonym("patient"),
        kind=reader.choice("kind", words.kinds.names, ""),
        label=reader.free_text("label"),
        start_day=reader.day_or_none("start_day"),
        start_date=reader.date_or_none("start_date"),
        end_day=reader.day_or_none("end_day"),
        end_date=reader.date_or_none("end_date"),
        ongoing=reader.flag("ongoing"),
    )


def manifest_row(reader: RowReader, words: Vocabulary) -> ManifestRow:
    """Interpret one row of the manifest."""
    method = reader.choice("count_method", get_args(CountMethodRequest), "auto")
    row = ManifestRow(
        reader=reader,
        file=reader.required_text("file"),
        patient=reader.pseudonym("patient"),
        day=reader.day_or_none("day"),
        sample_date=reader.date_or_none("sample_date"),
        anchor_date=reader.date_or_none("anchor_date"),
        anchor=reader.pseudonym("anchor") if reader.has("anchor") else "",
        visit=reader.visit("visit", words.visits),
        panel=panel_of_row(reader),
        tube=reader.text("tube"),
        dataset=reader.whole_or_none("dataset", Limits(0)),
        wbc_cells_per_ul=_blood_count(reader, "wbc", words.counting),
        lymphocytes_cells_per_ul=_blood_count(reader, "lymphocytes", words.counting),
        beads_per_tube=_amount(reader, "beads_per_tube", words),
        bead_lot=reader.free_text("bead_lot"),
        blood_volume_ul=_amount(reader, "blood_volume_ul", words),
        acquired_volume_ul=_amount(reader, "acquired_volume_ul", words),
        dilution=_or_default(_amount(reader, "dilution", words), 1.0),
        pipetting_cv_percent=_precision(reader, "pipetting_cv_percent", words.counting),
        beads_cv_percent=_precision(reader, "beads_cv_percent", words.counting),
        wbc_cv_percent=_precision(reader, "wbc_cv_percent", words.counting),
        lymphocytes_cv_percent=_precision(reader, "lymphocytes_cv_percent", words.counting),
        count_method=cast("CountMethodRequest", method),
        product_volume_ml=_amount(reader, "product_volume_ml", words),
        recipient_weight_kg=_amount(reader, "recipient_weight_kg", words),
    )
    _check_together(row, words)
    return _without_product(row) if _is_blood(row) else row


def _birth_year(reader: RowReader) -> int | None:
    return reader.whole_or_none("birth_year", Limits(1900, 2100, usual=(1900, 2100)))


def panel_of_row(reader: RowReader) -> str:
    """Return the panel of a tube: the name of a packaged template, or the path of another."""
    if reader.text("panel").lower().endswith((".yaml", ".yml")):
        return reader.text("panel")
    also = ", or the path of a .yaml file"
    return reader.choice("panel", template_names(), DEFAULT_PANEL, also=also)


def _amount(reader: RowReader, column: str, words: Vocabulary) -> float | None:
    """Return an amount that is possible; an unusual one is remarked."""
    limits = words.counting.amounts.of(column)
    usual = (limits.usual_low, limits.usual_high)
    unit = "" if limits.unit == "fold" else limits.unit
    value = reader.number_or_none(column, Limits(limits.least, limits.most, usual, unit, limits.hint))
    if value is not None:
        message = amount_doubt(value, limits)
        if message:
            reader.warn(column, message, code="study.amount_unusual", hint=limits.hint)
    return value


def _precision(reader: RowReader, column: str, rules: CountingRules) -> float | None:
    """Return a coefficient of variation in percent."""
    return reader.number_or_none(column, precision_limits(column, rules))


def precision_limits(column: str, rules: CountingRules) -> Limits:
    """Return what a number in ``"pipetting_cv_percent"`` and its like can be."""
    hint = "It is in percent of the quantity; 0.03 of it are 3."
    return Limits(0.0, rules.imprecision.of(column).most, unit="%", hint=hint)


def _blood_count(reader: RowReader, cells: str, rules: CountingRules) -> float | None:
    """Return a blood count in cells/µL from whichever of its two columns is filled."""
    limits = rules.blood_counts.of(cells)
    per_ul = _one_count(reader, cells, limits, per_l=False)
    per_l = _one_count(reader, cells, limits, per_l=True)
    if per_l is None:
        return per_ul
    # 10^9/L are given with one or two decimals, so the same count may differ by half a unit of the last.
    if per_ul is not None and abs(per_l - per_ul) > 0.1 * max(per_l, per_ul):
        reader.problem(
            f"{cells}_10e9_per_l",
            f"It disagrees with {cells}_cells_per_ul: {quotable(per_l)} and {quotable(per_ul)} cells/µL.",
            code="study.disagreement",
        )
    return per_l if per_ul is None else per_ul


def blood_count_limits(limits: BloodCountLimits, *, per_l: bool = False) -> Limits:
    """Return what a number in a column of blood counts can be, in the unit of the column."""
    unit, in_unit = ("x 10^9/L", PER_UL_OF_10E9_PER_L) if per_l else (limits.unit, 1.0)
    usual = (limits.usual_low / in_unit, limits.usual_high / in_unit)
    hint = "1 x 10^9/L are 1000 cells/µL; each has a column of its own."
    return Limits(0.0, limits.most / in_unit, usual, unit, hint, asks=True)


def _one_count(reader: RowReader, cells: str, limits: BloodCountLimits, *, per_l: bool) -> float | None:
    """Return the count of one column in cells/µL."""
    column = f"{cells}_10e9_per_l" if per_l else f"{cells}_cells_per_ul"
    written = reader.number_or_none(column, blood_count_limits(limits, per_l=per_l))
    if written is None:
        return None
    if written == 0:
        reader.warn(column, ZERO_COUNT, code="study.count_zero", hint="Leave it empty if it was not counted.")
        return written
    # 0.0003 x 1000 is not 0.3, so 15 digits are kept, which is what was written
    value = float(f"{written * PER_UL_OF_10E9_PER_L:.15g}") if per_l else written
    doubt = count_doubt(value, limits, per_l=per_l)
    if doubt:
        other = f"{cells}_cells_per_ul" if per_l else f"{cells}_10e9_per_l"
        hint = f"If the unit is another, use the column {other}."
        reader.warn(column, doubt, code="study.unit_suspect", hint=hint)
    return value


def _check_together(row: ManifestRow, words: Vocabulary) -> None:
    """Check amounts of one tube against each other."""
    conflict = count_conflict(row.wbc_cells_per_ul, row.lymphocytes_cells_per_ul, words.counting)
    if conflict:
        column = next(
            name for name in ("lymphocytes_cells_per_ul", "lymphocytes_10e9_per_l") if row.reader.has(name)
        )
        row.reader.problem(column, conflict, code="study.disagreement", hint="Check both, and their units.")
    if row.bead_lot and row.beads_per_tube is None and not row.reader.has("beads_per_tube"):
        row.reader.warn(
            "beads_per_tube",
            "The row names a lot of beads and no number of beads per tube; nothing is counted by beads.",
            code="study.bead_lot_without_value",
            hint="The number is on the pouch of the lot.",
        )
    if row.beads_per_tube is not None and row.dilution > 1:
        row.reader.warn(
            "dilution",
            f"Counts by beads are multiplied by this dilution ({quotable(row.dilution)}).",
            code="study.dilution_with_beads",
            hint="Lysing solution does not count: with beads it is 1, unless the blood itself was diluted.",
        )


def _is_blood(row: ManifestRow) -> bool:
    """Return whether the row gives a product's amounts for a template that counts no cells of a product."""
    if (row.product_volume_ml, row.recipient_weight_kg) == (None, None) or row.panel not in template_names():
        return False
    dosed = {rule.population for rule in load_dose_rules().doses}
    return dosed.isdisjoint(load_template(row.panel).population_by_name)


def _without_product(row: ManifestRow) -> ManifestRow:
    """Return the row without the amounts of a product; blood is not given per kg."""
    for column in ("product_volume_ml", "recipient_weight_kg"):
        if row.reader.has(column):
            row.reader.warn(
                column,
                f"The template {row.panel} counts no cells that are given as a product; this was not used.",
                code="study.no_product",
                hint="Leave it empty for blood; doses are of CD34+ cells, MSC and CAR T cells.",
            )
    return replace(row, product_volume_ml=None, recipient_weight_kg=None)


def _or_default(value: float | None, default: float) -> float:
    return default if value is None else value
