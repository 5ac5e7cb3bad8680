"""Readouts and grafts as data: what a file may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_text
from cytorecon.knowledge.grafts import load_grafts
from cytorecon.knowledge.readouts import load_readouts


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("readout: wbc", "readout: anc", "A name occurs twice. Found: anc."),
        ("spellings: [percent,", "spellings: [/ul,", "A name occurs twice. Found: /ul."),
        ("also: {mg/dL: 0.01}", "also: {mg/L: 0.01}", "This is not known. Found: mg/L."),
        ("event: ivig", "event: ivigg", "This is not known. Found: ivigg."),
        ("asks_below: 1000\n", "asks_below: 5000000\n", "limits must lie in order"),
        ("also: {g/L: 0.1}", "also: {g/dL: 0.1}", "the unit is not one of the other units"),
    ],
)
def test_a_file_that_contradicts_itself(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = read_text("readouts.yaml")
    assert old in text
    (tmp_path / "readouts.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_readouts(folder=tmp_path)
    assert message.split(" Found", maxsplit=1)[0] in str(caught.value)
    assert message.rsplit(". ", maxsplit=1)[-1].rstrip(".") in str(caught.value)


def test_words_of_grafts(tmp_path: Path) -> None:
    grafts = load_grafts()
    assert grafts.said_by("PBSC, matched unrelated") == {"peripheral_blood"}
    assert grafts.said_by("Bone-Marrow, CD34-selected") == {"bone_marrow", "t_cell_depleted"}
    assert grafts.said_by("pbmc") == frozenset()
    (tmp_path / "grafts.yaml").write_text(read_text("grafts.yaml").replace("cb,", "bm,"), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="A name occurs twice"):
        load_grafts(folder=tmp_path)
