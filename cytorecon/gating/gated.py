"""The result of gating one tube: gates as found, one mask per population, the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd

from cytorecon.counts import count_populations
from cytorecon.errors import Issue, NotEvaluableError
from cytorecon.gating.certainty import Detection, Move
from cytorecon.gating.estimates import Evidence
from cytorecon.gating.evidence import evidence_table
from cytorecon.gating.found import FoundGate
from cytorecon.gating.lineage import helped_by
from cytorecon.gating.shapes import Mask, Threshold, version_of
from cytorecon.gating.spread import gate_spread
from cytorecon.knowledge.template import Template, markers_of
from cytorecon.results import GateRecord, GateSpread, PopulationCount, PopulationTally
from cytorecon.sample import Sample
from cytorecon.tables import NOT_IN_TABLES

_SHOWN = tuple(one.name for one in fields(PopulationCount) if one.name not in NOT_IN_TABLES)
_ALWAYS_THERE = frozenset({"events", "parent_events", "percent_of_parent"})


@dataclass(frozen=True)
class GatedSample:
    """A sample with the gates found in it. Events are marked, never removed.

    Parameters
    ----------
    sample : Sample
        Transformed.
    template : Template
        What was looked for.
    gates : tuple of FoundGate
        In template order.
    masks : mapping of str to ndarray of bool
        Populations that could be evaluated, and those that hold all of their parent because the
        tube lacks a channel: their children are counted, they themselves are in `reasons`.
    reasons : mapping of str to str
        Populations that could not be evaluated, and why.
    searched : mapping of str to ndarray of bool
        Events each gate was looked for in, by the gate's `find_in`.
    gate_masks : mapping of str to ndarray of bool
        Events inside each gate that could be evaluated; every event for one that takes nothing away.
    everything : ndarray of bool
        Events with a place on every axis; the others are in no gate.
    review : mapping of str to tuple of str
        Codes per population that say it needs a look.
    detections : mapping of str to Detection
        Whether each population that could be evaluated is there at all.
    moves : tuple of Move
        How counts change when thresholds move.
    issues : tuple of Issue
        Everything noticed from reading to gating.
    overrides_sha256 : str
        Hash of what people decided about gates of this tube; empty when they did not.
    """

    sample: Sample
    template: Template
    gates: tuple[FoundGate, ...]
    masks: Mapping[str, Mask]
    reasons: Mapping[str, str]
    searched: Mapping[str, Mask]
    gate_masks: Mapping[str, Mask]
    everything: Mask
    review: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    detections: Mapping[str, Detection] = field(default_factory=dict)
    moves: tuple[Move, ...] = ()
    issues: tuple[Issue, ...] = ()
    overrides_sha256: str = ""

    def __repr__(self) -> str:
        """Return what was gated by what, and how much of it could be: masks are no reading."""
        evaluable = sum(name not in self.reasons for name in self.populations)
        return (
            f"<GatedSample of {self.sample.n_events} events, template {self.template.name} "
            f"{self.template.version}, {evaluable} of {len(self.populations)} populations evaluable>"
        )

    @property
    def populations(self) -> tuple[str, ...]:
        """Names of all populations of the template, evaluable or not."""
        return tuple(entry.population for entry in self.template.populations)

    @property
    def absent(self) -> frozenset[str]:
        """Gates that were looked for and are not there: they hold no event."""
        return frozenset(found.gate for found in self.gates if found.status == "absent")

    def mask(self, population: str) -> Mask:
        """Return one bool per event of the file.

        Raises
        ------
        NotEvaluableError
            If the population could not be found in this tube, or the template has none of it.
        """
        if population in self.masks and population not in self.reasons:
            return self.masks[population]
        reason = self.reasons.get(population, "")
        raise NotEvaluableError(
            f"population '{population}' is not evaluable: {reason}"
            if reason
            else f"the template has no population '{population}'.",
            subject=f"template {self.template.name}",
            allowed=", ".join(name for name in self.populations if name not in self.reasons),
        )

    def events_of(self, expression: str) -> Mask | None:
        """Return the events a gate's `find_in` means, or None when that could not be evaluated."""
        return self.searched.get(expression)

    def tallies(self) -> tuple[PopulationTally, ...]:
        """Return events per population, ready for counting, in template order."""
        events = {name: int(np.count_nonzero(mask)) for name, mask in self.masks.items()}
        return tuple(self._tally(population, events) for population in self.populations)

    def _tally(self, population: str, events: Mapping[str, int]) -> PopulationTally:
        parent = self.template.population_by_name[population].parent
        review = self.review.get(population, ())
        gate_definition = self.template.population_by_name[population].counted_as(self._measured)
        if population in self.reasons:
            return PopulationTally(
                population=population,
                parent=parent,
                status="not_evaluable",
                reason=self.reasons[population],
                gate_definition=gate_definition,
                review=review,
                overrides=self._decided_by_people(population),
            )
        ancestors = self._ancestors(population)
        tested = self.detections.get(population)
        parent_events = self.sample.n_events if parent == "root" else events[parent]
        return PopulationTally(
            population=population,
            parent=parent,
            status="counted",
            events=events[population],
            parent_events=parent_events,
            lymphocytes=events["lymphocytes"] if "lymphocytes" in ancestors else None,
            leukocytes=events["leukocytes"] if "leukocytes" in ancestors else None,
            gate_definition=gate_definition,
            detected=tested.detected if tested else None,
            background_events=tested.background if tested else None,
            gate_spread=self._spread(population, ancestors, events),
            review=review,
            overrides=self._decided_by_people(population),
        )

    def _decided_by_people(self, population: str) -> tuple[str, ...]:
        """Return the records that hold for any gate with whose help `population` was found."""
        helped = helped_by(population, self.template)
        gates = [found for found in self.gates if found.gate in helped]
        records = (
            record for gate in gates for record in (gate.override, *(part.override for part in gate.parts))
        )
        return tuple(dict.fromkeys(filter(None, records)))

    def _measured(self, marker: str) -> bool:
        """Return whether the tube holds a marker that it may lack: its optional gates say so."""
        return not any(
            found.status == "not_measured" and marker in markers_of(self.template.gate_by_name[found.gate])
            for found in self.gates
        )

    def _spread(self, population: str, ancestors: set[str], events: Mapping[str, int]) -> GateSpread:
        parent = self.template.population_by_name[population].parent
        wholes = {"of_parent": parent, "of_lymphocytes": "lymphocytes", "of_leukocytes": "leukocytes"}
        known = {name: whole for name, whole in wholes.items() if whole in ancestors and whole in events}
        return gate_spread(population, events, known, self.moves)

    def _ancestors(self, population: str) -> set[str]:
        found = {population}
        while population != "root":
            population = self.template.population_by_name[population].parent
            found.add(population)
        # One that was not assessed holds all of its parent: a share of it would be a share of something else.
        return found & (set(self.masks) - set(self.reasons))

    def counts(self) -> pd.DataFrame:
        """Return events and percentages per population, one row each (no cells/µL: no tube data).

        ``status`` is one of ok, review, not_detected, below_lloq and not_evaluable
        (:attr:`~cytorecon.results.PopulationCount.verdict`).
        """
        rows = [
            {name: getattr(count, name) for name in _SHOWN} | {"status": count.verdict}
            for count in count_populations(self.tallies())
        ]
        table = pd.DataFrame(rows)
        # columns about cells/µL are empty here; those about events stand even where nothing is evaluable
        unused = [name for name in table if table[name].isna().all() and name not in _ALWAYS_THERE]
        return table.drop(columns=unused)

    def evidence(self) -> pd.DataFrame:
        """Return where each gate lies and why (:func:`~cytorecon.gating.evidence.evidence_table`)."""
        return evidence_table(self.gates, self.moves, self.review)

    def records(self) -> tuple[GateRecord, ...]:
        """Return the gates as plain values to save and show, one per part."""
        titles = {spec.gate: spec.title for spec in self.template.gates}
        return tuple(record for found in self.gates for record in _records_of(found, titles[found.gate]))

    @property
    def gates_version(self) -> str:
        """Hash of all positions and of what people decided: the version of this tube's gates."""
        shapes = tuple(part.shape for found in self.gates for part in found.parts)
        return version_of(shapes, self.overrides_sha256)


