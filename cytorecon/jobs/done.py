"""Which tubes need not be analysed again, told from what their results rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cytorecon import __version__
from cytorecon.pipeline import AnalysisSettings, Plan, Seen
from cytorecon.pipeline.source import CHANNEL_GIVEN
from cytorecon.pipeline.steps import decided
from cytorecon.results import Provenance
from cytorecon.store import Origin, StudyStore, same_facts
from cytorecon.study.model import Tube


def seen_before(
    digests: Mapping[str, str], origins: Mapping[str, Origin], settings: AnalysisSettings
) -> dict[str, Seen]:
    """Return the tubes that need not be read to know their batch.

    Parameters
    ----------
    digests : mapping of str to str
        Tube -> SHA-256 of its file now.
    origins : mapping of str to Origin
        Of the stored results.
    settings : AnalysisSettings
        That hold now. A result that rests on others says nothing about a batch.
    """
    by_hashes = _by_hashes(settings)
    seen = {}
    for tube, digest in digests.items():
        origin = origins.get(tube)
        if origin is None or origin.status != "done":
            continue
        rests_on = origin.provenance
        batch = by_hashes.get(_hashes(rests_on))
        if batch and (rests_on.file_sha256, rests_on.software_version) == (digest, __version__):
            seen[tube] = Seen(digest, batch)
    return seen


def batch_of_result(rests_on: Provenance, settings: AnalysisSettings) -> str | None:
    """Return the batch a result was gated with; None when it was learned again since.

    Parameters
    ----------
    rests_on : Provenance
        Of the result.
    settings : AnalysisSettings
        Of the study, as they hold now.
    """
    return _by_hashes(settings).get(_hashes(rests_on))


def _by_hashes(settings: AnalysisSettings) -> dict[tuple[str, str, str], str]:
    return {
        (context.template_sha256, context.prior.sha256, context.transforms.sha256): batch
        for batch, context in settings.batches.items()
    }


def _hashes(rests_on: Provenance) -> tuple[str, str, str]:
    return rests_on.template_sha256, rests_on.prior_sha256, rests_on.transforms_sha256


def to_analyse(
    store: StudyStore, tubes: Sequence[Tube], plan: Plan, origins: Mapping[str, Origin]
) -> Iterator[Tube]:
    """Yield the tubes whose stored result is none, or rests on something else than the plan says."""
    stored = {tube.tube: tube for tube in (*store.study().tubes, *store.removed())}
    for tube in tubes:
        origin = origins.get(tube.tube)
        if origin is None or not _is_done(tube, stored[tube.tube], origin, plan):
            yield tube


def _is_done(tube: Tube, stored: Tube, origin: Origin, plan: Plan) -> bool:
    """Whether the result came from the same file, facts, settings and decisions about gates."""
    if origin.status != "done" or tube.tube not in plan.sources:
        return False
    if tube.row > 0 and not same_facts(stored, tube):
        return False
    source, rests_on = plan.sources[tube.tube], origin.provenance
    if tuple(issue for issue in origin.issues if issue.code == CHANNEL_GIVEN) != source.said:
        return False
    if source.spillover is not None and rests_on.spillover_source != source.spillover.source:
        return False
    batch = plan.batches[tube.tube]
    context = plan.settings.batches[batch]
    return (
        rests_on.file_sha256,
        rests_on.template_sha256,
        rests_on.prior_sha256,
        rests_on.transforms_sha256,
        rests_on.software_version,
        rests_on.overrides_sha256,
    ) == (
        plan.hashes[tube.tube],
        context.template_sha256,
        context.prior.sha256,
        context.transforms.sha256,
        __version__,
        decided(source, batch).sha256,
    )
