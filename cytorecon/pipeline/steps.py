"""The spine for one sample: compensate, transform, gate."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cytorecon.compensation import compensate
from cytorecon.errors import Issue, Severity
from cytorecon.gating.axes import Axes
from cytorecon.gating.engine import gate, search_all
from cytorecon.gating.estimates import Evidence
from cytorecon.gating.gated import GatedSample, evidence_of
from cytorecon.gating.overrides import Decisions, decisions
from cytorecon.gating.prior import GatingPrior
from cytorecon.pipeline.panel import panel_of
from cytorecon.pipeline.source import Loaded, Source, batch_of
from cytorecon.quality import check_quality
from cytorecon.sample import Sample
from cytorecon.transforms import ChannelSummary, TransformSet, summarise_channels, transform


@dataclass(frozen=True)
class Survey:
    """What is learned from a tube before anything is gated.

    Parameters
    ----------
    batch : str
        The batch it belongs to.
    sha256 : str
        Of its bytes.
    summaries : tuple of ChannelSummary
        For choosing the scales of the batch.
    """

    batch: str
    sha256: str
    summaries: tuple[ChannelSummary, ...]


@dataclass(frozen=True)
class Prepared:
    """A transformed sample with its panel resolved."""

    sample: Sample
    axes: Axes


def compensated(source: Source, *, checked: bool = True) -> Loaded:
    """Return the sample of `source`, its acquisition checked, compensated with its own matrix."""
    loaded = source.load()
    sample = loaded.sample.by_channel()
    remarks = check_quality(sample) if checked else ()
    done = compensate(sample.with_issues(remarks), sample.spillover)
    if source.template.spillover != "needed":
        done = replace(done, issues=tuple(_as_usual(issue) for issue in done.issues))
    return replace(loaded, sample=done)


def _as_usual(issue: Issue) -> Issue:
    """Return a missing matrix as something to know, not to doubt."""
    return replace(issue, severity=Severity.INFO) if issue.code == "compensation.none" else issue


def survey(source: Source) -> Survey:
    """Return batch, hash and channel summaries of `source`; its panel must hold what is required."""
    sample = (loaded := compensated(source, checked=False)).sample
    panel_of(sample, source.template, loaded.mapping)
    return Survey(batch_of(sample, source.template), sample.sha256, summarise_channels(sample))


def prepare(source: Source, scales: TransformSet) -> Prepared:
    """Return the sample of `source` on the batch's scales, with its panel."""
    return prepare_loaded(compensated(source), source, scales)


def prepare_loaded(loaded: Loaded, source: Source, scales: TransformSet) -> Prepared:
    """Return the compensated sample of `source` on the batch's scales, with its panel."""
    sample = loaded.sample
    panel = panel_of(sample, source.template, loaded.mapping)
    # A missing optional marker is said once, by the gate that would have used it.
    remarks = [issue for issue in panel.issues if issue.code != "panel.missing"]
    sample = transform(sample.with_issues(remarks), scales)
    return Prepared(sample, Axes(sample, panel.channels, scales))


def gate_prepared(prepared: Prepared, source: Source, prior: GatingPrior) -> GatedSample:
    """Return the gated sample, with what people decided about its gates."""
    held = decided(source, batch_of(prepared.sample, source.template))
    return gate(prepared.sample, source.template, prepared.axes, prior, held)


def shown(source: Source, scales: TransformSet, prior: GatingPrior) -> dict[str, Evidence]:
    """Return what `source` alone shows about its gates; how certain its numbers are does not matter here."""
    prepared = prepare_loaded(compensated(source, checked=False), source, scales)
    sample, axes = prepared.sample, prepared.axes
    held = decided(source, batch_of(sample, source.template))
    return evidence_of(search_all(sample, source.template, axes, prior, held))


def decided(source: Source, batch: str) -> Decisions:
    """Return what people decided about the gates of `source`, a tube of `batch`."""
    return decisions(source.overrides, source.template, source.name, batch)