def _records_of(found: FoundGate, title: str) -> tuple[GateRecord, ...]:
    if not found.parts:
        return (
            GateRecord(
                gate=found.gate,
                title=title,
                parent=found.find_in,
                kind="none",
                status=found.status,
                reason=found.reason,
                events_in=found.events_in,
                events_of_parent=found.events_of_parent,
                override=found.override,
            ),
        )
    return tuple(
        GateRecord(
            gate=part.part,
            title=_part_title(title, part.part),
            parent=found.find_in,
            kind="threshold" if isinstance(part.shape, Threshold) else "polygon",
            channels=part.shape.channels,
            status=found.status,
            reason=", ".join(part.flags),
            method=part.method,
            threshold=part.shape.value if isinstance(part.shape, Threshold) else None,
            keep=part.shape.keep if isinstance(part.shape, Threshold) else "above",
            vertices=() if isinstance(part.shape, Threshold) else part.shape.vertices,
            standard_error=part.standard_error,
            events_in=found.events_in,
            events_of_parent=found.events_of_parent,
            version=version_of((part.shape,)),
            override=part.override,
            automatic_threshold=part.automatic.value if isinstance(part.automatic, Threshold) else None,
            automatic_vertices=()
            if part.automatic is None or isinstance(part.automatic, Threshold)
            else part.automatic.vertices,
        )
        for part in found.parts
    )


def _part_title(title: str, part: str) -> str:
    """Return the title of one part of a gate; a marker with several channels has a part for each."""
    _, _, channel = part.partition(".")
    return f"{title}, {channel}" if title and channel else title


def evidence_of(gated: GatedSample) -> dict[str, Evidence]:
    """Return what this tube alone showed, by part of gate: the input of :func:`prior.pool`."""
    poolable = {spec.gate for spec in gated.template.gates if getattr(spec, "pool", False)}
    return {
        part: evidence
        for found in gated.gates
        if found.gate in poolable
        for part, evidence in found.evidence.items()
    }


def empty_mask(sample: Sample) -> Mask:
    """Return a mask that holds no event."""
    return np.zeros(sample.n_events, dtype=bool)
