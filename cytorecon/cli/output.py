"""Write what a command was asked for, and nothing over what is not ours.

A file is made beside its place and then put there, so that it is never half written. What is in
that place already is replaced only when it looks like an earlier output of the same kind.
"""

from __future__ import annotations

import secrets
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from cytorecon.errors import CytoreconError

#: The database of a study and the files SQLite keeps beside it all begin so.
_STUDY_FILE: Final = "study.sqlite"
#: So many columns of an older or newer version's table are enough to know it by.
_TELLING_COLUMNS: Final = 6
_ZIP: Final = b"PK\x03\x04"
_PARQUET: Final = b"PAR1"
_JSON: Final = b'{\n "resourceType": "Bundle"'
_READ_BYTES: Final = 10_000
#: An ``index.html`` with this mark, or else these assets, which come first, make a folder a report's.
_REPORT_MARK: Final = b'<meta name="generator" content="cytorecon report">'
_REPORT_ASSET: Final = Path("assets", "report.css")


def check_table(file: Path, columns: Sequence[str], *, option: str) -> None:
    """Check that a table with `columns` may be written to `file`.

    Call it before the work whose result goes there, too.

    Raises
    ------
    CytoreconError
        If there is no folder for it, or something is there that is no such table.
    """
    telling = list(columns[:_TELLING_COLUMNS])

    def is_table(content: IO[bytes]) -> bool:
        header = content.readline(10_000).decode("utf-8-sig", errors="replace")
        return not header or header.strip().split(",")[:_TELLING_COLUMNS] == telling

    _check_file(file, is_table, option=option, kind="an earlier table of this command")


def write_table(file: Path, text: str, *, option: str) -> None:
    """Write a table as CSV text, in place of an earlier one.

    Raises
    ------
    CytoreconError
        As :func:`check_table`.
    """
    check_table(file, text.partition("\n")[0].split(","), option=option)
    with _in_place_of(file) as part, part.open("x", encoding="utf-8", newline="") as handle:
        handle.write(text)


def write_masks(file: Path, write: Callable[[IO[bytes]], None], *, option: str) -> None:
    """Write an ``.npz`` file with `write`, in place of an earlier one.

    Raises
    ------
    CytoreconError
        If something else is there.
    """
    _check_file(file, lambda content: content.read(4) in (b"", _ZIP), option=option, kind="earlier masks")
    with _in_place_of(file) as part, part.open("xb") as handle:
        write(handle)


def put_exports(folder: Path, files: Mapping[str, bytes], *, option: str) -> tuple[Path, ...]:
    """Write the files of an export into `folder`, each in place of an earlier one that begins the same way.

    All places are checked before the first file is written.

    Raises
    ------
    CytoreconError
        If something else is there.
    """
    check_folder(folder, option=option)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        _check_file(folder / name, _begins_as(content), option=option, kind="an earlier export")
    for name, content in files.items():
        with _in_place_of(folder / name) as part, part.open("xb") as handle:
            handle.write(content)
    return tuple(folder / name for name in files)


def _begins_as(content: bytes) -> Callable[[IO[bytes]], bool]:
    telling = _beginning(content)
    return lambda there: _beginning(there.read(_READ_BYTES)) in (b"", telling)


def _beginning(content: bytes) -> bytes:
    """Return what tells the kind of an exported file: the first columns of a table, else its first bytes."""
    if content[:4] in (_ZIP, _PARQUET):
        return content[:4]
    if content.startswith(_JSON):
        return _JSON
    return b",".join(content[:_READ_BYTES].split(b"\n")[0].split(b",")[:_TELLING_COLUMNS])


def check_folder(folder: Path, *, option: str) -> None:
    """Check that `folder` is a folder or can be made one.

    Raises
    ------
    CytoreconError
        If something else is there.
    """
    if folder.exists() and not folder.is_dir():
        raise _refusal(folder, option, found="a file", allowed="a folder")


def check_report_folder(folder: Path, *, option: str) -> None:
    """Check that a report may be written into `folder`: it is new, empty, or holds an earlier one.

    Raises
    ------
    CytoreconError
        If it is anything else.
    """
    check_folder(folder, option=option)
    if not folder.exists() or not any(folder.iterdir()) or (folder / _REPORT_ASSET).is_file():
        return
    index = folder / "index.html"
    if not (index.is_file() and _REPORT_MARK in index.read_bytes()[:1000]):
        found = "a study" if (folder / _STUDY_FILE).exists() else "a folder with other files"
        raise _refusal(
            folder, option, found=found, allowed="a new or empty folder, or that of an earlier report"
        )


def _check_file(file: Path, is_ours: Callable[[IO[bytes]], bool], *, option: str, kind: str) -> None:
    if not file.parent.is_dir():
        raise CytoreconError(
            "There is no such folder.", subject=str(file.parent), field=option, hint="Make it first."
        )
    allowed = f"a new file, or {kind}"
    if file.resolve().name.startswith(_STUDY_FILE):
        raise _refusal(file, option, found="the name of a study's own file", allowed=allowed)
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        found = "a folder" if stat.S_ISDIR(mode) else "a device or pipe"
        raise _refusal(file, option, found=found, allowed=allowed)
    with file.open("rb") as content:
        if not is_ours(content):
            raise _refusal(file, option, found="a file of another kind", allowed=allowed)


def _refusal(place: Path, option: str, *, found: str, allowed: str) -> CytoreconError:
    return CytoreconError(
        "This cannot be written over; it was left as it is.",
        subject=str(place),
        field=option,
        found=found,
        allowed=allowed,
        hint="Name another place.",
    )


@contextmanager
def _in_place_of(file: Path) -> Iterator[Path]:
    """Give the name of a new file; after the block it is `file`, and when the block fails it is gone."""
    target = file.resolve()  # a link stays a link
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        part.replace(target)
    except OSError as error:
        raise CytoreconError(
            "The file cannot be written.",
            subject=str(file),
            found=error.strerror or str(error),
            hint="Choose another place, or make room.",
        ) from error
    finally:
        part.unlink(missing_ok=True)
