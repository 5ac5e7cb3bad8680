"""Templates that include others: merged, hashed as a whole, and never overridden by accident."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.template import Template, ValleyGate
from cytorecon.knowledge.templates import load_template, template_names

BASE = """\
template_schema: 1
name: lineage
version: 1.0.0
title: Lineage
about: For tests.
required: [CD3]
optional: [CD45]
gates:
  - {gate: CD45, finder: valley, axis: {marker: CD45}, optional: true}
  - {gate: CD3, finder: valley, axis: {marker: CD3}}
populations:
  - {population: CD3_T, parent: root, where: CD3}
"""
TOP = """\
template_schema: 1
name: top
version: 1.0.0
title: Top
about: For tests.
includes: [lineage]
required: [CD4]
gates:
  - {gate: CD4, finder: valley, find_in: CD3_T, axis: {marker: CD4}}
populations:
  - {population: CD4_T, parent: CD3_T, where: CD4}
"""


def load(folder: Path, files: Mapping[str, str], name: str = "top") -> Template:
    for each, text in files.items():
        (folder / f"{each}.yaml").write_text(text, encoding="utf-8")
    return load_template(folder / f"{name}.yaml")


def message(folder: Path, files: Mapping[str, str]) -> str:
    with pytest.raises(KnowledgeError) as caught:
        load(folder, files)
    return str(caught.value)


def test_what_is_included_comes_first(tmp_path: Path) -> None:
    template = load(tmp_path, {"lineage": BASE, "top": TOP})
    assert [spec.gate for spec in template.gates] == ["CD45", "CD3", "CD4"]
    assert [entry.population for entry in template.populations] == ["CD3_T", "CD4_T"]
    assert (template.required, template.optional) == (("CD3", "CD4"), ("CD45",))
    assert (template.name, template.includes) == ("top", ("lineage",))


def test_the_hash_is_that_of_all_that_was_read(tmp_path: Path) -> None:
    files = {"lineage": BASE, "top": TOP}
    first = load(tmp_path, files).sha256
    assert load(tmp_path, files).sha256 == first
    assert load(tmp_path, {**files, "lineage": BASE + "# another word\n"}).sha256 != first
    assert load(tmp_path, {**files, "top": TOP + "# another word\n"}).sha256 != first


def test_a_gate_of_the_same_name_is_not_an_override(tmp_path: Path) -> None:
    own = "gates:\n  - {gate: CD3, finder: valley, axis: {marker: CD3}, cut: below_brightest}\n"
    files = {"lineage": BASE, "top": TOP.replace("gates:\n", own)}
    assert message(tmp_path, files) == (
        "top.yaml, includes: What is included does not fit together. Found: 'CD3' is defined by an included "
        "template; list it under 'replaces' if that is meant."
    )


def test_a_gate_is_replaced_where_the_file_says_so(tmp_path: Path) -> None:
    line = "{gate: CD3, finder: valley, axis: {marker: CD3}, cut: below_brightest}"
    own = f"replaces: [CD3]\ngates:\n  - {line}\n"
    template = load(tmp_path, {"lineage": BASE, "top": TOP.replace("gates:\n", own)})
    assert [spec.gate for spec in template.gates] == ["CD45", "CD3", "CD4"]
    gate = template.gate_by_name["CD3"]
    assert isinstance(gate, ValleyGate)
    assert gate.cut == "below_brightest"


def test_a_population_is_replaced_in_its_place(tmp_path: Path) -> None:
    own = "replaces: [CD3_T]\npopulations:\n  - {population: CD3_T, parent: root, where: CD3 and not CD4}\n"
    top = TOP.replace("populations:\n", own).replace("find_in: CD3_T, ", "")
    template = load(tmp_path, {"lineage": BASE, "top": top})
    assert [entry.where for entry in template.populations] == ["CD3 and not CD4", "CD4"]


@pytest.mark.parametrize(
    ("replaces", "problem"),
    [
        ("CD19", "'CD19' is to be replaced, but no included template has it"),
        ("CD3", "'CD3' is to be replaced, but the file does not define it anew"),
    ],
)
def test_a_replacement_without_an_old_or_a_new_one(tmp_path: Path, replaces: str, problem: str) -> None:
    files = {"lineage": BASE, "top": TOP.replace("gates:\n", f"replaces: [{replaces}]\ngates:\n")}
    assert message(tmp_path, files) == (
        f"top.yaml, includes: What is included does not fit together. Found: {problem}."
    )


def test_what_two_included_templates_share_is_there_once(tmp_path: Path) -> None:
    other = TOP.replace("name: top", "name: other").replace("CD4", "CD8")
    both = TOP.replace("includes: [lineage]", "includes: [lineage, other]")
    template = load(tmp_path, {"lineage": BASE, "other": other, "top": both})
    assert [spec.gate for spec in template.gates] == ["CD45", "CD3", "CD8", "CD4"]


def test_included_templates_may_not_disagree(tmp_path: Path) -> None:
    other = BASE.replace("name: lineage", "name: other").replace(
        "{gate: CD3,", "{gate: CD3, cut: below_brightest,"
    )
    both = TOP.replace("includes: [lineage]", "includes: [lineage, other]")
    assert message(tmp_path, {"lineage": BASE, "other": other, "top": both}) == (
        "top.yaml, includes: What is included does not fit together. Found: 'CD3' is defined in different "
        "ways by the included templates."
    )


def test_templates_may_not_include_each_other(tmp_path: Path) -> None:
    first = TOP.replace("includes: [lineage]", "includes: [second]")
    assert message(tmp_path, {"second": TOP.replace("[lineage]", "[top]"), "top": first}) == (
        "top.yaml: Templates include each other in a circle. Found: top -> second -> top."
    )
    assert message(tmp_path, {"top": TOP.replace("[lineage]", "[top]")}) == (
        "top.yaml: Templates include each other in a circle. Found: top -> top."
    )


def test_what_is_included_must_be_a_whole_template(tmp_path: Path) -> None:
    broken = BASE.replace("where: CD3", "where: CD9")
    assert message(tmp_path, {"lineage": broken, "top": TOP}).startswith("lineage.yaml, (file): 1 field")


def test_what_is_included_must_exist(tmp_path: Path) -> None:
    text = message(tmp_path, {"top": TOP.replace("[lineage]", "[nothing]")})
    assert text.startswith(
        "top.yaml, includes: There is no template of this name to include. Found: nothing. Allowed: "
    )
    assert text.endswith(", or a template in the same folder.")


@pytest.mark.parametrize("name", ["../lineage", "/etc/passwd", "lineage.yaml", "other/lineage"])
def test_a_template_is_included_by_its_name(tmp_path: Path, name: str) -> None:
    assert message(tmp_path, {"lineage": BASE, "top": TOP.replace("[lineage]", f"[{name}]")}) == (
        f"top.yaml, includes: This is no name of a template. Found: {name}. Allowed: letters, digits and _, "
        "for a packaged part base/NAME. Leave out the folder and .yaml."
    )


def test_a_mistake_in_ones_own_part_is_named_by_its_place_in_the_file(tmp_path: Path) -> None:
    files = {"lineage": BASE, "top": TOP.replace("axis: {marker: CD4}", "axis: {marker: CD4}, cut: middle")}
    assert message(tmp_path, files).startswith("top.yaml, gates.0.valley.cut: 1 field cannot be used.")


def test_names_must_fit_the_whole(tmp_path: Path) -> None:
    text = message(tmp_path, {"lineage": BASE, "top": TOP.replace("where: CD4", "where: CD4 and not CD8")})
    assert text.endswith(
        "Value error, population 'CD4_T' uses 'CD8', which is neither a gate nor an earlier population."
    )


def test_a_packaged_template_can_be_included(tmp_path: Path) -> None:
    top = TOP.replace("[lineage]", "[t_cd4_cd8]").replace("gate: CD4,", "gate: CD69,").replace("CD4_T", "X")
    template = load(
        tmp_path, {"top": top.replace("marker: CD4", "marker: CD69").replace("where: CD4", "where: CD69")}
    )
    assert template.required == ("CD3", "CD4", "CD8")
    assert template.gates[-1].gate == "CD69"


def test_a_shared_channel_is_told_apart_by_a_marker_the_tube_must_have(tmp_path: Path) -> None:
    shared = (
        "shared_channels:\n  - {markers: [CD19, TCRgd], told_apart_by: CD3, why: B cells lack CD3}\ngates:\n"
    )
    assert (
        load(tmp_path, {"lineage": BASE, "top": TOP.replace("gates:\n", shared)}).shared_channels[0].markers
    )
    text = message(tmp_path, {"lineage": BASE, "top": TOP.replace("gates:\n", shared.replace("CD3", "CD5"))})
    assert text.endswith(
        "Value error, the shared channel CD19+TCRgd is told apart by CD5, which is no marker of the template."
    )


def test_a_marker_whose_gates_were_all_replaced_is_not_asked_for(tmp_path: Path) -> None:
    gate = "{gate: CD3, finder: valley, axis: {marker: TCRab}}"
    own = f"replaces: [CD3]\ngates:\n  - {gate}\n"
    top = TOP.replace("gates:\n", own).replace("required: [CD4]", "required: [CD4, TCRab]")
    assert load(tmp_path, {"lineage": BASE, "top": top}).required == ("CD4", "TCRab")


CHECK = """\
checks:
  - {check: all_T, kind: share, title: t, cells: CD3, inside: CD3, least_events: 40, doubts: [CD3_T], why: w,
     source: s}
