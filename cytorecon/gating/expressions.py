"""What an expression over names (``CD4 and not CD8``) means, as events."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

import numpy as np

from cytorecon.gating.shapes import Mask


def evaluate(expression: str, masks: Mapping[str, Mask]) -> Mask:
    """Return the events for which `expression` holds, shape (n,).

    Parameters
    ----------
    expression : str
        Names joined by ``and``, ``or``, ``not`` and parentheses, as
        :func:`~cytorecon.knowledge.template.names_in` checks them.
    masks : mapping of str to ndarray of bool
        One for each name in it.

    Examples
    --------
    >>> bright = {"CD4": np.array([True, True, False]), "CD8": np.array([False, True, True])}
    >>> evaluate("CD4 and not CD8", bright).tolist()
    [True, False, False]
    """
    return _evaluate(ast.parse(expression, mode="eval").body, masks)


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
    joined: Mask = how.reduce([_evaluate(part, values) for part in parts])
    return joined
