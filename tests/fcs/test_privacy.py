from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.fcs import allowed_keywords, read_fcs, safe_keywords
from tests.fcs.fcs_bytes import fcs_bytes, write

IDENTIFYING = (
    "$SRC", "$SMNO", "$OP", "$EXP", "$INST", "$FIL", "$COM", "$PROJ", "$CELLS", "$SYS", "$LAST_MODIFIER",
    "$LAST_MODIFIED", "$DATE", "$BTIM", "$ETIM", "$PLATEID", "$WELLID", "$CYTSN", "$BEGINDATETIME",
    "$CARRIERID",
    "PATIENT ID", "SAMPLE ID", "CASE NUMBER", "TUBE NAME", "EXPERIMENT NAME", "EXPORT USER NAME", "GUID",
    "@SAMPLEID1", "@LOCATION", "@FILEGUID", "@Y2KDATE", "TBNM", "&10PT NAME", "$P1NAME", "X$PAR", "$PAR ",
    "P1N",
)  # fmt: skip


@pytest.mark.parametrize("keyword", IDENTIFYING)
def test_nothing_that_can_identify_is_allowed(keyword: str) -> None:
    assert allowed_keywords({keyword: "canary"}) == {}


def test_what_describes_the_data_is_allowed() -> None:
    keywords = {
        "$PAR": "5",
        "$P12N": "FITC-A",
        "$P1S": "CD3",
        "$SPILLOVER": "1,FITC-A,1",
        "SPILL": "",
        "$CYT": "Canto",
    }
    assert allowed_keywords(keywords) == keywords


def test_of_labels_and_matrices_only_what_is_known_is_allowed() -> None:
    keywords = {"$P1N": "FITC-A", "$P1S": "CD3 Jane Doe", "$SPILLOVER": "1,Jane Doe,1", "SPILL": "1,FITC-A,1"}
    assert allowed_keywords(keywords) == {
        "$P1N": "FITC-A",
        "$P1S": "CD3 and unrecognised text of 7 characters",
        "SPILL": "1,FITC-A,1",
    }


def test_a_serial_number_in_the_instruments_name_is_cut_out() -> None:
    assert allowed_keywords({"$CYT": "4486521 Attune NxT"}) == {"$CYT": "Attune NxT"}
    assert allowed_keywords({"$CYT": "NL-2000"}) == {"$CYT": "NL-2000"}


def test_safe_keywords_of_a_file(tmp_path: Path) -> None:
    content = fcs_bytes(
        keywords={"$SRC": "Jane Doe", "PATIENT ID": "4711", "$DATE": "24-Jun-2003", "$CYT": "Canto"}
    )
    found = safe_keywords(read_fcs(write(tmp_path, content)))
    assert found["$CYT"] == "Canto"
    assert not {"Jane Doe", "4711", "24-Jun-2003"} & set(found.values())


def test_issues_and_errors_hold_no_custom_keyword(tmp_path: Path) -> None:
    # An empty value shifts everything: what looks like a keyword may then be a name.
    content = fcs_bytes(keywords={"$OP": "", "PATIENT": "", "Jane Doe": "", "$TIMESTEP": None})
    text = " ".join(str(issue) for issue in read_fcs(write(tmp_path, content)).issues)
    assert "$OP" in text
    assert "JANE" not in text.upper()
