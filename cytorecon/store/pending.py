"""A tube of the sheet that no analysis has reached yet.

A result holds every tube of its study, so that none can vanish from a report; one that has not
been analysed (a batch is running, or was stopped) says so.
"""

from __future__ import annotations

from typing import Final

from cytorecon.errors import Issue, Severity
from cytorecon.results import TubeResult

#: Code of the issue that marks such a tube.
NOT_ANALYSED: Final = "tube.not_analysed"


def pending_result(tube: str) -> TubeResult:
    """Return the result of a tube that has not been analysed.

    Examples
    --------
    >>> pending_result("P01/d30/1").status
    'failed'
    """
    message = "This tube has not been analysed yet."
    hint = "Wait for the batch that is running, or start it again: finished tubes are kept."
    issue = Issue(NOT_ANALYSED, Severity.INFO, tube, message, hint)
    return TubeResult(tube=tube, status="failed", error=f"{message} {hint}", issues=(issue,))
