"""What the process that reads an upload may not do, although its user may."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

#: Events of the interpreter (PEP 578) that start something or speak to somebody.
_REFUSED: Final = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile",
    "ftplib.", "http.", "smtplib.", "urllib.", "webbrowser.",
)  # fmt: skip

#: Events that change the files they name.
_CHANGES: Final = {
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
    "os.chown", "shutil.rmtree", "shutil.move",
}  # fmt: skip

_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class NotAllowedError(RuntimeError):
    """The process tried what it may not; no other code catches it."""


def confine(folder: Path) -> None:
    """Let this process, for good, connect to nothing, start nothing, and write only into `folder`.

    This holds for Python code: an error of ours that a file exploits. A fault in compiled
    code is not held back by it; there the limits of the system hold.

    Parameters
    ----------
    folder : Path
        Where it may write.
    """
    allowed = f"{os.path.realpath(folder)}{os.sep}"

    def look(event: str, arguments: Sequence[object]) -> None:
        if event.startswith(_REFUSED):
            raise NotAllowedError(event)
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
            _check(arguments[0], allowed)
        elif event in _CHANGES:
            for named in arguments:
                if isinstance(named, str | bytes | os.PathLike):
                    _check(named, allowed)

    sys.addaudithook(look)


def _check(named: object, allowed: str) -> None:
    if not isinstance(named, str | bytes | os.PathLike):
        return  # a handle that is open already
    if not os.path.realpath(os.fsdecode(named)).startswith(allowed):
        raise NotAllowedError("write")
