from __future__ import annotations

import pytest

from cytorecon.errors import FcsError
from cytorecon.fcs.channels import read_channels, read_detectors
from cytorecon.sample import Channel, ChannelRole


def channels(names: dict[str, str]) -> tuple[tuple[Channel, ...], list[str]]:
    """Channels and issues for names with their labels."""
    keywords: dict[str, str] = {}
    for index, (name, label) in enumerate(names.items(), start=1):
        keywords |= {f"$P{index}N": name, f"$P{index}S": label}
    found, issues = read_channels(
        keywords, read_detectors(keywords, len(names), "tube.fcs"), [1] * len(names)
    )
    return found, [str(issue) for issue in issues]


def test_markers_come_from_the_label() -> None:
    (channel,), issues = channels({"PE-A": "CD16+56 PE"})
    assert channel.markers == {"CD16", "CD56"}
    assert channel.label == "CD16+CD56 · PE-A"
    assert issues == []


@pytest.mark.parametrize("label", ["", "CD8", "  "])
def test_markers_come_from_the_name_without_a_label(label: str) -> None:
    (channel,), _ = channels({"CD8": label})
    assert channel.markers == {"CD8"}


def test_a_label_that_names_no_marker_is_not_helped_by_the_name() -> None:
    (channel,), _ = channels({"CD8": "isotype control"})
    assert channel.markers == frozenset()


@pytest.mark.parametrize("name", ["PI-A", "7-AAD-A", "DAPI-A"])
def test_names_of_detectors_are_no_viability_dyes(name: str) -> None:
    (channel,), _ = channels({name: ""})
    assert channel.markers == frozenset()


def test_scatter_and_time_carry_no_markers() -> None:
    found, _ = channels({"FSC-H": "CD3", "Time": "CD4"})
    assert [channel.markers for channel in found] == [frozenset(), frozenset()]


def test_only_the_first_clock_is_time() -> None:
    found, _ = channels({"HDR-TM": "Time", "TIME": ""})
    assert [channel.role for channel in found] == [ChannelRole.TIME, ChannelRole.OTHER]


def test_an_ambiguous_label_asks() -> None:
    (channel,), issues = channels({"FL1": "CD3/4 FITC"})
    assert channel.markers == frozenset()
    (issue,) = issues
    assert issue == (
        "warning: FL1: The label 'CD3/4 FITC' can mean CD34 or CD3+CD4; no marker was assigned. "
        "Say what it is with --map MARKER=FL1, or add the label to markers.csv."
    )


def test_a_label_with_unknown_words_asks() -> None:
    (channel,), issues = channels({"FL1": "CD3 isotype FITC"})
    assert channel.markers == frozenset()
    (issue,) = issues
    assert issue == (
        "warning: FL1: The label is not understood, so no marker was assigned. "
        "It is CD3 FITC and unrecognised text of 7 characters. "
        "Say what it is with --map MARKER=FL1, or add the label to markers.csv."
    )


def test_names_that_occur_twice_or_hold_a_comma() -> None:
    keywords = {"$P1N": "FITC-A", "$P2N": "FITC-A", "$P3N": "PE,A"}
    found, issues = read_channels(keywords, read_detectors(keywords, 3, "tube.fcs"), [1, 1, 1])
    assert [channel.name for channel in found] == ["FITC-A", "FITC-A", "PE,A"]
    assert [str(issue) for issue in issues] == [
        "warning: FITC-A: 2 channels have this name, so none of them can be used by name.",
        "warning: PE,A: The standard forbids a comma in a channel's name.",
    ]


def test_a_channel_without_a_name() -> None:
    with pytest.raises(FcsError) as caught:
        read_detectors({"$P1N": "FSC-A", "P2N": "not the standard keyword"}, 2, "tube.fcs")
    assert str(caught.value) == (
        "tube.fcs, $P2N: A channel has no name. Found: nothing. "
        "The file is damaged or was written by faulty software: export it again."
    )


def test_custom_keywords_do_not_shadow_standard_ones() -> None:
    keywords = {"$P1N": "FITC-A", "$P1S": "CD3", "P1N": "PE-A", "P1S": "CD19"}
    (channel,), _ = read_channels(keywords, read_detectors(keywords, 1, "tube.fcs"), [1])
    assert (channel.name, channel.markers) == ("FITC-A", frozenset({"CD3"}))


def test_a_label_that_is_too_long_is_left_out() -> None:
    found, issues = channels({"FITC-A": "CD3 " * 100})
    assert (found[0].marker_text, found[0].markers) == ("", frozenset())
    assert issues == [
        (
            "warning: FITC-A: The label has 399 characters, more than 250; it was left out. "
            "Say what the channel is with --map MARKER=FITC-A."
        )
    ]


def test_nothing_is_looked_for_in_a_long_name() -> None:
    found, issues = channels({"CD3 " * 63 + "-A": "CD4"})
    assert (found[0].role, found[0].aspect, found[0].markers) == (ChannelRole.OTHER, "", frozenset())
    assert issues == [
        "warning: $P1N: The name has 254 characters, more than 250; nothing was looked for in it."
    ]


def test_a_name_that_is_too_long_is_refused() -> None:
    with pytest.raises(FcsError) as caught:
        channels({"A" * 100_001: ""})
    assert str(caught.value) == (
        "tube.fcs, $P1N: The name of a channel is too long. Found: 100001 characters. Allowed: at most "
        "100000. The file is damaged or was written by faulty software: export it again."
    )
