"""The model of a gating template: gates to look for, and populations made of them.

A template is a YAML file a clinician can read. Gates are found in each tube by a *finder*;
populations are words over gates (``CD4 and not CD8``) and are the only things reported.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from cytorecon.values import Frozen

#: Names with a meaning of their own: every event in an expression, and the parent of a top population.
RESERVED = ("all", "root")


class ScatterAxis(Frozen):
    """An axis taken from scatter: which one, and which aspects will do, best first."""

    scatter: Literal["forward", "side"]
    aspect: tuple[Literal["A", "H", "W", ""], ...] = ("A", "H", "")


class MarkerAxis(Frozen):
    """An axis taken from the channel that carries `marker` (or the set ``CD16+CD56``)."""

    marker: str


Axis = ScatterAxis | MarkerAxis


class GateSpec(Frozen):
    """What every gate of a template has.

    Parameters
    ----------
    gate : str
        Identifier, a Python-like name; used in expressions.
    title : str
        What pages call it; empty = the identifier.
    find_in : str
        Expression of the events the finder looks at.
    optional : bool
        When the tube lacks a channel of the gate: True lets all events pass (and says so),
        False makes the gate, and what depends on it, not evaluable.
    why : str
        Reason for people who read the template.
    """

    gate: str
    title: str = ""
    find_in: str = "all"
    optional: bool = False
    why: str = ""


class SingletGate(GateSpec):
    """Events whose area fits their height: a wedge around the robust median ratio.

    Parameters
    ----------
    area, height : ScatterAxis
        The two aspects of forward scatter.
    width : float
        Half width in robust standard deviations of log(area / height).
    """

    finder: Literal["singlet_ratio"]
    area: ScatterAxis
    height: ScatterAxis
    width: Annotated[float, Field(gt=0)]


class BeadGate(GateSpec):
    """Counting beads: events that are bright in every fluorescence channel at once.

    No blood cell is, so the dimmest of an event's `markers` separates beads from cells.
    """

    finder: Literal["bright_in_all"]
    markers: tuple[str, ...]
    min_events: Annotated[int, Field(gt=0)]


class ValleyGate(GateSpec):
    """A threshold in the valley between two modes of one marker.

    Parameters
    ----------
    axis : Axis
        Marker or scatter axis.
    cut : {"above_dimmest", "below_brightest"}
        Which valley, when there is more than one.
    keep : {"above", "below"}
        Which side of the threshold is inside the gate.
    control : str
        Expression of cells known to lack the marker; where there is no second mode and no
        batch to learn from, the threshold is the upper tail of these cells.
    control_tail : float
        Robust standard deviations above the control's median.
    pool : bool
        Whether positions are learned over the batch.
    none_seen_doubts : tuple of str
        Populations that need a look, besides those counted by the gate, when no cell of the tube
        shows the marker: they are counted by its absence.
    if_one_mode : {"not_evaluable", "keep_all"}
        What one mode, without batch and control, means. ``keep_all`` is only for gates that take
        something away (dead cells): one mode then means there is nothing to take away.
    """

    finder: Literal["valley"]
    axis: Axis
    cut: Literal["above_dimmest", "below_brightest"] = "above_dimmest"
    keep: Literal["above", "below"] = "above"
    control: str = ""
    control_tail: Annotated[float, Field(gt=0)] = 4.0
    pool: bool = True
    none_seen_doubts: tuple[str, ...] = ()
    if_one_mode: Literal["not_evaluable", "keep_all"] = "not_evaluable"


class LowerTailGate(GateSpec):
    """What is no dimmer than cells that certainly belong there: a threshold below nearly all of them.

    Parameters
    ----------
    axis : Axis
        Marker or scatter axis.
    seeds : tuple of str
        Expressions of events that certainly belong inside; those that cannot be evaluated are left out.
    deviations : float
        Robust standard deviations below the seeds' median. The deviation comes from their brighter
        half: debris among the seeds must not widen it.
    min_events : int
        Fewer seeds than this: use the batch; without one all events pass, and what rests on the
        gate is marked.
    pool : bool
        Whether positions are learned over the batch.
    """

    finder: Literal["lower_tail"]
    axis: Axis
    seeds: Annotated[tuple[str, ...], Field(min_length=1)]
    deviations: Annotated[float, Field(gt=0)]
    min_events: Annotated[int, Field(gt=0)]
    pool: bool = True


class BrightModeGate(GateSpec):
    """Bright cells without the dim ones: a threshold at the lower end of the brightest cloud.

    It assumes that most of the cells in `find_in` (the positive ones) are bright and that their cloud
    is symmetric. With many dim cells the gate is marked, with too few cells all pass and it is marked.

    Parameters
    ----------
    axis : MarkerAxis
        Marker.
    deviations : float
        Standard deviations below the mode, taken from the cells brighter than the mode.
    min_events : int
        Fewer positive cells than this: bright and dim ones are counted together.
    most_dim : float
        More dim cells than this share of the positive ones mark the gate: where they end is a matter of
        opinion. 1 where the dim ones do not matter.
    """

    finder: Literal["bright_mode"]
    axis: MarkerAxis
    deviations: Annotated[float, Field(gt=0)]
    min_events: Annotated[int, Field(gt=0)]
    most_dim: Annotated[float, Field(gt=0, le=1)] = 0.2


class AnchoredValleyGate(GateSpec):
    """A threshold in a subset that may hold one population only.

    The subset's own valley, if its modes lie on either side of the anchor; else the anchor, which is a
    valley of a wider set of cells of the same tube.

    Parameters
    ----------
    axis : MarkerAxis
        Marker.
    anchors : tuple of str
        Expressions of wider sets, best first; the first that shows a valley is the anchor.
    one_mode : {"anchor", "mirror"}
        What a subset with a single, negative mode means. ``mirror``: positive cells are a shoulder on it,
        found by its mirror image. ``anchor``: there are none but stray ones.
    least_error : float
        Least standard error of a threshold that is no valley of the subset, transformed units.
    keep : {"above", "below"}
        Which side is inside; the review rule looks at the count of that side.
    """

    finder: Literal["anchored_valley"]
    axis: MarkerAxis
    anchors: Annotated[tuple[str, ...], Field(min_length=1)]
    one_mode: Literal["anchor", "mirror"] = "anchor"
    least_error: Annotated[float, Field(gt=0)] = 0.03
    keep: Literal["above", "below"] = "above"


class ShiftedGate(GateSpec):
    """The threshold of another gate, moved as far as the same kind of cells lies from that gate's.

    For a subset without a valley of its own: CD45RA parts naive from memory CD4 cells clearly and CD8
    cells not at all, but naive cells of both kinds can be found by other markers.

    Parameters
    ----------
    axis : MarkerAxis
        Marker.
    like : str
        Gate (with ``keep: above``) whose threshold is borrowed.
    reference, like_reference : str
        Expressions of the same kind of cells here and there; the distance of their modes is the shift.
    largest_shift : float
        A larger shift is no shift of a stain: the threshold is borrowed as it is, and marked. So it is
        when one of the references has too few cells.
    least_error : float
        Standard error of the position, transformed units.
    keep : {"above", "below"}
        Which side is inside.
    """

    finder: Literal["shifted"]
    axis: MarkerAxis
    like: str
    reference: str
    like_reference: str
    largest_shift: Annotated[float, Field(gt=0)]
    least_error: Annotated[float, Field(gt=0)] = 0.03
    keep: Literal["above", "below"] = "above"


class ClusterGate(GateSpec):
    """The lymphocyte cloud in two dimensions: a cluster picked by where it lies.

    Parameters
    ----------
    x, y : Axis
        The two axes.
    seeds : tuple of str
        Expressions of events that certainly belong to the cloud (back-gating), one per kind of
        cell; those that cannot be evaluated are left out.
    likely_seeds : tuple of str
        Kinds whose seeds may hold other cells (CD16 is also on monocytes): believed beside a
        certain kind only, and once there is a batch, at the batch's distance from it.
    coverage : float
        Share of a normal cloud the polygon encloses.
    min_events : int
        Fewer seeds or cluster events than this: use the batch, else not evaluable.
    """

    finder: Literal["cluster"]
    x: Axis
    y: Axis
    seeds: Annotated[tuple[str, ...], Field(min_length=1)]
    likely_seeds: tuple[str, ...] = ()
    coverage: Annotated[float, Field(gt=0.5, lt=1)]
    min_events: Annotated[int, Field(gt=0)]
    pool: bool = True


class ScatterRegionGate(GateSpec):
    """The region of scatter in which most of the seeds lie (back-gating without CD45).

    Parameters
    ----------
    x, y : Axis
        The two axes.
    seeds : tuple of str
        Expressions of events that certainly belong there.
    coverage : float
        Share of the seeds the region encloses.
    min_events : int
        Fewer seeds than this: not evaluable.
    """

    finder: Literal["scatter_region"]
    x: Axis
    y: Axis
    seeds: Annotated[tuple[str, ...], Field(min_length=1)]
    coverage: Annotated[float, Field(gt=0.5, lt=1)]
    min_events: Annotated[int, Field(gt=0)]


class PolygonGateSpec(GateSpec):
    """A fixed polygon, in the units of the transformed axes."""

    finder: Literal["fixed_polygon"]
    x: Axis
    y: Axis
    vertices: Annotated[tuple[tuple[float, float], ...], Field(min_length=3)]


AnyGate = Annotated[
    SingletGate
    | BeadGate
    | ValleyGate
    | LowerTailGate
    | BrightModeGate
    | AnchoredValleyGate
    | ShiftedGate
    | ClusterGate
    | ScatterRegionGate
    | PolygonGateSpec,
    Field(discriminator="finder"),
]


class PopulationSpec(Frozen):
    """One reported population: the events of `parent` for which `where` holds."""

    population: str
    parent: str
    where: str


def names_in(expression: str) -> tuple[str, ...]:
    """Return the names an expression uses, in order of appearance.

    Expressions are names joined by ``and``, ``or``, ``not`` and parentheses.

    Raises
    ------
    ValueError
        If it holds anything else.

    Examples
    --------
    >>> names_in("CD4 and not (CD8 or CD19)")
    ('CD4', 'CD8', 'CD19')
    """
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError as error:
        raise ValueError(f"'{expression}' is not an expression of and, or, not and names") from error
    allowed = (ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.Name, ast.Load)
    for node in ast.walk(tree):
        if not isinstance(node, allowed):
            raise ValueError(f"'{expression}' may hold only names, and, or, not and parentheses")
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    ordered = sorted(found, key=lambda node: (node.lineno, node.col_offset))
    return tuple(dict.fromkeys(node.id for node in ordered))


def positive_names(expression: str) -> tuple[str, ...]:
    """Return the names of an expression that are not under ``not``.

    Examples
    --------
    >>> positive_names("CD4 and not (CD8 or CD19)")
    ('CD4',)
    """

    def walk(node: ast.AST, positive: bool) -> list[str]:
        if isinstance(node, ast.Name):
            return [node.id] if positive else []
        if isinstance(node, ast.UnaryOp):
            return walk(node.operand, not positive)
        return [name for child in ast.iter_child_nodes(node) for name in walk(child, positive)]

    return tuple(walk(ast.parse(expression, mode="eval").body, True))


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
    sha256 : str
        Hash of the file, filled in by the loader.
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
            populations.append(entry.population)
        everything = gates | set(populations) | {"all"}
        for spec in self.gates:
            _check_names(f"gate '{spec.gate}'", spec.find_in, everything)
            for other in spec.none_seen_doubts if isinstance(spec, ValleyGate) else ():
                _check_names(f"gate '{spec.gate}'", other, set(populations))
            for other in sources_of(spec):
                _check_names(f"gate '{spec.gate}'", other, everything)
        _refuse_circles(self)
        return self

    @cached_property
    def gate_by_name(self) -> Mapping[str, AnyGate]:
        """Gates by identifier."""
        return {spec.gate: spec for spec in self.gates}

    @cached_property
    def population_by_name(self) -> Mapping[str, PopulationSpec]:
        """Populations by name."""
        return {entry.population: entry for entry in self.populations}


def sources_of(spec: AnyGate) -> tuple[str, ...]:
    """Return every expression a gate looks at: where it is found, its control, its seeds."""
    if isinstance(spec, ValleyGate):
        return (spec.find_in, spec.control) if spec.control else (spec.find_in,)
    if isinstance(spec, ClusterGate):
        return (spec.find_in, *spec.seeds, *spec.likely_seeds)
    if isinstance(spec, AnchoredValleyGate):
        return (spec.find_in, *spec.anchors)
    if isinstance(spec, ShiftedGate):
        return (spec.find_in, spec.like, spec.reference, spec.like_reference)
    if isinstance(spec, LowerTailGate | ScatterRegionGate):
        return (spec.find_in, *spec.seeds)
    return (spec.find_in,)


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


def _check_names(owner: str, expression: str, known: set[str]) -> None:
    for name in names_in(expression):
        if name not in known:
            raise ValueError(f"{owner} uses '{name}', which is neither a gate nor an earlier population")
