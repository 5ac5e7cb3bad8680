"""The end of cells whose staining is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from cytorecon.gating.finders.reference import UNSURE, reference_tail
from tests.gating.samples import mixture


def values(*parts: tuple[int, float, float], seed: int = 1) -> npt.NDArray[np.float32]:
    return mixture(parts, seed=seed).astype(np.float32)


def test_the_upper_end_is_above_cells_that_lack_the_marker() -> None:
    tail = reference_tail(values((20000, 0.2, 0.03)), "upper", 4.0, least=100)
    assert tail is not None
    assert tail.position == pytest.approx(0.32, abs=0.004)
    assert tail.standard_error == pytest.approx(UNSURE * 0.03, rel=0.1)


def test_the_lower_end_is_its_mirror_image() -> None:
    tail = reference_tail(values((20000, 0.7, 0.03)), "lower", 4.0, least=100)
    assert tail is not None
    assert tail.position == pytest.approx(0.58, abs=0.004)


def test_few_cells_make_it_less_sure() -> None:
    few = reference_tail(values((120, 0.2, 0.03)), "upper", 4.0, least=100)
    many = reference_tail(values((20000, 0.2, 0.03)), "upper", 4.0, least=100)
    assert few is not None
    assert many is not None
    assert few.standard_error > many.standard_error


@pytest.mark.parametrize("share", [0.1, 0.45, 0.7])
def test_bright_strays_do_not_lift_the_upper_end(share: float) -> None:
    """After a transplant more than half of the T cells of a reference may carry HLA-DR."""
    strays = int(3000 * share / (1 - share))
    tail = reference_tail(values((3000, 0.2, 0.03), (strays, 0.7, 0.05)), "upper", 4.0, least=100)
    assert tail is not None
    assert tail.position == pytest.approx(0.32, abs=0.02)


def test_dim_strays_do_not_lower_the_lower_end() -> None:
    tail = reference_tail(values((3000, 0.7, 0.03), (2500, 0.2, 0.05)), "lower", 4.0, least=100)
    assert tail is not None
    assert tail.position == pytest.approx(0.58, abs=0.02)


def test_a_small_dim_clump_is_not_the_reference() -> None:
    """Debris below the cells: a threshold above it would call every cell positive."""
    tail = reference_tail(values((3000, 0.3, 0.03), (200, 0.0, 0.01)), "upper", 4.0, least=100)
    assert tail is not None
    assert tail.position == pytest.approx(0.42, abs=0.02)


def test_too_few_cells_have_no_end() -> None:
    assert reference_tail(values((99, 0.2, 0.03)), "upper", 4.0, least=100) is None
    assert reference_tail(np.zeros(0, np.float32), "upper", 4.0, least=100) is None


def test_cells_piled_on_the_floor_of_a_detector_have_no_end() -> None:
    """Their threshold would be the floor itself, and everything positive."""
    assert reference_tail(np.zeros(5000, np.float32), "upper", 4.0, least=100) is None
    assert reference_tail(np.ones(5000, np.float32), "lower", 4.0, least=100) is None
