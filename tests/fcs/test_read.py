from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cytorecon.compensation import compensate
from cytorecon.errors import CompensationError, FcsError, Severity
from cytorecon.fcs import read_fcs
from cytorecon.sample import ChannelRole, Sample, Scale, Spillover
from tests.fcs.fcs_bytes import EVENTS, NAMES, fcs_bytes, write


def codes(sample: Sample) -> list[str]:
    return [issue.code for issue in sample.issues]


def test_reads_events_channels_keywords_and_hash(tmp_path: Path) -> None:
    content = fcs_bytes(keywords={"$P3S": "CD3 FITC", "$CYT": "FACSCanto II", "custom": "kept"})
    sample = read_fcs(write(tmp_path, content))
    assert sample.events.dtype == np.float32
    np.testing.assert_array_equal(sample.events, EVENTS)
    assert [channel.name for channel in sample.channels] == list(NAMES)
    assert [channel.role for channel in sample.channels] == [
        ChannelRole.FORWARD_SCATTER,
        ChannelRole.SIDE_SCATTER,
        ChannelRole.FLUORESCENCE,
        ChannelRole.FLUORESCENCE,
        ChannelRole.TIME,
    ]
    assert sample.channels[2].markers == {"CD3"}
    assert sample.channels[2].maximum == 262144
    assert sample.keywords["$CYT"] == "FACSCanto II"
    assert sample.keywords["CUSTOM"] == "kept"
    assert sample.sha256 == hashlib.sha256(content).hexdigest()
    assert (sample.scale, sample.issues, sample.spillover) == (Scale.LINEAR, (), None)


def test_events_are_read_only(tmp_path: Path) -> None:
    sample = read_fcs(write(tmp_path, fcs_bytes()))
    with pytest.raises(ValueError, match="read-only"):
        sample.events[0, 0] = 0


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize(("datatype", "bits"), [("F", 32), ("D", 64), ("I", 8), ("I", 16), ("I", 32)])
def test_reads_every_number_format(tmp_path: Path, datatype: str, bits: int, big_endian: bool) -> None:
    content = fcs_bytes(datatype=datatype, bits=bits, big_endian=big_endian, limit=256)
    np.testing.assert_array_equal(read_fcs(write(tmp_path, content)).events, EVENTS)


@given(
    events=hnp.arrays(
        np.float32, st.tuples(st.integers(0, 20), st.just(5)), elements=st.floats(-1e6, 1e6, width=32)
    ),
    big_endian=st.booleans(),
    delimiter=st.sampled_from("|/\\\x0c\x1e*!"),
)
def test_any_floats_are_read_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, events: np.ndarray, big_endian: bool, delimiter: str
) -> None:
    content = fcs_bytes(events, big_endian=big_endian, delimiter=delimiter)
    sample = read_fcs(write(tmp_path_factory.mktemp("fcs"), content))
    assert sample.events.tobytes() == events.tobytes()


def test_integers_of_mixed_width_are_masked_by_their_range(tmp_path: Path) -> None:
    events = np.array([[1023 + 1024, 300, 255, 65535, 7], [5, 256, 1, 2, 3]])
    row = np.dtype([("a", "<u2"), ("b", "<u4"), ("c", "u1"), ("d", "<u2"), ("e", "<u4")])
    data = np.array([tuple(event) for event in events], dtype=row).tobytes()
    ranges = {"$P1R": "1000", "$P2R": "256", "$P3R": "256", "$P4R": "65536", "$P5R": "1024"}
    widths = {"$P1B": "16", "$P2B": "32", "$P3B": "8", "$P4B": "16", "$P5B": "32"}
    content = fcs_bytes(events, datatype="I", data=data, keywords={**ranges, **widths})
    # The mask is the next power of two: 1000 -> 1023, 256 -> 255.
    np.testing.assert_array_equal(
        read_fcs(write(tmp_path, content)).events, [[1023, 44, 255, 65535, 7], [5, 0, 1, 2, 3]]
    )


def test_no_events_is_an_issue_and_an_empty_matrix(tmp_path: Path) -> None:
    sample = read_fcs(write(tmp_path, fcs_bytes(np.empty((0, 5)), header_data=(0, 0))))
    assert sample.events.shape == (0, 5)
    assert codes(sample) == ["fcs.no_events"]


