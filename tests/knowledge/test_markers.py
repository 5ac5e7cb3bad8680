from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_csv_rows
from cytorecon.knowledge.markers import load_markers, markers_of

#: Labels as they stand in real files, and labels that naive readers get wrong.
LABELS = {
    "CD3": "CD3",
    "cd 3": "CD3",
    "CD3 APC Cy7-A": "CD3",
    "CD3-FITC": "CD3",
    "CD3(Nd150)Dd": "CD3",
    "CD3 eFluor 450": "CD3",
    "anti-CD3 PE": "CD3",
    "CD4 FITC": "CD4",
    "CD8 APC": "CD8",
    "CD8α": "CD8",
    "CD8 B PE": "CD8b",
    "CD8b PE": "CD8b",
    "CD8 beta": "CD8b",
    "CD45": "CD45",
    "CD45 PerCP-Cy5.5": "CD45",
    "CD45 PerCP-Cy5-5-A": "CD45",
    "cd45 VioBlue-A": "CD45",
    "CD45-KO": "CD45",
    "112Cd_CD45": "CD45",
    "CD45RA": "CD45RA",
    "CD45 RA": "CD45RA",
    "CD45-RA-A": "CD45RA",
    "CD45RO APC": "CD45RO",
    "CD45R": "CD45R",
    "CD34 PE": "CD34",
    "CD38": "CD38",
    "CD7 RD1": "CD7",
    "141Pr_CD27": "CD27",
    "CD11c": "CD11c",
    "CD235a FITC": "CD235a",
    "CD21;FITC;530/30@488/B": "CD21",
    "CD16+56 PE": "CD16 CD56",
    "CD16&56": "CD16 CD56",
    "CD16 56": "CD16 CD56",
    "CD1656": "",
    "CD16/56": "CD16 CD56",
    "CD3/CD16+56": "CD16 CD3 CD56",
    "CD4/8": "CD4 CD8",
    "CD3-19-20": "CD19 CD20 CD3",
    "CD3 04/07/64": "CD3",
    "CD45 47/11/08 FITC": "CD45",
    "CD3-12-03-64": "",
    "CD3 12/64": "",
    "CD1-2-3": "",
    "CD12-3-64": "",
    "CD3-4-64": "",
    "CD16CD56": "CD16 CD56",
    "CD56+CD16 PE-Cy7": "CD16 CD56",
    "CD16/CD56": "CD16 CD56",
    "CD8+SmIgD": "CD8 IgD",
    "CD19+TCRgd": "CD19 TCRgd",
    "CD3-19-20-15": "CD15 CD19 CD20 CD3",
    "HLADr": "HLA-DR",
    "HLA DR": "HLA-DR",
    "HLA-DR PE": "HLA-DR",
    "TCR γ/δ FITC": "TCRgd",
    "TCRyd": "TCRgd",
    "Va7.2": "TCRVa7.2",
    "IL-7Ra": "CD127",
    "CD197": "CCR7",
    "PD-1": "PD-1",
    "7-AAD": "viability",
    "PI/PE-Cy5-A": "viability",
    "LIVE/DEAD Aqua": "viability",
    "l/d": "viability",
    "Zombie NIR": "viability",
    "viability;7-AAD;695/40@488/A": "viability",
    "": "",
    "FITC": "",
    "PE-Cy7-A": "",
    "Alexa Fluor™ 405-A": "",
    "Er166Di": "",
    "FSC-Height": "",
    "bob": "",
    "DR": "",
    "CD141619dead": "",
    "CD450": "",
    "CD4 450": "",
    "CD3 isotype": "",
    "Dump(CD3CD19CD20CD56)": "",
}


@pytest.mark.parametrize(("label", "expected"), LABELS.items())
def test_markers_of_real_labels(label: str, expected: str) -> None:
    assert " ".join(sorted(markers_of(label).markers)) == expected


@pytest.mark.parametrize(
    ("label", "candidates"),
    [
        ("CD3/4", [{"CD34"}, {"CD3", "CD4"}]),
        ("PTPRC", [{"CD45"}, {"CD45RA"}, {"CD45RO"}]),
        ("B220 V500", [{"CD45"}, {"CD45R"}]),
    ],
)
def test_ambiguous_labels_give_no_marker(label: str, candidates: list[set[str]]) -> None:
    reading = markers_of(label)
    assert reading.markers == frozenset()
    assert list(reading.candidates) == candidates


def test_words_that_are_not_known_are_named_when_there_is_a_marker_beside_them() -> None:
    assert markers_of("CD3 clone OKT3").unknown_words == ("CLONE", "OKT3")
    assert markers_of("some other thing").unknown_words == ()


def test_dyes_are_not_trusted_as_names_of_detectors() -> None:
    table = load_markers()
    assert table.read("PI", detector_name=True).markers == frozenset()
    assert table.read("CD8", detector_name=True).markers == {"CD8"}


def test_every_alias_of_the_table_gives_its_marker() -> None:
    rows = read_csv_rows("markers.csv")
    meanings: dict[str, set[frozenset[str]]] = {}
    for row in rows:
        meanings.setdefault(row["alias"].upper(), set()).add(frozenset(row["canonical"].split("+")))
    for alias, found in meanings.items():
        reading = markers_of(alias)
        assert ({reading.markers} if len(found) == 1 else set(reading.candidates)) == found, alias


def test_the_table_leaves_out_what_is_unsafe() -> None:
    aliases = {row["alias"].upper() for row in read_csv_rows("markers.csv")}
    assert not aliases & {"DR", "DEAD", "T4", "T8", "TAC", "FAS", "MME", "EFLUOR780", "CD45 PERCP-CY5.5"}


@given(st.integers(1, 371), st.sampled_from(["", " PE", "-FITC", " APC-Cy7-A", "_BV421", " PerCP-Cy5.5"]))
def test_a_cd_number_means_itself(number: int, dye: str) -> None:
    named_otherwise = {159, 183, 185, 194, 196, 197, 279}
    if number not in named_otherwise:
        assert markers_of(f"CD{number}{dye}").markers == {f"CD{number}"}


@given(st.text("CD0123456789RAO +-/&.PEFITC", max_size=30))
def test_any_label_is_read_or_refused(label: str) -> None:
    reading = markers_of(label)
    assert not (reading.markers and (reading.candidates or reading.unknown_words))


def test_a_long_label_takes_no_time() -> None:
    assert markers_of(" ".join(["CD3"] * 400)).markers == frozenset()


def test_a_user_file_replaces_ours(tmp_path: Path) -> None:
    (tmp_path / "markers.csv").write_text("canonical,alias,where\nCD3,OKT3,any\n")
    assert load_markers(tmp_path).read("OKT3 PE").markers == {"CD3"}
    assert load_markers(tmp_path).read("HLA-DR").markers == frozenset()


def test_a_malformed_table_names_the_row(tmp_path: Path) -> None:
    (tmp_path / "markers.csv").write_text("canonical,alias,where\nCD3,OKT3,anywhere\n")
    with pytest.raises(KnowledgeError) as caught:
        load_markers(tmp_path)
    assert str(caught.value) == (
        "markers.csv, 'OKT3', where: 1 field cannot be used. Found: 'anywhere'. "
        "Allowed: Input should be 'any' or 'text'."
    )


def test_a_canonical_name_must_have_one_meaning() -> None:
    with pytest.raises(KnowledgeError) as caught:
        load_markers().canonical("T cells")
    assert str(caught.value) == (
        "markers.csv: 'T cells' is not a marker we know by one meaning. "
        "Use a name of the column canonical, or a CD number."
    )
