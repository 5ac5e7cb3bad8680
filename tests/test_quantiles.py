"""Quantiles against those of numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cytorecon.quantiles import quantiles

VALUES = arrays(np.float32, st.integers(1, 60), elements=st.floats(-1e6, 1e6, width=32))


@given(VALUES, st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_the_same_as_numpy(values: npt.NDArray[np.float32], shares: list[float]) -> None:
    expected = np.quantile(values.astype(np.float64), shares)
    np.testing.assert_allclose(quantiles(values, shares), expected, rtol=1e-9, atol=1e-6)


def test_the_values_are_left_in_their_order() -> None:
    values = np.array([3.0, 1.0, 2.0])
    assert quantiles(values, (0.25,)) == pytest.approx((1.5,))
    assert values.tolist() == [3.0, 1.0, 2.0]
