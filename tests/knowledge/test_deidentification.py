"""What goes into a de-identified file."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.fcs import allowed_keywords
from cytorecon.knowledge.deidentification import FILE, load_deidentification
from cytorecon.knowledge.files import read_text

KEPT = {
    "$PAR": "8", "$TOT": "100", "$MODE": "L", "$DATATYPE": "F", "$BYTEORD": "4,3,2,1", "$P1B": "32",
    "$P1R": "262144", "$P2E": "4.0 , 1", "$P3G": "1.5", "$P1DATATYPE": "I", "$P1V": "-450.5", "$P1O": "100mW",
    "$P1L": "488nm", "$P1F": "530/30", "$P1T": "PMT", "$P1D": "Logarithmic,4,0.1", "$TIMESTEP": "0.01",
    "$VOL": "33008", "$ABRT": "0", "$LOST": "3", "APPLY COMPENSATION": "TRUE",
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_may_be_stored_and_is_no_free_text(name: str) -> None:
    rules = load_deidentification()
    assert rules.keeps(name, KEPT[name])
    assert allowed_keywords({name: KEPT[name]}) == {name: KEPT[name]}
    for text in ("Jane Doe", "20-Aug-2002", "19640312", KEPT[name] + "\nJane", "٣"):
        assert not rules.keeps(name, text) or (text.isdigit() and name in {"$TOT", "$P1R", "$ABRT", "$LOST"})


@pytest.mark.parametrize(
    ("name", "kept", "dropped"),
    [
        (
            "$P1L",
            ("405", "488nm", "561 nm", "0.000000", "488.0", "405,488,640", "405, 488nm"),
            ("12,3,1964", "1964", "12", "345.678", "488,12,64", "900"),
        ),
        (
            "$P1F",
            ("530/30", "525//50 nm", "488/10", "740LP", "780/60"),
            ("345/678", "120/36", "530/178", "530/04", "530/3", "108LP", "964/12"),
        ),
    ],
)
def test_light_is_kept_within_what_instruments_have(
    name: str, kept: tuple[str, ...], dropped: tuple[str, ...]
) -> None:
    rules = load_deidentification()
    assert [value for value in kept if not rules.keeps(name, value)] == []
    assert [value for value in dropped if rules.keeps(name, value)] == []


def test_dates_and_people_are_not_kept() -> None:
    rules = load_deidentification()
    dropped = (
        "$DATE",
        "$BTIM",
        "$ETIM",
        "$SRC",
        "$SMNO",
        "$OP",
        "$FIL",
        "$INST",
        "$EXP",
        "$CELLS",
        "$PROJ",
        "$CYTSN",
    )
    assert not any(rules.keeps(name, "1") for name in dropped)
    assert all(rules.is_known_keyword(name) for name in dropped)


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("FACSCalibur", "FACSCalibur"), ("XL A45273", "XL"), ("MACSQuant VYB,2.5.1345.9863", "MACSQuant VYB"),
        ("FACSAria-3 (FACSAriaIII)", "FACSAria-3"), ("", ""), ("  \x00", ""),
    ],
)  # fmt: skip
def test_the_model_is_all_that_is_kept_of_an_instrument(text: str, model: str) -> None:
    assert load_deidentification().instrument(text) == model
    assert load_deidentification().instrument(model) == model


def test_unknown_instruments_are_told_apart_without_their_names() -> None:
    rules = load_deidentification()
    first, second = rules.instrument("Ward of Dr Doe"), rules.instrument("Ward of Dr Roe")
    assert first != second
    assert rules.instrument(first) == first
    assert "Doe" not in first


def test_a_pattern_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    text = read_text(FILE).replace("pattern: '\\$PAR'", "pattern: '(PAR'")
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_deidentification(tmp_path)
    assert "a regular expression (missing ), unterminated subpattern at position 0)" in str(caught.value)
