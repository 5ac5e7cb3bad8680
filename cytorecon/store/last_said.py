"""What the history says last of each tube: its result, whether it was taken out, whether it is there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from cytorecon.store import schema
from cytorecon.store.chain import Mark
from cytorecon.store.engine import streamed
from cytorecon.store.history import Change

#: Of a sheet that was taken over: results that go with it have lines of their own.
NAMES_WHAT_GOES: Final[Mark] = {"names_what_goes": 1}
#: Of a tube that was removed: its row and result stay, or go.
ROW_STAYS: Final[Mark] = {"row_stays": 1}
ROW_GOES: Final[Mark] = {"row_stays": 0}

_AT_A_TIME: Final = 1000
_OF_TUBES: Final = (Change.TUBE_SAVED, Change.TUBE_REMOVED, Change.TUBE_RESTORED, Change.RESULT_DISCARDED)


@dataclass(slots=True)
class LastSaid:
    """What the last lines about one tube say, and which lines those are.

    Parameters
    ----------
    result_sha256 : str
        Of its result; empty when it has none.
    result_line : int
        Where that is said.
    removed : bool or None
        Whether it was taken out; None where an earlier version did not say whether its row went.
    removed_line : int
        Where that is said; 0 when nothing is.
    is_there : bool or None
        Whether the tube has a row; None where nobody knows: a sheet may bring back what it took out.
    """

    result_sha256: str = ""
    result_line: int = 0
    removed: bool | None = False
    removed_line: int = 0
    is_there: bool | None = None

    @property
    def lines(self) -> set[int]:
        """The lines that say it."""
        return {self.result_line, self.removed_line}

    def follow(self, line: int, what: Change, stays: int | None, after_sha256: str) -> None:
        """Take in one more line."""
        if what is Change.TUBE_SAVED:
            self.result_sha256, self.result_line, self.is_there = after_sha256, line, True
        elif what is Change.RESULT_DISCARDED:
            self.result_sha256, self.result_line = "", line
        elif what is Change.TUBE_RESTORED:
            self.removed, self.removed_line, self.is_there = False, line, True
        elif stays:
            self.removed, self.removed_line, self.is_there = True, line, True
        elif stays is None:
            self.removed, self.removed_line, self.is_there = None, line, None
        else:
            self.removed, self.is_there = False, None
            self.result_sha256, self.result_line, self.removed_line = "", line, line


@dataclass(frozen=True, slots=True)
class SaidOfTubes:
    """What the history says last of all tubes.

    Parameters
    ----------
    tubes : dict of str to LastSaid
        By name; those of erased patients are not there.
    last_silent_sheet : int
        Line of the last sheet that did not name what went with it; 0 for none. A result from before it may
        be gone.
    """

    tubes: dict[str, LastSaid]
    last_silent_sheet: int = 0

    def must_have_result(self, tube: LastSaid) -> bool:
        """Tell whether the result of a tube must be stored."""
        is_sure = tube.removed is not None or tube.result_line > tube.removed_line
        return bool(tube.result_sha256) and is_sure and tube.result_line > self.last_silent_sheet

    def must_be_there(self, tube: LastSaid) -> bool:
        """Tell whether the tube must have a row."""
        return bool(tube.is_there) and max(tube.lines) > self.last_silent_sheet


def said_of_tubes(connection: Connection) -> SaidOfTubes:
    """Read the history."""
    lines, details = schema.history, schema.history_details
    wanted = (
        select(
            lines.c.revision, lines.c.what, lines.c.mark,
            details.c.tube, details.c.reason, details.c.after_sha256,
        )
        .join(details, details.c.revision == lines.c.revision)
        .where(lines.c.what.in_([what.value for what in (*_OF_TUBES, Change.SHEET_REPLACED)]))
        .order_by(lines.c.revision)
    )  # fmt: skip
    tubes: dict[str, LastSaid] = {}
    silent = 0
    with streamed(connection, wanted, _AT_A_TIME) as rows:
        for row in rows:
            mark = json.loads(row.mark)
            if row.what == Change.SHEET_REPLACED:
                # remarks on a run are written under the same name, with a reason
                silent = silent if row.reason or mark.keys() & NAMES_WHAT_GOES.keys() else row.revision
                continue
            said = tubes.setdefault(row.tube, LastSaid())
            said.follow(row.revision, Change(row.what), mark.get("row_stays"), row.after_sha256)
    return SaidOfTubes(tubes, silent)
