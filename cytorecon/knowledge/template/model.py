"""A gating template: gates to look for, and populations made of them.

A template is a YAML file a clinician can read. Gates are found in each tube by a *finder*;
populations are words over gates (``CD4 and not CD8``) and are the only things reported.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from cytorecon.knowledge.template.expressions import RESERVED, names_in, positive_names
from cytorecon.knowledge.template.gates import AnyGate, ValleyGate, sources_of
from cytorecon.values import Frozen


class PopulationSpec(Frozen):
    """One reported population: the events of `parent` for which `where` holds.

    `definition` says in words what it is where a template differs from ``populations.csv``; `source` cites
    who defines it so.
    """

    population: str
    parent: str
    where: str
    definition: str = ""
    source: str = ""


class SharedChannel(Frozen):
    """Two markers in one dye, which the gates of a template tell apart by another marker.

    Parameters
    ----------
    markers : tuple of str
        As the channel is labelled: exactly these. Each of them may be asked for alone.
    told_apart_by : str
        The required marker that only the cells of one of them carry.
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
    includes: tuple[str, ...] = ()
    sha256: str = ""

    @field_validator("gates")
    @classmethod
    def _unique_gates(cls, gates: tuple[AnyGate, ...]) -> tuple[AnyGate, ...]:
        seen: set[str] = set()
        for spec in gates:
            _check_name("gate", spec.gate)
            if spec.gate in seen:
                raise ValueError(f"gate '{spec.gate}' is defined twice")
            seen.add(spec.gate)
        return gates

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        gates = {spec.gate for spec in self.gates}
        populations: list[str] = []
        for entry in self.populations:
            _check_name("population", entry.population)
            if entry.population in gates:
                raise ValueError(f"population '{entry.population}' has the name of a gate")
            if entry.population in populations:
                raise ValueError(f"population '{entry.population}' is defined twice")
            if entry.parent not in (*populations, "root"):
                raise ValueError(
                    f"population '{entry.population}': its parent '{entry.parent}' is not 'root' or "
                    "a population listed before it"
                )
            _check_names(f"population '{entry.population}'", entry.where, gates | set(populations) | {"all"})
            _refuse_negated(entry, self.gates)
            populations.append(entry.population)
        everything = gates | set(populations) | {"all"}
        for spec in self.gates:
            _check_names(f"gate '{spec.gate}'", spec.find_in, everything)
            for other in spec.none_seen_doubts if isinstance(spec, ValleyGate) else ():
                _check_names(f"gate '{spec.gate}'", other, set(populations))
            for other in sources_of(spec):
                _check_names(f"gate '{spec.gate}'", other, everything)
        _refuse_circles(self)
        for shared in self.shared_channels:
            if shared.told_apart_by not in self.required:
                raise ValueError(
                    f"the shared channel {'+'.join(shared.markers)} is told apart by {shared.told_apart_by}, "
                    "which is not among the required markers"
                )
        return self

    @cached_property
    def gate_by_name(self) -> Mapping[str, AnyGate]:
        """Gates by identifier."""
        return {spec.gate: spec for spec in self.gates}

    @cached_property
    def population_by_name(self) -> Mapping[str, PopulationSpec]:
        """Populations by name."""
        return {entry.population: entry for entry in self.populations}


def _refuse_circles(template: Template) -> None:
    """Raise ValueError when a gate would have to be found before itself."""
    needs: dict[str, tuple[str, ...]] = {
        spec.gate: tuple(name for text in sources_of(spec) for name in names_in(text))
        for spec in template.gates
    }
    for entry in template.populations:
        needs[entry.population] = (*names_in(entry.where), entry.parent)

    sound: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ValueError(f"gates need each other in a circle: {' -> '.join((*path, name))}")
        if name not in sound:
            for needed in needs.get(name, ()):
                walk(needed, (*path, name))
            sound.add(name)

    for name in needs:
        walk(name, ())


def _check_name(kind: str, name: str) -> None:
    if name in RESERVED or keyword.iskeyword(name) or not name.isidentifier():
        raise ValueError(
            f"{kind} '{name}': a name consists of letters, digits and _, does not begin with a digit, and is "
            f"none of {', '.join(RESERVED)}, and, or, not"
        )


def _refuse_negated(entry: PopulationSpec, gates: tuple[AnyGate, ...]) -> None:
    """Raise ValueError when the lack of a channel would make `entry` empty: missing is never zero."""
    optional = {spec.gate for spec in gates if spec.optional}
    for name in names_in(entry.where):
        if name in optional and name not in positive_names(entry.where):
            raise ValueError(
                f"population '{entry.population}' excludes the optional gate '{name}': without its channel "
                "that gate holds every event, and it would be empty; use a gate that keeps what is below"
            )


def _check_names(owner: str, expression: str, known: set[str]) -> None:
    for name in names_in(expression):
        if name not in known:
            raise ValueError(f"{owner} uses '{name}', which is neither a gate nor an earlier population")
