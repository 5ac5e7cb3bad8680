"""``cytorecon deidentify``: copies of FCS files without names and dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytorecon.cli.console import issue_lines, note, print_json, print_table, progress_bar, shown
from cytorecon.cli.failures import Failure, raise_for
from cytorecon.cli.options import JsonOption

if TYPE_CHECKING:
    from cytorecon.intake.folder import CleanFolder


def _date(text: str | None) -> str | None:
    """Check the date without repeating it."""
    try:
        if text is not None:
            date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("A date is written as YYYY-MM-DD.") from None
    return text


def _order(text: str | None) -> str | None:
    if text not in (None, "dmy", "mdy", "ymd"):
        raise typer.BadParameter("The order of a date is dmy, mdy or ymd.")
    return text


def deidentify(
    inputs: Annotated[
        list[Path],
        typer.Argument(metavar="IN", help="FCS files, or folders of them; their names can end in anything."),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="New folder: files, manifest.csv, removed.csv.")
    ],
    patient_from: Annotated[
        str,
        typer.Option("--patient-from", metavar="KEYWORD", help="Files with one value of it are one patient."),
    ] = "",
    day_from: Annotated[
        str, typer.Option("--day-from", metavar="KEYWORD", help="Keyword that holds the day, as in -6d.")
    ] = "",
    anchor_date: Annotated[
        str | None,
        typer.Option(
            "--anchor-date",
            metavar="YYYY-MM-DD",
            callback=_date,
            help="Day 0: the day of a file is counted from it to its $DATE.",
        ),
    ] = None,
    date_order: Annotated[
        str | None,
        typer.Option(
            "--date-order",
            metavar="dmy|mdy|ymd",
            callback=_order,
            help="With --anchor-date: order in dates of digits, which 08-06-2006 does not say.",
        ),
    ] = None,
    panel: Annotated[
        str, typer.Option("--panel", metavar="NAME|PATH", help="Template, for the manifest's column panel.")
    ] = "",
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="Write what pseudonyms and new files stand for."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Copy FCS files without names and dates.

    The copies are ready for cytorecon batch: events, detectors, markers and the spillover matrix stay
    as they are; whatever is not on the allow-list is left out. Files of a folder that are not FCS are
    named, and the exit code is 2.
    """
    if day_from and anchor_date:
        raise typer.BadParameter("Give --day-from or --anchor-date, not both.")
    if date_order and not anchor_date:
        raise typer.BadParameter("--date-order says how dates are read, which only --anchor-date asks for.")
    from cytorecon.intake.day import DateOrder
    from cytorecon.intake.folder import deidentify_files
    from cytorecon.intake.pseudonyms import Lookup

    anchor = None if anchor_date is None else date.fromisoformat(anchor_date)
    lookup = Lookup(
        patient_from=patient_from,
        day_from=day_from,
        anchor_date=anchor,
        date_order=DateOrder(date_order) if date_order else None,
    )
    with progress_bar() as advance:
        folder = deidentify_files(inputs, out, lookup=lookup, panel=panel, key=key, progress=advance)
    _show(folder, as_json=as_json)
    _tell(folder, out, key)
    failed = [Failure(shown(path), reason) for path, reason in folder.failures]
    skipped = [Failure(shown(path), reason, "skipped") for path, reason in folder.skipped]
    raise_for([*failed, *skipped], done=len(folder.files))


def _show(folder: CleanFolder, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "files": [
                    {"source": shown(path), **clean.model_dump(mode="json")} for path, clean in folder.files
                ],
                "failed": _with_reasons(folder.failures),
                "skipped": _with_reasons(folder.skipped),
            }
        )
        return
    rows = [
        (
            shown(path),
            clean.file,
            str(clean.n_events),
            clean.patient,
            "" if clean.day is None else str(clean.day),
            str(sum(count for _, count in clean.removed.rows())),
        )
        for path, clean in folder.files
    ]
    print_table(("source", "new file", "events", "patient", "day", "left out"), rows)


def _with_reasons(files: Sequence[tuple[Path, str]]) -> list[dict[str, str]]:
    return [{"source": shown(path), "reason": reason} for path, reason in files]


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def _tell(folder: CleanFolder, out: Path, key: Path | None) -> None:
    """Say on stderr what is left to do."""
    unknown = {
        "patient": sum(not clean.patient for _, clean in folder.files),
        "day": sum(clean.day is None for _, clean in folder.files),
    }
    for what, count in unknown.items():
        if count:
            note(f"The {what} of {_files(count)} is not known; fill in the column {what} of manifest.csv.")
    if folder.skipped:
        one = len(folder.skipped) == 1
        tail = "was not taken; it is listed below." if one else "were not taken; they are listed below."
        note(f"{_files(len(folder.skipped))} of the folders named {tail}")
    for remark in folder.remarks:
        note(remark)
    for path, clean in folder.files:
        for problem in clean.problems:
            note(f"{shown(path)}: {problem}")
        for line in issue_lines(clean.issues):
            note(f"{shown(path)}: {line}")
    if not folder.files:
        note("Nothing was written.")
        return
    first = "After that" if any(unknown.values()) else "Next"
    note(f"{first}: cytorecon batch {shown(out / 'manifest.csv')} --out STUDY")
    if key is not None:
        note(f"Keep {key} apart from the files, and safe: it leads back to the patients.")
