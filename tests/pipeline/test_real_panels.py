"""Real files without labels: gates where a person would put them, or a reason why there is none."""

from __future__ import annotations

from pathlib import Path

import cytorecon as cr
from cytorecon.gating.shapes import Threshold


def threshold(gated: cr.GatedSample, gate: str) -> float:
    found = next(searched for searched in gated.gates if searched.gate == gate)
    (part,) = found.parts
    assert isinstance(part.shape, Threshold)
    return part.shape.value


def test_a_panel_without_scatter_says_what_is_missing(real_data: Path) -> None:
    """Two files of CD4, CD8b, CD3, CD8 only. In one CD3 has two modes (valley near channel 280 of 1024)."""
    samples = [cr.read_fcs(real_data / "mclust_gvhd" / f"gvhd_{name}.fcs") for name in ("control", "pos")]
    control, positive = cr.gate(samples, "t_cd4_cd8")
    assert 0.22 < threshold(control, "CD3") < 0.32
    assert control.reasons["CD3_T"] == (
        "T_cell_scatter: the tube has no channel for forward scatter (A or H or any)"
    )
    # In the other the positives are a shoulder, and a shoulder is no place for a threshold.
    assert positive.reasons["CD4_T"] == (
        "CD3: one mode only on FL3-H (9083 events); neither other tubes nor control cells show where to cut"
    )


def test_t_cells_of_ten_patients_fall_into_cd4_and_cd8(real_data: Path) -> None:
    """Thresholds lie between the modes: the two main kinds are most of all T cells in every file."""
    files = sorted((real_data / "itn").glob("*.fcs"))
    assert len(files) == 10
    for gated in cr.gate([cr.read_fcs(file) for file in files], "t_cd4_cd8"):
        names = ("CD4_T", "CD8_T", "CD8dim_T", "DP_T", "DN_T")
        parts = {name: int(gated.mask(name).sum()) for name in names}
        total = int(gated.mask("CD3_T").sum())
        assert (
            0.97 * total <= sum(parts.values()) <= total
        )  # strays between CD4 and its negatives are in none
        assert total > 100
        assert parts["CD4_T"] + parts["CD8_T"] + parts["CD8dim_T"] > 0.75 * total
