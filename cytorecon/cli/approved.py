"""Whose results are approved, for commands that write them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from cytorecon import __version__

if TYPE_CHECKING:
    from cytorecon.study.result import StudyResult


def approved_in(study: str, result: StudyResult, patients: Collection[str] | None = None) -> frozenset[str]:
    """Return whose results, of `patients` or all, are approved as they stand in `result`."""
    from cytorecon.store import StudyApprovals

    with StudyApprovals.open(study) as store:
        return store.approved(result, software_version=__version__, patients=patients)
