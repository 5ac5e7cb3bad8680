"""A de-identified file holds the same events, and nothing else of the old one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cytorecon.errors import CytoreconError, FcsError
from cytorecon.fcs import read_fcs
from cytorecon.fcs.cross_check import cross_check
from cytorecon.intake import clean, deidentify
from cytorecon.intake.deidentify import data_sets_to_take
from cytorecon.intake.files import find_files
from cytorecon.sample import Sample
from cytorecon.transforms import summarise_channels
from tests.fcs.fcs_bytes import fcs_bytes, write
from tests.intake.made import PLANTED, WORD, planted_file, with_second_data_set


def assert_same(old: Path, new: Path, dataset: int | None = None) -> None:
    """Compare what gating and compensation see of two files."""
    before, after = read_fcs(old, dataset=dataset), read_fcs(new)
    np.testing.assert_array_equal(before.events.view(np.uint32), after.events.view(np.uint32))
    for left, right in zip(before.channels, after.channels, strict=True):
        assert (left.role, left.aspect, left.markers) == (right.role, right.aspect, right.markers)
        assert left.maximum == right.maximum
    assert (before.spillover is None) == (after.spillover is None)
    if before.spillover is not None and after.spillover is not None:
        np.testing.assert_array_equal(before.spillover.matrix, after.spillover.matrix)
    # what the choice of scales reads from keywords, where the amplifier can be read at all
    if not any(issue.code == "fcs.bad_amplification" for issue in before.issues):
        assert _amplified(before) == _amplified(after)


def _amplified(sample: Sample) -> list[bool]:
    return [summary.log_amplified for summary in summarise_channels(sample)]


def copy_of(path: Path, dataset: int | None = None) -> Path:
    new = path.with_name("new.fcs")
    deidentify(path, dataset=dataset).write(new)
    return new


def test_no_planted_word_is_in_the_new_file(tmp_path: Path) -> None:
    old = write(tmp_path, planted_file({"$P3S": f"CD3 {PLANTED['$P3S']}"}), f"{WORD}.fcs")
    assert old.read_bytes().count(WORD.encode()) > 20
    found = deidentify(old)
    new = tmp_path / "new.fcs"
    found.write(new)
    content = new.read_bytes()
    assert WORD.encode() not in content
    assert b"2002" not in content
    assert b"09:51" not in content
    assert_same(old, new)
    assert WORD not in found.removed.model_dump_json()
    assert found.removed.segments == ("supplemental TEXT", "ANALYSIS", "bytes outside of the segments")
    assert found.removed.unknown_keywords == 2  # the one that is a name, and that of the supplement
    assert {"$SRC", "PATIENT ID", "@SAMPLEID1", "TBNM", "&10PT NAME", "$P1F"} <= {*found.removed.keywords}
    assert found.removed.labels == ("FSC-A", "FITC-A")


def test_a_label_that_is_cut_names_no_marker_in_memory_and_in_the_file(tmp_path: Path) -> None:
    old = write(tmp_path, fcs_bytes(keywords={"$P3S": "CD3 123/456", "$LOST": "12345678", "$ABRT": "12"}))
    found = deidentify(old)
    new = read_fcs(copy_of(old))
    for sample in (read_fcs(old), found.sample, new):
        assert sample.channels[2].markers == frozenset()
    assert new.keywords["$ABRT"] == "12"
    assert "$LOST" not in new.keywords


def test_a_date_in_a_label_is_no_list_of_markers_and_goes_nowhere(tmp_path: Path) -> None:
    old = write(tmp_path, fcs_bytes(keywords={"$P3S": "CD3 04/07/64", "$P4S": "CD4-12-03-64"}))
    found = deidentify(old)
    new = read_fcs(copy_of(old))
    for sample in (read_fcs(old), found.sample, new):
        assert [sample.channels[index].markers for index in (2, 3)] == [{"CD3"}, frozenset()]
    assert new.channels[2].marker_text == "CD3"
    assert new.channels[3].marker_text == "CD4 and unrecognised text of 6 characters"
    assert found.removed.labels == ("FITC-A", "PE-A")


@pytest.mark.parametrize(
    "keywords",
    [
        {"$P3S": "CD3 FITC"},
        {"$P3S": "CD3 04/07/64"},
        {"$P3N": "CD3", "$P3S": "04/07/64"},
        {"$P3N": "CD3 04/07/64"},
        {"$P3N": "CD3"},
        {"$P3N": "CD3", "$P3S": "CD3"},
        {"$P3N": "CD3", "$P3S": "Doe"},
        {"$P3N": "CD3", "$P4N": "CD3"},
        {"$P3N": "CD3 123/45"},
        {"$P3N": "Doe-A", "$P3S": "CD3"},
        {"$P3N": "Doe-A", "$P3S": "Doe-A"},
        {"$P3N": "CD3 Doe", "$P3S": "CD3 Doe"},
        {"$P3S": "CD3 Doe"},
        {"$P1S": "CD3", "$P5S": "Doe"},
    ],
)
def test_a_sample_and_its_file_have_the_same_channels(tmp_path: Path, keywords: dict[str, str]) -> None:
    """A file in a sheet and the same file as an upload must give the same numbers."""
    old = write(tmp_path, fcs_bytes(keywords=keywords))
    assert clean(read_fcs(old)).sample.channels == read_fcs(copy_of(old)).channels


def test_keywords_of_parameters_that_are_not_there_go_and_are_counted(tmp_path: Path) -> None:
    words = {"$P47110V": "500", "$P4711V": "450", "P4711DISPLAY": "LOG", "$PKN4711": "1", "$P5V": "400"}
    old = write(tmp_path, fcs_bytes(keywords={**words, "$P5L": "12,3,1964", "P5DISPLAY": "LOG"}))
    found = deidentify(old)
    assert found.removed.keywords == ("$P5L", "P5DISPLAY")
    assert found.removed.unknown_keywords == 4
    assert b"4711" not in copy_of(old).read_bytes()
    assert read_fcs(copy_of(old)).keywords["$P5V"] == "400"


@pytest.mark.parametrize("name", ["$DATATYPE", "$MODE", "$PAR", "$TOT"])
def test_errors_repeat_no_date_of_three_numbers(tmp_path: Path, name: str) -> None:
    old = write(tmp_path, fcs_bytes(keywords={name: "12,3,1964"}))
    with pytest.raises(CytoreconError) as caught:
        deidentify(old)
    assert "1964" not in str(caught.value)


def test_what_was_left_out_as_rows(tmp_path: Path) -> None:
    old = write(tmp_path, fcs_bytes(keywords={"$OP": "x", "JANE DOE": "1", "$P3N": "Doe-A", "$P4S": "Doe"}))
    assert deidentify(old).removed.rows() == (
        ("$OP", 1),
        ("unknown keyword", 1),
        ("label of PE-A", 1),
        ("name of the detector that is now P3-A", 1),
    )


def test_a_renamed_detector_is_said_and_the_matrix_follows(tmp_path: Path) -> None:
    old = write(tmp_path, fcs_bytes(keywords={"$P3N": "Doe-A", "$SPILLOVER": "2,Doe-A,PE-A,1,0.1,0.2,1"}))
    found = deidentify(old)
    (issue,) = (issue for issue in found.issues if issue.code == "intake.detector_renamed")
    assert str(issue) == (
        "warning: P3-A: The name of this detector holds words that are not those of detectors, dyes or "
        "markers, or stands for two columns; its channel is called by its number. "
        "Where a marker has to be assigned to it, use --map MARKER=P3-A."
    )
    new = copy_of(old)
    matrix = read_fcs(new).spillover
    assert matrix is not None
    assert matrix.channels == ("P3-A", "PE-A")
    assert_same(old, new)
    assert b"Doe" not in new.read_bytes()


def test_issues_do_not_repeat_the_old_name(tmp_path: Path) -> None:
    old = write(tmp_path, fcs_bytes(keywords={"$P3N": "Doe-A", "$P3S": "CD3/4"}))
    assert not any("Doe" in str(issue) for issue in deidentify(old).issues)


@pytest.mark.parametrize(
    "name", ["345/678", "CD3 04/07/64", "CD3 471LP 108 LP", "M-U-E-L-L-E-R", "12Y 03In 64Cd"]
)
def test_issues_do_not_repeat_a_name_of_the_matrix_that_could_be_a_person_s(
    tmp_path: Path, name: str
) -> None:
    old = write(tmp_path, fcs_bytes(keywords={"$SPILLOVER": f"2,{name},PE-A,1,0.1,0.2,1"}))
    issues = [str(issue) for issue in deidentify(old).issues if issue.code.startswith("spillover")]
    assert issues
    assert not any(name in issue for issue in issues)


def test_a_matrix_that_cannot_be_used_leaves_its_mark(tmp_path: Path) -> None:
    """Else the new file would look like one whose events need no compensation."""
    old = write(tmp_path, fcs_bytes(keywords={"$SPILLOVER": "2,FITC-A,PE-A,1,0.1"}))
    new = read_fcs(copy_of(old))
    assert [issue.code for issue in new.issues if issue.code.startswith("spillover")] == [
        "spillover.unusable"
    ]


def test_integers_stay_integers_with_their_amplifiers(tmp_path: Path) -> None:
    stored = np.arange(20, dtype=np.uint16).reshape(4, 5)
    words = {"$P3E": "4,1", "$P4E": "4.0 , 0", "$P4G": "2", "$P5G": "8", "$TIMESTEP": "0.01"}
    old = write(
        tmp_path, fcs_bytes(stored, datatype="I", bits=16, limit=1024, big_endian=True, keywords=words)
    )
    new = copy_of(old)
    assert read_fcs(new).keywords["$DATATYPE"] == "I"
    assert_same(old, new)


@pytest.mark.parametrize(("datatype", "bits"), [("F", 32), ("D", 64)])
def test_floats_are_said_to_be_linear(tmp_path: Path, datatype: str, bits: int) -> None:
    """Software leaves amplifiers with floats that it made linear: nobody must apply them again."""
    words = {"$P3E": "4,0", "$P4E": "4.5,0.1", "$P4G": "2", "$P5E": "4,1", "$TIMESTEP": "0.01"}
    old = write(tmp_path, fcs_bytes(datatype=datatype, bits=bits, limit=10_000, keywords=words))
    new = copy_of(old)
    assert_same(old, new)
    copy = read_fcs(new)
    assert [copy.keywords[f"$P{number}E"] for number in range(1, 6)] == ["0,0"] * 5
    assert copy.issues == ()
    assert not cross_check(new).differences


@pytest.mark.parametrize("bits", [33, 64])
def test_wide_integers(tmp_path: Path, bits: int) -> None:
    rng = np.random.default_rng(1)
    stored = rng.integers(0, 2**bits, (6, 5), dtype=np.uint64)
    words = {f"$P{index}R": str(2**bits) for index in range(1, 6)} | {
        f"$P{index}B": "64" for index in range(1, 6)
    }
    old = write(
        tmp_path, fcs_bytes(data=stored.astype("<u8").tobytes(), events=stored, datatype="I", keywords=words)
    )
    assert_same(old, copy_of(old))


def test_numbers_as_text_become_linear_floats(tmp_path: Path) -> None:
    words = {f"$P{index}B": "4" for index in range(1, 6)} | {"$P3E": "4,1", "$P4G": "2", "$TIMESTEP": "0.5"}
    data = "".join(f"{number:4d}" for number in range(10)).encode()
    old = write(
        tmp_path, fcs_bytes(np.zeros((2, 5)), datatype="F", data=data, keywords={**words, "$DATATYPE": "A"})
    )
    new = copy_of(old)
    assert read_fcs(new).keywords["$DATATYPE"] == "F"
    assert_same(old, new)


def test_further_data_sets_become_files_of_their_own(tmp_path: Path) -> None:
    old = write(tmp_path, with_second_data_set(planted_file({"@SAMPLEID1": ""})))
    # a file that begins with @ keywords is one tube; without one, each data set stands for itself
    plain = write(tmp_path, with_second_data_set(fcs_bytes(keywords={"$NEXTDATA": "00000000"})), "plain.fcs")
    assert data_sets_to_take(plain) == (0, 1)
    for dataset in (0, 1):
        new = copy_of(plain, dataset)
        assert WORD.encode() not in new.read_bytes()
        assert_same(plain, new, dataset)
    found = deidentify(old, dataset=0)
    assert "1 further data set" in found.removed.segments


def test_an_archive_is_refused(tmp_path: Path) -> None:
    old = write(tmp_path, b"PK\x03\x04 and so on")
    with pytest.raises(FcsError) as caught:
        deidentify(old)
    assert str(caught.value) == (
        "tube.fcs: This is an archive, not an FCS file. Found: a zip archive. "
        "Unpack it, and give the FCS files in it."
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    kind=st.sampled_from([("F", 32), ("D", 64), ("I", 8), ("I", 16), ("I", 32)]),
    big_endian=st.booleans(),
    limit=st.sampled_from([1, 200, 256, 1000, 1024, 262144]),
    exponent=st.sampled_from(["0,0", "4,0", "4.5,0.1", "nonsense", ""]),
    gain=st.sampled_from(["1", "0", "2.5", "-3", "x"]),
    step=st.sampled_from(["1", "0.01", "inf", " ", "1e-3"]),
    content=st.binary(min_size=0, max_size=400),
)
def test_random_files_read_the_same(
    tmp_path: Path,
    kind: tuple[str, int],
    big_endian: bool,
    limit: int,
    exponent: str,
    gain: str,
    step: str,
    content: bytes,
) -> None:
    datatype, bits = kind
    size = 5 * bits // 8
    data = content[: len(content) // size * size]
    words = {"$P3E": exponent, "$P4G": gain, "$TIMESTEP": step, "$P3S": "CD3 Doe", "$P4N": "Doe-A"}
    old = write(
        tmp_path,
        fcs_bytes(
            np.zeros((len(data) // size, 5)),
            datatype=datatype,
            bits=bits,
            big_endian=big_endian,
            limit=limit,
            keywords=words,
            data=data,
        ),
    )
    try:
        read_fcs(old)
    except CytoreconError:
        return
    new = copy_of(old)
    assert_same(old, new)
    assert b"Doe" not in new.read_bytes()


def test_real_files_read_the_same(real_data: Path, tmp_path: Path) -> None:
    """Every file that can be read, and every data set of it."""
    compared = 0
    for old in find_files([real_data], tmp_path).files:
        try:
            data_sets = data_sets_to_take(old)
            for dataset in data_sets:
                read_fcs(old, dataset=dataset)
        except CytoreconError:
            continue
        for dataset in data_sets:
            new = tmp_path / "new.fcs"
            deidentify(old, dataset=dataset).write(new)
            assert_same(old, new, dataset)
            compared += 1
    assert compared
