"""What the tubes of a batch teach each other: one set of scales, one prior for every gate.

Three looks at each file, one file in memory at a time: a survey (scales), then two rounds of
gating in which every tube first stands alone and then leans on the others; children can only be
found well once their parents lean on the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from cytorecon.errors import CytoreconError
from cytorecon.gating.packed import PackedEvidence, packed
from cytorecon.gating.prior import SETTLED_TUBES, GatingPrior, pool
from cytorecon.knowledge.template import Template
from cytorecon.pipeline.context import BatchContext
from cytorecon.pipeline.source import Source
from cytorecon.pipeline.steps import Survey, shown, survey
from cytorecon.running import Answer, Failure, Item, Lost, Run
from cytorecon.transforms import TransformSet, estimate_transforms

ROUNDS = 2


#: Called with what is being done, how many tubes are done, and how many there are.
Progress = Callable[[str, int, int], None]


def attempt(work: Callable[[Item], Answer], item: Item) -> Answer | Failure:
    """Return ``work(item)``, or why it failed: one bad tube never stops a batch."""
    try:
        return work(item)
    except CytoreconError as error:
        return Failure(reason_of(error))
    except MemoryError:
        return Failure("There is not enough memory for this file.")
    except Exception as error:  # noqa: BLE001 - a defect of ours in one tube must not lose the others
        return Failure(f"Internal error ({type(error).__name__}); please report it.")


def reason_of(error: CytoreconError) -> str:
    """Return the error's text without its subject, which may be a file name."""
    parts = [f"{error.field}: {error.message}" if error.field else error.message]
    if error.found:
        parts.append(f"Found: {error.found}.")
    if error.allowed:
        parts.append(f"Allowed: {error.allowed}.")
    if error.hint:
        parts.append(error.hint)
    return " ".join(parts)


@dataclass(frozen=True)
class Surveyed:
    """Surveys of the tubes that could be read, and failures of the others, by source name."""

    surveys: Mapping[str, Survey]
    failures: Mapping[str, Failure]


def survey_all(sources: Sequence[Source], run: Run, progress: Progress) -> Surveyed:
    """Survey every source."""
    surveys: dict[str, Survey] = {}
    failures: dict[str, Failure] = {}
    answers = run(partial(attempt, survey), sources)
    for done, (source, answer) in enumerate(zip(sources, answers, strict=True), start=1):
        if isinstance(answer, Failure):
            failures[source.name] = answer
        else:
            surveys[source.name] = answer
        progress("reading", done, len(sources))
    return Surveyed(surveys, failures)


def learn(
    batch: str,
    sources: Sequence[Source],
    surveys: Mapping[str, Survey],
    run: Run,
    progress: Progress,
    site: BatchContext | None = None,
) -> BatchContext:
    """Return what the tubes of one batch share.

    Parameters
    ----------
    batch : str
        Its key.
    sources : sequence of Source
        Its tubes; all have the same template.
    surveys : mapping
        Of at least these tubes.
    run : callable
        ``map`` or an executor's.
    progress : callable
        Called after each tube.
    site : BatchContext, optional
        What the laboratory's tubes of the same kind taught before. Its scales are used. It carries a batch
        too small to be settled, and fills up what a larger one does not show.
    """
    return learn_what_can_be(batch, sources, surveys, run, progress, site).context


@dataclass(frozen=True)
class Learned:
    """What the tubes of a batch share, and those that taught nothing because their worker was lost."""

    context: BatchContext
    lost: Mapping[str, Lost]


def learn_what_can_be(
    batch: str,
    sources: Sequence[Source],
    surveys: Mapping[str, Survey],
    run: Run,
    progress: Progress,
    site: BatchContext | None = None,
) -> Learned:
    """Return what the tubes of one batch share, see :func:`learn`, and which ones were lost on the way."""
    if site is not None and len(sources) < SETTLED_TUBES:
        return Learned(site, {})
    scales = (
        site.transforms
        if site is not None
        else estimate_transforms([surveys[source.name].summaries for source in sources])
    )
    known = site.prior if site is not None else GatingPrior()
    prior = known
    lost: dict[str, Lost] = {}
    for _ in range(ROUNDS):
        look = partial(attempt, partial(_shown_packed, scales=scales, prior=prior))
        teachers = [source for source in sources if source.name not in lost]
        seen: list[PackedEvidence] = []
        for done, (source, answer) in enumerate(zip(teachers, run(look, teachers), strict=True), start=1):
            if isinstance(answer, Lost):
                lost[source.name] = answer
            elif not isinstance(answer, Failure):
                seen.append(answer)
            progress("learning from the batch", done, len(teachers))
        prior = pool(seen).filled_up(known)
    return Learned(_context(batch, sources[0].template, scales, prior, site), lost)


def _shown_packed(source: Source, scales: TransformSet, prior: GatingPrior) -> PackedEvidence:
    return packed(shown(source, scales, prior))


def _context(
    batch: str, template: Template, scales: TransformSet, prior: GatingPrior, site: BatchContext | None
) -> BatchContext:
    return BatchContext(
        batch=batch,
        template=template.name,
        template_version=template.version,
        template_sha256=template.sha256,
        scales=scales.to_json(),
        prior=prior,
        notes=(
            *(f"{issue.message} {issue.hint}".strip() for issue in scales.issues),
            *(site.notes if site is not None else ()),
        ),
    )
