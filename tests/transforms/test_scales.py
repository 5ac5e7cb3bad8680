from __future__ import annotations

import flowkit
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.errors import TransformError
from cytorecon.transforms import Asinh, Linear, Log, Logicle, Transform

X = np.concatenate([np.linspace(-5000, 300_000, 2001), np.geomspace(0.01, 262_144, 500)])


def test_linear_is_gating_mls() -> None:
    oracle = flowkit.transforms.LinearTransform(262_144, 1000)
    np.testing.assert_allclose(Linear(262_144, 1000).apply(X), oracle.apply(X), atol=1e-6)


@pytest.mark.parametrize(("t", "m", "a"), [(262_144, 4.5, 0), (10_000, 4, 1), (1000, 3, 3)])
def test_asinh_is_gating_mls(t: float, m: float, a: float) -> None:
    oracle = flowkit.transforms.AsinhTransform(t, m, a)
    np.testing.assert_allclose(Asinh(t, m, a).apply(X), oracle.apply(X), atol=1e-6)


def test_log_is_gating_mls_where_that_is_defined() -> None:
    x = X[X > 262_144 / 10**4.5]
    oracle = flowkit.transforms.LogTransform(262_144, 4.5)
    np.testing.assert_allclose(Log(262_144, 4.5).apply(x), oracle.apply(x), atol=1e-6)


def test_log_puts_everything_below_its_decades_at_the_bottom() -> None:
    np.testing.assert_array_equal(Log(1000, 3).apply([-1e9, -1, 0, 0.5, 1]), [0, 0, 0, 0, 0])


@given(
    st.sampled_from(
        [Linear(1024), Linear(262_144, 500), Log(10_000, 4), Asinh(262_144), Asinh(10_000, 4, 1)]
    ),
    st.lists(st.floats(0, 1.2), min_size=1),
)
def test_inverses_go_back(scale: Transform, positions: list[float]) -> None:
    np.testing.assert_allclose(scale.apply(scale.inverse(positions)), positions, atol=1e-5)


@pytest.mark.parametrize("scale", [Linear(10), Log(10), Asinh(10), Logicle(10)])
def test_values_that_are_not_finite_become_nan(scale: Transform) -> None:
    y = scale.apply([np.nan, np.inf, -np.inf, 1])
    assert y.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(y), [True, True, True, False])


def labels(scale: Transform) -> list[str]:
    return [tick.label for tick in scale.ticks()]


def test_ticks_of_a_logicle_leave_out_what_lies_on_zero() -> None:
    assert labels(Logicle(262_144, 0.5)) == ["-10³", "-10²", "0", "10²", "10³", "10⁴", "10⁵"]
    assert labels(Logicle(10_000, 0)) == ["-10⁰", "0", "10⁰", "10¹", "10²", "10³", "10⁴"]


def test_ticks_of_other_scales() -> None:
    assert labels(Log(1000, 4)) == ["10⁻¹", "10⁰", "10¹", "10²", "10³"]
    assert labels(Linear(262_144)) == ["0", "50k", "100k", "150k", "200k", "250k"]
    assert labels(Linear(1024)) == ["0", "200", "400", "600", "800", "1k"]
    assert labels(Asinh(10_000, 4))[-2:] == ["10³", "10⁴"]


@pytest.mark.parametrize("scale", [Linear(262_144), Log(10_000, 4), Asinh(262_144), Logicle(262_144, 0.8)])
def test_ticks_stand_where_their_values_are(scale: Transform) -> None:
    digits = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
    for tick in scale.ticks():
        text = tick.label.translate(digits).replace("k", "e3")
        value = float(
            text.replace("10", "1e", 1) if not isinstance(scale, Linear) and tick.label != "0" else text
        )
        np.testing.assert_allclose(tick.position, scale.apply(value), atol=1e-6)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Linear(-1), "t: The linear scale cannot have this parameter. Found: -1. Allowed: above 0."),
        (lambda: Linear(1, 2), "a: The linear scale cannot have this parameter. Found: 2. Allowed: 0 to t."),
        (lambda: Log(1, 0), "m: The log scale cannot have this parameter. Found: 0. Allowed: above 0."),
        (lambda: Log(0, 1), "t: The log scale cannot have this parameter. Found: 0. Allowed: above 0."),
        (lambda: Asinh(0), "t: The asinh scale cannot have this parameter. Found: 0. Allowed: above 0."),
        (lambda: Asinh(1, 0), "m: The asinh scale cannot have this parameter. Found: 0. Allowed: above 0."),
        (lambda: Asinh(1, 1, 2), "a: The asinh scale cannot have this parameter. Found: 2. Allowed: 0 to m."),
    ],
)
def test_parameters_out_of_bounds(make: object, text: str) -> None:
    assert callable(make)
    with pytest.raises(TransformError) as caught:
        make()
    assert str(caught.value) == text
