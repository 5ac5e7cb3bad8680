"""A study together with the results of its tubes."""

from __future__ import annotations

from cytorecon.results import TubeResult
from cytorecon.study.model import Study
from cytorecon.values import Frozen


class StudyResult(Frozen):
    """A study and the results of its tubes, in the order of ``study.tubes``.

    Parameters
    ----------
    study : Study
        Patients, tubes and events.
    tubes : tuple of TubeResult
        One per tube of the study.
    locked : tuple of str
        Patients whose results nothing replaces until somebody unlocks them.
    """

    study: Study
    tubes: tuple[TubeResult, ...]
    locked: tuple[str, ...] = ()

    def tube(self, tube: str) -> TubeResult:
        """Return the result of tube `tube` (KeyError if absent)."""
        for candidate in self.tubes:
            if candidate.tube == tube:
                return candidate
        raise KeyError(tube)
