"""The gates and populations of one tube, as rows of the gates page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from cytorecon.counts import censoring_limit
from cytorecon.figures.format import (
    MISSING,
    format_count,
    format_interval,
    format_method,
    format_number,
    format_value,
    is_not_assessed,
    population_label,
)
from cytorecon.figures.gate import gate_doubts, gate_name, gate_numbers, gate_titles
from cytorecon.knowledge.review_flags import flag_in_short
from cytorecon.results import GateRecord, PopulationCount, Provenance, TubeResult

#: How a gate stands: sound, in need of a look, not to be evaluated, or nothing to gate.
Standing = Literal["good", "watch", "bad", "plain"]

#: A shape for each, so that colour is never the only sign; the second is that of a tube to look at.
GATE_SHAPES: Final[Mapping[Standing, str]] = {"good": "●", "watch": "◆", "bad": "✕", "plain": "○"}
#: The gate a page opens on where none needs a look, as the templates call it.
_FIRST: Final = "lymphocyte"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class GateRow:
    """One gate in the tree on the left; `doubts` says what about it needs a look."""

    gate: str
    title: str
    depth: int
    numbers: str
    standing: Standing
    has_plot: bool
    doubts: tuple[str, ...] = ()

    @property
    def shape(self) -> str:
        """How it stands, as a shape."""
        return GATE_SHAPES[self.standing]


@dataclass(frozen=True, slots=True)
class PopulationRow:
    """One population of a tube, all numbers as text."""

    label: str
    depth: int
    events: str
    percent_of_parent: str
    percent_of_lymphocytes: str
    percent_of_leukocytes: str
    cells_per_ul: str
    interval: str
    method: str
    status: str


def gate_rows(result: TubeResult) -> tuple[GateRow, ...]:
    """Return the gates of a tube in their order, each with its depth in the tree."""
    depths, titles = _depths(result), gate_titles(result)
    plots = {plot.gate for plot in result.plots}
    return tuple(
        GateRow(
            gate=gate.gate,
            title=gate_name(gate),
            depth=depths[gate.gate],
            numbers=gate_numbers(gate, titles),
            standing=gate_standing(gate, result),
            has_plot=gate.gate in plots,
            doubts=gate_doubts(gate, result),
        )
        for gate in result.gates
    )


def gate_standing(gate: GateRecord, result: TubeResult) -> Standing:
    """Return how a gate stands."""
    if gate.status == "not_evaluable":
        return "bad"
    if gate.status != "found":
        return "plain"
    return "watch" if gate_doubts(gate, result) else "good"


def _depths(result: TubeResult) -> dict[str, int]:
    """Return the depth of each gate: it hangs under the populations and gates its parent names."""
    populations = _population_depths(result)
    depths: dict[str, int] = {}
    for gate in result.gates:
        names = _NAME.findall(gate.parent)
        above = [depths.get(name, populations.get(name, -1)) for name in names]
        depths[gate.gate] = 1 + max(above, default=-1)
    return depths


def _population_depths(result: TubeResult) -> dict[str, int]:
    depths: dict[str, int] = {}
    for count in result.counts:
        depths[count.population] = depths.get(count.parent, -1) + 1
    return depths


def population_rows(result: TubeResult) -> tuple[PopulationRow, ...]:
    """Return the populations of a tube in their order, each with its depth in the tree."""
    depths = _population_depths(result)
    return tuple(_population_row(count, depths[count.population]) for count in result.counts)


def _population_row(count: PopulationCount, depth: int) -> PopulationRow:
    return PopulationRow(
        label=population_label(count.population),
        depth=depth,
        events=format_count(count.events),
        percent_of_parent=format_number(count.percent_of_parent, "percent_of_parent"),
        percent_of_lymphocytes=format_number(count.percent_of_lymphocytes, "percent_of_lymphocytes"),
        percent_of_leukocytes=format_number(count.percent_of_leukocytes, "percent_of_leukocytes"),
        cells_per_ul=format_value(
            count.cells_per_ul,
            "cells_per_ul",
            lloq=censoring_limit(count),
            below_lloq=bool(count.below_lloq),
        ),
        interval=format_interval(count.cells_per_ul_low, count.cells_per_ul_high, "cells_per_ul"),
        method=format_method(count.count_method) if count.count_method != "none" else MISSING,
        status=_status(count),
    )


def _status(count: PopulationCount) -> str:
    """Return the status in the words of the tables, without underscores, and why."""
    if count.status == "not_evaluable":
        return count.reason if is_not_assessed(count.reason) else f"not evaluable: {count.reason}"
    if count.detected is False and not count.absence_in_doubt:
        return f"not detected: {count.background_events:.1f} events are expected of other cells"
    word = "below LLOQ" if count.verdict == "below_lloq" else count.verdict
    flags = ", ".join(map(flag_in_short, count.review))
    return f"{word}: {flags}" if flags else word


def chosen_gate(result: TubeResult, wanted: str) -> GateRecord | None:
    """Return the gate whose picture is shown.

    The one called `wanted` if it has a picture; else the first that needs a look; else that of the
    lymphocytes; else the first with a picture, and None where there is none.
    """
    plots = {plot.gate for plot in result.plots}
    pictured = [gate for gate in result.gates if gate.gate in plots]
    doubted = [gate for gate in pictured if gate_standing(gate, result) in ("watch", "bad")]
    usual = [gate for gate in pictured if gate.gate.startswith(_FIRST)]
    asked = [gate for gate in pictured if gate.gate == wanted]
    return next(iter((*asked, *doubted, *usual, *pictured)), None)


def _version(name: str, version: str) -> str:
    return f"{name}, version {version}" if version else name


def provenance_rows(provenance: Provenance, gate: GateRecord | None) -> tuple[tuple[str, str], ...]:
    """Return (what, value) for everything that is known about where the numbers come from."""
    rows = (
        ("File, SHA-256", provenance.file_sha256),
        ("Template", _version(provenance.template, provenance.template_version)),
        ("Template, SHA-256", provenance.template_sha256),
        ("Gates of this tube, version", provenance.gates_version),
        ("This gate, version", gate.version if gate is not None else ""),
        ("This gate, method", gate.method.replace("_", " ") if gate is not None else ""),
        ("This gate, decided by a person, record", gate.override if gate is not None else ""),
        ("Decisions about gates of this tube, SHA-256", provenance.overrides_sha256),
        ("Transforms, SHA-256", provenance.transforms_sha256),
        ("Gate priors, SHA-256", provenance.prior_sha256),
        ("Spillover", provenance.spillover_source),
        (
            "Software",
            _version("cytorecon", provenance.software_version) if provenance.software_version else "",
        ),
    )
    return tuple((what, value) for what, value in rows if value)
