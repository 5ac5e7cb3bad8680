"""The lower end of a bright cloud, with and without dim cells running into it."""

from __future__ import annotations

import numpy as np
import pytest

from cytorecon.gating.finders.bright import bright_mode
from tests.gating.samples import mixture


def values(*clouds: tuple[int, float, float], seed: int = 1) -> np.ndarray:
    return mixture(list(clouds), seed=seed).astype(np.float32)


def test_a_cloud_alone_keeps_99_percent() -> None:
    alone = values((4000, 0.7, 0.05))
    found = bright_mode(alone, 2.33, least=30)
    assert found is not None
    assert 0.97 < (alone >= found.position).mean() < 1.0
    assert found.standard_error < 0.02


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4])
def test_dim_cells_move_the_end_little(share: float) -> None:
    alone = bright_mode(values((1000, 0.7, 0.05)), 2.33, least=30)
    beside = bright_mode(values((1000, 0.7, 0.05), (int(1000 * share), 0.52, 0.03)), 2.33, least=30)
    assert alone is not None
    assert beside is not None
    assert abs(alone.position - beside.position) < 0.03


def test_too_few_cells_have_no_shape() -> None:
    assert bright_mode(values((29, 0.7, 0.05)), 2.33, least=30) is None


def test_order_of_events_does_not_matter() -> None:
    one = values((500, 0.7, 0.05), (60, 0.5, 0.03))
    other = np.random.default_rng(7).permutation(one)
    assert bright_mode(one, 2.33, least=30) == bright_mode(other, 2.33, least=30)
