"""Spillover matrices from CSV files, as FlowJo, Diva exports and people write them."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from pathlib import Path

from cytorecon.errors import CompensationError
from cytorecon.fcs.quoting import safe_label
from cytorecon.fcs.special_files import special_file
from cytorecon.fcs.spillover import check_size, square
from cytorecon.sample import Spillover


def read_spillover_csv(path: str | Path) -> Spillover:
    """Read a spillover matrix from a CSV file (comma, semicolon or tab).

    The first row names the detectors; a first column may name them again, in the same or another
    order. ``"FITC-A :: CD3"`` (FlowJo) is read as ``"FITC-A"``. Whether the detectors exist is
    checked when the matrix is used; :func:`~cytorecon.fcs.spillover.resolve_spillover` turns
    labels into names.

    Returns
    -------
    Spillover
        Its `source` is ``"CSV"`` and the beginning of the content's SHA-256, not the file's name.

    Raises
    ------
    CompensationError
        If the file cannot be read or is not such a table.
    """
    path = Path(path)
    special = special_file(path)
    if special:
        raise CompensationError(
            "The spillover file cannot be read.",
            subject=path.name,
            found=special,
            allowed="a CSV file in UTF-8",
        )
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CompensationError(
            "The spillover file cannot be read.",
            subject=path.name,
            found="no such file" if isinstance(error, FileNotFoundError) else type(error).__name__,
            allowed="a CSV file in UTF-8",
        ) from error
    delimiter = max(",;\t", key=text.count)
    check_size(math.isqrt(text.count(delimiter)), path.name)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    rows = [[cell.strip() for cell in row] for row in reader if any(cell.strip() for cell in row)]
    names, body = _labelled(rows, path.name)
    matrix = square([cell for row in body for cell in row], len(names), path.name)
    return Spillover(matrix, names, f"CSV {hashlib.sha256(content).hexdigest()[:12]}")


def _labelled(rows: list[list[str]], file: str) -> tuple[tuple[str, ...], list[list[str]]]:
    """Split off the names; rows in another order than the columns are put in theirs."""
    size = len(rows) - 1
    lengths = {len(row) for row in rows[1:]}
    if size < 1 or lengths not in ({size}, {size + 1}) or len(rows[0]) not in {size, *lengths}:
        raise CompensationError(
            "The spillover file is not a square table.",
            subject=file,
            found=f"{len(rows)} rows of {' or '.join(sorted({str(len(row)) for row in rows})) or 'no'} cells",
            allowed="one row of detector names, then one row per detector",
        )
    names = tuple(_detector(cell) for cell in rows[0][-size:])
    if lengths == {size}:
        return names, rows[1:]
    row_names = [_detector(row[0]) for row in rows[1:]]
    if sorted(row_names) != sorted(names):
        raise CompensationError(
            "Rows and columns of the spillover file name different detectors.",
            subject=file,
            found=", ".join(safe_label(name) for name in sorted(set(row_names) ^ set(names))[:8])
            or "a detector twice",
        )
    return names, [rows[1 + row_names.index(name)][1:] for name in names]


def _detector(cell: str) -> str:
    return cell.split(" :: ", maxsplit=1)[0].strip()
