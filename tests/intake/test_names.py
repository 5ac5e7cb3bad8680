"""Names of detectors and labels that can be nobody's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.intake.names import clean_label, clean_names, is_detector_name
from cytorecon.knowledge.channel_roles import load_channel_roles
from cytorecon.sample import Channel


def channels(*names: str) -> list[Channel]:
    roles = load_channel_roles()
    return [
        Channel(index, name, "", roles.role_of(name), roles.aspect_of(name))
        for index, name in enumerate(names)
    ]


@pytest.mark.parametrize(
    "name",
    [
        "FSC-A",
        "SSC-B-A",
        "FL1-H",
        "FL1 Log",
        "FS INT LIN",
        "PE-Cy7-A",
        "Alexa Fluor 700-A",
        "BV421-A",
        "<PE-Texas Red-A>",
        "Comp-APC-A",
        "YG586-A",
        "488/552nm PE Cy7 (740LP) LogH",
        "HDR-TM",
        "CD3",
        "HLA-DR",
        "488/552nm PECy5.5 (710/40) LogH",
        "Time",
        "Event Count",
        "Pacific Blue-A",
        "mCherry-A",
    ],
)
def test_names_of_detectors_stay(name: str) -> None:
    assert is_detector_name(name)


@pytest.mark.parametrize(
    "name",
    ["Mueller", "MUELLER-A", "FSC Jane Doe", "12.03.64", "12/03/64-A", "BJ230500", "FITC,A", "", "PE\n-A"],
)
def test_names_of_people_and_dates_do_not(name: str) -> None:
    assert not is_detector_name(name)


def test_a_name_is_replaced_by_the_number_of_its_channel_and_keeps_what_the_channel_is() -> None:
    before = channels("FSC Doe-A", "SSC Doe-H", "Doe-A", "HDR-Doe", "Doe", "PE-A")
    names = clean_names(before)
    assert names == ("FSC-P1-A", "SSC-P2-H", "P3-A", "HDR-P4", "P5", "PE-A")
    assert [channel.role for channel in channels(*names)] == [channel.role for channel in before]


def test_a_name_that_stands_for_two_columns_is_replaced_in_both() -> None:
    assert clean_names(channels("PE-A", "APC-A", "PE-A")) == ("P1-A", "APC-A", "P3-A")


def test_a_new_name_is_not_one_that_is_there() -> None:
    assert clean_names(channels("Doe-A", "P1-A")) == ("P1-2-A", "P1-A")


def test_a_label_keeps_its_markers_and_dyes() -> None:
    assert clean_label("CD3 FITC", "FL1-H", "FL1-H") == "CD3 FITC"
    assert clean_label("Doe-A", "Doe-A", "P1-A") == "P1-A"
    assert clean_label("CD3 Jane Doe", "FL1-H", "FL1-H") == "CD3 and unrecognised text of 7 characters"
    said = "Jane and unrecognised text of 7 characters"
    assert "Jane" not in clean_label(said, "FL1-H", "FL1-H")


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), min_size=1, max_size=6))
def test_cleaning_twice_changes_nothing_and_no_name_comes_twice(names: list[str]) -> None:
    once = clean_names(channels(*names))
    assert len(set(once)) == len(once)
    assert clean_names(channels(*once)) == once


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_cleaning_a_label_twice_changes_nothing(label: str) -> None:
    once = clean_label(label, "FL1-H", "FL1-H")
    assert clean_label(once, "FL1-H", "FL1-H") == once
