"""The values that travel along the spine."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from cytorecon.errors import Issue, PanelError, Severity
from cytorecon.sample import Channel, ChannelRole, Sample


def channel(index: int, name: str, markers: frozenset[str] = frozenset()) -> Channel:
    return Channel(index, name, "", ChannelRole.FLUORESCENCE, markers=markers)


def sample(*names: str) -> Sample:
    events = np.arange(3 * len(names), dtype=np.float32).reshape(3, len(names))
    return Sample(events, tuple(channel(index, name) for index, name in enumerate(names)))


def test_a_column_is_a_view_of_the_events() -> None:
    tube = sample("FSC-A", "PE-A")
    assert tube.n_events == 3
    np.testing.assert_array_equal(tube.column("PE-A"), [1, 3, 5])
    assert np.shares_memory(tube.column("PE-A"), tube.events)


def test_nothing_in_a_sample_can_be_changed() -> None:
    tube = sample("FSC-A")
    with pytest.raises(ValueError, match="read-only"):
        tube.events[0, 0] = 9
    with pytest.raises(FrozenInstanceError):
        tube.issues = ()  # type: ignore[misc]  # what is tested


def test_an_absent_channel() -> None:
    with pytest.raises(PanelError) as caught:
        sample("FSC-A", "PE-A").channel("APC-A")
    assert str(caught.value) == "No channel is named 'APC-A'. Found: FSC-A, PE-A."


def test_two_channels_of_one_name() -> None:
    with pytest.raises(PanelError) as caught:
        sample("PE-A", "PE-A").column("PE-A")
    assert str(caught.value) == "More than one channel is named 'PE-A'. Found: PE-A, PE-A."


def test_matrix_and_channels_must_agree() -> None:
    with pytest.raises(PanelError) as caught:
        Sample(np.zeros((4, 2), dtype=np.float32), (channel(0, "FSC-A"),))
    assert str(caught.value) == (
        "The event matrix and the channel list do not agree. "
        "Found: events of shape (4, 2) and 1 channels. Allowed: one column per channel."
    )


def test_issues_are_appended_to_a_new_sample() -> None:
    first, second = (Issue(code, Severity.INFO, "s", "m.") for code in ("a", "b"))
    tube = sample("FSC-A")
    longer = tube.with_issues([first]).with_issues([second])
    assert longer.issues == (first, second)
    assert tube.issues == ()
    assert longer.events is tube.events


def test_a_channel_is_labelled_by_its_markers() -> None:
    assert channel(0, "PE-A", frozenset({"CD56", "CD16"})).label == "CD16+CD56 · PE-A"
    assert channel(0, "FSC-A").label == "FSC-A"


def test_the_same_sample_with_channels_side_by_side() -> None:
    tube = sample("FSC-A", "PE-A")
    by_channel = tube.by_channel()
    assert by_channel.events.tolist() == tube.events.tolist()
    assert by_channel.events.flags.f_contiguous
    assert not by_channel.events.flags.writeable
    assert by_channel.by_channel() is by_channel
