"""Packaged knowledge is read once: it does not change while the program runs."""

from __future__ import annotations

from functools import cache, wraps
from pathlib import Path
from typing import Protocol, TypeVar

Knowledge_co = TypeVar("Knowledge_co", covariant=True)


class Loader(Protocol[Knowledge_co]):
    """Reads one kind of knowledge: a packaged file, or that of a user's folder."""

    def __call__(self, *, folder: Path | None = None) -> Knowledge_co:
        """Return the checked content."""


def packaged_once(load: Loader[Knowledge_co]) -> Loader[Knowledge_co]:
    """Return `load` so that it reads the packaged file once; a user's folder is read each time.

    For frozen values only, as all callers share one.

    Examples
    --------
    >>> from cytorecon.knowledge.populations import load_populations
    >>> load_populations() is load_populations()
    True
    """

    @cache
    def packaged() -> Knowledge_co:
        return load()

    @wraps(load)
    def loaded(*, folder: Path | None = None) -> Knowledge_co:
        return packaged() if folder is None else load(folder=folder)

    return loaded
