from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import flowkit
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cytorecon.compensation import check_spillover, compensate
from cytorecon.errors import CompensationError, Issue, Severity
from cytorecon.fcs import read_fcs
from cytorecon.sample import Channel, ChannelRole, Sample, Scale, Spillover

NAMES = ("FSC-A", "FITC-A", "PE-A", "APC-A", "Time")
ROLES = (
    ChannelRole.FORWARD_SCATTER,
    ChannelRole.FLUORESCENCE,
    ChannelRole.FLUORESCENCE,
    ChannelRole.FLUORESCENCE,
    ChannelRole.TIME,
)
TRUE = np.array([[500, 1000, 0, 0, 1], [600, 0, 2000, 10, 2], [700, 50, 60, 70, 3]], np.float32)
MATRIX = np.array([[1, 0.25, 0.02], [0.03, 1, 0.1], [0, 0.01, 1]])


def sample(events: np.ndarray = TRUE) -> Sample:
    channels = tuple(
        Channel(i, name, "", role) for i, (name, role) in enumerate(zip(NAMES, ROLES, strict=True))
    )
    return Sample(np.array(events, np.float32), channels, issues=(Issue("x", Severity.INFO, "y", "z"),))


def spillover(matrix: object = MATRIX, channels: tuple[str, ...] = NAMES[1:4]) -> Spillover:
    return Spillover(np.array(matrix, dtype=np.float64), channels, "$SPILLOVER")


def observed() -> Sample:
    events = TRUE.copy()
    events[:, 1:4] = TRUE[:, 1:4] @ MATRIX.astype(np.float32)
    return sample(events)


def message(matrix: Spillover, tube: Sample | None = None) -> str:
    with pytest.raises(CompensationError) as caught:
        compensate(tube or sample(), matrix)
    return str(caught.value)


def test_spilled_light_is_taken_back() -> None:
    before = observed()
    after = compensate(before, spillover())
    np.testing.assert_allclose(after.events, TRUE, rtol=1e-5, atol=1e-3)
    assert after.events.dtype == np.float32
    assert (after.scale, after.issues) == (Scale.COMPENSATED, before.issues)
    np.testing.assert_array_equal(before.events, observed().events)


def test_the_order_of_the_matrix_does_not_matter() -> None:
    order = [2, 0, 1]
    shuffled = spillover(MATRIX[np.ix_(order, order)], tuple(NAMES[1:4][index] for index in order))
    np.testing.assert_allclose(compensate(observed(), shuffled).events, TRUE, rtol=1e-5, atol=1e-3)


@given(hnp.arrays(np.float64, (3, 3), elements=st.floats(0, 0.3)), st.integers(0, 2**32 - 1))
def test_any_plausible_matrix_is_undone(off: np.ndarray, seed: int) -> None:
    matrix = off.copy()
    np.fill_diagonal(matrix, 1)
    events = TRUE.copy()
    true = np.random.default_rng(seed).uniform(-100, 10_000, (3, 3))
    events[:, 1:4] = true @ matrix
    np.testing.assert_allclose(
        compensate(sample(events), spillover(matrix)).events[:, 1:4], true, rtol=1e-3, atol=0.1
    )


def test_nothing_to_compensate_passes_through() -> None:
    after = compensate(sample(), None)
    assert after.scale is Scale.COMPENSATED
    assert after.events is not None
    np.testing.assert_array_equal(after.events, TRUE)


def test_the_identity_leaves_every_bit() -> None:
    assert compensate(sample(), spillover(np.eye(3))).events.tobytes() == TRUE.tobytes()


def test_an_event_that_is_not_finite_spoils_no_other() -> None:
    events = observed().events.copy()
    events[0, 2], events[1, 1] = np.nan, np.inf
    after = compensate(sample(events), spillover())
    np.testing.assert_allclose(after.events[2], TRUE[2], rtol=1e-5, atol=1e-3)
    assert not np.isfinite(after.events[:2, 1:4]).all(axis=1).any()


def test_a_diagonal_that_is_not_one_is_divided_out_aloud() -> None:
    after = compensate(observed(), spillover(MATRIX * 100))
    np.testing.assert_allclose(after.events, TRUE, rtol=1e-5, atol=1e-3)
    assert str(after.issues[-1]) == (
        "warning: $SPILLOVER: The diagonal of the spillover matrix is not 1; rows were divided by it."
    )
    assert after.spillover is not None
    np.testing.assert_allclose(after.spillover.matrix, MATRIX)


