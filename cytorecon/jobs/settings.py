"""Save what a run has learned beside what others saved meanwhile.

A batch and an upload both read the settings of a study, learn for a while, and write. Whoever
writes last must not wipe out what the other one wrote in between.
"""

from __future__ import annotations

from collections.abc import Mapping

from cytorecon.pipeline import AnalysisSettings, BatchContext
from cytorecon.store import StudyStore


def save_settings(
    store: StudyStore, known: AnalysisSettings, found: AnalysisSettings, *, reason: str
) -> AnalysisSettings:
    """Store what changed from `known` to `found`, and return the settings that hold now.

    Parameters
    ----------
    store : StudyStore
        The study.
    known : AnalysisSettings
        As they were read from it before the work.
    found : AnalysisSettings
        As the work left them.
    reason : str
        For the history.

    Returns
    -------
    AnalysisSettings
        Analyse with these: a batch that somebody else learned meanwhile stands as it was stored,
        unless this work learned it from more tubes.
    """
    if found == known:
        return AnalysisSettings.from_json(store.settings())

    def merge(stored: str) -> str:
        return merged(known, found, AnalysisSettings.from_json(stored)).model_dump_json()

    return AnalysisSettings.from_json(store.change_settings(merge, reason=reason))


def merged(known: AnalysisSettings, found: AnalysisSettings, stored: AnalysisSettings) -> AnalysisSettings:
    """Return `found` with every batch of `stored` that others learned since `known`.

    What was learned holds for what the user had given (mapping, matrix) at that time only: whoever
    gave something new is followed, and what others learned without it is dropped.

    Examples
    --------
    >>> empty = AnalysisSettings(software_version="1")
    >>> merged(empty, empty, empty) == empty
    True
    """
    if known.given == found.given != stored.given:
        return stored
    batches = dict(stored.batches) if found.given == stored.given else {}
    for name, context in found.batches.items():
        if _holds(name, context, known.batches, batches):
            batches[name] = context
    return found.model_copy(update={"batches": batches})


def _holds(
    name: str, context: BatchContext, known: Mapping[str, BatchContext], stored: Mapping[str, BatchContext]
) -> bool:
    """Tell whether `context` takes the place of what is stored under `name`."""
    current = stored.get(name)
    if current is None:
        return True
    if context == known.get(name):  # not learned by this work: what is stored may be newer
        return False
    return current == known.get(name) or context.prior.tubes > current.prior.tubes
