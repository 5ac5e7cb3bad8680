"""Gate samples in memory: masks, counts and percentages, no cells/µL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import overload

from cytorecon.errors import CytoreconError
from cytorecon.gating.gated import GatedSample
from cytorecon.knowledge.template import Template
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline.learn import learn
from cytorecon.pipeline.source import Source
from cytorecon.pipeline.steps import gate_prepared, prepare, survey
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
    loaded = template if isinstance(template, Template) else load_template(template)
    several = _listed(samples)
    sources = [
        Source(str(number), loaded, sample=sample, mapping=mapping or {})
        for number, sample in enumerate(several)
    ]
    surveys = {source.name: survey(source) for source in sources}
    contexts = {
        batch: learn(batch, [s for s in sources if surveys[s.name].batch == batch], surveys, map, no_progress)
        for batch in sorted({found.batch for found in surveys.values()})
    }
    gated = []
    for source in sources:
        context = contexts[surveys[source.name].batch]
        gated.append(gate_prepared(prepare(source, context.transforms), source, context.prior))
    return gated[0] if isinstance(samples, Sample) else tuple(gated)


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
