"""Files that a study keeps beside its database, in a folder or an object store, named by their SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import Field

from cytorecon.errors import StoreError
from cytorecon.intake import private_folder
from cytorecon.store.blobs import FOLDER, Blobs, FolderBlobs
from cytorecon.store.location import Folder, Server
from cytorecon.store.remote_blobs import blobs_at
from cytorecon.values import Frozen

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

    @property
    def suffix(self) -> str:
        """Of the name."""
        return self.name[67:]


def blobs_beside(place: Folder | Server, given: str | Path | None) -> Blobs | None:
    """Return the place of files: the folder or URL that was given, else that of a study folder."""
    if given:
        return blobs_at(str(given))
    return FolderBlobs(place.path / FOLDER) if isinstance(place, Folder) else None


def files_in(blobs: Blobs | None) -> Iterator[FileNote]:
    """Yield the finished files of a place, in order of their names."""
    for held in blobs.held() if blobs is not None else ():
        yield FileNote(name=held.name, size=held.size)


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


def put_beside(blobs: Blobs, note: FileNote, source: BinaryIO, subject: str) -> bool:
    """Put a file into a place, wholly or not at all; tell whether it was not there before.

    Raises
    ------
    StoreError
        If the content is another than its name says, also of a file that is there already, or the place
        cannot be written.
    """
    is_new = blobs.age(note.name) is None
    with private_folder() as folder:
        path = folder / "file"
        with path.open("wb") as file:
            copied(source, file, note, subject)
        blobs.put(path, note.suffix)
    return is_new
