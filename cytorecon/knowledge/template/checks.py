"""Checks of a template: what must be true of the cells of a tube if its labels and its matrix are right.

A check says what is known about cells that can be told without the marker in question. It flags and never
changes a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from cytorecon.values import Frozen


class CheckSpec(Frozen):
    """What every check of a template has.

    Parameters
    ----------
    check : str
        Identifier, unique among the checks of the template.
    title : str
        What is found when it fails, in words for people who read results.
    least_events : int
        With fewer of them nothing is said.
    doubts : tuple of str
        Populations that a failed check casts doubt on, with all that they are parents of.
    doubts_wholes : tuple of str
        Populations that hold too few or too many cells by as many, and whose other parts stand.
    why, source : str
        What is known about these cells, and who says so.
    """

    check: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    title: str = Field(min_length=1)
    least_events: Annotated[int, Field(ge=20)]
    doubts: tuple[str, ...] = ()
    doubts_wholes: tuple[str, ...] = ()
    why: str = Field(min_length=1)
    source: str = Field(min_length=1)


class ShareCheck(CheckSpec):
    """Which share of `cells` must lie inside of a gate or expression.

    Parameters
    ----------
    cells : str
        Expression of the cells that are looked at.
    inside : str
        Expression.
    low_percent, high_percent : float
        Limits of the share, percent of `cells`. It fails when the exact 95 % interval lies outside.
    unless_asked : tuple of str
        Checks that tell the same by other cells, and better: where one finds cells enough, nothing is said.
    code : {"assay.labels", "assay.outside"}
        What a failure says: a label or the matrix may be wrong, or cells that belong to a population lie
        outside of it.
    """

    kind: Literal["share"]
    code: Literal["assay.labels", "assay.outside"] = "assay.labels"
    cells: str
    inside: str
    low_percent: Annotated[float, Field(ge=0, le=100)] = 0.0
    high_percent: Annotated[float, Field(ge=0, le=100)] = 100.0
    unless_asked: tuple[str, ...] = ()


class BrightestCheck(CheckSpec):
    """The marker of one gate must be brighter on `cells` than those of the others.

    Brightness is the median of `cells` above the median of `negative` events below the gate's
    threshold, on the transformed scale: so far from where nothing is bound.

    Parameters
    ----------
    cells : str
        Expression of the cells that are looked at.
    gate : str
        Threshold gate of the marker that these cells carry.
    others : tuple of str
        Threshold gates of markers that they carry less or not at all.
    negative : str
        Expression of the events among which each marker's negative ones are taken.
    margin : float
        It fails when another marker is brighter by more than this (transformed units, 1 = 4.5 decades).
    """

    kind: Literal["brightest"]
    cells: str
    gate: str
    others: Annotated[tuple[str, ...], Field(min_length=1)]
    negative: str
    margin: Annotated[float, Field(gt=0)]


class SpilloverCheck(CheckSpec):
    """Whether cells that lack a marker are dark in its channel whatever other dyes they carry.

    What the matrix took away from the median of each group is held against the differences that are left
    between groups that lack the marker: a slope of 0 is a matrix that fits, 1 one that takes half of what
    it should, -0.5 one that takes twice as much.

    Parameters
    ----------
    groups : mapping of str to str
        Expressions of cells of one kind.
    lack : mapping of str to tuple of str
        Marker -> groups that do not carry it.
    fewest_comparisons : int
        With fewer differences between groups nothing is said.
    largest_slope : float
        It fails when the slope is farther from 0 than this (fraction of what the matrix took away).
    """

    kind: Literal["spillover"]
    groups: Mapping[str, str]
    lack: Mapping[str, tuple[str, ...]]
    fewest_comparisons: Annotated[int, Field(ge=2)]
    largest_slope: Annotated[float, Field(gt=0)]


AnyCheck = Annotated[ShareCheck | BrightestCheck | SpilloverCheck, Field(discriminator="kind")]


def expressions_of(spec: AnyCheck) -> tuple[str, ...]:
    """Return every expression and gate that a check names."""
    if isinstance(spec, ShareCheck):
        return spec.cells, spec.inside
    if isinstance(spec, SpilloverCheck):
        return tuple(spec.groups.values())
    return spec.cells, spec.negative, spec.gate, *spec.others
