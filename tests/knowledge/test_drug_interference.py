"""Drugs that hide a marker."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.drug_interference import load_hiding_drugs

DRUG = (
    "drugs: [{names: [x], kinds: [drug, pill], marker: CD38, populations: [B, Bee], use: y, source: z, "
    "window_days: 3, window_source: w}]"
)


def hidden_by(label: str) -> list[str]:
    return [drug.marker for drug in load_hiding_drugs() if drug.named_in(label)]


@pytest.mark.parametrize(
    ("label", "markers"),
    [
        ("rituximab 375 mg/m2", ["CD20"]),
        ("ISATUXIMAB", ["CD38"]),
        ("cd19-car t", ["CD19"]),
        ("anti-CD19 CAR-T", ["CD19"]),
        ("basiliximab + mogamulizumab", ["CD25", "CCR4"]),
        ("tocilizumab", []),
        ("rituximabum", []),
        ("", []),
    ],
)
def test_labels(label: str, markers: list[str]) -> None:
    assert hidden_by(label) == markers


def test_every_drug_says_who_says_so() -> None:
    assert all(drug.source and drug.window_source for drug in load_hiding_drugs())


def test_names_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "drug_interference.yaml").write_text(DRUG)
    with pytest.raises(KnowledgeError) as caught:
        load_hiding_drugs(folder=tmp_path)
    assert str(caught.value) == (
        "drug_interference.yaml: Names that are neither a kind of event nor a population. Found: Bee, pill."
    )
