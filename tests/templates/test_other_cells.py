"""Templates of B, NK, myeloid and stem cells, each on a made tube of its kind, and on one without them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cytorecon.errors import NotEvaluableError
from cytorecon.gating.prior import GatingPrior, ThresholdPrior
from tests.templates.agreement import agrees, at_most
from tests.templates.tubes import DEBRIS, GRANULOCYTE, MONOCYTE, Cells, MadeTube, gated_by, made_tube

HIGH = 0.7
LARGE = (0.5, 0.2)

T = Cells("T", 1500, {"CD3": HIGH, "CD45": 0.8, "CD27": 0.5, "CD38": 0.35, "CD4": HIGH})
NEUTROPHILS = Cells(
    "neutrophils", 4000, {"CD16": 0.8, "CD45": 0.65, "CD24": 0.5, "Lineage": 0.6}, GRANULOCYTE
)
PLATELETS = Cells("platelets", 1500, {}, DEBRIS)


def b(
    kind: str, events: int, cd38: float, *, igd: float = 0.2, cd27: float = 0.2, cd24: float = 0.5
) -> Cells:
    bright = {"CD19": 0.65, "CD20": HIGH, "CD45": 0.8, "CD38": cd38, "IgD": igd, "CD27": cd27, "CD24": cd24}
    return Cells(kind, events, bright)


B_CELLS = [
    b("naive", 900, 0.33, igd=0.6),
    b("transitional", 120, 0.6, igd=0.6, cd24=0.65),
    b("nonswitched", 180, 0.27, igd=0.55, cd27=0.55),
    b("switched", 300, 0.25, cd27=0.55, cd24=0.55),
    b("DN", 100, 0.3),
    Cells("plasmablast", 60, {"CD19": 0.48, "CD45": 0.7, "CD38": 0.9, "CD27": 0.75}, LARGE),
]
B_MARKERS = ("CD19", "IgD", "CD27", "CD24", "CD38", "CD45")


def b_tube(cells: Sequence[Cells], *markers: str) -> MadeTube:
    return made_tube([*cells, T, NEUTROPHILS, PLATELETS], (*B_MARKERS, *markers))


@pytest.mark.parametrize("markers", [(), ("CD20", "CD3")])
def test_b_cell_maturation(markers: tuple[str, ...]) -> None:
    made = b_tube(B_CELLS, *markers)
    gated = gated_by(made, "b_maturation")
    agrees(gated, made, "B_naive", "naive", "transitional")
    agrees(gated, made, "B_transitional", "transitional", at_least=0.9)
    agrees(gated, made, "B_nonswitched_memory", "nonswitched", at_least=0.93)
    agrees(gated, made, "B_switched_memory", "switched", at_least=0.85)  # holds small plasmablasts
    agrees(gated, made, "B_DN", "DN", at_least=0.9)
    agrees(gated, made, "B_plasmablast", "plasmablast", at_least=0.9)


def test_plasmablasts_far_from_lymphocytes_are_counted() -> None:
    made = b_tube([*B_CELLS[:5], Cells("plasmablast", 20, B_CELLS[5].bright, (0.6, 0.45))])
    gated = gated_by(made, "b_maturation")
    assert int((gated.mask("lymphocytes") & made.events("plasmablast")).sum()) == 0
    agrees(gated, made, "B_plasmablast", "plasmablast", at_least=0.9)


def test_first_b_cells_after_a_transplant_are_transitional_and_need_a_batch() -> None:
    """No memory cell says where CD38 high begins; alone the tube does not know, with a batch it does."""
    made = b_tube([B_CELLS[1]])
    alone = gated_by(made, "b_maturation")
    with pytest.raises(NotEvaluableError):
        alone.mask("B_transitional")
    at_most(alone, "B_switched_memory", 3)
    at_most(alone, "B_plasmablast", 0)
    learned = {"CD38_high": 0.43, "CD27": 0.38, "CD24": 0.36, "IgD": 0.4}
    thresholds = {name: ThresholdPrior(position=at, spread=0.02, tubes=9) for name, at in learned.items()}
    agrees(
        gated_by(made, "b_maturation", GatingPrior(tubes=9, thresholds=thresholds)),
        made,
        "B_transitional",
        "transitional",
    )


def test_no_b_cells() -> None:
    gated = gated_by(b_tube([]), "b_maturation")
    for population in ("B", "B_naive", "B_transitional", "B_switched_memory", "B_plasmablast"):
        at_most(gated, population, 0)


def test_without_cd38_only_what_needs_it_is_not_evaluable() -> None:
    made = made_tube([*B_CELLS[:5], T, NEUTROPHILS], ("CD19", "IgD", "CD27"))
    gated = gated_by(made, "b_maturation")
    agrees(gated, made, "B_naive", "naive", "transitional")
    with pytest.raises(NotEvaluableError) as caught:
        gated.mask("B_transitional")
    assert "CD24: the tube has no channel for CD24" in str(caught.value)


NK_CELLS = [
    Cells("bright", 90, {"CD56": (0.75, 0.04), "CD45": 0.8}),
    Cells("dim", 800, {"CD56": (0.5, 0.05), "CD16": HIGH, "CD45": 0.8}),
    Cells("neg", 100, {"CD16": HIGH, "CD45": 0.8}),
]
CLASSICAL = Cells("classical", 700, {"CD14": 0.75, "CD45": 0.72, "HLA-DR": 0.6, "CD4": 0.35}, MONOCYTE)
B = Cells("B", 300, {"CD19": 0.65, "CD45": 0.8, "HLA-DR": HIGH, "Lineage": 0.6})


@pytest.mark.parametrize("markers", [(), ("CD19", "CD14", "CD45")])
def test_nk_subsets(markers: tuple[str, ...]) -> None:
    made = made_tube([*NK_CELLS, T, B, CLASSICAL, NEUTROPHILS], ("CD3", "CD56", "CD16", *markers))
    gated = gated_by(made, "nk_subsets")
    agrees(gated, made, "NK", "bright", "dim", "neg")
    agrees(gated, made, "NK_CD56bright", "bright", at_least=0.9)
    agrees(gated, made, "NK_CD56dim", "dim")
    agrees(gated, made, "NK_CD56neg", "neg", at_least=0.9)


def test_no_nk_cells() -> None:
    made = made_tube([T, B, CLASSICAL, NEUTROPHILS], ("CD3", "CD56", "CD16"))
    gated = gated_by(made, "nk_subsets")
    for population in ("NK", "NK_CD56bright", "NK_CD56dim", "NK_CD56neg"):
        at_most(gated, population, 5)


def test_no_bright_nk_cells() -> None:
    made = made_tube([NK_CELLS[1], T, B, NEUTROPHILS], ("CD3", "CD56", "CD16"))
    at_most(gated_by(made, "nk_subsets"), "NK_CD56bright", 6)


MONOCYTES = [
    CLASSICAL,
    Cells("intermediate", 70, {"CD14": 0.72, "CD16": 0.5, "CD45": 0.72, "HLA-DR": 0.7}, MONOCYTE),
    Cells("nonclassical", 110, {"CD14": 0.42, "CD16": 0.7, "CD45": 0.72, "HLA-DR": 0.6}, MONOCYTE),
]


@pytest.mark.parametrize("markers", [(), ("CD3", "CD19", "CD56", "CD45")])
def test_monocyte_subsets(markers: tuple[str, ...]) -> None:
    made = made_tube([*MONOCYTES, T, B, NK_CELLS[1], NEUTROPHILS], ("CD14", "CD16", "HLA-DR", *markers))
    gated = gated_by(made, "monocytes")
    agrees(gated, made, "monocytes", "classical", "intermediate", "nonclassical", at_least=0.94)
    agrees(gated, made, "mono_classical", "classical", at_least=0.94)
    agrees(gated, made, "mono_intermediate", "intermediate", at_least=0.9)
    agrees(gated, made, "mono_nonclassical", "nonclassical", at_least=0.9)


def test_no_monocytes() -> None:
    made = made_tube([T, B, NK_CELLS[1], NEUTROPHILS], ("CD14", "CD16", "HLA-DR"))
    gated = gated_by(made, "monocytes")
    for population in ("monocytes", "mono_classical", "mono_intermediate", "mono_nonclassical"):
        at_most(gated, population, 0)


def test_no_monocytes_with_cd16() -> None:
    made = made_tube([CLASSICAL, T, B, NEUTROPHILS], ("CD14", "CD16", "HLA-DR"))
    gated = gated_by(made, "monocytes")
    at_most(gated, "mono_intermediate", 4)
    at_most(gated, "mono_nonclassical", 4)


DENDRITIC = [
    Cells("mDC", 120, {"CD11c": HIGH, "CD123": 0.35, "HLA-DR": HIGH, "CD45": 0.7}, (0.42, 0.2)),
    Cells("pDC", 80, {"CD123": 0.8, "HLA-DR": HIGH, "CD45": 0.7}, (0.38, 0.14)),
]
REST = [
    Cells("T", 1500, {"Lineage": 0.6, "CD45": 0.8}),
    B,
    Cells("monocytes", 600, {"Lineage": 0.65, "HLA-DR": 0.65, "CD11c": HIGH, "CD45": 0.72}, MONOCYTE),
    Cells("basophils", 60, {"CD123": 0.75, "CD45": 0.6}, (0.36, 0.16)),
    Cells("unstained", 300, {"CD45": 0.7}),
    NEUTROPHILS,
]
DC_MARKERS = ("Lineage", "HLA-DR", "CD11c", "CD123")


@pytest.mark.parametrize("markers", [(), ("CD45",)])
def test_dendritic_cells(markers: tuple[str, ...]) -> None:
    made = made_tube([*DENDRITIC, *REST], (*DC_MARKERS, *markers))
    gated = gated_by(made, "dendritic")
    agrees(gated, made, "mDC", "mDC")
    agrees(gated, made, "pDC", "pDC")


def test_no_dendritic_cells() -> None:
    gated = gated_by(made_tube(REST, DC_MARKERS), "dendritic")
    at_most(gated, "mDC", 3)
    at_most(gated, "pDC", 3)


def graft(progenitors: int) -> MadeTube:
    cells = [
        Cells("CD34", progenitors, {"CD34": HIGH, "CD45": (0.58, 0.03)}, (0.38, 0.14)),
        Cells("lymphocytes", 3000, {"CD45": 0.82}),
        Cells("monocytes", 1500, {"CD45": 0.74, "CD34": 0.25}, MONOCYTE),
        Cells("neutrophils", 8000, {"CD45": 0.65}, GRANULOCYTE),
        Cells("sticky", 60, {"CD45": 0.82, "CD34": 0.6}),
        Cells("platelets", 1000, {"CD34": (0.5, 0.1), "CD45": (0.45, 0.05)}, DEBRIS),
        Cells("debris", 1500, {}, DEBRIS),
    ]
    return made_tube(cells, ("CD45", "CD34"))


@pytest.mark.parametrize("progenitors", [100, 400])
def test_cd34_by_sequential_gates(progenitors: int) -> None:
    made = graft(progenitors)
    agrees(gated_by(made, "cd34"), made, "CD34_ISHAGE", "CD34", at_least=0.9)


def test_no_cd34() -> None:
    at_most(gated_by(graft(0), "cd34"), "CD34_ISHAGE", 5)


STROMA = ("CD73", "CD90", "CD105", "CD45", "CD34", "CD14", "CD19", "HLA-DR")
BLOOD = {"CD45": 0.8, "CD34": 0.6, "CD14": 0.6, "CD19": 0.6, "HLA-DR": 0.6}
PRODUCT = Cells("MSC", 4000, {"CD73": HIGH, "CD90": HIGH, "CD105": 0.6}, (0.6, 0.4))


def test_stromal_cells_with_some_blood_cells_can_be_told_apart() -> None:
    made = made_tube([PRODUCT, Cells("blood", 200, BLOOD, (0.5, 0.3))], STROMA)
    gated = gated_by(made, "msc_identity")
    agrees(gated, made, "MSC_positive", "MSC")
    for marker in ("CD45", "CD34", "CD14", "CD19", "HLA_DR"):
        agrees(gated, made, f"MSC_{marker}", "blood", at_least=0.93)
    assert gated.reasons["MSC_CD11b"] == "CD11b: the tube has no channel for CD11b"


@pytest.mark.parametrize("kind", ["MSC", "unstained"])
def test_one_mode_of_a_product_says_neither_positive_nor_negative(kind: str) -> None:
    cells = PRODUCT if kind == "MSC" else Cells("unstained", 4000, {}, (0.6, 0.4))
    gated = gated_by(made_tube([cells], STROMA), "msc_identity")
    for population in ("MSC_CD73", "MSC_CD45", "MSC_HLA_DR", "MSC_positive"):
        with pytest.raises(NotEvaluableError):
            gated.mask(population)


def test_pluripotent_cells_left_over_in_a_product() -> None:
    cells = [
        Cells("product", 8000, {"SSEA-4": (0.3, 0.06)}, (0.6, 0.4)),
        Cells("left over", 80, {"SSEA-4": 0.75, "TRA-1-60": 0.7}, (0.6, 0.4)),
    ]
    made = made_tube(cells, ("TRA-1-60", "SSEA-4"))
    gated = gated_by(made, "ips_product")
    agrees(gated, made, "iPSC_residual", "left over", at_least=0.93)
    agrees(gated, made, "iPSC_pluripotent", "left over", at_least=0.9)
    clean = gated_by(made_tube(cells[:1], ("TRA-1-60", "SSEA-4")), "ips_product")
    with pytest.raises(NotEvaluableError):
        clean.mask("iPSC_residual")


def test_b_and_gamma_delta_cells_of_one_channel_are_told_apart_by_cd3() -> None:
    """CD19 and TCRgd in one dye (EuroFlow LST)."""
    cells = [
        Cells("ab", 1200, {"CD3": HIGH, "CD4": HIGH}),
        Cells("gd", 150, {"CD3": 0.75, "both": 0.72}),
        Cells("B", 250, {"both": 0.6}),
        Cells("NK", 300),
    ]
    both = made_tube(cells, ("CD3", "CD4", "both"))
    columns = {("CD19" if name == "both" else name): values for name, values in both.columns.items()}
    made = MadeTube({**columns, "TCRgd": columns["CD19"]}, both.kinds)
    gated = gated_by(made, "gamma_delta")
    agrees(gated, made, "gdT", "gd")
    agrees(gated, made, "B", "B")


def dyed_graft(progenitors: int, beads: int) -> MadeTube:
    """Return a graft stained with a dye, a tenth of its progenitors dead, with counting beads."""
    dead = progenitors // 10
    cells = [
        Cells("CD34", progenitors, {"CD34": HIGH, "CD45": (0.58, 0.03)}, (0.38, 0.14)),
        Cells("dead CD34", dead, {"CD34": HIGH, "CD45": (0.58, 0.03), "viability": HIGH}, (0.38, 0.14)),
        Cells("lymphocytes", 3000, {"CD45": 0.82}),
        Cells("monocytes", 1500, {"CD45": 0.74, "CD34": 0.25}, MONOCYTE),
        Cells("neutrophils", 8000, {"CD45": 0.65}, GRANULOCYTE),
        Cells("debris", 1500, {}, DEBRIS),
    ]
    if beads:
        cells.append(
            Cells("beads", beads, dict.fromkeys(("CD34", "CD45", "viability"), (0.95, 0.01)), (0.2, 0.5))
        )
    return made_tube(cells, ("CD45", "CD34", "viability"))


@pytest.mark.parametrize("beads", [2000, 300])
def test_beads_of_a_graft_and_its_living_progenitors(beads: int) -> None:
    made = dyed_graft(400, beads)
    gated = gated_by(made, "cd34")
    agrees(gated, made, "beads", "beads", at_least=0.97)
    agrees(gated, made, "CD34_ISHAGE", "CD34", at_least=0.9)
    assert not (gated.mask("CD34_ISHAGE") & made.events("dead CD34")).any()


def test_progenitors_are_never_taken_for_beads() -> None:
    """They are the brightest cells in CD34, and not dark in CD45; only the dye tells beads apart."""
    found = [(gated_by(made, "cd34"), made) for made in (dyed_graft(400, 0), graft(400))]
    for gated, made in found:
        agrees(gated, made, "CD34_ISHAGE", "CD34", at_least=0.9)
    assert [gated.reasons["beads"] for gated, _ in found] == [
        "no cloud of events bright in every channel",
        "beads are told from cells by 3 of CD45, CD34, viability",
    ]
