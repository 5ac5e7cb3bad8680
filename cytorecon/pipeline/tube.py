"""From one tube to its result: counts, gates, pictures, issues, provenance."""

from __future__ import annotations

from collections.abc import Mapping

from cytorecon import __version__
from cytorecon.counts import absolute_counts, choose_method, count_populations
from cytorecon.errors import Issue, Severity
from cytorecon.gating.density import Ticks, density_plots
from cytorecon.gating.gated import GatedSample
from cytorecon.pipeline.context import BatchContext
from cytorecon.pipeline.source import Source
from cytorecon.pipeline.steps import Prepared, gate_prepared, prepare
from cytorecon.results import AxisTick, PopulationCount, Provenance, TubeResult
from cytorecon.study.model import Tube
from cytorecon.study.quantities import tube_quantities


def tube_result(source: Source, tube: Tube, context: BatchContext) -> TubeResult:
    """Analyse one tube with its batch's scales and prior.

    Parameters
    ----------
    source : Source
        Where its events are.
    tube : Tube
        What the sheet says about it.
    context : BatchContext
        Of its batch.

    Returns
    -------
    TubeResult
        With status ``done``.
    """
    prepared = prepare(source, context.transforms)
    return result_of(prepared, gate_prepared(prepared, source, context.prior), tube, context)


def result_of(prepared: Prepared, gated: GatedSample, tube: Tube, context: BatchContext) -> TubeResult:
    """Return the result of a tube that is gated."""
    counts, issues = _counts(gated, tube)
    return TubeResult(
        tube=tube.tube,
        status="done",
        n_events=prepared.sample.n_events,
        channels=tuple(channel.label for channel in prepared.sample.channels),
        counts=counts,
        gates=gated.records(),
        plots=density_plots(gated, prepared.axes, _ticks(context)),
        issues=(*gated.issues, *issues, *_notes(context)),
        provenance=_provenance(gated, context),
    )


def failed(tube: Tube, reason: str) -> TubeResult:
    """Return the result of a tube that has none."""
    return TubeResult(
        tube=tube.tube, status="failed", error=reason, provenance=Provenance(software_version=__version__)
    )


def _counts(gated: GatedSample, tube: Tube) -> tuple[tuple[PopulationCount, ...], tuple[Issue, ...]]:
    counts = count_populations(gated.tallies())
    quantities = tube_quantities(tube)
    choice = choose_method(counts, quantities, method=tube.count_method)
    return absolute_counts(counts, quantities, method=tube.count_method), choice.issues


def _ticks(context: BatchContext) -> Ticks:
    by_channel: Mapping[str, tuple[AxisTick, ...]] = {
        name: scale.ticks() for name, scale in context.transforms.channels
    }
    return lambda channel: by_channel.get(channel, ())


def _notes(context: BatchContext) -> tuple[Issue, ...]:
    return tuple(Issue("batch.assumption", Severity.INFO, "scales", note) for note in context.notes)


def _provenance(gated: GatedSample, context: BatchContext) -> Provenance:
    spillover = gated.sample.spillover
    return Provenance(
        file_sha256=gated.sample.sha256,
        template=context.template,
        template_version=context.template_version,
        template_sha256=context.template_sha256,
        gates_version=gated.gates_version,
        transforms_sha256=context.transforms.sha256,
        prior_sha256=context.prior.sha256,
        overrides_sha256=gated.overrides_sha256,
        spillover_source=spillover.source if spillover else "none",
        software_version=__version__,
    )
