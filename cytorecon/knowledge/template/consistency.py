"""Whether the names in a template mean something, and nothing needs itself."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Sequence

from cytorecon.knowledge.template.axes import MarkerAxis
from cytorecon.knowledge.template.checks import (
    AnyCheck,
    BrightestCheck,
    ShareCheck,
    SpilloverCheck,
    expressions_of,
)
from cytorecon.knowledge.template.expressions import RESERVED, names_in, positive_names
from cytorecon.knowledge.template.gates import AnyGate, sources_of
from cytorecon.knowledge.template.populations import PopulationSpec
from cytorecon.knowledge.template.regions import ToldApartGate
from cytorecon.knowledge.template.thresholds import (
    AnchoredValleyGate,
    BrightModeGate,
    FixedThresholdGate,
    ReferenceTailGate,
    ShiftedGate,
    ValleyGate,
)

#: Gates with a threshold on a marker that parts negative cells from positive ones.
_PARTING = (
    ValleyGate | ReferenceTailGate | FixedThresholdGate | BrightModeGate | AnchoredValleyGate | ShiftedGate
)


class ContradictionError(ValueError):
    """A template contradicts itself; ``problems`` lists every way."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problems))


def contradictions(gates: Sequence[AnyGate], populations: Sequence[PopulationSpec]) -> list[str]:
    """Return everything that does not fit together, in words; none when all is well."""
    problems = [*_of_populations(gates, populations), *_of_gates(gates, populations)]
    return problems or _circle(gates, populations)


def names_wrong(kind: str, names: Sequence[str]) -> list[str]:
    """Return what is wrong with the names of gates or populations by themselves."""
    problems = []
    for place, name in enumerate(names):
        if name in RESERVED or keyword.iskeyword(name) or not name.isidentifier():
            problems.append(
                f"{kind} '{name}': a name consists of letters, digits and _, does not begin with a digit, "
                f"and is none of {', '.join(RESERVED)}, and, or, not"
            )
        elif name in names[:place]:
            problems.append(f"{kind} '{name}' is defined twice")
    return problems


def checks_wrong(
    checks: Sequence[AnyCheck], gates: Sequence[AnyGate], populations: Sequence[PopulationSpec]
) -> list[str]:
    """Return the names in checks that mean nothing, in words."""
    named = {entry.population for entry in populations}
    thresholds = {
        spec.gate for spec in gates if isinstance(spec, _PARTING) and isinstance(spec.axis, MarkerAxis)
    }
    known = {*(spec.gate for spec in gates), *named, "all"}
    problems: list[str] = []
    for place, spec in enumerate(checks):
        owner = f"check '{spec.check}'"
        if spec.check in [other.check for other in checks[:place]]:
            problems.append(f"{owner} is defined twice")
        for text in dict.fromkeys(expressions_of(spec)):
            problems += _unknown(owner, text, known)
        problems += [
            f"{owner} casts doubt on '{name}', which is no population"
            for name in (*spec.doubts, *spec.doubts_wholes)
            if name not in named
        ]
        if not (spec.doubts or spec.doubts_wholes):
            problems.append(f"{owner} casts doubt on nothing")
        if isinstance(spec, ShareCheck):
            problems += [
                f"{owner} leaves its question to '{name}', which is no check before it"
                for name in spec.unless_asked
                if name not in [other.check for other in checks[:place]]
            ]
        if isinstance(spec, BrightestCheck):
            problems += [
                f"{owner} asks how bright '{name}' is, which has no threshold on a marker"
                for name in (spec.gate, *spec.others)
                if name in known and name not in thresholds
            ]
        if isinstance(spec, SpilloverCheck):
            asked = dict.fromkeys(group for groups in spec.lack.values() for group in groups)
            problems += [f"{owner} has no group '{group}'" for group in asked if group not in spec.groups]
    return problems


def _of_populations(gates: Sequence[AnyGate], populations: Sequence[PopulationSpec]) -> Iterator[str]:
    of_gates = {spec.gate for spec in gates}
    yield from names_wrong("population", [entry.population for entry in populations])
    earlier: list[str] = []
    for entry in populations:
        name = entry.population
        if name in of_gates:
            yield f"population '{name}' has the name of a gate"
        if entry.parent not in (*earlier, "root"):
            yield (
                f"population '{name}': its parent '{entry.parent}' is not 'root' or a population listed "
                "before it"
            )
        yield from _unknown(f"population '{name}'", entry.where, {*of_gates, *earlier, "all"})
        yield from _empty_without_channel(entry, gates)
        earlier.append(name)


def _of_gates(gates: Sequence[AnyGate], populations: Sequence[PopulationSpec]) -> Iterator[str]:
    named = {entry.population for entry in populations}
    everything = {*(spec.gate for spec in gates), *named, "all"}
    for spec in gates:
        for other in _populations_of(spec):
            yield from _unknown(f"gate '{spec.gate}'", other, named)
        for text in dict.fromkeys(sources_of(spec)):
            yield from _unknown(f"gate '{spec.gate}'", text, everything)


def _populations_of(spec: AnyGate) -> tuple[str, ...]:
    """Return the populations that a gate names for what is said of it when all gates are found."""
    if isinstance(spec, ToldApartGate):
        return spec.certain_outside
    return spec.none_seen_doubts if isinstance(spec, ValleyGate) else ()


def _unknown(owner: str, expression: str, known: set[str]) -> Iterator[str]:
    try:
        names = names_in(expression)
    except ValueError as error:
        yield str(error)
        return
    for name in names:
        if name not in known:
            yield f"{owner} uses '{name}', which is neither a gate nor an earlier population"


def _empty_without_channel(entry: PopulationSpec, gates: Sequence[AnyGate]) -> Iterator[str]:
    """Yield the gates whose lack of a channel would make `entry` empty: missing is never zero."""
    optional = {spec.gate for spec in gates if spec.optional}
    try:
        names, positive = names_in(entry.where), positive_names(entry.where)
    except ValueError:
        return
    for name in names:
        if name in optional and name not in positive:
            yield (
                f"population '{entry.population}' excludes the optional gate '{name}': without its channel "
                "that gate holds every event, and it would be empty; use a gate that keeps what is below"
            )


def _circle(gates: Sequence[AnyGate], populations: Sequence[PopulationSpec]) -> list[str]:
    """Return the first way in which a gate would have to be found before itself."""
    needs: dict[str, tuple[str, ...]] = {
        spec.gate: tuple(name for text in sources_of(spec) for name in names_in(text)) for spec in gates
    }
    for entry in populations:
        needs[entry.population] = (*names_in(entry.where), entry.parent)
    sound: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> str:
        if name in path:
            return f"gates need each other in a circle: {' -> '.join((*path, name))}"
        if name not in sound:
            for needed in needs.get(name, ()):
                found = walk(needed, (*path, name))
                if found:
                    return found
            sound.add(name)
        return ""

    return next(([found] for name in needs if (found := walk(name, ()))), [])
