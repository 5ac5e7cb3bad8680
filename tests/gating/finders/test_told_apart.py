"""A cloud told from its neighbours on three axes, none of which tells them alone: CD4, side scatter, CD45."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytorecon.gating.finders.told_apart import tell_apart
from cytorecon.gating.shapes import Likelier, NormalCloud

Points = npt.NDArray[np.float64]

#: Means and standard deviations: two to three deviations apart on each axis.
CLOUDS = {
    "NK": ((0.10, 0.62, 0.74), (0.08, 0.035, 0.022)),
    "monocytes": ((0.36, 0.72, 0.67), (0.10, 0.040, 0.030)),
    "neutrophils": ((0.20, 0.78, 0.55), (0.13, 0.045, 0.035)),
}
NAMES = ("CD4", "SSC", "CD45")
REACH = 21.1


def known(shift: float = 0.0) -> NormalCloud:
    """Return where the batch expects NK cells: a little beside the truth."""
    mean, deviations = CLOUDS["NK"]
    covariance = tuple(tuple(row) for row in np.diag(np.square(deviations)).tolist())
    return NormalCloud(1.0, (mean[0] + shift, mean[1] + shift / 4, mean[2]), covariance)


def cells(numbers: dict[str, int], seed: int = 1) -> tuple[Points, npt.NDArray[np.bool_]]:
    """Return events and which of them are NK cells."""
    rng = np.random.default_rng(seed)
    drawn = [rng.normal(*CLOUDS[kind], size=(numbers.get(kind, 0), 3)) for kind in CLOUDS]
    return np.concatenate(drawn), np.repeat([kind == "NK" for kind in CLOUDS], [len(some) for some in drawn])


def held(points: Points, shift: float = 0.03) -> npt.NDArray[np.bool_]:
    fit = tell_apart(points, known(shift))
    shape = Likelier(NAMES, fit.own, fit.others, REACH)
    return shape.mask({name: points[:, place].astype(np.float32) for place, name in enumerate(NAMES)})


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("neutrophils", [0, 600])
def test_axes_together_tell_what_no_threshold_tells(seed: int, neutrophils: int) -> None:
    points, is_nk = cells({"NK": 800, "monocytes": 1200, "neutrophils": neutrophils}, seed)
    inside = held(points)
    f1 = 2 * (inside & is_nk).sum() / (inside.sum() + is_nk.sum())
    best = max(
        2 * (is_nk & (points[:, 0] < cut)).sum() / ((points[:, 0] < cut).sum() + is_nk.sum())
        for cut in np.linspace(0.1, 0.4, 61)
    )
    assert f1 > 0.985 > best + 0.04


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("few", [0, 5, 20])
def test_few_cells_stay_few_beside_many_neighbours(few: int, seed: int) -> None:
    points, is_nk = cells({"NK": few, "monocytes": 1500, "neutrophils": 400}, seed)
    inside = held(points)
    assert (inside & is_nk).sum() >= 0.75 * few
    assert (inside & ~is_nk).sum() <= 4


def test_without_neighbours_the_cloud_is_what_was_expected() -> None:
    points, _ = cells({"NK": 300})
    fit = tell_apart(points, known())
    assert (fit.others, fit.own.mean, fit.own.events) == ((), known().mean, 300.0)


def test_no_event_at_all_leaves_the_cloud_where_it_was_expected() -> None:
    fit = tell_apart(np.empty((0, 3)), known())
    assert (fit.others, fit.own.mean) == ((), known().mean)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_events_does_not_matter(seed: int) -> None:
    points, _ = cells({"NK": 150, "monocytes": 400, "neutrophils": 150})
    order = np.random.default_rng(seed).permutation(len(points))
    one, other = tell_apart(points, known()), tell_apart(points[order], known())
    assert np.allclose(one.own.mean, other.own.mean, atol=1e-9)
    assert len(one.others) == len(other.others)
    assert (held(points)[order] == held(points[order])).all()
