"""Check what was typed into the upload form, by the rules that sheets are checked by."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cytorecon.gating.override_check import LONGEST_INITIALS, are_initials
from cytorecon.intake import archive_kind
from cytorecon.knowledge.counting import load_counting_rules
from cytorecon.knowledge.day_limits import load_day_limits
from cytorecon.knowledge.programmes import UNKNOWN_PROGRAMME, load_programmes
from cytorecon.knowledge.templates import template_names
from cytorecon.knowledge.visit_labels import load_visit_labels
from cytorecon.study.amounts import ZERO_COUNT, amount_doubt, count_conflict
from cytorecon.study.numbers import quotable
from cytorecon.study.pseudonyms import PSEUDONYM_RULE, is_pseudonym, may_be_name
from cytorecon.study.rows import OLDEST_YEARS, precision_limits
from cytorecon.study.visit import visit_problem, visit_rule

#: Larger files belong to ``cytorecon batch``: the browser holds the whole file in memory, twice.
LIMIT_MB: Final = 25
LIMIT_BYTES: Final = LIMIT_MB * 1_000_000
#: Every FCS file begins with ``FCS`` and its version, e.g. ``FCS3.1``.
_SIGNATURE: Final = re.compile(rb"FCS[23]\.[0-9]")
#: What browsers send for a file without bytes.
_EMPTY: Final = re.compile(r"data:([^,]*;base64,)?")
SEXES: Final = ("unknown", "female", "male")

_BAD_INITIALS: Final = f"Enter initials: up to {LONGEST_INITIALS} characters, no e-mail. Or leave it empty."
_AMOUNTS: Final = ("beads_per_tube", "blood_volume_ul")
_BLOOD_COUNTS: Final = ("lymphocytes_cells_per_ul", "wbc_cells_per_ul")
#: How precise these are, percent: columns of the sheet.
PRECISION: Final = (
    "pipetting_cv_percent",
    "beads_cv_percent",
    "wbc_cv_percent",
    "lymphocytes_cv_percent",
)
_LABELS: Final = {
    "beads_per_tube": "Beads per tube",
    "blood_volume_ul": "Blood volume",
    "lymphocytes_cells_per_ul": "Lymphocytes",
    "wbc_cells_per_ul": "White cells",
}


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What the upload form holds; None is an empty field, or one that cannot be read.

    Parameters
    ----------
    contents : str or None
        The file as the browser sends it: ``data:…;base64,…``.
    patient, visit, panel : str
        Pseudonym, name of the visit, template.
    day : float or None
        Day of the blood draw on the patient's clock.
    beads_per_tube, blood_volume_ul, lymphocytes_cells_per_ul, wbc_cells_per_ul : float or None
        What relates events to blood.
    age_years : float or None
        Age at day 0. This and what follows is asked of a new patient only.
    sex : str
        One of :data:`SEXES`.
    programme : str
        A programme of ``knowledge/programmes.yaml``.
    by : str
        Initials of who uploads; may be empty.
    pipetting_cv_percent, beads_cv_percent, wbc_cv_percent, lymphocytes_cv_percent : float or None
        Coefficient of variation of the blood volume, the bead number and the blood counts, in percent, as the
        laboratory's validation states it.
    unreadable : tuple of (field, message)
        Numbers that were typed and cannot be read
        (:func:`dashboard.services.typed_numbers.read_typed`).
    """

    contents: str | None
    patient: str
    day: float | None
    visit: str = ""
    panel: str = "tbnk"
    beads_per_tube: float | None = None
    blood_volume_ul: float | None = None
    lymphocytes_cells_per_ul: float | None = None
    wbc_cells_per_ul: float | None = None
    age_years: float | None = None
    sex: str = SEXES[0]
    programme: str = UNKNOWN_PROGRAMME
    by: str = ""
    pipetting_cv_percent: float | None = None
    beads_cv_percent: float | None = None
    wbc_cv_percent: float | None = None
    lymphocytes_cv_percent: float | None = None
    unreadable: tuple[tuple[str, str], ...] = ()


def file_bytes(contents: str) -> bytes:
    """Return the file of a data URL.

    Raises
    ------
    ValueError
        If it is none, or cut off.
    """
    header, _, body = contents.partition(",")
    if not header.startswith("data:") or not body:
        raise ValueError("not a data URL")
    return base64.b64decode(body, validate=True)


def check_file(contents: str | None) -> str:
    """Return what is wrong with the chosen file, or an empty string."""
    if not contents:
        return "Choose an FCS file."
    try:
        data = file_bytes(contents)
    except (ValueError, binascii.Error):
        if _EMPTY.fullmatch(contents):
            return "The file is empty. Copy it again from the cytometer."
        return "The file did not arrive whole. Choose it again."
    if len(data) > LIMIT_BYTES:
        return f"The file has {len(data) / 1e6:.0f} MB; up to {LIMIT_MB} MB can be uploaded here."
    archive = archive_kind(data)
    if archive:
        return f"This is {archive}, which is not unpacked here. Unpack it and upload the FCS file."
    if not _SIGNATURE.match(data):
        return "This is not an FCS file: it does not begin with FCS2.0, FCS3.0, FCS3.1 or FCS3.2."
    return ""


