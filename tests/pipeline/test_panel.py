"""A tube under the wrong template is told which one fits, not how to rename its channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cytorecon.errors import PanelError
from cytorecon.fcs import read_fcs
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline.panel import panel_of
from tests.fcs.fcs_bytes import fcs_bytes, write


def refused(folder: Path, template: str, *labels: str, mapping: dict[str, str] | None = None) -> PanelError:
    """Return what is said of a tube with these labels on FL1, FL2 …"""
    names = [f"FL{number}" for number in range(1, len(labels) + 1)]
    words = {f"$P{number}S": label for number, label in enumerate(labels, start=1)}
    content = fcs_bytes(np.ones((1, len(labels)), np.float32), names, keywords=words)
    with pytest.raises(PanelError) as caught:
        panel_of(read_fcs(write(folder, content)), load_template(template), mapping or {})
    return caught.value


def test_a_template_whose_markers_are_all_there_is_named(tmp_path: Path) -> None:
    assert str(refused(tmp_path, "tbnk", "CD15", "CD45", "CD14", "CD33")) == (
        "The panel lacks what is needed: CD3 (not found), CD4 (not found), CD8 (not found), "
        "CD19 (not found), CD16+CD56 (not found, nor CD16 alone). "
        "Found: FL1 'CD15' = CD15; FL2 'CD45' = CD45; FL3 'CD14' = CD14; FL4 'CD33' = CD33. "
        "Another panel fits: leukocyte_differential."
    )
    all_of_both = ("CD3", "CD4", "CD8", "CD45", "CD19", "CD56+CD16")
    assert refused(tmp_path, "leukocyte_differential", *all_of_both).hint == "Another panel fits: tbnk."


def test_what_the_user_said_of_channels_counts(tmp_path: Path) -> None:
    said = {"CD33": "FL4"}
    assert refused(tmp_path, "tbnk", "CD15", "CD45", "CD14", "").hint.startswith("Say which channel it is")
    found = refused(tmp_path, "tbnk", "CD15", "CD45", "CD14", "", mapping=said)
    assert found.hint == "Another panel fits: leukocyte_differential."
    wrong = refused(tmp_path, "tbnk", "CD15", "CD45", "CD14", "CD33", mapping={"CD3": "FL9"})
    assert wrong.field == "--map CD3=FL9"


def test_one_missing_marker_is_still_asked_for(tmp_path: Path) -> None:
    """T cells could be counted by another template; but somebody who stained for more wants more."""
    found = refused(tmp_path, "tbnk", "CD3", "CD4", "CD8", "CD45", "CD19")
    assert found.hint == "Say which channel it is with --map CD16+CD56=CHANNEL."
