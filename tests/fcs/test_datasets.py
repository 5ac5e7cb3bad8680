from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cytorecon.errors import FcsError
from cytorecon.fcs import datasets, list_datasets, read_fcs
from tests.fcs.fcs_bytes import EVENTS, fcs_bytes, write

NAMES = ("FS Lin", "SS Lin", "FL1 Log", "FL2 Log")
BARE = ("FS", "SS", "FL1", "FL2", "TIME")
COARSE = np.array([[100, 200, 0, 512], [101, 201, 256, 0]])
FINE = np.array([[102400, 204800, 7, 8, 0], [103424, 205824, 9, 10, 1]])


def lmd(beckman: dict[str, str | None] | None = None) -> bytes:
    """One tube as 10-bit FCS 2.0 with labels and as 20-bit FCS 3.0 without."""
    labels = {"$P3S": "CD3-FITC", "$P4S": "CD4-PE", "$P1S": "FS Lin"}
    keywords = {**labels, "$P3E": "4,0.1", "@Y2KDATE": "20030624"} | (beckman or {})
    options = {"version": "FCS2.0", "datatype": "I", "bits": 16, "limit": 1024}
    length = len(fcs_bytes(COARSE, NAMES, keywords={**keywords, "$NEXTDATA": "00000000"}, **options))  # type: ignore[arg-type]
    first = fcs_bytes(COARSE, NAMES, keywords={**keywords, "$NEXTDATA": f"{length:08d}"}, **options)  # type: ignore[arg-type]
    second = fcs_bytes(
        FINE, BARE, version="FCS3.0", datatype="I", limit=2**20, keywords={"$TIMESTEP": None, "$P5R": "1024"}
    )
    return first + second


def test_of_a_beckman_tube_the_higher_resolution_is_read_under_the_labels_of_the_other(
    tmp_path: Path,
) -> None:
    sample = read_fcs(write(tmp_path, lmd(), "tube.lmd"))
    np.testing.assert_array_equal(sample.events[:, :4], FINE[:, :4])
    assert [channel.name for channel in sample.channels] == list(BARE)
    assert [channel.marker_text for channel in sample.channels] == ["", "", "CD3-FITC", "CD4-PE", ""]
    assert sample.channel("FL1").markers == {"CD3"}
    chosen, *others = [str(issue) for issue in sample.issues]
    assert chosen == (
        "warning: $NEXTDATA: The file holds 2 data sets of one tube; number 1, which has the highest "
        "resolution, was "
        "read. Compensation set at the instrument is usually not in it. The file's data sets: 0: "
        "FCS2.0, 2 events, "
        "4 channels, 10 bits; 1: FCS3.0, 2 events, 5 channels, 20 bits."
    )
    assert others == [
        "info: FL1: The label 'CD3-FITC' was taken from another data set of the file.",
        "info: FL2: The label 'CD4-PE' was taken from another data set of the file.",
        "info: $TIMESTEP: The time step is missing; time is in steps of unknown length.",
    ]


def test_a_data_set_can_be_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, lmd())
    coarse, fine = read_fcs(path, dataset=0), read_fcs(path, dataset=1)
    np.testing.assert_array_equal(coarse.events[:, 0], COARSE[:, 0])
    np.testing.assert_allclose(coarse.events[:, 2], [0.1, 1.0], rtol=1e-6)
    np.testing.assert_array_equal(fine.events[:, 0], FINE[:, 0])
    assert fine.channel("FL1").markers == frozenset()
    assert coarse.sha256 == fine.sha256


def test_data_sets_are_listed_without_reading_events(tmp_path: Path) -> None:
    first, second = list_datasets(write(tmp_path, lmd()))
    assert (first.version, first.n_events, first.n_channels, first.resolution_bits) == ("FCS2.0", 2, 4, 10)
    assert first.channels == NAMES
    assert str(second) == "1: FCS3.0, 2 events, 5 channels, 20 bits"


def test_data_sets_of_other_instruments_must_be_chosen(tmp_path: Path) -> None:
    with pytest.raises(FcsError) as caught:
        read_fcs(write(tmp_path, lmd({"@Y2KDATE": None})))
    assert str(caught.value) == (
        "tube.fcs: The file holds several data sets. Found: 0: FCS2.0, 2 events, 4 channels, 10 bits; "
        "1: FCS3.0, 2 events, 5 channels, 20 bits. Say which one to read: dataset=0, 1 ..."
    )


def test_a_data_set_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FcsError) as caught:
        read_fcs(write(tmp_path, fcs_bytes()), dataset=1)
    assert str(caught.value) == (
        "tube.fcs: There is no such data set. Found: 1. Allowed: 0: FCS3.1, 10 events, 5 channels, 18 bits."
    )


def test_a_chain_that_ends_in_nothing(tmp_path: Path) -> None:
    sample = read_fcs(write(tmp_path, fcs_bytes(keywords={"$NEXTDATA": "99999"})))
    np.testing.assert_array_equal(sample.events, EVENTS)
    assert [str(issue) for issue in sample.issues] == [
        "warning: $NEXTDATA: $NEXTDATA announces a further data set, but there is none."
    ]


def test_a_chain_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "MOST_DATA_SETS", 1)
    with pytest.raises(FcsError) as caught:
        read_fcs(write(tmp_path, lmd()))
    assert str(caught.value) == "tube.fcs: The file chains too many data sets. Allowed: at most 1."