def check_form(form: UploadForm) -> tuple[tuple[str, str], ...]:
    """Return (field, message) for everything that is wrong with the form; empty when nothing is.

    No message repeats what was typed.
    """
    unreadable = {field for field, _ in form.unreadable}
    problems = [
        ("contents", check_file(form.contents)),
        ("patient", _check_patient(form.patient)),
        ("day", _check_day(form.day)),
        ("visit", _check_visit(form.visit)),
        ("panel", "" if form.panel in template_names() else "Choose a panel."),
        *_check_amounts(form),
        *_check_blood_counts(form),
        *_check_precision(form),
        ("age_years", check_age(form.age_years)),
        ("sex", "" if form.sex in SEXES else "Choose female, male or unknown."),
        ("programme", "" if form.programme in load_programmes().names else "Choose a programme."),
        ("by", "" if not form.by or are_initials(form.by) else _BAD_INITIALS),
    ]
    found = [(field, message) for field, message in problems if message and field not in unreadable]
    return (*form.unreadable, *found)


def doubts(form: UploadForm) -> Iterator[str]:
    """Yield what is unusual about the pseudonym and the amounts of a form that can be used."""
    if may_be_name(form.patient):
        yield (
            "Patient: the pseudonym looks like a name. If it is one, remove this upload and use a pseudonym "
            "of the study."
        )
    limits = load_counting_rules().amounts
    for field in _AMOUNTS:
        value = getattr(form, field)
        doubt = "" if value is None else amount_doubt(value, limits.of(field))
        if doubt:
            yield f"{_LABELS[field]}: {doubt}"
    counts = load_counting_rules().blood_counts
    for field in _BLOOD_COUNTS:
        value = getattr(form, field)
        if value == 0:
            yield f"{_LABELS[field]}: {ZERO_COUNT}"
        elif value is not None and not counts.of(field).is_usual(value):
            yield (
                f"{_LABELS[field]}: {quotable(value)} cells/µL is unusual and was used as written; "
                "the unit may be another (1.2 × 10⁹/L are 1200 cells/µL)."
            )


def _check_patient(patient: str) -> str:
    if is_pseudonym(patient):
        return ""
    return f"Enter the study pseudonym: {PSEUDONYM_RULE}. Never a name or hospital number."


def _check_day(day: float | None) -> str:
    if day is None:
        return "Enter the day of the blood draw; 0 is the day of the transplant."
    limits = load_day_limits().draw
    if not math.isfinite(day) or day != round(day) or not limits.holds(int(day)):
        return f"The day is a whole number between {limits.earliest} and {limits.latest}."
    return ""


def _check_visit(visit: str) -> str:
    labels = load_visit_labels()
    problem = visit_problem(visit, labels)
    return f"{problem} Allowed: {visit_rule(labels)}." if problem else ""


def check_age(age: float | None) -> str:
    """Return what is wrong with an age in years; empty when nothing is, or it is not known."""
    if age is None or 0 <= age <= OLDEST_YEARS:
        return ""
    return f"Enter the age on day 0 in years, 0 to {OLDEST_YEARS:g}, or leave it empty."


def _check_amounts(form: UploadForm) -> Iterator[tuple[str, str]]:
    amounts = load_counting_rules().amounts
    for field in _AMOUNTS:
        value, limits = getattr(form, field), amounts.of(field)
        if value is not None and not limits.is_possible(value):
            allowed = f"{limits.least:.15g} to {limits.most:.15g} {limits.unit}"
            yield field, f"Enter a number from {allowed}, or leave it empty. {limits.hint}"
    if form.beads_per_tube is not None and form.blood_volume_ul is None:
        yield "blood_volume_ul", "Counting beads need the blood volume of the tube, in µL."


def _check_precision(form: UploadForm) -> Iterator[tuple[str, str]]:
    rules = load_counting_rules()
    for field in PRECISION:
        value, limits = getattr(form, field), precision_limits(field, rules)
        if value is not None and not limits.holds(value):
            found = f"This number is out of range. Found: {quotable(value)}."
            yield field, f"{found} Allowed: {limits}. {limits.hint}"


def _check_blood_counts(form: UploadForm) -> Iterator[tuple[str, str]]:
    counts = {field: getattr(form, field) for field in _BLOOD_COUNTS}
    rules = load_counting_rules()
    wrong = [
        field
        for field, value in counts.items()
        if value is not None and not 0 <= value <= rules.blood_counts.of(field).most
    ]
    for field in wrong:
        most = rules.blood_counts.of(field).most
        yield field, f"Enter a number up to {most:.15g} in cells/µL, or leave it empty."
    if not wrong:
        yield (
            "lymphocytes_cells_per_ul",
            count_conflict(form.wbc_cells_per_ul, form.lymphocytes_cells_per_ul, rules),
        )
