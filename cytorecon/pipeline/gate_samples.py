"""Gate samples in memory: masks, counts and percentages, no cells/µL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import overload

import numpy as np

from cytorecon.errors import CytoreconError, Issue, OverrideError
from cytorecon.gating.controls import check_control
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.override_check import check_override, check_undo
from cytorecon.gating.overrides import Override
from cytorecon.knowledge.template import Template
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline.context import BatchContext
from cytorecon.pipeline.controls import Control, ControlSource, taught_by
from cytorecon.pipeline.learn import learn
from cytorecon.pipeline.source import Source, batch_of
from cytorecon.pipeline.steps import compensated, gate_prepared, prepare_loaded, survey
from cytorecon.pipeline.study import no_progress
from cytorecon.sample import Sample


@overload
def gate(
    samples: Sample, template: str | Path | Template, *, mapping: Mapping[str, str] | None = None
) -> GatedSample: ...


@overload
def gate(
    samples: Sequence[Sample], template: str | Path | Template, *, mapping: Mapping[str, str] | None = None
) -> tuple[GatedSample, ...]: ...


def gate(
    samples: Sample | Sequence[Sample],
    template: str | Path | Template,
    *,
    mapping: Mapping[str, str] | None = None,
) -> GatedSample | tuple[GatedSample, ...]:
    """Compensate, transform and gate one sample, or several that learn from each other.

    Parameters
    ----------
    samples : Sample or sequence of Sample
        On the linear scale, as :func:`read_fcs` returns them. Samples of one cytometer and
        template form a batch: they share scales, and what one cannot show the others can.
    template : str, Path or Template
        A packaged name (``"tbnk"``), the path of a YAML file, or a loaded template.
    mapping : mapping of str to str, optional
        Marker to ``$PnN``, where labels do not say it.

    Returns
    -------
    GatedSample, or a tuple of them in the order of `samples`
        With ``.populations``, ``.mask(population)`` and ``.counts()``.

    Raises
    ------
    CytoreconError
        If `samples` are something else, a path for example.
    PanelError
        If a sample lacks a required marker.
    CompensationError
        If a sample's spillover matrix cannot be used.

    Examples
    --------
    >>> from cytorecon.simulate import simulate_tube, tube_spec
    >>> blood = {"CD4_T": 300, "CD8_T": 200, "B": 80, "NK": 90, "monocytes": 300, "granulocytes": 2500}
    >>> tube = simulate_tube(tube_spec(concentrations=blood, events=15000), seed=1)
    >>> gated = gate(tube.sample(), "tbnk")
    >>> abs(int(gated.mask("CD4_T").sum()) / int(tube.mask("CD4_T").sum()) - 1) < 0.1
    True
    """
    gated = gate_batch(_listed(samples), template, mapping=mapping)
    return gated[0] if isinstance(samples, Sample) else tuple(gated)


def gate_batch(
    samples: Sequence[Sample],
    template: str | Path | Template,
    priors: Sequence[BatchContext] | None = None,
    *,
    mapping: Mapping[str, str] | None = None,
    overrides: Sequence[Override] = (),
    controls: Sequence[Control] = (),
) -> list[GatedSample]:
    """Gate samples that learn from each other, or from what was learned before.

    Parameters
    ----------
    samples, template, mapping
        As for :func:`gate`.
    priors : sequence of BatchContext, optional
        From :func:`learn_priors`: scales and positions, frozen. With them a sample's result does not
        depend on the others it is gated with. Without them they are learned from `samples`.
    overrides : sequence of Override
        What people decided about gates, oldest first. The target of one for a sample is the number of
        the sample in the list, from ``"1"``; of one for a batch, ``BatchContext.batch``. A gate that a
        person placed teaches the others nothing; gates that are found with it are looked for anew.
    controls : sequence of Control
        FMO tubes, and tubes known to hold no cell of a population, of the same cytometer and panel: they
        give thresholds and backgrounds and have no result.

    Returns
    -------
    list of GatedSample
        In the order of `samples`. ``.counts()`` has a ``status`` for each population, ``.evidence()``
        one row per gate; with fewer than eight tubes to learn from every number is marked.

    Raises
    ------
    CytoreconError
        If `samples` are something else, `priors` are of another template or cytometer, or one of `controls`
        is a sample, too, or of a marker or population that the template has no use for.
    PanelError, CompensationError
        As for :func:`gate`.
    OverrideError
        If one of `overrides` names a gate, sample or batch that is not there, or has no usable shape.

    Examples
    --------
    >>> from cytorecon.simulate import simulate_tube, tube_spec
    >>> blood = {"CD4_T": 300, "CD8_T": 200, "B": 80, "NK": 90, "monocytes": 300, "granulocytes": 2500}
    >>> tubes = [simulate_tube(tube_spec(concentrations=blood, events=5000), seed=n) for n in range(4)]
    >>> gated = gate_batch([tube.sample() for tube in tubes], "tbnk")
    >>> counts = gated[0].counts().set_index("population")
    >>> counts.loc["CD3_T", "status"], counts.loc["CD3_T", "review"]
    ('review', ('batch.few_tubes',))
    """
    sources = _sources(samples, template, mapping, tuple(overrides))
    learned = {context.batch: context for context in priors or _learned(sources)}
    contexts, remarks = _with_controls(learned, controls, sources)
    _check_overrides(overrides, sources, set(contexts))
    gated = []
    for source in sources:
        loaded = compensated(source)
        context = _of_batch(contexts, batch_of(loaded.sample, source.template), source)
        prepared = prepare_loaded(loaded, source, context.transforms)
        own = gate_prepared(prepared, source, context.prior)
        gated.append(replace(own, issues=(*own.issues, *remarks)))
    return gated


def learn_priors(
    samples: Sequence[Sample],
    template: str | Path | Template,
    *,
    mapping: Mapping[str, str] | None = None,
) -> tuple[BatchContext, ...]:
    """Learn scales and positions from samples, frozen for :func:`gate_batch`.

    Parameters
    ----------
    samples, template, mapping
        As for :func:`gate`.

    Returns
    -------
    tuple of BatchContext
        One for each cytometer and panel; a pydantic model that writes itself as JSON.
    """
    return _learned(_sources(samples, template, mapping))


def _sources(
    samples: Sequence[Sample],
    template: str | Path | Template,
    mapping: Mapping[str, str] | None,
    overrides: tuple[Override, ...] = (),
) -> list[Source]:
    loaded = template if isinstance(template, Template) else load_template(template)
    return [
        Source(str(number), loaded, sample=sample, mapping=mapping or {}, overrides=overrides)
        for number, sample in enumerate(_listed(samples), start=1)
    ]


def _check_overrides(overrides: Sequence[Override], sources: Sequence[Source], batches: set[str]) -> None:
    known = {"sample": {source.name for source in sources}, "batch": batches, "template": {""}}
    for place, record in enumerate(overrides):
        if sources:
            check_override(record, sources[0].template)
        if record.action == "undo":
            check_undo(record, overrides[:place])
        if record.target not in known[record.scope]:
            raise OverrideError(
                f"There is no such {record.scope}.",
                subject=f"override of gate {record.gate}",
                field="target",
                found=record.target,
                allowed=", ".join(sorted(known[record.scope])),
                hint="Samples are named by their numbers in the list, from 1.",
            )


def _learned(sources: Sequence[Source]) -> tuple[BatchContext, ...]:
    surveys = {source.name: survey(source) for source in sources}
    return tuple(
        learn(batch, [s for s in sources if surveys[s.name].batch == batch], surveys, map, no_progress)
        for batch in sorted({found.batch for found in surveys.values()})
    )


def _with_controls(
    contexts: Mapping[str, BatchContext], controls: Sequence[Control], sources: Sequence[Source]
) -> tuple[dict[str, BatchContext], tuple[Issue, ...]]:
    """Return the batches with what controls taught them, and which controls taught nothing."""
    if not controls or not sources:
        return dict(contexts), ()
    by_batch: dict[str, list[ControlSource]] = {}
    for place, control in enumerate(controls, start=1):
        name = f"control {place}"
        check_control(control.of, sources[0].template)
        _refuse_both(control, sources)
        source = Source(name, sources[0].template, sample=control.sample, mapping=sources[0].mapping)
        batch = batch_of(control.sample, source.template)
        _of_batch(contexts, batch, source)
        by_batch.setdefault(batch, []).append(ControlSource(source, control.of))
    taught = {batch: taught_by(each, by_batch.get(batch, ()), map) for batch, each in contexts.items()}
    remarks = tuple(issue for each in taught.values() for issue in each.unused)
    return {batch: each.context for batch, each in taught.items()}, remarks


def _refuse_both(control: Control, sources: Sequence[Source]) -> None:
    for source in sources:
        assert source.sample is not None
        if np.array_equal(control.sample.events, source.sample.events):
            raise CytoreconError(
                "The same tube is given as a sample and as a control.",
                subject="controls",
                field=str(control.of),
                found=f"the events of sample {source.name}",
                hint="A tube is a patient's or a control.",
            )


def _of_batch(contexts: Mapping[str, BatchContext], batch: str, source: Source) -> BatchContext:
    context = contexts.get(batch)
    if context is None or context.template_sha256 != source.template.sha256:
        raise CytoreconError(
            "These priors were learned from another cytometer, panel or template.",
            subject=f"samples, number {source.name}",
            found=batch,
            allowed=", ".join(sorted(contexts)),
            hint="Learn priors from tubes of the same kind: learn_priors(samples, template).",
        )
    return context


def _listed(samples: Sample | Sequence[Sample]) -> list[Sample]:
    several = [samples] if isinstance(samples, Sample | str | Path) else list(samples)
    for place, sample in enumerate(several):
        if not isinstance(sample, Sample):
            raise CytoreconError(
                "Only samples can be gated.",
                subject=f"samples, number {place + 1}",
                found=type(sample).__name__,
                allowed="Sample",
                hint="Read the file first: read_fcs(path).",
            )
    return several
