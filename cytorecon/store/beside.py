"""Files that a study keeps beside its database: ``blobs/ab/abcdef….fcs``, named by their SHA-256."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import Field

from cytorecon.errors import StoreError
from cytorecon.store.location import Folder, Server
from cytorecon.values import Frozen

_FOLDER: Final = "blobs"
_PIECE: Final = 1 << 20
_NAME: Final = r"^[0-9a-f]{2}/[0-9a-f]{64}(\.[a-z0-9]{1,8})?$"


class FileNote(Frozen):
    """One file.

    Parameters
    ----------
    name : str
        Within the folder; it holds the SHA-256 of the content.
    size : int
        Bytes.
    """

    name: str = Field(pattern=_NAME)
    size: int = Field(ge=0)

    @property
    def sha256(self) -> str:
        """Of the content."""
        return self.name[3:67]


def folder_beside(place: Folder | Server, given: Path | None) -> Path | None:
    """Return the folder of files: the one that was given, else that of a study folder."""
    if given is not None:
        return given
    return place.path / _FOLDER if isinstance(place, Folder) else None


def files_in(folder: Path | None) -> Iterator[FileNote]:
    """Yield the finished files of a folder, in order of their names."""
    if folder is None or not folder.is_dir():
        return
    for path in sorted(folder.glob("??/*")):
        name = f"{path.parent.name}/{path.name}"
        if re.fullmatch(_NAME, name) and path.is_file():
            yield FileNote(name=name, size=path.stat().st_size)


def copied(source: BinaryIO, target: BinaryIO, note: FileNote, subject: str) -> None:
    """Copy the content of a file.

    Raises
    ------
    StoreError
        If it is not the content that its name says.
    """
    digest = hashlib.sha256()
    while piece := source.read(_PIECE):
        digest.update(piece)
        target.write(piece)
    if digest.hexdigest() != note.sha256:
        raise StoreError(
            "A kept file was changed; it was not taken over.",
            subject=subject,
            field=f"file {note.sha256[:12]}",
            found="another SHA-256",
            allowed="the content that was put in",
            hint="Restore it from an earlier backup, and check the disk.",
        )


def put_beside(folder: Path, note: FileNote, source: BinaryIO, subject: str) -> bool:
    """Put a file into `folder`, wholly or not at all; tell whether it was not there before.

    Raises
    ------
    StoreError
        If the content is another than its name says, or the folder cannot be written.
    """
    target = folder / note.name
    if target.exists():
        return False
    path = target.parent / f".new-{secrets.token_hex(8)}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            copied(source, file, note, subject)
            file.flush()
            os.fsync(file.fileno())
        path.replace(target)
    except OSError as error:
        raise StoreError(
            "The folder for files cannot be written; nothing was kept.",
            subject=subject,
            found=error.strerror or str(error),
            allowed="a folder that this user may write, with room for the files",
            hint="Choose another folder, or make room.",
        ) from None
    finally:
        with suppress(OSError):  # what kept it from being made keeps it from being looked for
            path.unlink(missing_ok=True)
    return True
