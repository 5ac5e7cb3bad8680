"""Names of detectors and labels that can be nobody's."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.errors import CytoreconError
from cytorecon.fcs import list_datasets, read_fcs
from cytorecon.intake.names import clean_label, clean_names, hidden, is_detector_name
from cytorecon.knowledge.channel_roles import load_channel_roles
from cytorecon.sample import Channel


def channels(*names: str) -> list[Channel]:
    roles = load_channel_roles()
    return [
        Channel(index, name, "", roles.role_of(name), roles.aspect_of(name))
        for index, name in enumerate(names)
    ]


#: As instruments and acquisition software write them, by maker.
NAMES = {
    "BD": (
        "FSC-A",
        "FL1-H",
        "FL10-A",
        "PE-Cy7-A",
        "Alexa Fluor 700-A",
        "BV421-A",
        "<PE-Texas Red-A>",
        "<APC-Cy7-A>",
        "Comp-APC-A",
        "YG586-A",
        "B530/30-A",
        "UV379-A",
        "PerCP-Cy5-5-A",
        "BUV737-A",
        "RB780-A",
        "V500-C-A",
        "PE-CF594-A",
        "APC-R700-A",
        "Event Count",
        "Width",
        "LightLoss (Blue)-A",
    ),
    "Beckman": (
        "FS INT LIN",
        "FL1 Log",
        "FL1 INT LOG",
        "FL10 INT",
        "FL1 TOF",
        "SS PEAK",
        "V450-PB-A",
        "B525-FITC-A",
        "R712-APCA700-A",
        "B690-PC5.5-A",
        "NUV450-A",
        "VSSC-A",
        "FSC-Width",
    ),
    "Cytek": (
        "V5-A",
        "V16-H",
        "UV16-A",
        "SSC-B-A",
        "SampleID",
        "Sample ID",
        "AF-A",
        "Spark Blue 550-A",
        "cFluor V450-A",
    ),
    "Sony": ("320CH1-A", "405CH12-A", "808CH37-A", "FSC_A"),
    "Miltenyi": ("V1-A", "HDR-TM", "HDR-CE", "PerCP-Vio700-A", "VioBright 515-A"),
    "Thermo Fisher": ("BL1-A", "VL4-H"),
    "Stratedigm": (
        "488/552nm PE Cy7 (740LP) LogH",
        "488/552nm PECy5.5 (710/40) LogH",
        "405nm 405SSC (405/10) LogH",
        "405nm BV421 (445/60) LogH",
        "405nm Qdot605 (615/30) LogH",
    ),
    "others": (
        "Cell count",
        "Time",
        "GRN-HLog",
        "YEL-B-HLin",
        "FLR1",
        "PM1-HLog",
        "488-530/30-A",
        "405 450/50-A",
        "CD3",
        "HLA-DR",
        "CD16+CD56 PE",
        "CD45RA BV421-A",
        "Pacific Blue-A",
        "mCherry-A",
        "channel_A",
    ),
    "CyTOF": (
        "(Dy162)Di",
        "(Ir191)Dd",
        "Dy162Di",
        "Event_length",
        "Cell_length",
        "Center",
        "Offset",
        "Residual",
        "bead_dist",
    ),
}


@pytest.mark.parametrize("name", [name for names in NAMES.values() for name in names])
def test_names_of_detectors_stay(name: str) -> None:
    assert is_detector_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "Mueller",
        "MUELLER-A",
        "FSC Jane Doe",
        "12.03.64",
        "12/03/64-A",
        "BJ230500",
        "FITC,A",
        "",
        "PE\n-A",
        "<>",
        "P12345-A",
        "ID 123 456",
        "V64312",
        "123/456/789",
        "123 45",
        "P12 345",
        "FL1 2 3 4",
        "530/30 561/14 610",
        "1964-A",
        "Quagmire (530/30)-A",
        "405nm 488nm",
        "CD3 64312",
        "M-U-E-L-L-E-R",
        "J. D. O. E.",
        "J. D.",
        "Z-Y-X-M-U-E-L-A",
        "PE-J-D-A",
        "CD3 04/07/64",
        "CD3-4-64",
        "345/678",
        "120/36 PE",
        "488/552nm 456/178 740LP CD123",
        "CD3 471LP 108 LP",
        "900nm PE",
        "530/04 PE",
        "999CH12",
        "Dy162 Er120 Tm364",
        "Dy471Di",
        "12Y 03In 64Cd",
    ],
)
def test_names_of_people_and_dates_do_not(name: str) -> None:
    assert not is_detector_name(name)


PREFIXES = ("", "P", "V", "FL", "B", "ID ", "MRN ", "SampleID ", "CH", "Cell ", "PE ")


@given(
    number=st.integers(1000, 999_999_999_999),
    size=st.integers(1, 12),
    mark=st.sampled_from(["", " ", "-", "_", ".", " - "]),
    prefix=st.sampled_from(PREFIXES),
    ending=st.sampled_from(["", "-A", " Log", "-H"]),
)
def test_no_name_holds_a_number_of_more_than_three_digits(
    number: int, size: int, mark: str, prefix: str, ending: str
) -> None:
    """However it is grouped: neither a record number nor a date."""
    digits = str(number)
    grouped = mark.join(digits[start : start + size] for start in range(0, len(digits), size))
    assert not is_detector_name(f"{prefix}{grouped}{ending}")


def test_names_of_all_real_files_stay(real_data: Path) -> None:
    names: set[str] = set()
    for path in sorted(real_data.rglob("*.[fFlL][cCmM][sSdD]")):
        with suppress(CytoreconError):
            for dataset in range(len(list_datasets(path))):
                with suppress(CytoreconError):
                    names.update(channel.name for channel in read_fcs(path, dataset=dataset).channels)
    assert len(names) > 180
    assert {name for name in names if not is_detector_name(name)} == {"xxxxxxxxxxxxxx (710/40) LogH"}


def test_a_hidden_name_can_be_told_from_others_and_says_nothing() -> None:
    assert hidden("PE-A") == "PE-A"
    assert hidden("") == ""
    assert hidden("Mueller-A") == hidden(hidden("Mueller-A")) != hidden("Meier-A")
    assert len(hidden("Mueller-A")) == len("other detector ") + 4


def test_a_name_is_replaced_by_the_number_of_its_channel_and_keeps_what_the_channel_is() -> None:
    before = channels("FSC Doe-A", "SSC Doe-H", "Doe-A", "HDR-Doe", "Doe", "PE-A")
    names = clean_names(before)
    assert names == ("FSC-P1-A", "SSC-P2-H", "P3-A", "HDR-P4", "P5", "PE-A")
    assert [channel.role for channel in channels(*names)] == [channel.role for channel in before]


def test_a_name_that_stands_for_two_columns_is_replaced_in_both() -> None:
    assert clean_names(channels("PE-A", "APC-A", "PE-A")) == ("P1-A", "APC-A", "P3-A")


def test_a_new_name_is_not_one_that_is_there() -> None:
    names = clean_names(channels("Doe-A", "P1-A"))
    assert names == ("P1-2-A", "P1-A")
    assert clean_names(channels(*names)) == names


def test_the_channel_s_own_number_may_be_large_and_no_other() -> None:
    many = channels(
        *(f"V{number % 900}-{'ABCD'[number // 900]}" for number in range(1233)), "Doe-A", "P1230-A"
    )
    assert clean_names(many)[-2:] == ("P1234-A", "P1235-A")


def test_a_label_keeps_its_markers_and_dyes() -> None:
    assert clean_label("CD3 FITC", "FL1-H", "FL1-H") == "CD3 FITC"
    assert clean_label("Doe-A", "Doe-A", "P1-A") == "P1-A"
    assert clean_label("CD3 Jane Doe", "FL1-H", "FL1-H") == "CD3 and unrecognised text of 7 characters"
    said = "Jane and unrecognised text of 7 characters"
    assert "Jane" not in clean_label(said, "FL1-H", "FL1-H")


@pytest.mark.parametrize(
    ("label", "clean"),
    [
        ("CD3 530/30", "CD3 530/30"),
        ("CD3 123/456", "CD3 and unrecognised text of 6 characters"),
        ("CD3 530/30 456/78", "CD3 and unrecognised text of 5 characters"),
        ("123/456 MRN", "unrecognised text of 9 characters"),
        ("CD3 120/364", "CD3 and unrecognised text of 6 characters"),
        ("345/678", "unrecognised text of 6 characters"),
        ("CD3 471LP 108 LP", "CD3 and unrecognised text of 5 characters"),
        ("CD3 530/30@471/A", "CD3 530/30@471/A"),
        ("CD3 530/30@971/A", "CD3 A and unrecognised text of 4 characters"),
        ("12Y 03In 64Cd", "unrecognised text of 11 characters"),
        ("141Pr 142Nd CD3", "CD3 and unrecognised text of 5 characters"),
    ],
)
def test_numbers_that_are_no_filter_are_cut(label: str, clean: str) -> None:
    assert clean_label(label, "FL1-H", "FL1-H") == clean


@pytest.mark.parametrize(
    ("label", "clean"),
    [
        ("CD3 04/07/64", "CD3"),
        ("CD3 25/12/58", "CD3"),
        ("CD8 31/10/62 FITC", "CD8 FITC"),
        ("CD45 47/11/08", "CD45"),
        ("CD3 12.03.1964", "CD3"),
        ("1964-03-12 CD3", "CD3"),
        ("04/07/64", "unrecognised text of 6 characters"),
        ("CD3-12-03-64", "CD3 and unrecognised text of 6 characters"),
        ("CD3 12 03 64", "CD3 and unrecognised text of 6 characters"),
        ("CD3+12+3+64", "CD3 and unrecognised text of 5 characters"),
        ("CD45 4/7/11/8", "CD45 and unrecognised text of 5 characters"),
        ("CD3 12/64", "CD3 and unrecognised text of 4 characters"),
        ("CD3 345 123", "CD3 and unrecognised text of 6 characters"),
        ("CD3 04", "CD3 and unrecognised text of 2 characters"),
    ],
)
def test_dates_are_cut_out_of_labels(label: str, clean: str) -> None:
    assert clean_label(label, "FL1-H", "FL1-H") == clean


@given(
    day=st.integers(1, 31),
    month=st.integers(1, 12),
    year=st.integers(40, 99),
    order=st.permutations([0, 1, 2]),
    mark=st.sampled_from(["/", ".", "-", " ", "+", ",", "_", " / "]),
    before=st.sampled_from(["CD45 ", "CD45-", "CD45/", "CD3 FITC ", ""]),
)
def test_no_label_holds_a_date(
    day: int, month: int, year: int, order: list[int], mark: str, before: str
) -> None:
    digits = [f"{day:02d}", f"{month:02d}", str(year)]
    date = mark.join(digits[place] for place in order)
    assert date not in clean_label(f"{before}{date}", "FL1-H", "FL1-H")


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), min_size=1, max_size=6))
def test_cleaning_twice_changes_nothing_and_no_name_comes_twice(names: list[str]) -> None:
    once = clean_names(channels(*names))
    assert len(set(once)) == len(once)
    assert clean_names(channels(*once)) == once


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_cleaning_a_label_twice_changes_nothing(label: str) -> None:
    once = clean_label(label, "FL1-H", "FL1-H")
    assert clean_label(once, "FL1-H", "FL1-H") == once