def test_a_supplement_that_ends_before_it_begins(tmp_path: Path) -> None:
    keywords: dict[str, str | None] = {"$BEGINSTEXT": "900", "$ENDSTEXT": "500"}
    (issue,) = read_fcs(write(tmp_path, fcs_bytes(keywords=keywords))).issues
    assert issue.code == "fcs.no_supplement"
    keywords = {"$BEGINSTEXT": "900", "$ENDSTEXT": "899"}  # no bytes, as some writers put it
    assert read_fcs(write(tmp_path, fcs_bytes(keywords=keywords))).issues == ()


def test_supplemental_text_is_read_and_does_not_override(tmp_path: Path) -> None:
    supplement = b"|$P3S|CD19|$CYT|other|"
    keywords: dict[str, str | None] = {"$CYT": "Canto", "$BEGINSTEXT": "00000000", "$ENDSTEXT": "00000000"}
    length = len(fcs_bytes(keywords=keywords))
    keywords |= {"$BEGINSTEXT": f"{length:08d}", "$ENDSTEXT": f"{length + len(supplement) - 1:08d}"}
    sample = read_fcs(write(tmp_path, fcs_bytes(keywords=keywords) + supplement))
    assert sample.channels[2].markers == {"CD19"}
    assert sample.keywords["$CYT"] == "Canto"


@pytest.mark.parametrize(
    ("begin", "supplement"),
    [(0, b"/$P3S/CD19/"), (99_999, b"|$P3S|CD19|"), (-60, b"|$P3S|CD19|")],
    ids=["another delimiter", "behind the file", "inside DATA"],
)
def test_a_supplement_that_is_none_is_left_out(tmp_path: Path, begin: int, supplement: bytes) -> None:
    keywords: dict[str, str | None] = {"$BEGINSTEXT": "00000000", "$ENDSTEXT": "00000000"}
    place = len(fcs_bytes(keywords=keywords)) + begin
    keywords = {"$BEGINSTEXT": f"{place:08d}", "$ENDSTEXT": f"{place + len(supplement) - 1:08d}"}
    sample = read_fcs(write(tmp_path, fcs_bytes(keywords=keywords) + supplement))
    np.testing.assert_array_equal(sample.events, EVENTS)
    assert "$P3S" not in sample.keywords
    assert [str(issue) for issue in sample.issues if issue.code != "fcs.surplus"] == [
        "warning: $BEGINSTEXT: There is no supplemental TEXT where the file says it is; it was left out."
    ]


def test_a_chain_that_counts_from_the_beginning_of_the_file(tmp_path: Path) -> None:
    def piece(step: int) -> bytes:
        return fcs_bytes(keywords={"$NEXTDATA": f"{step:08d}"})

    length = len(piece(0))
    path = write(tmp_path, piece(length) + piece(2 * length) + piece(0))
    assert len(list_datasets(path)) == 3
    sample = read_fcs(path, dataset=2)
    np.testing.assert_array_equal(sample.events, EVENTS)
    assert [str(issue) for issue in sample.issues] == [
        "warning: $NEXTDATA: $NEXTDATA counts from the beginning of the file; it was followed all the same."
    ]


@pytest.mark.parametrize("supplement", [False, True])
def test_data_sets_that_share_one_text_are_refused(tmp_path: Path, supplement: bool) -> None:
    step = 2000
    first, second = (
        fcs_bytes(
            keywords={"$NEXTDATA": nextdata}
            | ({"$BEGINSTEXT": f"{begin:04d}", "$ENDSTEXT": f"{begin + 4:04d}"} if supplement else {})
        ).ljust(step)
        for nextdata, begin in ((f"{step}", 2 * step), ("0000", step))
    )
    begin, end = 2 * step, 2 * step + 4
    if not supplement:  # HEADER of the second points into the first's bytes of TEXT
        second = first
        begin, end = int(first[10:18]) + step, int(first[18:26]) + step
        first = first[:10] + b"%8d%8d" % (begin, end) + first[26:]
    with pytest.raises(FcsError) as caught:
        read_fcs(write(tmp_path, first + second + b"|A|B|"), dataset=0)
    assert str(caught.value) == (
        "tube.fcs, $NEXTDATA: Two data sets of the file have the same TEXT. "
        f"Found: TEXT from byte {begin} to {end}, which was read already. "
        "Allowed: a TEXT of its own for each data set. "
        "The file is damaged or was broken off while copying: copy or export it again."
    )


def test_a_supplement_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, fcs_bytes(keywords={"$BEGINSTEXT": "5000", "$ENDSTEXT": "99999999999"}))
    with path.open("r+b") as handle:
        handle.seek(5000)
        handle.write(b"|")
        handle.truncate(10**11 + 1)
    with pytest.raises(FcsError, match=r"The TEXT segment is too large\. Found: 99999995000 bytes"):
        read_fcs(path)


def test_long_labels_of_a_twin_are_not_taken(tmp_path: Path) -> None:
    sample = read_fcs(write(tmp_path, lmd({"$P3S": "CD3 " * 100})))
    assert sample.channel("FL1").marker_text == ""
    assert sample.channel("FL2").markers == {"CD4"}


@pytest.mark.parametrize("dataset", ["xx", 1.0, True])
def test_a_data_set_is_named_by_its_number(tmp_path: Path, dataset: object) -> None:
    with pytest.raises(FcsError) as caught:
        read_fcs(write(tmp_path, fcs_bytes()), dataset=dataset)  # type: ignore[arg-type]  # what is tested
    assert str(caught.value) == (
        "tube.fcs, dataset: A data set is named by its number. "
        f"Found: a value of type {type(dataset).__name__}. Allowed: a whole number, from 0 on."
    )
