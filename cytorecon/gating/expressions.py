"""Expressions of a template over events: ``CD4 and not CD8``, and the populations made of them."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from cytorecon.gating.shapes import Mask
from cytorecon.knowledge.template import Template, names_in, positive_names

#: Reserved name in expressions: every event of the file that has a finite value on every axis.
ALL = "all"


def evaluate(text: str, values: Mapping[str, Mask]) -> Mask:
    """Return the events an expression means.

    Parameters
    ----------
    text : str
        Names joined by ``and``, ``or``, ``not`` and parentheses.
    values : mapping of str to ndarray of bool
        A mask for each of its names.

    Examples
    --------
    >>> one, other = np.array([True, True, False]), np.array([True, False, False])
    >>> evaluate("one and not other", {"one": one, "other": other}).tolist()
    [False, True, False]
    """
    return _evaluate(_parsed(text), values)


def population_masks(
    template: Template, gates: Mapping[str, Mask], everything: Mask, absent: frozenset[str] = frozenset()
) -> dict[str, Mask]:
    """Return the populations that these gates make; one that needs a gate without a mask is left out.

    Parameters
    ----------
    template : Template
        Its populations, parents first.
    gates : mapping of str to ndarray of bool
        Masks of gates, over any choice of events.
    everything : ndarray of bool
        Which of these events have a place on every axis.
    absent : frozenset of str
        Gates that were looked for and are not there: they hold no event.
    """
    values = {**gates, ALL: everything}
    made: dict[str, Mask] = {}
    for entry in template.populations:
        if entry.parent != "root" and entry.parent not in made:
            continue
        names = names_in(entry.where)
        if all(name in values for name in names_that_matter(entry.where, absent & set(names))):
            parent = everything if entry.parent == "root" else made[entry.parent]
            known = {name: values.get(name, np.zeros_like(everything)) for name in names}
            made[entry.population] = values[entry.population] = parent & evaluate(entry.where, known)
    return made


@cache
def names_that_matter(text: str, absent: frozenset[str]) -> tuple[str, ...]:
    """Return the names an expression still depends on when those of `absent` hold no event.

    Examples
    --------
    >>> names_that_matter("lymphocyte or (NK_cloud and CD56)", frozenset({"NK_cloud"}))
    ('lymphocyte',)
    """
    names = [name for name in names_in(text) if name not in absent]
    # every combination of what the names may say of an event
    rows = np.indices((2,) * len(names)).reshape(len(names), 2 ** len(names)).astype(bool)
    values = dict(zip(names, rows, strict=True)) | {name: np.zeros(rows.shape[1], bool) for name in absent}
    held = evaluate(text, values)
    turned = {name: evaluate(text, {**values, name: ~values[name]}) for name in names}
    return tuple(name for name in names if (turned[name] != held).any())


@cache
def required_names(text: str) -> tuple[str, ...]:
    """Return the names without which an expression holds nothing, whatever the others are.

    Examples
    --------
    >>> required_names("lymphocyte and (CD3 or CD19) and not CD4")
    ('lymphocyte',)
    """
    best = {name: np.array([name in positive_names(text)]) for name in names_in(text)}
    none = np.array([False])
    return tuple(name for name in positive_names(text) if not evaluate(text, {**best, name: none})[0])


@cache
def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _evaluate(node: ast.expr, values: Mapping[str, Mask]) -> Mask:
    match node:
        case ast.Name(id=name):
            return values[name]
        case ast.UnaryOp(operand=operand):
            return ~_evaluate(operand, values)
        case ast.BoolOp(op=ast.And(), values=parts):
            return _joined(np.logical_and, parts, values)
        case ast.BoolOp(values=parts):
            return _joined(np.logical_or, parts, values)
    raise TypeError(f"not an expression of a template: {ast.dump(node)}")


def _joined(how: np.ufunc, parts: Sequence[ast.expr], values: Mapping[str, Mask]) -> Mask:
    joined = _evaluate(parts[0], values)
    for part in parts[1:]:
        joined = how(joined, _evaluate(part, values))
    return joined
