from __future__ import annotations

import flowkit
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.errors import TransformError
from cytorecon.transforms import Logicle

PARAMETERS = [
    (262_144, 0.5, 4.5, 0),
    (262_144, 0, 4.5, 0),
    (262_144, 1.8, 4.5, 0),
    (262_144, 2.25, 4.5, 0),
    (10_000, 0, 4.5, 0),
    (10_000, 1, 4, 1),
    (10_000, 1, 4, -0.5),
    (1_024, 0.25, 4.5, 0),
    (16_777_216, 1.2, 4.5, 0),
    (4_194_304, 1, 5, 0.5),
]


@st.composite
def logicles(draw: st.DrawFn) -> Logicle:
    m = draw(st.floats(2, 6))
    w = draw(st.floats(0, m / 2 - 0.05))
    a = draw(st.floats(max(-w, -m / 4), min(m - 2 * w, 1)))
    return Logicle(10 ** draw(st.floats(2, 8)), w, m, a)


def over_the_scale(t: float) -> np.ndarray:
    rng = np.random.default_rng(7)
    return np.concatenate(
        [
            rng.uniform(-0.2 * t, 1.5 * t, 5000),
            10 ** rng.uniform(-3, np.log10(t), 5000),
            -(10 ** rng.uniform(-3, np.log10(0.3 * t), 5000)),
            [0.0, t],
        ]
    ).astype(np.float32)


@pytest.mark.parametrize(("t", "w", "m", "a"), PARAMETERS)
def test_the_same_as_flowkit(t: float, w: float, m: float, a: float) -> None:
    x = over_the_scale(t)
    oracle = flowkit.transforms.LogicleTransform(t, w, m, a)
    ours = Logicle(t, w, m, a)
    y = oracle.apply(x.astype(np.float64).reshape(-1, 1)).reshape(-1)
    np.testing.assert_allclose(ours.apply(x), y, rtol=0, atol=1e-6)
    np.testing.assert_allclose(ours.inverse(y), x, rtol=1e-6, atol=1e-6 * t)


@given(logicles(), st.lists(st.floats(-1, 2), min_size=1, max_size=20))
def test_the_inverse_goes_back(scale: Logicle, fractions: list[float]) -> None:
    y = np.array(fractions)
    # float32 carries 24 bits of the linear value: near 0 they do not resolve the scale's position further.
    np.testing.assert_allclose(
        scale.apply(scale.inverse(y)), np.clip(y, _bottom(scale), 2), rtol=0, atol=1e-5
    )


def _bottom(scale: Logicle) -> float:
    return float(2 * scale.apply(0.0) - 2)


@given(logicles(), st.lists(st.floats(-1e6, 1e7, width=32), min_size=2, max_size=50))
def test_order_is_kept(scale: Logicle, values: list[float]) -> None:
    # As far as float32 goes: neighbours may swap within its last bits, 1e-6 of the scale.
    assert (np.diff(scale.apply(sorted(values))) > -1e-6).all()


@given(logicles())
def test_the_ends_of_the_scale(scale: Logicle) -> None:
    zero = (scale.a + scale.w) / (scale.m + scale.a)
    np.testing.assert_allclose(scale.apply([0.0, scale.t]), [zero, 1], atol=1e-5)
    np.testing.assert_allclose(scale.inverse([zero, 1]), [0, scale.t], rtol=1e-9, atol=1e-9 * scale.t)


@given(logicles(), st.floats(0, 1e6, width=32))
def test_below_zero_is_the_mirror_image(scale: Logicle, value: float) -> None:
    zero = scale.apply(0.0)
    np.testing.assert_allclose(scale.apply(value) - zero, zero - scale.apply(-value), atol=1e-6)


def test_values_of_a_log_amplifier_are_resolved_from_one_on() -> None:
    # 1..10 is the decade of unstained cells on an analogue instrument.
    y = Logicle(10_000, 0, 4.5).apply([1, 2, 5, 10, 100])
    assert y[3] - y[0] > 0.15
    assert y[4] - y[3] > 0.2


def test_float32_in_and_out_for_large_arrays() -> None:
    x = np.linspace(-1000, 262_144, 200_001, dtype=np.float32).reshape(3, -1)
    y = Logicle(262_144).apply(x)
    assert y.dtype == np.float32
    assert y.shape == x.shape
    np.testing.assert_array_equal(y[1], Logicle(262_144).apply(x[1]))


def test_values_that_are_not_finite_become_nan() -> None:
    y = Logicle(262_144).apply([np.nan, np.inf, -np.inf, 0, 1e30])
    np.testing.assert_array_equal(np.isnan(y), [True, True, True, False, False])
    assert y[4] == 2


def test_empty_and_scalar_input() -> None:
    assert Logicle(262_144).apply([]).shape == (0,)
    assert Logicle(262_144).apply(262_144).shape == ()


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ((0, 0.5, 4.5, 0), "t: The logicle scale cannot have this parameter. Found: 0. Allowed: above 0."),
        (
            (np.inf, 0.5, 4.5, 0),
            "t: The logicle scale cannot have this parameter. Found: inf. Allowed: above 0.",
        ),
        ((1e5, 0.5, -1, 0), "m: The logicle scale cannot have this parameter. Found: -1. Allowed: above 0."),
        (
            (1e5, 2.5, 4.5, 0),
            "w: The logicle scale cannot have this parameter. Found: 2.5. Allowed: 0 to m / 2.",
        ),
        (
            (1e5, np.nan, 4.5, 0),
            "w: The logicle scale cannot have this parameter. Found: nan. Allowed: 0 to m / 2.",
        ),
        (
            (1e5, 0.5, 4.5, -1),
            "a: The logicle scale cannot have this parameter. Found: -1. Allowed: -w to m - 2 w.",
        ),
        (
            (1e5, 0.5, 4.5, 4),
            "a: The logicle scale cannot have this parameter. Found: 4. Allowed: -w to m - 2 w.",
        ),
    ],
)
def test_parameters_out_of_bounds(parameters: tuple[float, float, float, float], text: str) -> None:
    with pytest.raises(TransformError) as caught:
        Logicle(*parameters)
    assert str(caught.value) == text
