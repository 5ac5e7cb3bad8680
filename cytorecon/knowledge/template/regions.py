"""Gates that are a region of two axes: how each is found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cytorecon.knowledge.template.axes import Axis
from cytorecon.knowledge.template.gate import GateSpec


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
    neighbours : {"compete", "ignore"}
        Whether the polygon ends where a neighbouring cloud is likelier. ``ignore`` is for cells that
        a marker of their own tells from the neighbours.
    min_events : int
        Fewer seeds or cluster events than this: use the batch, else see `without_seeds`.
    without_seeds : {"not_evaluable", "absent"}
        What it means that there are too few seeds, or that they cannot be told: ``absent`` is for a
        region that only adds to another one.
    """

    finder: Literal["cluster"]
    x: Axis
    y: Axis
    seeds: Annotated[tuple[str, ...], Field(min_length=1)]
    likely_seeds: tuple[str, ...] = ()
    coverage: Annotated[float, Field(gt=0.5, lt=1)]
    neighbours: Literal["compete", "ignore"] = "compete"
    min_events: Annotated[int, Field(gt=0)]
    without_seeds: Literal["not_evaluable", "absent"] = "not_evaluable"
    pool: bool = True


class ToldApartGate(GateSpec):
    """A cloud told from its neighbours by several axes at once, by where an event is likelier.

    Parameters
    ----------
    x, y : Axis
        The two axes that a picture shows.
    further : tuple of Axis
        The others.
    seeds : tuple of str
        Expressions of events that most likely belong to the cloud, as single thresholds tell them.
    beside : tuple of str
        Expressions of other cells that lie a fixed distance from the cloud on all axes, whatever stain and
        detector do: where they lie in a tube says where the cloud is looked for.
    coverage : float
        Share of a normal cloud beyond whose rim nothing belongs to it.
    min_events : int
        Fewer events of a kind than this do not say where it lies, and teach the batch nothing.
    otherwise_outside : str
        Gate with one threshold outside of which its events lie, where nothing says how to tell them.
    certain_outside : tuple of str
        Populations that lie outside of that threshold by what they are: the share of them that it takes all
        the same it may take of the cloud, too.
    """

    finder: Literal["told_apart"]
    x: Axis
    y: Axis
    further: tuple[Axis, ...] = ()
    seeds: Annotated[tuple[str, ...], Field(min_length=1)]
    beside: Annotated[tuple[str, ...], Field(min_length=1)]
    coverage: Annotated[float, Field(gt=0.5, lt=1)]
    min_events: Annotated[int, Field(gt=0)]
    otherwise_outside: str
    certain_outside: tuple[str, ...] = ()
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


class ContourGate(GateSpec):
    """A density contour: the smallest region of a plane that holds a share of the seeds.

    Parameters
    ----------
    x, y : Axis
        The two axes.
    seeds : tuple of str
        Expressions of events to draw it around; those that cannot be evaluated are left out.
    coverage : float
        Share of the seeds the contour encloses.
    min_events : int
        Fewer seeds than this: not evaluable.
    """

    finder: Literal["density_contour"]
    x: Axis
    y: Axis
    seeds: Annotated[tuple[str, ...], Field(min_length=1)]
    coverage: Annotated[float, Field(gt=0.5, lt=1)]
    min_events: Annotated[int, Field(gt=0)]


class EllipseGateSpec(GateSpec):
    """A fixed ellipse, in the units of the transformed axes.

    Parameters
    ----------
    x, y : Axis
        The two axes.
    centre : (float, float)
        Of the ellipse.
    radii : (float, float)
        Half axes.
    angle : float
        Degrees from the x axis to the first half axis, counter-clockwise.
    """

    finder: Literal["fixed_ellipse"]
    x: Axis
    y: Axis
    centre: tuple[float, float]
    radii: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]
    angle: float = 0.0


class PolygonGateSpec(GateSpec):
    """A fixed polygon, in the units of the transformed axes."""

    finder: Literal["fixed_polygon"]
    x: Axis
    y: Axis
    vertices: Annotated[tuple[tuple[float, float], ...], Field(min_length=3)]


#: Gates that are drawn as a region of two axes of their own.
PlanarGate = ClusterGate | ToldApartGate | ScatterRegionGate | ContourGate | EllipseGateSpec | PolygonGateSpec