def test_scatter_and_time_in_a_matrix_of_all_parameters_are_left_out() -> None:
    matrix = np.eye(5)
    matrix[1:4, 1:4] = MATRIX
    after = compensate(observed(), spillover(matrix, NAMES))
    np.testing.assert_allclose(after.events, TRUE, rtol=1e-5, atol=1e-3)
    assert after.spillover is not None
    assert after.spillover.channels == NAMES[1:4]


def test_scatter_must_not_be_mixed_with_colours() -> None:
    matrix = np.eye(5)
    matrix[1, 0] = 0.1
    assert message(spillover(matrix, NAMES)) == (
        "$SPILLOVER: The spillover matrix mixes scatter or time with other channels. Found: FSC-A, Time. "
        "Allowed: fluorescence channels."
    )


def test_only_linear_samples() -> None:
    assert message(spillover(), replace(sample(), scale=Scale.COMPENSATED)) == (
        "Only a sample on the linear scale can be compensated. Found: compensated. Allowed: linear."
    )


def test_a_matrix_that_is_not_square() -> None:
    assert message(spillover(MATRIX[:2])) == (
        "$SPILLOVER: The spillover matrix is not square. Found: 2 x 3 for 3 channels. "
        "Allowed: one row and one column per channel."
    )


def test_a_channel_named_twice() -> None:
    assert message(spillover(np.eye(3), ("PE-A", "FITC-A", "PE-A"))) == (
        "$SPILLOVER: The spillover matrix names a channel twice. Found: PE-A."
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_matrix_that_is_not_finite(value: float) -> None:
    matrix = MATRIX.copy()
    matrix[1, 0] = value
    assert message(spillover(matrix)) == (
        "$SPILLOVER: The spillover matrix holds NaN or infinity. Found: PE-A. Give a complete matrix."
    )


@pytest.mark.parametrize("value", [0, -1])
def test_a_diagonal_that_is_not_positive(value: float) -> None:
    matrix = MATRIX.copy()
    matrix[2, 2] = value
    assert message(spillover(matrix)) == (
        "$SPILLOVER: The spillover matrix has a diagonal element that is not positive. Found: APC-A. "
        "Allowed: 1 (the dye in its own detector)."
    )


def test_a_singular_matrix() -> None:
    assert message(spillover([[1, 1 - 1e-5, 0], [1, 1, 0], [0, 0, 1]])) == (
        "$SPILLOVER: The spillover matrix is singular or nearly so. Found: condition number 4e+05. "
        "Allowed: at most 10000. Two dyes look alike in it: compute the matrix anew from single stains."
    )


def test_channels_the_sample_does_not_have() -> None:
    assert message(spillover(np.eye(2), ("FITC-A", "PE-Cy7-A"))) == (
        "$SPILLOVER: The spillover matrix names channels that the sample does not have, or has twice. "
        "Found: PE-Cy7-A. Allowed: FSC-A, FITC-A, PE-A, APC-A, Time. "
        "Use the detector names ($PnN) of this sample."
    )


def test_a_matrix_in_the_file_that_cannot_be_used_is_not_passed_over() -> None:
    issue = Issue("spillover.unusable", Severity.ERROR, "SPILL", "SPILL: The spillover keyword is malformed.")
    with pytest.raises(CompensationError) as caught:
        compensate(sample().with_issues([issue]), None)
    assert str(caught.value) == (
        "The file holds a spillover matrix that cannot be used, and no other was given. "
        "Found: SPILL: The spillover keyword is malformed. "
        "Give the right one with --spillover FILE.csv."
    )
    assert compensate(sample().with_issues([issue]), spillover()).scale is Scale.COMPENSATED


def test_a_good_matrix_is_returned_as_it_is() -> None:
    good = spillover()
    assert check_spillover(good) == (good, ())


def test_the_same_as_flowkit_on_a_real_tube(real_data: Path) -> None:
    path = real_data / "flowsom_mouse_tbnk" / "68983.fcs"
    tube = read_fcs(path)
    assert tube.spillover is not None
    ours = compensate(tube, tube.spillover)
    oracle = flowkit.Sample(str(path))
    oracle.apply_compensation(oracle.metadata["spill"])
    theirs = oracle.get_events(source="comp")
    np.testing.assert_allclose(ours.events[:, 1:], theirs[:, 1:], rtol=1e-4, atol=0.05)
