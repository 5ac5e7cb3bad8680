"""Expressions of a template: names of gates and populations joined by and, or, not."""

from __future__ import annotations

import ast
from functools import cache

#: Names with a meaning of their own: every event in an expression, and the parent of a top population.
RESERVED = ("all", "root")


@cache
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


@cache
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
