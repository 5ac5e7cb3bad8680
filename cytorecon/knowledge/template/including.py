"""A template that includes others: their gates and populations come first, its own are added.

What is included is a whole template, so it can be read, checked and used by itself. Nothing is replaced
unless the including file says so: a gate of the same name elsewhere is a contradiction, not an override.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from cytorecon.knowledge.template.checks import AnyCheck
from cytorecon.knowledge.template.gates import AnyGate, markers_of
from cytorecon.knowledge.template.model import SharedChannel, Template
from cytorecon.knowledge.template.populations import PopulationSpec
from cytorecon.values import Frozen

Entry = TypeVar("Entry", bound=Frozen)


class Addition(Frozen):
    """A template file that includes others: what it adds, and what it defines anew.

    Parameters
    ----------
    includes : tuple of str
        Names of templates, in order.
    replaces : tuple of str
        Gates, populations and checks of the included templates that this file defines anew. A marker that
        only replaced gates used is no longer asked for.
    """

    template_schema: Literal[1]
    name: str
    version: str
    title: str
    about: str
    includes: Annotated[tuple[str, ...], Field(min_length=1)]
    replaces: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    spillover: Literal["needed", "optional"] = "needed"
    gates: tuple[AnyGate, ...] = ()
    populations: tuple[PopulationSpec, ...] = ()
    shared_channels: tuple[SharedChannel, ...] = ()
    checks: tuple[AnyCheck, ...] = ()
    criteria: tuple[str, ...] = ()


def merged(own: Addition, included: Sequence[Template]) -> dict[str, object]:
    """Return the content of the whole template, ready for :class:`Template`.

    Parameters
    ----------
    own : Addition
        The including file.
    included : sequence of Template
        In the order of ``own.includes``.

    Raises
    ------
    ValueError
        If a name is defined twice without being replaced, or replaced without being there.
    """
    gates = _added(_together([each.gates for each in included], _gate_name), own.gates, own, _gate_name)
    populations = _added(
        _together([each.populations for each in included], _population_name),
        own.populations,
        own,
        _population_name,
    )
    known = {_gate_name(spec) for each in included for spec in each.gates}
    known |= {_population_name(entry) for each in included for entry in each.populations}
    known |= {_check_name(spec) for each in included for spec in each.checks}
    defined = {
        *map(_gate_name, own.gates),
        *map(_population_name, own.populations),
        *map(_check_name, own.checks),
    }
    for name in own.replaces:
        if name not in known:
            raise ValueError(f"'{name}' is to be replaced, but no included template has it")
        if name not in defined:
            raise ValueError(f"'{name}' is to be replaced, but the file does not define it anew")
    used = {marker for spec in gates for marker in markers_of(spec)}
    before = {marker for each in included for spec in each.gates for marker in markers_of(spec)}
    given_up = before - used
    required = _asked_for([template.required for template in included], own.required, given_up)
    optional = _asked_for([template.optional for template in included], own.optional, given_up)
    criteria = [name for template in included for name in template.criteria]
    shared = [each for template in included for each in template.shared_channels]
    checks = _added(_together([each.checks for each in included], _check_name), own.checks, own, _check_name)
    return {
        **own.model_dump(include={"template_schema", "name", "version", "title", "about", "spillover"}),
        "includes": own.includes,
        "required": required,
        "optional": tuple(marker for marker in optional if marker not in required),
        "gates": gates,
        "populations": populations,
        "criteria": tuple(dict.fromkeys((*criteria, *own.criteria))),
        "checks": checks,
        "shared_channels": tuple(dict.fromkeys((*shared, *own.shared_channels))),
    }


def _gate_name(spec: AnyGate) -> str:
    return spec.gate


def _population_name(entry: PopulationSpec) -> str:
    return entry.population


def _check_name(spec: AnyCheck) -> str:
    return spec.check


def _asked_for(included: Iterable[Sequence[str]], own: Sequence[str], given_up: set[str]) -> tuple[str, ...]:
    """Return the markers in order; an included one is left out when the gates that used it were replaced."""
    still = (marker for markers in included for marker in markers if marker not in given_up)
    return tuple(dict.fromkeys((*still, *own)))


def _together(groups: Sequence[Sequence[Entry]], name_of: Callable[[Entry], str]) -> dict[str, Entry]:
    """Return the entries of all included templates; what two of them include in common is there once."""
    together: dict[str, Entry] = {}
    for group in groups:
        for entry in group:
            name = name_of(entry)
            if together.setdefault(name, entry) != entry:
                raise ValueError(f"'{name}' is defined in different ways by the included templates")
    return together


def _added(
    included: dict[str, Entry], own: Sequence[Entry], file: Addition, name_of: Callable[[Entry], str]
) -> tuple[Entry, ...]:
    """Return the included entries, those that are replaced in their old place, and then the others."""
    entries = dict(included)
    added: list[Entry] = []
    for entry in own:
        name = name_of(entry)
        if name not in included:
            added.append(entry)
        elif name in file.replaces:
            entries[name] = entry
        else:
            raise ValueError(
                f"'{name}' is defined by an included template; list it under 'replaces' if that is meant"
            )
    return (*entries.values(), *added)
