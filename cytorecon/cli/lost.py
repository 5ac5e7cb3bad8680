"""Files that a study keeps by its rows and that are not there, as a command says it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cytorecon.cli.failures import Failure

if TYPE_CHECKING:
    from cytorecon.store import LostFile


def failures_of(lost: Sequence[LostFile]) -> Iterator[Failure]:
    """Yield one line per file."""
    for file in lost:
        hint = "Name the right place with --files, or restore it from a backup"
        yield Failure(str(file), f"{file.found}. {hint}.", what="missing")


def lost_rows(lost: Sequence[LostFile]) -> list[dict[str, object]]:
    """Return them for ``--json``."""
    return [{"sha256": file.sha256, "tubes": list(file.tubes), "found": file.found} for file in lost]
