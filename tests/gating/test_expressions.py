"""What expressions mean."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cytorecon.gating.expressions import evaluate


@pytest.mark.parametrize(
    ("expression", "meaning"),
    [
        ("a", lambda a, b, c: a),
        ("not a", lambda a, b, c: not a),
        ("a and not (b or c)", lambda a, b, c: a and not (b or c)),
        ("a or b and c", lambda a, b, c: a or (b and c)),
        ("a and b and not c", lambda a, b, c: a and b and not c),
    ],
)
def test_an_expression_means_what_python_means_by_it(expression: str, meaning: object) -> None:
    assert callable(meaning)
    rows = list(itertools.product([False, True], repeat=3))
    masks = {name: np.array([row[place] for row in rows]) for place, name in enumerate("abc")}
    assert evaluate(expression, masks).tolist() == [meaning(*row) for row in rows]


def test_anything_else_is_refused() -> None:
    with pytest.raises(TypeError, match="not an expression of a template"):
        evaluate("a + b", {"a": np.array([True]), "b": np.array([True])})
