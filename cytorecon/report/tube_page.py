"""What the page of one tube shows: its gates with their pictures, its populations, what needs a look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from cytorecon.counts import reported_concentration
from cytorecon.figures.format import (
    MISSING,
    bare_reason,
    format_count,
    format_day,
    format_interval,
    format_method,
    format_number,
    population_label,
    with_unit,
)
from cytorecon.figures.gate import gate_doubts, gate_name, gate_numbers, gate_titles
from cytorecon.figures.paper import gate_svg
from cytorecon.knowledge.review_flags import flag_in_short, load_review_flags
from cytorecon.report import words
from cytorecon.report.provenance import Source, sources
from cytorecon.report.remarks import Remark, remarks_of_tube
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study.model import Tube

#: Shape and word: nothing is told by colour alone.
_VERDICTS: Final = {
    "ok": "● ok",
    "review": "▲ look",
    "not_detected": "○ not detected",
    "below_lloq": "▽ below the LLOQ",
    "not_evaluable": "✕ not evaluable",
}


@dataclass(frozen=True, slots=True)
class GateView:
    """One gate: name, numbers, what about it needs a look, how it was placed, and its picture."""

    name: str
    numbers: str
    doubts: tuple[str, ...]
    placed: str
    picture: Markup


@dataclass(frozen=True, slots=True)
class PopulationView:
    """One population of a tube, all numbers as text."""

    label: str
    verdict: str
    events: str
    percent_of_parent: str
    concentration: str
    interval: str
    lloq: str
    why: str


@dataclass(frozen=True, slots=True)
class TubePage:
    """Everything on the page of one tube."""

    tube: str
    facts: tuple[tuple[str, str], ...]
    error: str
    gates: tuple[GateView, ...]
    other_gates: tuple[tuple[str, str], ...]
    populations: tuple[PopulationView, ...]
    remarks: tuple[Remark, ...]
    sources: tuple[Source, ...]
    reference_sets: tuple[str, ...] = ()

    @property
    def standing(self) -> str:
        """How the tube stands, as shape and word."""
        if self.error:
            return "✕ no result"
        return f"▲ {words.plural(len(self.remarks), 'remark')}" if self.remarks else "● ok"


def tube_page(tube: Tube, result: TubeResult) -> TubePage:
    """Return the page of one tube.

    Parameters
    ----------
    tube : Tube
        As in the sheet.
    result : TubeResult
        With the pictures of its gates.
    """
    return TubePage(
        tube=tube.tube,
        facts=_facts(tube, result),
        error=result.error if result.status == "failed" else "",
        gates=_gates(result),
        other_gates=_other_gates(result),
        populations=tuple(map(_population, result.counts)),
        remarks=remarks_of_tube(tube, result, load_review_flags()),
        sources=sources([(tube, result)]),
    )


def _facts(tube: Tube, result: TubeResult) -> tuple[tuple[str, str], ...]:
    methods = sorted({count.count_method for count in result.counts} - {"none"})
    return (
        ("Patient", tube.patient),
        ("Day", format_day(tube.day)),
        ("Visit", tube.visit or MISSING),
        ("Template", words.without_folder(result.provenance.template or tube.template)),
        ("Events", format_count(result.n_events)),
        ("Counted by", ", ".join(map(format_method, methods)) or format_method("none")),
    )


def _gates(result: TubeResult) -> tuple[GateView, ...]:
    records, titles = {gate.gate: gate for gate in result.gates}, gate_titles(result)
    views = []
    for plot in result.plots:
        record = records.get(plot.gate)
        if record is None:
            continue
        doubts = gate_doubts(record, result)
        picture = gate_svg(plot, record, doubts=doubts, titles=titles)
        views.append(
            GateView(
                name=gate_name(record),
                numbers=gate_numbers(record, titles),
                doubts=doubts,
                placed="placed by a person" if record.override else record.method.replace("_", " "),
                picture=Markup(picture),  # noqa: S704 - our own drawing, in which all text is escaped
            )
        )
    return tuple(views)


def _other_gates(result: TubeResult) -> tuple[tuple[str, str], ...]:
    """Return the gates without a picture, with what is known of each."""
    pictured, titles = {plot.gate for plot in result.plots}, gate_titles(result)
    return tuple(
        (gate_name(gate), gate_numbers(gate, titles)) for gate in result.gates if gate.gate not in pictured
    )


def _population(count: PopulationCount) -> PopulationView:
    measure = "cells_per_ul"
    percent = format_number(count.percent_of_parent, "percent_of_parent")
    quantified = count.cells_per_ul is not None
    reported = format_number(count.cells_per_ul, measure) if quantified else reported_concentration(count)
    return PopulationView(
        label=population_label(count.population),
        verdict=_VERDICTS[count.verdict],
        events=format_count(count.events),
        percent_of_parent=with_unit(percent, "percent_of_parent"),
        concentration=with_unit(reported or MISSING, measure),
        interval=format_interval(count.cells_per_ul_low, count.cells_per_ul_high, measure),
        lloq=format_number(count.lloq_cells_per_ul, measure),
        why="; ".join(filter(None, (bare_reason(count.reason), *map(flag_in_short, count.review)))),
    )
