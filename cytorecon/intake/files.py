"""Find the FCS files of folders by what they begin with: their names can end in anything."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cytorecon.errors import StudyError
from cytorecon.fcs.other_files import LOOKED_AT, other_file

#: FCS 3.1 section 3.1: HEADER begins with the version. Versions that are not known are taken too: reading
#: them says which are.
_BEGIN: Final = re.compile(rb"FCS[0-9]\.[0-9]")

#: Files that end so claim to be FCS: where they are not, that is a failure and not another kind of file.
ENDINGS: Final = (".fcs", ".lmd")

#: What systems put into folders unasked; macOS keeps ``._name`` beside files as well.
_OF_THE_SYSTEM: Final = (".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """What lies in what was named.

    Parameters
    ----------
    files : tuple of Path
        Files to read, each once.
    skipped : tuple of (Path, str)
        Everything else in the folders, and why it is not read.
    """

    files: tuple[Path, ...]
    skipped: tuple[tuple[Path, str], ...]


def find_files(inputs: Sequence[Path], out: Path) -> FoundFiles:
    """Return the files that `inputs` name, and the FCS files in those that are folders, each once.

    Parameters
    ----------
    inputs : sequence of Path
        Files are taken as they are: reading them says what is wrong with them.
    out : Path
        A folder that is passed over.

    Raises
    ------
    StudyError
        If a link leads back to itself.
    """
    files: dict[Path, Path] = {}
    skipped: dict[Path, str] = {}
    for named in inputs:
        for path, reason in _inside(named) if named.is_dir() else [(named, "")]:
            if path != named and _is_loop(path):
                skipped.setdefault(path, "The link leads back to itself.")
                continue
            if place_of(path).is_relative_to(place_of(out)):
                continue
            if reason:
                skipped.setdefault(path, reason)
            else:
                files.setdefault(place_of(path), path)
    return FoundFiles(tuple(files.values()), tuple(skipped.items()))


def place_of(path: Path) -> Path:
    """Return where a path leads to, which a loop of links does not.

    Raises
    ------
    StudyError
        If it is such a loop.
    """
    if _is_loop(path):
        raise StudyError(
            "The link leads back to itself, so there is no file. Name the file it was meant for.",
            subject=str(path),
        )
    return path.resolve()


def _is_loop(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:  # whatever else it is, reading the file will say it
        return error.errno == errno.ELOOP
    return False


def _inside(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield everything in `folder` with the reason why it is not taken; empty for FCS files."""
    closed: list[OSError] = []
    entries: list[tuple[Path, str]] = []
    for place, folders, names in os.walk(folder, onerror=closed.append):
        links = [Path(place, name) for name in folders if Path(place, name).is_symlink()]
        entries += [
            (link, "It is a link to a folder, which is not followed. Name that folder.") for link in links
        ]
        entries += [(Path(place, name), "") for name in names if name not in _OF_THE_SYSTEM]
    entries += [(Path(str(error.filename)), _unreadable(error)) for error in closed]
    for path, reason in sorted(entries):
        why = reason or _not_fcs(path)
        if not (why and path.name.startswith("._")):
            yield path, why


def _not_fcs(path: Path) -> str:
    """Return why a file in a folder is not read; empty when it is FCS or says so."""
    if not path.is_file():  # a pipe would be waited for
        return "It is no regular file."
    try:
        with path.open("rb") as file:
            start = file.read(LOOKED_AT)
    except OSError as error:
        return _unreadable(error)
    if _BEGIN.match(start) or path.suffix.lower() in ENDINGS:
        return ""
    if not start:
        return "It is empty."
    other = other_file(start)
    return f"It is not an FCS file: it looks like {other.name}. {other.hint}"


def _unreadable(error: OSError) -> str:
    return f"It cannot be read: {error.strerror or 'no reason was given'}."
