"""Contact windows of a transplant registry (``registry_windows.yaml``)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import Field

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_yaml, validated
from cytorecon.values import Frozen

REGISTRY_WINDOWS_FILE: Final = "registry_windows.yaml"


class RegistryWindow(Frozen):
    """Days `from_day` to `to_day` (both included) of a contact; the closest to `target_day` is reported."""

    window: str = Field(min_length=1)
    target_day: int
    from_day: int
    to_day: int


class RegistryWindows(Frozen):
    """The contacts of a registry, and the populations it is told of.

    Parameters
    ----------
    registry, source : str
        Whose windows, and where they are written.
    windows : tuple of RegistryWindow
        In order of the days.
    populations : tuple of str
        Names of ``populations.csv``.
    """

    registry: str = Field(min_length=1)
    source: str = Field(min_length=1)
    windows: tuple[RegistryWindow, ...] = Field(min_length=1)
    populations: tuple[str, ...] = Field(min_length=1)


def load_registry_windows(*, folder: Path | None = None) -> RegistryWindows:
    """Return the contact windows.

    Raises
    ------
    KnowledgeError
        If the file cannot be used, a window ends before it begins, or two overlap.

    Examples
    --------
    >>> [window.window for window in load_registry_windows().windows]
    ['day 100', '6 months', '1 year']
    """
    known = validated(
        RegistryWindows, read_yaml(REGISTRY_WINDOWS_FILE, folder=folder), subject=REGISTRY_WINDOWS_FILE
    )
    last: RegistryWindow | None = None
    for window in known.windows:
        if window.to_day < window.from_day or (last is not None and window.from_day <= last.to_day):
            raise KnowledgeError(
                "A window ends before it begins, or begins before the one above it ends.",
                subject=REGISTRY_WINDOWS_FILE,
                field=window.window,
                found=f"day {window.from_day} to {window.to_day}",
            )
        last = window
    return known
