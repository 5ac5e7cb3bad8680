"""Windows around the usual sampling days (``visit_windows.yaml``)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.knowledge.once import packaged_once
from cytorecon.values import Frozen

VISIT_WINDOWS_FILE = "visit_windows.yaml"


class VisitWindow(Frozen):
    """Days `from_day` to `to_day` (both included) that stand for `target_day`."""

    window: str = Field(min_length=1)
    target_day: int
    from_day: int
    to_day: int


class VisitWindows(Frozen):
    """All windows by day, and how many patients a median and quartiles need."""

    minimum_patients: int = Field(ge=2)
    windows: tuple[VisitWindow, ...] = Field(min_length=1)


@packaged_once
def load_visit_windows(*, folder: Path | None = None) -> VisitWindows:
    """Return the visit windows.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, a window does not hold its target day, or two overlap.

    Examples
    --------
    >>> load_visit_windows().windows[4].window
    'day 100'
    """
    windows = validated(
        VisitWindows, read_yaml(VISIT_WINDOWS_FILE, folder=folder), subject=VISIT_WINDOWS_FILE
    )
    last: VisitWindow | None = None
    for window in windows.windows:
        if not window.from_day <= window.target_day <= window.to_day:
            raise KnowledgeError(
                "The window does not hold its target day.",
                subject=VISIT_WINDOWS_FILE,
                field=window.window,
                found=f"day {window.target_day}",
                allowed=f"day {window.from_day} to {window.to_day}",
            )
        if last is not None and window.from_day <= last.to_day:
            raise KnowledgeError(
                "The windows overlap or are not in order.",
                subject=VISIT_WINDOWS_FILE,
                field=window.window,
                found=f"it begins on day {window.from_day}",
                allowed=f"after day {last.to_day}, the end of '{last.window}'",
            )
        last = window
    return windows
