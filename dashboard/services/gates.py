"""The gates and populations of one tube, as rows of the gates page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cytorecon.figures.format import (
    MISSING,
    format_count,
    format_interval,
    format_method,
    format_number,
    format_value,
    population_label,
)
from cytorecon.figures.gate import gate_numbers
from cytorecon.knowledge.review_flags import flag_in_short
from cytorecon.results import GateRecord, PopulationCount, Provenance, TubeResult

GATE_SHAPES: Final = {"found": "●", "passed_through": "○", "absent": "○", "not_evaluable": "✕"}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class GateRow:
    """One gate in the tree on the left."""

    gate: str
    depth: int
    numbers: str
    status: str
    shape: str
    has_plot: bool


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
    depths = _depths(result)
    plots = {plot.gate for plot in result.plots}
    return tuple(
        GateRow(
            gate=gate.gate,
            depth=depths[gate.gate],
            numbers=gate_numbers(gate),
            status=gate.status.replace("_", " "),
            shape=GATE_SHAPES[gate.status],
            has_plot=gate.gate in plots,
        )
        for gate in result.gates
    )


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
    if count.status == "not_evaluable":
        status = f"not evaluable: {count.reason}"
    else:
        status = f"needs a look: {', '.join(map(flag_in_short, count.review))}" if count.review else "counted"
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
            lloq=count.lloq_cells_per_ul,
            below_lloq=bool(count.below_lloq),
        ),
        interval=format_interval(count.cells_per_ul_low, count.cells_per_ul_high, "cells_per_ul"),
        method=format_method(count.count_method) if count.count_method != "none" else MISSING,
        status=status,
    )


def chosen_gate(result: TubeResult, wanted: str) -> GateRecord | None:
    """Return the gate called `wanted` if it has a picture, else the first that has one."""
    plots = {plot.gate for plot in result.plots}
    pictured = [gate for gate in result.gates if gate.gate in plots]
    return next((gate for gate in pictured if gate.gate == wanted), pictured[0] if pictured else None)


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
        ("Transforms, SHA-256", provenance.transforms_sha256),
        ("Gate priors, SHA-256", provenance.prior_sha256),
        ("Spillover", provenance.spillover_source),
        (
            "Software",
            _version("cytorecon", provenance.software_version) if provenance.software_version else "",
        ),
    )
    return tuple((what, value) for what, value in rows if value)
