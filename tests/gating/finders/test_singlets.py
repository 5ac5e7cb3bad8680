"""Single cells by area and height."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from cytorecon.gating.finders.singlets import MIN_EVENTS, is_width, singlet_wedge
from cytorecon.gating.kernels import Floats, points_in_polygon

Column = npt.NDArray[np.float32]


def scatter(singles: int, doublets: int, *, gain: float = 1.0) -> tuple[Column, Column]:
    """Return area and height; a doublet has the area of two and the height of one."""
    rng = np.random.default_rng(3)
    area = gain * 0.25 * np.exp(0.3 * rng.normal(size=singles + doublets))
    height = 0.8 * area * np.exp(0.025 * rng.normal(size=singles + doublets))
    area[singles:] *= 2
    return area.astype(np.float32), height.astype(np.float32)


def inside(area: Column, height: Column, wedge: Floats) -> npt.NDArray[np.bool_]:
    return points_in_polygon(area, height, wedge)


@pytest.mark.parametrize("doublets", [0, 100, 3000])
@pytest.mark.parametrize("gain", [0.3, 1.0])
def test_singles_stay_and_doublets_go(doublets: int, gain: float) -> None:
    """Even where four in ten are doublets: the width comes from the side where doublets are not."""
    area, height = scatter(5000, doublets, gain=gain)
    wedge = singlet_wedge(area, height, 5)
    assert wedge is not None
    kept = inside(area, height, wedge)
    assert kept[:5000].mean() > 0.99
    assert kept[5000:].sum() == 0


def test_the_wedge_is_as_wide_as_asked() -> None:
    area, height = scatter(5000, 0)
    narrow, wide = (singlet_wedge(area, height, width) for width in (1.0, 2.0))
    assert narrow is not None
    assert wide is not None
    assert inside(area, height, narrow).mean() == pytest.approx(0.683, abs=0.02)
    assert inside(area, height, wide).mean() == pytest.approx(0.954, abs=0.02)


def test_values_that_do_not_vary_keep_their_events() -> None:
    area = np.full(500, 0.4, dtype=np.float32)
    wedge = singlet_wedge(area, area, 5)
    assert wedge is not None
    assert inside(area, area, wedge).all()


def test_too_few_events_give_no_wedge() -> None:
    area, height = scatter(MIN_EVENTS - 1, 0)
    assert singlet_wedge(area, height, 5) is None


def test_events_without_scatter_are_neither_counted_nor_kept() -> None:
    area, height = scatter(MIN_EVENTS, 0)
    area, height = (
        np.append(area, [-0.1, 0.0]).astype(np.float32),
        np.append(height, [0.2, 0.0]).astype(np.float32),
    )
    wedge = singlet_wedge(area, height, 5)
    assert wedge is not None
    assert not inside(area, height, wedge)[-2:].any()
    area[0] = -1
    assert singlet_wedge(area, height, 5) is None


def test_height_and_width_that_are_exchanged_are_told_by_the_area() -> None:
    rng = np.random.default_rng(5)
    height = rng.lognormal(-1, 0.3, 1000).astype(np.float32)
    width = rng.lognormal(-1, 0.05, 1000).astype(np.float32)
    area = height * width
    assert not is_width(area, height, width)
    assert is_width(area, width, height)


def test_scatter_that_tells_nothing_is_taken_as_labelled() -> None:
    same = np.full(500, 0.4, dtype=np.float32)
    assert not is_width(same, same, same)
    assert not is_width(same[:50], same[:50], same[:50])
