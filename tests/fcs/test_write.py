"""What is written is read back, by us and by FlowIO."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import flowio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cytorecon.errors import FcsError
from cytorecon.fcs import read_fcs, write_fcs
from cytorecon.fcs import write as write_module
from cytorecon.fcs.write import Amplifier, Stored
from cytorecon.sample import Channel, ChannelRole, Spillover
from tests.fcs.fcs_bytes import EVENTS, NAMES, fcs_bytes, write

Keywords = dict[str, str]


def channels(names: tuple[str, ...] = NAMES, maximum: float = 262144) -> list[Channel]:
    return [
        Channel(index, name, "", ChannelRole.FLUORESCENCE, maximum=maximum)
        for index, name in enumerate(names)
    ]


def refusal(path: Path, *arguments: object, **options: object) -> str:
    with pytest.raises(FcsError) as caught:
        write_fcs(path, *arguments, **options)  # type: ignore[arg-type]
    assert list(path.parent.iterdir()) == []
    return str(caught.value)


text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
names = st.text(st.characters(codec="utf-8", exclude_characters="\x00,"), min_size=1, max_size=12).filter(
    lambda name: name == name.strip(" ")
)
keys = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12).map(
    lambda key: "X" + key.strip().upper()
)
EVERY_DELIMITER = "".join(write_module._DELIMITERS)


@given(data=st.data())
def test_a_round_trip_changes_nothing(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    columns = data.draw(st.lists(names, min_size=1, max_size=5, unique=True), "names")
    labels = data.draw(st.lists(st.one_of(st.just(""), names), min_size=len(columns), max_size=len(columns)))
    shape = st.tuples(st.integers(0, 30), st.just(len(columns)))
    events = data.draw(hnp.arrays(np.float32, shape, elements=st.floats(width=32, allow_nan=True)), "events")
    words = data.draw(st.dictionaries(keys, text, max_size=5), "keywords")
    used = "".join([*words, *words.values(), *columns, *labels])
    if all(delimiter in used for delimiter in EVERY_DELIMITER):
        return
    path = tmp_path_factory.mktemp("fcs") / "tube.fcs"
    given_channels = [
        replace(channel, marker_text=label, maximum=1000.5)
        for channel, label in zip(channels(tuple(columns)), labels, strict=True)
    ]
    write_fcs(path, events, given_channels, keywords=words, checksum=data.draw(st.booleans(), "checksum"))
    sample = read_fcs(path, linearize=False)
    assert sample.events.tobytes() == events.tobytes()
    assert [channel.name for channel in sample.channels] == columns
    assert [channel.marker_text for channel in sample.channels] == labels
    assert {channel.maximum for channel in sample.channels} == {1000.5}
    assert words.items() <= sample.keywords.items()
    told = {issue.code for issue in sample.issues if issue.code.startswith("fcs.")}
    of_values = {"fcs.not_finite", "fcs.all_zero", "fcs.zeros_at_end", "fcs.implausible"}
    assert told <= {"fcs.no_events", "fcs.no_time_step", *of_values}


def test_a_linear_sample_comes_back(tmp_path: Path) -> None:
    matrix = Spillover(np.array([[1, 0.1234567890123], [1e-17, 1]]), ("FITC-A", "PE-A"), "test")
    words = {"$TIMESTEP": "1", "$CYT": "FACSCanto II", "NOTE": "a/b|c\\d"}
    path = tmp_path / "tube.fcs"
    write_fcs(path, EVENTS, channels(), keywords=words, spillover=matrix)
    sample = read_fcs(path)
    np.testing.assert_array_equal(sample.events, EVENTS)
    assert sample.spillover is not None
    np.testing.assert_array_equal(sample.spillover.matrix, matrix.matrix)
    assert sample.spillover.channels == matrix.channels
    assert (sample.issues, sample.channels[0].maximum) == ((), 262144)


def test_flowio_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "tube.fcs"
    write_fcs(path, EVENTS, channels(), keywords={"$TIMESTEP": "1", "$COM": "a|b"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        flow = flowio.FlowData(str(path))
    np.testing.assert_array_equal(flow.as_array(), EVENTS)
    assert flow.pnn_labels == list(NAMES)
    assert flow.text["com"] == "a|b"


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "tube.fcs"
    write_fcs(path, EVENTS, channels(), keywords={"$TIMESTEP": "1"})
    assert read_fcs(path).issues == ()
    content = bytearray(path.read_bytes())
    content[-30] ^= 4
    path.write_bytes(content)
    assert [issue.code for issue in read_fcs(path).issues] == ["fcs.checksum"]


def test_offsets_that_need_more_than_eight_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_module, "LARGEST_IN_HEADER", 700)
    path = tmp_path / "tube.fcs"
    write_fcs(path, EVENTS, channels(), keywords={"$TIMESTEP": "1"})
    assert path.read_bytes()[26:42] == b"       0       0"
    sample = read_fcs(path)
    np.testing.assert_array_equal(sample.events, EVENTS)
    assert sample.issues == ()


@pytest.mark.parametrize("length", range(1, 120, 7))
def test_offsets_of_any_number_of_digits(tmp_path: Path, length: int) -> None:
    path = tmp_path / "tube.fcs"
    write_fcs(path, EVENTS[:, :1], channels(("A",)), keywords={"$COM": "x" * (490 + length)})
    assert read_fcs(path).events[:, 0].tolist() == EVENTS[:, 0].tolist()


def test_an_unknown_maximum_is_taken_from_the_values(tmp_path: Path) -> None:
    events = np.array([[1.5, -3, np.nan], [7, -2, np.inf]], np.float32)
    path = tmp_path / "tube.fcs"
    write_fcs(path, events, channels(("A", "B", "C"), maximum=0))
    assert [channel.maximum for channel in read_fcs(path).channels] == [8, 1, 1]


def test_a_file_is_replaced_only_by_a_complete_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tube.fcs"
    write_fcs(path, EVENTS, channels())
    before = path.read_bytes()

    def broken(content: bytes, before: int = 0) -> int:
        if before:
            raise OSError("disk full")
        return 1

    monkeypatch.setattr(write_module, "checksum_of", broken)
    with pytest.raises(OSError, match="disk full"):
        write_fcs(path, EVENTS, channels())
    assert path.read_bytes() == before


def test_events_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "tube.fcs"
    assert refusal(path, EVENTS.astype(float), channels()) == (
        "tube.fcs: The events are not a matrix with one column of float32 per channel. "
        "Found: float64 of shape (10, 5) and 5 channels."
    )
    assert "float32 of shape (10, 4) and 5 channels" in refusal(path, EVENTS[:, :4], channels())


def test_names_that_would_not_be_read_back(tmp_path: Path) -> None:
    path = tmp_path / "tube.fcs"
    for name in ("", " A", "A,B"):
        assert refusal(path, EVENTS[:, :1], channels((name,))) == (
            "tube.fcs, $P1N: A channel's name has no comma and no space around it."
        )
    label = [replace(channels(("A",))[0], marker_text=" CD3")]
    assert refusal(path, EVENTS[:, :1], label) == (
        "tube.fcs, $P1S: A channel's label has no space around it."
    )
    assert refusal(path, EVENTS[:, :2], channels(("A", "A"))) == (
        "tube.fcs: Two channels have one name. Found: A."
    )


def test_keywords_of_another_file_do_not_describe_this_one(tmp_path: Path) -> None:
    """The keywords of a sample can be given as they are: what the writer states itself is left out."""
    words = {"$P3S": "CD3", "$CYT": "LSR", "$P4G": "2", "$SPILLOVER": "2,FITC-A,PE-A,1,0.1,0.2,1"}
    sample = read_fcs(write(tmp_path, fcs_bytes(keywords=words), "old.fcs"))
    path = tmp_path / "tube.fcs"
    write_fcs(
        path, sample.events, sample.channels, keywords=dict(sample.keywords), spillover=sample.spillover
    )
    again = read_fcs(path)
    np.testing.assert_array_equal(again.events, sample.events)
    assert again.channels == sample.channels
    assert again.spillover is not None
    assert sample.spillover is not None
    assert again.spillover.channels == sample.spillover.channels
    np.testing.assert_array_equal(again.spillover.matrix, sample.spillover.matrix)
    assert (again.keywords["$CYT"], again.issues) == ("LSR", ())
    write_fcs(path, sample.events[:2, :2], sample.channels[:2], keywords={"$TOT": "9", "$P3N": "x"})
    assert read_fcs(path).n_events == 2
    assert "$P3N" not in read_fcs(path).keywords


def test_what_would_be_lost_or_applied_twice_is_refused(tmp_path: Path) -> None:
    words = {"$SPILLOVER": "2,A,B,1,0.1,0.2,1"}
    assert refusal(tmp_path / "tube.fcs", EVENTS, channels(), keywords=words) == (
        "tube.fcs, $SPILLOVER: The spillover matrix is not written from its keyword. "
        "Give it as spillover=sample.spillover, or take the keyword out."
    )
    timed = [*channels()[:4], Channel(4, "Time", "", ChannelRole.TIME, maximum=262144)]
    words = {"$TOT": "10", "$TIMESTEP": "0.01"}
    assert refusal(tmp_path / "tube.fcs", EVENTS, timed, keywords=words) == (
        "tube.fcs, $TIMESTEP: The time step is that of another file, and read_fcs has brought time to "
        'seconds. Give keywords={**sample.keywords, "$TIMESTEP": "1"}.'
    )
    write_fcs(tmp_path / "tube.fcs", EVENTS, timed, keywords={"$TIMESTEP": "0.01"})
    assert read_fcs(tmp_path / "tube.fcs").events[0, 4] == pytest.approx(0.05)


def test_there_must_be_a_folder(tmp_path: Path) -> None:
    assert refusal_without_folder(tmp_path / "nowhere" / "tube.fcs") == (
        "tube.fcs: There is no folder to write the file into. Make the folder first, or name another one."
    )


def refusal_without_folder(path: Path) -> str:
    with pytest.raises(FcsError) as caught:
        write_fcs(path, EVENTS, channels())
    return str(caught.value)


@pytest.mark.parametrize("name", ["$cyt", " A", "Ä", "A\n"])
def test_keywords_that_are_none(tmp_path: Path, name: str) -> None:
    message = refusal(tmp_path / "tube.fcs", EVENTS, channels(), keywords={name: "1"})
    field = "" if name == "A\n" else f", {name}"
    assert message == f"tube.fcs{field}: A keyword is in capitals and holds ASCII characters only."


@pytest.mark.parametrize("value", ["", "a\x00b", "\ud800"])
def test_values_that_would_not_be_read_back(tmp_path: Path, value: str) -> None:
    assert refusal(tmp_path / "tube.fcs", EVENTS, channels(), keywords={"A": value}) == (
        "tube.fcs, A: A keyword's value cannot be empty or hold zero bytes or half characters."
    )


def test_no_delimiter_is_left(tmp_path: Path) -> None:
    assert refusal(tmp_path / "tube.fcs", EVENTS, channels(), keywords={"A": EVERY_DELIMITER}) == (
        "tube.fcs, TEXT: The keywords hold every character that could stand between them."
    )


def test_a_matrix_of_other_channels(tmp_path: Path) -> None:
    matrix = Spillover(np.eye(2), ("FITC-A", "APC-A"), "test")
    assert refusal(tmp_path / "tube.fcs", EVENTS, channels(), spillover=matrix) == (
        "tube.fcs, $SPILLOVER: The spillover matrix names a channel that is not written, or holds something "
        "that is no number. Found: APC-A."
    )


STORED = (
    np.array([[0, 1, 1023], [5, 6, 2**24 + 1]], np.uint32),
    np.array([[0, 1, 2**64 - 1], [5, 6, 2**53 + 1]], np.uint64),
    np.array([[0.1, np.nan, -0.0], [1e300, 2, 3]], np.float64),
    np.array([[0.1, np.inf, -0.0], [1e30, 2, 3]], np.float32),
)


@pytest.mark.parametrize("stored", STORED, ids=lambda stored: str(stored.dtype))
def test_stored_values_are_read_back_bit_for_bit(tmp_path: Path, stored: Stored) -> None:
    channels = [
        Channel(index, name, "", ChannelRole.FLUORESCENCE, maximum=float(2**64))
        for index, name in enumerate("abc")
    ]
    amplifiers = [Amplifier(), Amplifier(4.0, 0.1), Amplifier(gain=2.5)]
    write_fcs(tmp_path / "tube.fcs", stored, channels, amplifiers=amplifiers)
    sample = read_fcs(tmp_path / "tube.fcs", linearize=False)
    assert sample.events.astype(stored.dtype).tobytes() == stored.tobytes()
    assert [sample.keywords[f"$P{index}E"] for index in (1, 2, 3)] == ["0,0", "4.0,0.1", "0,0"]
    assert [sample.keywords[f"$P{index}G"] for index in (1, 2, 3)] == ["1.0", "1.0", "2.5"]
    assert [channel.maximum for channel in sample.channels] == [2.0**64] * 3


def test_stored_values_need_a_type_that_files_have(tmp_path: Path) -> None:
    channel = Channel(0, "a", "", ChannelRole.FLUORESCENCE)
    with pytest.raises(FcsError) as caught:
        write_fcs(
            tmp_path / "tube.fcs",
            np.zeros((1, 1), np.uint16),  # type: ignore[arg-type]  # that is the point
            [channel],
            amplifiers=[Amplifier()],
        )
    assert str(caught.value) == (
        "tube.fcs: The events are not a matrix with one column of float32 or float64 or uint32 or uint64 "
        "per channel. Found: uint16 of shape (1, 1) and 1 channels."
    )


def test_each_channel_needs_its_amplifier(tmp_path: Path) -> None:
    channel = Channel(0, "a", "", ChannelRole.FLUORESCENCE)
    with pytest.raises(FcsError) as caught:
        write_fcs(tmp_path / "tube.fcs", np.zeros((1, 1), np.uint32), [channel], amplifiers=[])
    assert str(caught.value) == "tube.fcs: There is not one amplifier per channel. Found: 0 for 1 channels."
