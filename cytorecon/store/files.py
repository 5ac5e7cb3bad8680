"""Files beside the database: there wholly, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cytorecon.errors import StoreError
from cytorecon.store.folder import publish


def put_whole(out: Path, lines: Iterable[str]) -> None:
    """Write lines of text to a new file.

    Raises
    ------
    StoreError
        If there is a file of this name, or it cannot be written.
    """
    with new_file(out) as file:
        for line in lines:
            file.write(f"{line}\n".encode())


@contextmanager
def new_file(out: Path) -> Iterator[BinaryIO]:
    """Give a file to write to; after the block it is on the disk as `out`, which never replaces anything.

    Raises
    ------
    StoreError
        If there is a file of this name, or it cannot be written. Nothing is left behind then.
    """
    if out.exists():
        raise _in_the_way(out)
    try:
        with tempfile.TemporaryDirectory(prefix=".new-", dir=out.parent) as workspace:
            path = Path(workspace) / "file"
            with path.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            publish(path, out)
    except FileExistsError:
        raise _in_the_way(out) from None
    except OSError as error:
        raise StoreError(
            "The file cannot be written; nothing was left behind.",
            subject=str(out),
            found=error.strerror or str(error),
            allowed="a new file in a folder that this user may write, with room for it",
            hint="Choose another place, or make room.",
        ) from None


def _in_the_way(out: Path) -> StoreError:
    return StoreError(
        "There is a file of this name already; it was left as it is.",
        subject=str(out),
        allowed="a new name",
        hint="Choose another name, or move the file away.",
    )
