"""Every problem of a template file, each with its place, what was found, and what to try."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.knowledge.template import (
    AnyGate,
    BeadGate,
    ClusterGate,
    ContourGate,
    EllipseGateSpec,
    FixedThresholdGate,
    LowerTailGate,
    MarkerAxis,
    ReferenceTailGate,
    ScatterAxis,
    ScatterRegionGate,
    SingletGate,
    ValleyGate,
)
from cytorecon.knowledge.template.words import gate_in_words
from cytorecon.knowledge.template_check import check_template
from tests.knowledge.test_template import GOOD


def problems(folder: Path, text: str) -> list[str]:
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return [str(problem) for problem in check_template(path)]


def test_a_good_template_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD) == []


def test_each_wrong_field_is_a_problem_of_its_own(tmp_path: Path) -> None:
    text = GOOD.replace("axis: {marker: CD3}}", "axis: {marker: CD3}, cut: middle, controll: CD4_T}")
    assert problems(tmp_path, text.replace("finder: valley, find_in", "finder: valey, find_in")) == [
        (
            "small.yaml, gate CD3, cut: This cannot be used. Found: 'middle'. Allowed: Input should "
            "be 'above_dimmest' or 'below_brightest'."
        ),
        (
            "small.yaml, gate CD3, controll: This cannot be used. Found: 'CD4_T'. Allowed: no field "
            "of this name. Did you mean 'control'?"
        ),
        (
            "small.yaml, gate CD4: This cannot be used. Found: {'gate': 'CD4', 'finder': 'valey', "
            "'find_in': 'CD3_T', 'a.... Allowed: Input tag 'valey' found using 'finder' does not match "
            "any of the expected tags: 'singlet_ratio', 'bright_in_all', 'valley', 'reference_tail', "
            "'lower_tail', 'bright_mode', 'anchored_valley', 'shifted', 'cluster', 'told_apart', "
            "'scatter_region', 'density_contour', 'fixed_threshold', 'fixed_ellipse', 'fixed_polygon'. Did "
            "you mean 'valley'?"
        ),
    ]


def test_a_misspelt_field_of_the_template(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD.replace("required:", "requires:"))[-1] == (
        "small.yaml, requires: This cannot be used. Found: ['CD3', 'CD4']. Allowed: no field of this "
        "name. Did you mean 'required'?"
    )


def test_every_contradiction_is_named(tmp_path: Path) -> None:
    text = GOOD.replace("find_in: CD3_T", "find_in: lymphocytes").replace(
        "where: CD4", "where: CD4 and not CD8"
    )
    assert problems(tmp_path, text) == [
        (
            "small.yaml: The template contradicts itself. Found: population 'CD4_T' uses 'CD8', which "
            "is neither a gate nor an earlier population."
        ),
        (
            "small.yaml: The template contradicts itself. Found: gate 'CD4' uses 'lymphocytes', which "
            "is neither a gate nor an earlier population."
        ),
    ]


def test_markers_that_do_not_fit(tmp_path: Path) -> None:
    text = GOOD.replace("[CD3, CD4]", "[CD3, CD999, CD8]")
    assert problems(tmp_path, text) == [
        (
            "small.yaml, required: This is no marker we know by one meaning. Found: CD999. Use a name "
            "of the column canonical of markers.csv, or a CD number."
        ),
        (
            "small.yaml, gate CD4, axis.marker: No tube is asked for this marker, so the gate could "
            "never be found. Found: CD4. Allowed: CD3, CD999, CD8. List it under required or "
            "optional."
        ),
        (
            "small.yaml, required: No gate uses this marker, so tubes without it would be refused for "
            "nothing. Found: CD999. Allowed: CD3, CD4."
        ),
        (
            "small.yaml, required: No gate uses this marker, so tubes without it would be refused for "
            "nothing. Found: CD8. Allowed: CD3, CD4."
        ),
    ]


def test_criteria_that_do_not_exist(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD.replace("gates:", "criteria: [isct]\ngates:")) == [
        (
            "small.yaml, criteria: There is no such set of criteria. Found: isct. Allowed: "
            "msc_isct_2006, cd34_events, ips_residual."
        )
    ]


def test_what_is_no_yaml_is_one_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, "gates: [") == [
        "small.yaml: The file is not valid YAML. Found: did not find expected node content, line 2."
    ]
    assert len(problems(tmp_path, "just words")) == 1


def test_a_problem_of_an_included_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "lineage.yaml").write_text(GOOD.replace("cut", "cut").replace("marker: CD3", "markr: CD3"))
    top = "template_schema: 1\nname: top\nversion: 1.0.0\ntitle: T\nabout: A\nincludes: [lineage]\n"
    found = problems(tmp_path, top)
    assert found
    assert all(problem.startswith("lineage.yaml, gates.0") for problem in found)


CD3 = MarkerAxis(marker="CD3")
SIDE = ScatterAxis(scatter="side")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            SingletGate(
                gate="g", finder="singlet_ratio", area=SIDE, height=SIDE, width=5, optional=True
            ),
            (
                "In all events: area by height of side scatter within 5 robust standard deviations of "
                "its median. Without its channel all events pass."
            ),
        ),
        (
            BeadGate(
                gate="g", finder="bright_in_all", markers=("a", "b", "c"), min_events=50, least_markers=3
            ),
            (
                "In all events: bright in all of a, b, c; fewer than 50 events, or fewer than 3 of these "
                "markers: absent."
            ),
        ),
        (
            BeadGate(gate="g", finder="bright_in_all", markers=("CD3", "CD4"), min_events=50),
            "In all events: bright in all of CD3, CD4; fewer than 50 events: absent.",
        ),
        (
            ValleyGate(gate="g", finder="valley", axis=CD3, control="B", expected_modes=(2, 3), pool=False),
            (
                "In all events: CD3 above the valley above the dimmest mode (2 or 3 modes expected). One "
                "mode: 4 robust standard deviations above B, else not evaluable."
            ),
        ),
        (
            ReferenceTailGate(
                gate="g", finder="reference_tail", axis=CD3, references=("B", "NK"), end="lower",
                deviations=2, keep="below",
            ),
            (
                "In all events: CD3 below the lower end of B (2 robust standard deviations below its "
                "median). Fewer than 100 of them: as the batch has it, else of NK, else not evaluable."
            ),
        ),
        (
            LowerTailGate(gate="g", finder="lower_tail", axis=SIDE, seeds=("B",), deviations=3,
                          min_events=40),
            (
                "In all events: side scatter above 3 robust standard deviations below B; fewer than 40 of "
                "them: as the batch has it, else all events pass."
            ),
        ),
        (
            ClusterGate(
                gate="g", finder="cluster", x=CD3, y=SIDE, seeds=("B",), coverage=0.9, min_events=40
            ),
            (
                "In all events: CD3 and side scatter, the cloud of B, 90 % of it; fewer than 40 of them: "
                "as the batch has it, else not evaluable."
            ),
        ),
        (
            ScatterRegionGate(
                gate="g", finder="scatter_region", x=CD3, y=SIDE, seeds=("B",), coverage=0.9,
                min_events=40
            ),
            (
                "In all events: CD3 and side scatter, the densest region that holds 90 % of B; fewer than "
                "40 of them: not evaluable."
            ),
        ),
        (
            ContourGate(
                gate="g", finder="density_contour", x=CD3, y=SIDE, seeds=("B",), coverage=0.9,
                min_events=40
            ),
            (
                "In all events: CD3 and side scatter, the densest region that holds 90 % of B; fewer than "
                "40 of them: not evaluable."
            ),
        ),
        (
            FixedThresholdGate(gate="g", finder="fixed_threshold", axis=CD3, value=0.5),
            "In all events: CD3 above 0.5 (stated by the template).",
        ),
        (
            EllipseGateSpec(gate="g", finder="fixed_ellipse", x=CD3, y=SIDE, centre=(0, 0), radii=(1, 1)),
            "In all events: CD3 and side scatter, a region stated by the template.",
        ),
    ],
)  # fmt: skip
def test_each_kind_of_gate_in_words(spec: AnyGate, words: str) -> None:
    assert gate_in_words(spec) == words
