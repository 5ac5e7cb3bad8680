"""The report of one patient as PDF: values as JSON, laid out by ``templates/patient_sheet.typ``."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from importlib import resources
from typing import Final

import typst

from cytorecon.report.sections import PatientSheetSection, ReportSpec
from cytorecon.report.sheet import PatientSheet

#: What the font of the package draws: Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic, Georgian,
#: punctuation, arrows, mathematics, shapes. Anything else is looked for among the fonts of the machine.
_DRAWN: Final = re.compile(
    "[\n\u0020-\u052f\u0531-\u058a\u05b0-\u05f4\u0600-\u06ff\u10d0-\u10fc\u1e00-\u1fff\u2000-\u26ff]*"
)
#: A run so long that no column holds it, and where it may be broken.
_LONG: Final = re.compile(r"\S{25,}")
_PIECE: Final = re.compile(r"(.{12})")
_BREAK: Final = "\u200b"
#: What no font draws and PDF text must not hold: controls, and halves of surrogate pairs.
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def sheet_pdf(sheet: PatientSheet, spec: ReportSpec) -> bytes:
    """Return the report of one patient as PDF, A4.

    The same sheet gives the same bytes: there is no clock, and the font is the package's own. Only text
    in a script that this font lacks (Chinese, for one) is drawn with a font of the machine.

    Parameters
    ----------
    sheet : PatientSheet
        What is shown.
    spec : ReportSpec
        In which order.
    """
    data = json.dumps(_data(sheet, spec), ensure_ascii=False, sort_keys=True)
    folder = resources.files("cytorecon.report")
    others = _DRAWN.fullmatch(data + sheet.figure + sheet.page.standing.picture) is None
    with resources.as_file(folder.joinpath("fonts")) as fonts:
        return typst.compile(
            folder.joinpath("templates", "patient_sheet.typ").read_bytes(),
            sys_inputs={
                "data": data,
                "figure": sheet.figure,
                # without its white ground, which would hide the mark of a draft
                "profile": str(sheet.page.standing.picture).replace('fill="white"/>', 'fill="none"/>', 1),
            },
            font_paths=typst.Fonts(include_system_fonts=others, font_paths=[str(fonts)]),
        )


def _data(sheet: PatientSheet, spec: ReportSpec) -> object:
    page = asdict(sheet.page)
    del page["plots"]
    del page["standing"]["picture"]
    # where no font draws a name, two patients must not look alike
    drawn = _DRAWN.fullmatch(sheet.page.patient) is not None
    page["spelled"] = "" if drawn else " ".join(f"U+{ord(letter):04X}" for letter in sheet.page.patient)
    page["remarks"] = [
        {**asdict(remark), "severity": remark.severity.value, "mark": remark.mark}
        for remark in sheet.page.remarks
    ]
    return _printable(
        {
            "page": page,
            "study": sheet.study,
            "events": [asdict(event) for event in sheet.events],
            "method": list(sheet.method),
            "software_version": sheet.software_version,
            "approved": sheet.approved,
            "standing": sheet.standing,
            "made_on": sheet.made_on.isoformat() if sheet.made_on is not None else "",
            "sheet": list(map(_section, spec.patient_sheet)),
            "annex": list(map(_section, spec.patient_annex)),
            "milestones_shown": spec.sheet_milestones,
            "remarks_shown": spec.sheet_remarks,
            "reading": [term.model_dump() for term in spec.reading_for(sheet.basis)],
        }
    )


def _section(section: PatientSheetSection) -> dict[str, str]:
    return {key: str(value) for key, value in section.model_dump().items()}


def _printable(value: object) -> object:
    """Return a tree of values in which every text can be drawn and broken into lines."""
    if isinstance(value, str):
        clean = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", value)
        return _LONG.sub(lambda found: _PIECE.sub(rf"\1{_BREAK}", found.group()), clean)
    if isinstance(value, dict):
        return {key: _printable(own) for key, own in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(own) for own in value]
    return value