def test_events_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    events = EVENTS.copy()
    events[0, 2], events[3, 3], events[3, 2] = np.nan, np.inf, -np.inf
    sample = read_fcs(write(tmp_path, fcs_bytes(events)))
    assert [str(issue) for issue in sample.issues] == [
        "warning: events: 2 of 10 events hold a value that is not a finite number. They lie in no gate."
    ]


def test_doubles_beyond_float32_are_not_finite(tmp_path: Path) -> None:
    events = EVENTS.astype(np.float64)
    events[0, 2] = 1e300
    sample = read_fcs(write(tmp_path, fcs_bytes(events, datatype="D", bits=64)))
    assert np.isinf(sample.events[0, 2])
    assert codes(sample) == ["fcs.not_finite"]


def test_signalling_nan_makes_no_warning(tmp_path: Path) -> None:
    data = bytearray(EVENTS.tobytes())
    data[0:4] = bytes.fromhex("0100a07f")
    assert codes(read_fcs(write(tmp_path, fcs_bytes(data=bytes(data))))) == ["fcs.not_finite"]


def test_a_copy_whose_end_is_zeros(tmp_path: Path) -> None:
    events = EVENTS.copy()
    events[5:, :4] = 0  # all but time
    (issue,) = read_fcs(write(tmp_path, fcs_bytes(events))).issues
    assert str(issue) == (
        "warning: events: The last 5 events (at least) hold nothing but zeros. The copy was broken off, or "
        "the disk was full: copy the file again."
    )
    events[6, 1] = 1
    assert read_fcs(write(tmp_path, fcs_bytes(events))).issues == ()


def test_zeros_at_the_end_of_one_detector_may_be_measured(tmp_path: Path) -> None:
    assert read_fcs(write(tmp_path, fcs_bytes([[1], [0], [0], [0], [0], [0]], ["FL1"]))).issues == ()


def test_a_sparse_copy_of_zeros_is_an_error_that_is_shown(tmp_path: Path) -> None:
    sample = read_fcs(write(tmp_path, fcs_bytes(np.zeros((10, 5)))))
    assert [(issue.code, issue.severity) for issue in sample.issues] == [("fcs.all_zero", Severity.ERROR)]


def test_no_warning_of_python_leaks(tmp_path: Path) -> None:
    content = fcs_bytes(keywords={"$TIMESTEP": " "}, header_data=(0, 1), text_data=(0, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_fcs(write(tmp_path, content))


def test_a_missing_file() -> None:
    with pytest.raises(FcsError) as caught:
        read_fcs("/nowhere/patient name/tube.fcs")
    assert str(caught.value) == "tube.fcs: There is no such file. Check the name and the folder."


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "tubes.fcs").mkdir()
    with pytest.raises(FcsError) as caught:
        read_fcs(tmp_path / "tubes.fcs")
    assert str(caught.value) == "tubes.fcs: This is a folder, not a file. Name the FCS file in it."


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "loop.fcs").symlink_to(tmp_path / "loop.fcs")
    with pytest.raises(FcsError) as caught:
        read_fcs(tmp_path / "loop.fcs")
    assert str(caught.value) == (
        "loop.fcs: The file cannot be opened. Found: Too many levels of symbolic links."
    )


def test_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(FcsError) as caught:
        read_fcs(write(tmp_path, b""))
    assert str(caught.value) == "tube.fcs: The file is empty. Copy it again from the cytometer."


def test_stored_values_are_left_as_they_are(tmp_path: Path) -> None:
    keywords: dict[str, str | None] = {"$P3E": "4,1", "$P1G": "4", "$TIMESTEP": "0.01"}
    content = fcs_bytes(EVENTS, datatype="I", bits=16, limit=1024, keywords=keywords)
    sample = read_fcs(write(tmp_path, content), linearize=False)
    np.testing.assert_array_equal(sample.events, EVENTS)
    assert [channel.maximum for channel in sample.channels] == [1024] * 5
    with pytest.raises(CompensationError) as caught:
        compensate(sample, Spillover(np.eye(1), ("FITC-A",), "test"))
    assert "Found: stored." in str(caught.value)