"""


def own_version(name: str, more: str = "") -> str:
    head = "template_schema: 1\nname: mine\nversion: 0.1.0\ntitle: Mine\nabout: For tests.\n"
    return f"{head}includes: [{name}]\n{more}"


@pytest.mark.parametrize("name", template_names())
def test_every_packaged_template_can_be_included_as_it_is(tmp_path: Path, name: str) -> None:
    mine, packaged = load(tmp_path, {"mine": own_version(name)}, "mine"), load_template(name)
    for part in ("gates", "populations", "checks", "required", "optional", "shared_channels", "criteria"):
        assert getattr(mine, part) == getattr(packaged, part)


def test_a_laboratory_may_set_a_threshold_that_a_check_asks_for(tmp_path: Path) -> None:
    own = (
        "replaces: [CD19]\ngates:\n  - {gate: CD19, finder: fixed_threshold, value: 0.5, "
        "axis: {marker: CD19}, find_in: leukocytes and lymphocyte_cloud}\n"
    )
    mine = load(tmp_path, {"mine": own_version("tbnk", own)}, "mine")
    assert mine.gate_by_name["CD19"].finder == "fixed_threshold"
    assert mine.checks == load_template("tbnk").checks


def test_a_check_is_replaced_where_the_file_says_so(tmp_path: Path) -> None:
    files = {"lineage": BASE + CHECK, "top": TOP + CHECK.replace("least_events: 40", "least_events: 99")}
    assert message(tmp_path, files).endswith(
        "Found: 'all_T' is defined by an included template; list it under 'replaces' if that is meant."
    )
    files["top"] += "replaces: [all_T]\n"
    assert [spec.least_events for spec in load(tmp_path, files).checks] == [99]
