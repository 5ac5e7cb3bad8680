"""The bytes of one file: opened once, read where they are needed, never as a whole."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cytorecon.errors import FcsError, FcsTruncatedError
from cytorecon.fcs.special_files import special_kind

_COPY_AGAIN = "Copy it again from the cytometer."


@dataclass(frozen=True, slots=True)
class Source:
    """An open file.

    Parameters
    ----------
    handle : binary file
        Open for reading, with ``seek`` and ``readinto``.
    size : int
        Bytes of the file. Nothing is allocated for what lies beyond.
    file : str
        Name for messages: the base name, never the path.
    fingerprint : Fingerprint or None
        How to get the file's SHA-256 later.
    """

    handle: BinaryIO
    size: int
    file: str
    fingerprint: Fingerprint | None = None

    def part(self, begin: int, end: int) -> bytes:
        """Return the bytes from `begin` to before `end`, as many of them as the file has."""
        begin, end = max(begin, 0), min(end, self.size)
        if begin >= end:
            return b""
        content = bytearray(end - begin)
        self.fill(begin, memoryview(content))
        return bytes(content)

    def fill(self, begin: int, buffer: memoryview) -> None:
        """Read as many bytes as `buffer` has, from byte `begin` on.

        Raises
        ------
        FcsTruncatedError
            If the file has become shorter since it was opened.
        """
        self.handle.seek(begin)
        filled = 0
        while filled < len(buffer):
            # A system call may give less than it was asked for.
            count = self.handle.readinto(buffer[filled:] if filled else buffer)  # type: ignore[attr-defined]
            if not count:
                raise FcsTruncatedError(
                    "The file became shorter while it was read.",
                    subject=self.file,
                    found=f"{begin + filled} bytes",
                    allowed=f"{self.size} bytes",
                    hint="Wait until it is copied in full.",
                )
            filled += count

    def check_unchanged(self) -> None:
        """Refuse a file that somebody wrote into since it was opened.

        Raises
        ------
        FcsError
            If it is so.
        """
        if self.fingerprint is not None and not self.fingerprint.belongs_to(self.handle):
            raise FcsError(
                "The file was changed while it was read.",
                subject=self.file,
                hint="Wait until it is written in full.",
            )


class Fingerprint:
    """The SHA-256 of a file, computed when first asked for: it costs more than reading the events.

    The file is known again by size, time of change and inode; a file that was replaced in the
    meantime is refused, so that a hash never belongs to other bytes than the events.

    Parameters
    ----------
    path : Path
        The file.
    handle : binary file
        Open on it.
    """

    def __init__(self, path: Path, handle: BinaryIO) -> None:
        self._path = path.absolute()
        self._mark = _mark(handle)
        self._digest = ""

    def __call__(self) -> str:
        """Return the SHA-256 as 64 hexadecimal digits.

        Raises
        ------
        FcsError
            If the file is gone or is not the one that was read.
        """
        if not self._digest:
            try:
                with self._path.open("rb") as handle:
                    digest = hashlib.file_digest(handle, "sha256").hexdigest()
                    same = self.belongs_to(handle)
            except OSError:
                same, digest = False, ""
            if not same:
                raise FcsError(
                    "The file was changed or moved after it was read.",
                    subject=self._path.name,
                    field="SHA-256",
                    hint="Read it again.",
                )
            self._digest = digest
        return self._digest

    def belongs_to(self, handle: BinaryIO) -> bool:
        """Tell whether `handle` is open on the same file, unchanged."""
        return _mark(handle) == self._mark


def _mark(handle: BinaryIO) -> tuple[int, int, int]:
    status = os.fstat(handle.fileno())
    return status.st_size, status.st_mtime_ns, status.st_ino


@contextmanager
def open_source(path: str | Path) -> Iterator[Source]:
    """Open the file at `path` for as long as the context lasts.

    Raises
    ------
    FcsError
        If there is no such file, it is empty, or it is a folder, a pipe or a device.
    """
    path = Path(path)
    file = path.name
    try:
        _check_regular(path.stat().st_mode, file)  # before opening: a pipe would wait for a writer
        handle = path.open("rb", buffering=0)
    except FileNotFoundError as error:
        raise FcsError(
            "There is no such file.", subject=file, hint="Check the name and the folder."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        reason = error.strerror or "" if isinstance(error, OSError) else "a name no file can have"
        raise FcsError("The file cannot be opened.", subject=file, found=reason) from error
    with handle:
        status = os.fstat(handle.fileno())
        _check_regular(status.st_mode, file)
        if not status.st_size:
            raise FcsError("The file is empty.", subject=file, hint=_COPY_AGAIN)
        yield Source(handle, status.st_size, file, Fingerprint(path, handle))


def _check_regular(mode: int, file: str) -> None:
    if stat.S_ISDIR(mode):
        raise FcsError("This is a folder, not a file.", subject=file, hint="Name the FCS file in it.")
    if not stat.S_ISREG(mode):
        raise FcsError(
            "This is not a file.",
            subject=file,
            found=special_kind(mode),
            allowed="an FCS file",
            hint="Save what it gives to a file first, and name that.",
        )
