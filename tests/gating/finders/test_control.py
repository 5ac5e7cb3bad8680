"""The upper tail of cells that lack the marker."""

from __future__ import annotations

import numpy as np
import pytest

from cytorecon.gating.finders.control import MIN_CONTROL_EVENTS, control_tail
from tests.gating.samples import mixture


def test_the_tail_is_median_and_deviations_of_the_control() -> None:
    tail = control_tail(mixture([(20000, 0.2, 0.03)], seed=1).astype(np.float32), 4.0)
    assert tail is not None
    assert tail.position == pytest.approx(0.2 + 4 * 0.03, abs=0.004)
    assert tail.events == 20000


def test_contaminants_above_do_not_lift_it() -> None:
    """B cells with 3 % T cells among them."""
    clean = control_tail(mixture([(970, 0.2, 0.03)], seed=1).astype(np.float32), 4.0)
    mixed = control_tail(mixture([(970, 0.2, 0.03), (30, 0.8, 0.03)], seed=1).astype(np.float32), 4.0)
    assert clean is not None
    assert mixed is not None
    assert mixed.position == pytest.approx(clean.position, abs=0.01)


def test_more_cells_make_it_surer() -> None:
    """The standard error is that of repeated draws."""
    positions = [
        control_tail(mixture([(400, 0.2, 0.03)], seed=seed).astype(np.float32), 4.0) for seed in range(200)
    ]
    spread = float(np.std([tail.position for tail in positions if tail is not None]))
    stated = float(np.median([tail.standard_error for tail in positions if tail is not None]))
    assert len(positions) == 200
    assert 0.7 * spread < stated < 1.5 * spread


def test_too_few_cells_give_none() -> None:
    values = mixture([(MIN_CONTROL_EVENTS - 1, 0.2, 0.03)], seed=1).astype(np.float32)
    assert control_tail(values, 4.0) is None
    assert control_tail(np.append(values, np.float32(0.2)), 4.0) is not None
