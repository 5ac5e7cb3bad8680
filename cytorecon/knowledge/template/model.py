"""A gating template: gates to look for, and populations made of them.

A template is a YAML file a clinician can read. Gates are found in each tube by a *finder*;
populations are words over gates (``CD4 and not CD8``) and are the only things reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from cytorecon.knowledge.template.checks import AnyCheck
from cytorecon.knowledge.template.consistency import (
    ContradictionError,
    checks_wrong,
    contradictions,
    names_wrong,
)
from cytorecon.knowledge.template.gates import AnyGate, markers_of
from cytorecon.knowledge.template.populations import PopulationSpec
from cytorecon.values import Frozen


class SharedChannel(Frozen):
    """Two markers in one dye, which the gates of a template tell apart by another marker.

    Parameters
    ----------
    markers : tuple of str
        As the channel is labelled: exactly these. Each of them may be asked for alone.
    told_apart_by : str
        The marker that only the cells of one of them carry; a tube without it has neither.
    why, source : str
        Which cells carry which; and the panel that is stained so.
    """

    markers: Annotated[tuple[str, ...], Field(min_length=2)]
    told_apart_by: str
    why: str
    source: str = ""


class Template(Frozen):
    """A gating template.

    Parameters
    ----------
    template_schema : int
        Version of this model.
    name, version, title, about : str
        Name used on the command line, version of the content, heading, and how it was made.
    required, optional : tuple of str
        Canonical markers. A tube without a required one is refused, not guessed.
    gates : tuple of gate
        In any order; they are looked for as their expressions demand.
    populations : tuple of PopulationSpec
        Parents first.
    spillover : {"needed", "optional"}
        ``optional`` for tubes that may have been compensated in hardware or unmixed: a file
        without a matrix is then nothing to remark upon.
    shared_channels : tuple of SharedChannel
        Channels with two markers that may stand for one of them.
    checks : tuple of check
        What must be true of the cells of a tube if its labels and its matrix are right.
    criteria : tuple of str
        Sets of ``criteria.yaml`` that the populations are held against.
    includes : tuple of str
        Templates whose gates and populations are among these; they were merged by the loader.
    sha256 : str
        Hash of the file (and of what it includes), filled in by the loader.
    """

    template_schema: Literal[1]
    name: str
    version: str
    title: str
    about: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    spillover: Literal["needed", "optional"] = "needed"
    gates: tuple[AnyGate, ...]
    populations: tuple[PopulationSpec, ...]
    shared_channels: tuple[SharedChannel, ...] = ()
    checks: tuple[AnyCheck, ...] = ()
    criteria: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    sha256: str = ""

    @field_validator("gates")
    @classmethod
    def _unique_gates(cls, gates: tuple[AnyGate, ...]) -> tuple[AnyGate, ...]:
        problems = names_wrong("gate", [spec.gate for spec in gates])
        if problems:
            raise ContradictionError(problems)
        return gates

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = contradictions(self.gates, self.populations)
        problems += checks_wrong(self.checks, self.gates, self.populations)
        problems += [
            f"the shared channel {'+'.join(shared.markers)} is told apart by {shared.told_apart_by}, which "
            "is no marker of the template"
            for shared in self.shared_channels
            if shared.told_apart_by not in (*self.required, *self.optional)
        ]
        problems += [
            f"population '{entry.population}': its gate definition may lack {marker}, "
            "which no optional gate uses"
            for entry in self.populations
            for marker in entry.optional_in_definition()
            if not any(spec.optional and marker in markers_of(spec) for spec in self.gates)
        ]
        if problems:
            raise ContradictionError(problems)
        return self

    @cached_property
    def gate_by_name(self) -> Mapping[str, AnyGate]:
        """Gates by identifier."""
        return {spec.gate: spec for spec in self.gates}

    @cached_property
    def population_by_name(self) -> Mapping[str, PopulationSpec]:
        """Populations by name."""
        return {entry.population: entry for entry in self.populations}
