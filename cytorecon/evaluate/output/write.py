"""Write an evaluation into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from cytorecon.errors import CytoreconError
from cytorecon.evaluate.evaluation import Evaluation, Tables
from cytorecon.evaluate.output.document import document
from cytorecon.evaluate.output.page import MARK, page
from cytorecon.evaluate.output.picture import picture
from cytorecon.knowledge.evaluation import load_evaluation_rules
from cytorecon.study import csv_text

DOCUMENT: Final = "accuracy.md"
PICTURE: Final = "accuracy.svg"
PAGE: Final = "accuracy.html"


@dataclass(frozen=True, slots=True)
class WrittenFiles:
    """What was written: the document, the picture, the page, and one CSV file per table."""

    document: Path
    picture: Path
    page: Path
    tables: tuple[Path, ...]


def check_folder(out: Path, *, option: str = "out") -> None:
    """Check that an evaluation may be written into `out`: new, empty, or that of an earlier one.

    Raises
    ------
    CytoreconError
        If it is anything else.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    earlier = out / PAGE
    if not (earlier.is_file() and MARK in earlier.read_text(encoding="utf-8", errors="replace")[:1000]):
        raise CytoreconError(
            "This cannot be written over; it was left as it is.",
            subject=str(out),
            field=option,
            found="a folder with other files" if out.is_dir() else "a file",
            allowed="a new or empty folder, or that of an earlier evaluation",
            hint="Name another place.",
        )


def write_evaluation(
    evaluations: Sequence[Evaluation], tables: Tables, out: Path, *, command: str, version: str
) -> WrittenFiles:
    """Write an evaluation into the folder `out`.

    Parameters
    ----------
    evaluations : sequence of Evaluation
        What was judged.
    tables : Tables
        What came out.
    out : Path
        New, empty, or that of an earlier evaluation, which is replaced.
    command : str
        That makes this, for readers who want to make it again.
    version : str
        Of the program.

    Raises
    ------
    CytoreconError
        If the folder holds something else.
    """
    check_folder(out)
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for item in fields(Tables):
        file = out / f"{item.name}.csv"
        _write(file, csv_text(getattr(tables, item.name)))
        written.append(file)
    rules = load_evaluation_rules()
    text = document(evaluations, tables, command=command, version=version, rules=rules, picture=PICTURE)
    _write(out / DOCUMENT, text)
    _write(out / PICTURE, picture(tables.scores))
    _write(out / PAGE, page(tables, version=version))
    return WrittenFiles(out / DOCUMENT, out / PICTURE, out / PAGE, tuple(written))


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")
