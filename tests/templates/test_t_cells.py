"""Templates of T-cell tubes, each on a made tube of its kind, and on one without the population."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cytorecon.errors import NotEvaluableError, Severity
from tests.templates.agreement import agrees, at_most
from tests.templates.tubes import GRANULOCYTE, LYMPHOCYTE, Cells, MadeTube, gated_by, made_tube

HIGH, DIM = 0.7, 0.45


def others() -> list[Cells]:
    """Return what blood holds besides T cells."""
    return [
        Cells(
            "B", 400, {"CD19": HIGH, "HLA-DR": HIGH, "CD45RA": HIGH, "CCR7": HIGH, "CD25": 0.3, "CD45": 0.8}
        ),
        Cells(
            "NK", 500, {"CD56": HIGH, "CD16": HIGH, "CD45RA": HIGH, "CD38": 0.55, "CD8": 0.35, "CD45": 0.8}
        ),
        Cells("granulocytes", 4000, {"CD45": 0.65}, GRANULOCYTE),
    ]


def helper(kind: str, events: int, **bright: float | tuple[float, float]) -> Cells:
    return Cells(kind, events, {"CD3": HIGH, "CD4": HIGH, **named(bright)}, LYMPHOCYTE)


def killer(kind: str, events: int, **bright: float | tuple[float, float]) -> Cells:
    return Cells(kind, events, {"CD3": HIGH, "CD8": HIGH, **named(bright)}, LYMPHOCYTE)


def named(bright: dict[str, float | tuple[float, float]]) -> dict[str, float | tuple[float, float]]:
    """Return markers under their names: a keyword cannot hold a hyphen."""
    return {marker.replace("_", "-"): place for marker, place in bright.items()}


def tube(cells: Sequence[Cells], *markers: str, seed: int = 1) -> MadeTube:
    return made_tube([*cells, *others()], ("CD3", "CD4", "CD8", *markers), seed=seed)


MEMORY = [
    helper("4 naive", 900, CD45RA=HIGH, CCR7=0.6),
    helper("4 CM", 700, CCR7=0.6),
    helper("4 EM", 500),
    helper("4 TEMRA", 120, CD45RA=HIGH),
    killer("8 naive", 600, CD45RA=HIGH, CCR7=0.6),
    killer("8 CM", 150, CCR7=0.6),
    killer("8 EM", 500),
    killer("8 TEMRA", 500, CD45RA=HIGH),
]


@pytest.mark.parametrize(
    ("template", "marker"), [("t_memory", "CCR7"), ("t_memory_cd62l", "CD62L"), ("t_memory_cd27", "CD27")]
)
def test_memory_subsets(template: str, marker: str) -> None:
    cells = [
        Cells(each.kind, each.events, {marker if m == "CCR7" else m: v for m, v in each.bright.items()})
        for each in MEMORY
    ]
    made = tube(cells, "CD45RA", marker)
    gated = gated_by(made, template)
    for lineage in ("4", "8"):
        agrees(
            gated, made, f"CD{lineage}_T", *(f"{lineage} {part}" for part in ("naive", "CM", "EM", "TEMRA"))
        )
        for part in ("naive", "CM", "EM", "TEMRA"):
            agrees(gated, made, f"CD{lineage}_{part}", f"{lineage} {part}")
    assert gated.review["CD4_naive"] == ()


def test_memory_without_valley_of_ccr7_goes_by_memory_cells_that_lack_it_and_says_so() -> None:
    cells = [each for each in MEMORY if "CCR7" not in each.bright]
    gated = gated_by(tube(cells, "CD45RA", "CCR7"), "t_memory")
    at_most(gated, "CD4_naive", 5)
    assert "gate.control_tail:central" in gated.review["CD4_naive"]


def test_memory_of_a_tube_without_naive_cells() -> None:
    """One mode of CD45RA: nothing says whether it is positive, so nothing is counted by it."""
    gated = gated_by(tube([helper("4 EM", 900), killer("8 EM", 800)], "CD45RA", "CCR7"), "t_memory")
    for population in ("CD4_naive", "CD4_TEMRA", "CD8_naive", "CD8_CM"):
        at_most(gated, population, 5)
    with pytest.raises(NotEvaluableError):
        gated.mask("CD4_naive")


def test_t_cells_of_a_tube_with_leukocytes() -> None:
    cells = [Cells(c.kind, c.events, {**c.bright, "CD45": 0.8}) for c in MEMORY]
    platelets = Cells("platelets", 3000, {}, (0.15, 0.06))
    made = tube([*cells, platelets], "CD45RA", "CCR7", "CD45")
    gated = gated_by(made, "t_memory")
    agrees(gated, made, "CD4_naive", "4 naive")
    assert int((gated.mask("leukocytes") & made.events("platelets")).sum()) < 10


def test_a_tube_without_t_cells_has_no_subsets() -> None:
    gated = gated_by(tube([], "CD45RA", "CCR7"), "t_memory")
    for population in ("CD3_T", "CD4_T", "CD4_naive", "CD8_TEMRA"):
        with pytest.raises(NotEvaluableError):
            gated.mask(population)


ACTIVATION = [
    helper("4 naive", 900, CD45RA=HIGH, CD38=0.42),
    helper("4 rest", 900),
    helper("4 active", 120, HLA_DR=0.6, CD38=0.6),
    killer("8 rest", 900, HLA_DR=0.24),
    killer("8 active", 300, HLA_DR=0.6, CD38=0.65),
]


@pytest.mark.parametrize("markers", [("HLA-DR", "CD38", "CD45RA"), ("HLA-DR", "CD38")])
def test_activated_cells(markers: tuple[str, ...]) -> None:
    made = tube(ACTIVATION, *markers)
    gated = gated_by(made, "t_activation")
    agrees(gated, made, "CD4_activated", "4 active", at_least=0.93)
    agrees(gated, made, "CD8_activated", "8 active", at_least=0.93)


def test_no_activated_cells() -> None:
    gated = gated_by(tube(ACTIVATION[:2] + ACTIVATION[3:4], "HLA-DR", "CD38", "CD45RA"), "t_activation")
    at_most(gated, "CD4_activated", 5)
    at_most(gated, "CD8_activated", 5)


def test_more_activated_cells_than_resting_ones() -> None:
    """After a transplant: the reference shows two modes, and the dim one is taken."""
    cells = [helper("4 rest", 400), helper("4 active", 900, HLA_DR=0.6, CD38=0.6), killer("8 rest", 400)]
    made = tube(cells, "HLA-DR", "CD38")
    agrees(gated_by(made, "t_activation"), made, "CD4_activated", "4 active")


TREG = [
    helper("4 conv", 1800, CD127=0.6, CD25=(0.27, 0.06), CD45RO=HIGH),
    helper("4 naive", 900, CD127=0.6),
    helper("4 treg naive", 60, CD127=0.3, CD25=0.62),
    helper("4 treg memory", 130, CD127=0.3, CD25=0.65, CD45RO=HIGH, CCR4=0.6),
    killer("8", 1200, CD127=0.5),
]


def test_regulatory_cells() -> None:
    made = tube(TREG, "CD25", "CD127", "CD45RO", "CCR4")
    gated = gated_by(made, "treg")
    agrees(gated, made, "Treg", "4 treg naive", "4 treg memory", at_least=0.9)
    agrees(gated, made, "Treg_memory", "4 treg memory", at_least=0.9)
    agrees(gated, made, "Treg_naive", "4 treg naive", at_least=0.85)
    assert "not evaluable" not in gated.reasons.get("Treg_activated", "")
    with pytest.raises(NotEvaluableError) as caught:
        gated.mask("Treg_activated")
    assert "the tube has no channel for HLA-DR" in str(caught.value)


def test_a_marker_that_a_panel_may_lack_is_no_warning_and_says_what_there_is_no_result_for() -> None:
    gated = gated_by(tube(TREG, "CD25", "CD127", "CD45RO"), "treg")
    lacking = [issue for issue in gated.issues if issue.code == "gate.not_measured"]
    assert [str(issue) for issue in lacking if issue.subject in ("gate CCR4", "gate HLA_DR")] == [
        (
            "info: gate CCR4: The tube has no channel for CCR4. "
            "Without a result for it: Treg_naive, Treg_memory, Treg_activated."
        ),
        "info: gate HLA_DR: The tube has no channel for HLA-DR. No population depends on it alone.",
    ]
    assert [issue for issue in gated.issues if issue.severity is not Severity.INFO] == []


def test_a_marker_that_every_tube_must_have_is_a_warning() -> None:
    gated = gated_by(tube(TREG, "CD25"), "treg")
    (issue,) = [issue for issue in gated.issues if issue.severity is Severity.WARNING]
    assert str(issue) == (
        "warning: gate CD127_low: The tube has no channel for CD127. "
        "What depends on it is not evaluable in this tube."
    )


def test_no_regulatory_cells() -> None:
    gated = gated_by(tube([TREG[0], TREG[1], TREG[4]], "CD25", "CD127"), "treg")
    at_most(gated, "Treg", 9)


def test_regulatory_cells_with_smeared_cd25_need_a_look() -> None:
    """Activated helper cells fill the gap: the count depends on where the line is put, and says so."""
    smear = helper("4 act", 600, CD127=0.35, CD25=(0.36, 0.08))
    gated = gated_by(tube([*TREG, smear], "CD25", "CD127"), "treg")
    assert any(code.startswith("gate.unstable") for code in gated.review["Treg"])


RTE = [
    helper("4 RTE", 500, CD45RA=HIGH, CCR7=0.6, CD31=0.6),
    helper("4 central", 400, CD45RA=HIGH, CCR7=0.6),
    helper("4 memory", 900),
    helper("4 TEMRA", 80, CD45RA=HIGH, CD31=0.6),
    killer("8", 900, CD45RA=(0.45, 0.15)),
    killer("8 EM", 600),
]


def test_recent_thymic_emigrants() -> None:
    made = tube(RTE, "CD45RA", "CD31", "CCR7")
    gated = gated_by(made, "rte")
    agrees(gated, made, "CD4_RTE", "4 RTE")
    agrees(gated, made, "CD4_central_naive", "4 central")


def test_recent_thymic_emigrants_without_ccr7_hold_temra_and_say_so() -> None:
    made = tube(RTE, "CD45RA", "CD31")
    gated = gated_by(made, "rte")
    agrees(gated, made, "CD4_RTE", "4 RTE", "4 TEMRA")
    assert [issue.subject for issue in gated.issues if "CCR7" in issue.message] == ["gate CCR7"]


def test_no_recent_thymic_emigrants() -> None:
    """A year after ATG: naive cells divide, none is new."""
    gated = gated_by(tube([*RTE[1:3], *RTE[4:]], "CD45RA", "CD31", "CCR7"), "rte")
    at_most(gated, "CD4_RTE", 5)


HELPERS = [
    helper("4 naive", 900, CD45RA=HIGH),
    helper("4 Th1", 350, CXCR3=0.55),
    helper("4 Th17", 300, CCR6=0.55),
    helper("4 Th2", 400),
    helper("4 Th1/17", 100, CXCR3=0.55, CCR6=0.55),
    killer("8", 900),
]


@pytest.mark.parametrize("markers", [("CXCR3", "CCR6", "CD45RA"), ("CXCR3", "CCR6")])
def test_helper_cells(markers: tuple[str, ...]) -> None:
    made = tube(HELPERS, *markers)
    gated = gated_by(made, "t_helper")
    agrees(gated, made, "Th1", "4 Th1")
    agrees(gated, made, "Th17", "4 Th17")
    agrees(gated, made, "Th2", "4 Th2", "4 naive")
    second = any("second_reference" in code for code in gated.review["Th1"])
    assert second == ("CD45RA" not in markers)


def test_no_helper_subsets() -> None:
    gated = gated_by(tube([HELPERS[0], HELPERS[3], HELPERS[5]], "CXCR3", "CCR6", "CD45RA"), "t_helper")
    at_most(gated, "Th1", 5)
    at_most(gated, "Th17", 5)


SENESCENCE = [
    helper("4", 1500, CD28=HIGH),
    helper("4 old", 100, CD57=0.6),
    killer("8 young", 700, CD28=0.65),
    killer("8 early", 150),
    killer("8 old", 400, CD57=0.6),
]


def test_senescent_cells() -> None:
    made = tube(SENESCENCE, "CD28", "CD57")
    gated = gated_by(made, "senescence")
    agrees(gated, made, "CD4_senescent", "4 old")
    agrees(gated, made, "CD8_senescent", "8 old")


def test_no_senescent_cells() -> None:
    gated = gated_by(tube([SENESCENCE[0], SENESCENCE[2]], "CD28", "CD57"), "senescence")
    at_most(gated, "CD4_senescent", 3)
    at_most(gated, "CD8_senescent", 3)


CAR = [
    helper("4", 900),
    helper("4 CAR", 150, CAR=0.6),
    killer("8", 700),
    killer("8 CAR", 200, CAR=0.6),
]


def test_car_t_cells() -> None:
    made = tube(CAR, "CAR")
    gated = gated_by(made, "car_t")
    agrees(gated, made, "CAR_T", "4 CAR", "8 CAR")
    agrees(gated, made, "CAR_CD4_T", "4 CAR")
    agrees(gated, made, "CAR_CD8_T", "8 CAR")


def test_no_car_t_cells() -> None:
    gated = gated_by(tube([CAR[0], CAR[2]], "CAR"), "car_t")
    at_most(gated, "CAR_T", 3)
    assert gated.review["CAR_T"] == ("gate.control_tail:CAR",)


def gamma_delta(gd: int) -> list[Cells]:
    return [
        Cells("ab", 1500, {"CD3": HIGH, "CD4": HIGH, "TCRab": HIGH}),
        Cells("ab 8", 500, {"CD3": HIGH, "CD8": HIGH, "TCRab": HIGH}),
        Cells("gd", gd, {"CD3": HIGH, "TCRgd": HIGH}),
    ]


def test_gamma_delta_cells() -> None:
    made = tube(gamma_delta(200), "TCRgd", "TCRab")
    gated = gated_by(made, "gamma_delta")
    agrees(gated, made, "gdT", "gd")
    agrees(gated, made, "abT", "ab", "ab 8")
    assert "the tube has no channel for CD19" in gated.reasons["B"]


def test_gamma_delta_cells_of_a_tube_without_tcrab() -> None:
    made = tube(gamma_delta(200), "TCRgd")
    gated = gated_by(made, "gamma_delta")
    agrees(gated, made, "gdT", "gd")
    assert gated.reasons["abT"] == "not assessed: the tube has no channel for TCRab"


def test_no_gamma_delta_cells() -> None:
    gated = gated_by(tube(gamma_delta(0), "TCRgd", "TCRab"), "gamma_delta")
    at_most(gated, "gdT", 3)
    assert gated.review["gdT"] == ("gate.control_tail:TCRgd",)
