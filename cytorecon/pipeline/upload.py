"""One more tube for a study that has results: gated with what the study froze."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from cytorecon.errors import CytoreconError
from cytorecon.gating.overrides import Override, concerning
from cytorecon.intake import Cleaned
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline.context import AnalysisSettings
from cytorecon.pipeline.learn import attempt, learn, reason_of
from cytorecon.pipeline.source import Source
from cytorecon.pipeline.steps import survey
from cytorecon.pipeline.study import no_progress
from cytorecon.pipeline.tube import failed, tube_result
from cytorecon.results import TubeResult
from cytorecon.running import Failure
from cytorecon.study.model import Tube

OF_ANOTHER_BATCH: Final = (
    "The study has no scales and priors for it by now: its template has changed, or is a file of your own. "
    "A batch with its sheet analyses it again."
)


@dataclass(frozen=True)
class Addition:
    """The result of an added tube, and the settings, which know one batch more if it is a new one."""

    result: TubeResult
    settings: AnalysisSettings


def analyze_addition(
    file: Path | Cleaned,
    tube: Tube,
    settings: AnalysisSettings,
    overrides: Sequence[Override] = (),
    *,
    learns: bool = True,
) -> Addition:
    """Analyse one file with the frozen scales and priors of its batch.

    Parameters
    ----------
    file : Path or Cleaned
        The file, which is read and not kept; or its sample, on the linear scale, as
        :func:`~cytorecon.intake.receive` returns it.
    tube : Tube
        What is known about it.
    settings : AnalysisSettings
        Of the study. A tube of a batch the study does not know stands alone, and its batch is
        added to the settings that are returned.
    overrides : sequence of Override
        What people decided about gates of the study, oldest first.
    learns : bool
        False lets a tube of a batch that the study does not know fail: it was analysed with another one.

    Returns
    -------
    Addition
        With a failed result when the file cannot be analysed.
    """
    try:
        template = load_template(tube.template)
    except CytoreconError as error:
        return Addition(failed(tube, reason_of(error)), settings)
    given = settings.given
    mapping = given.mapping_for(template)
    source = Source(
        tube.tube,
        template,
        file if isinstance(file, Path) else None,
        tube.dataset,
        file.sample if isinstance(file, Cleaned) else None,
        file.written if isinstance(file, Cleaned) else (),
        mapping=mapping,
        spillover=given.matrix(),
        overrides=tuple(concerning(overrides, template.name, tube.tube, batch=None)),
    )
    found = attempt(survey, source)
    if isinstance(found, Failure):
        return Addition(failed(tube, found.reason), settings)
    if found.batch not in settings.batches:
        if not learns:
            return Addition(failed(tube, OF_ANOTHER_BATCH), settings)
        context = learn(found.batch, [source], {source.name: found}, map, no_progress)
        settings = settings.model_copy(update={"batches": {**settings.batches, found.batch: context}})
    answer = attempt(partial(tube_result, tube=tube, context=settings.batches[found.batch]), source)
    return Addition(failed(tube, answer.reason) if isinstance(answer, Failure) else answer, settings)
