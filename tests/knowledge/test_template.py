"""Each way to get a gating template wrong, with the message it gives; the docstring is the message's gist."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.template import Template, names_in, sources_of
from cytorecon.knowledge.templates import load_template

GOOD = """\
template_schema: 1
name: small
version: 1.0.0
title: A small template
about: For tests.
required: [CD3, CD4]
gates:
  - {gate: CD3, finder: valley, axis: {marker: CD3}}
  - {gate: CD4, finder: valley, find_in: CD3_T, axis: {marker: CD4}, control: not CD3}
populations:
  - {population: CD3_T, parent: root, where: CD3}
  - {population: CD4_T, parent: CD3_T, where: CD4}
"""


def load(folder: Path, text: str) -> Template:
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return load_template(path)


def message(folder: Path, before: str, after: str) -> str:
    """Return what is said about GOOD after one edit."""
    assert GOOD.count(before) == 1
    with pytest.raises(KnowledgeError) as caught:
        load(folder, GOOD.replace(before, after))
    return str(caught.value)


def wrong(field: str, found: str, allowed: str, *, fields: str = "1 field") -> str:
    return f"small.yaml, {field}: {fields} cannot be used. Found: {found}. Allowed: {allowed}."


def whole(folder: Path, before: str, after: str) -> str:
    """Return the part of the message about the file as a whole that says what is wrong."""
    text = message(folder, before, after)
    head, _, allowed = text.partition(" Allowed: ")
    assert head.startswith("small.yaml, (file): 1 field cannot be used. Found: {'template_schema': 1")
    return allowed


def test_the_template_all_others_are_edits_of_loads(tmp_path: Path) -> None:
    template = load(tmp_path, GOOD)
    assert template.name == "small"
    assert [spec.gate for spec in template.gates] == ["CD3", "CD4"]
    assert template.gate_by_name["CD4"].find_in == "CD3_T"
    assert template.population_by_name["CD4_T"].parent == "CD3_T"


def test_a_gate_is_defined_twice(tmp_path: Path) -> None:
    """gate 'CD3' is defined twice"""
    text = message(tmp_path, "gate: CD4, finder", "gate: CD3, finder")
    assert text.startswith("small.yaml, gates: 1 field cannot be used. Found: [{'gate': 'CD3'")
    assert text.endswith("Allowed: Value error, gate 'CD3' is defined twice.")


def test_a_population_is_defined_twice(tmp_path: Path) -> None:
    """population 'CD3_T' is defined twice"""
    assert whole(tmp_path, "population: CD4_T", "population: CD3_T") == (
        "Value error, population 'CD3_T' is defined twice."
    )


def test_a_population_has_the_name_of_a_gate(tmp_path: Path) -> None:
    """an expression could mean either"""
    assert whole(tmp_path, "population: CD4_T", "population: CD4") == (
        "Value error, population 'CD4' has the name of a gate."
    )


NAMES = (
    "a name consists of letters, digits and _, does not begin with a digit, "
    "and is none of all, root, and, or, not"
)


@pytest.mark.parametrize("name", ["CD16+CD56", "4_T", "T cells", "not", "all", "root", ""])
def test_a_name_that_no_expression_can_hold(tmp_path: Path, name: str) -> None:
    """a name consists of letters, digits and _"""
    assert whole(tmp_path, "population: CD4_T", f"population: '{name}'") == (
        f"Value error, population '{name}': {NAMES}."
    )
    assert message(tmp_path, "gate: CD4, finder", f"gate: '{name}', finder").endswith(
        f"Allowed: Value error, gate '{name}': {NAMES}."
    )


def test_a_parent_comes_after_its_child(tmp_path: Path) -> None:
    """its parent is not 'root' or a population listed before it"""
    assert whole(tmp_path, "parent: root", "parent: CD4_T") == (
        "Value error, population 'CD3_T': its parent 'CD4_T' is not 'root' or a population listed before it."
    )


def test_a_population_uses_a_gate_that_does_not_exist(tmp_path: Path) -> None:
    """uses 'CD8', which is neither a gate nor an earlier population"""
    assert whole(tmp_path, "where: CD4", "where: CD4 and not CD8") == (
        "Value error, population 'CD4_T' uses 'CD8', which is neither a gate nor an earlier population."
    )


def test_a_population_uses_a_later_population(tmp_path: Path) -> None:
    """populations are listed parents first, so a later one cannot be used"""
    assert whole(tmp_path, "where: CD3}", "where: CD3 and not CD4_T}") == (
        "Value error, population 'CD3_T' uses 'CD4_T', which is neither a gate nor an earlier population."
    )


def test_a_gate_is_looked_for_in_nothing_known(tmp_path: Path) -> None:
    """gate 'CD4' uses 'lymphocytes', which is neither a gate nor a population"""
    assert whole(tmp_path, "find_in: CD3_T", "find_in: lymphocytes") == (
        "Value error, gate 'CD4' uses 'lymphocytes', which is neither a gate nor an earlier population."
    )


def test_a_control_is_not_known(tmp_path: Path) -> None:
    """gate 'CD4' uses 'B', which is neither a gate nor a population"""
    assert whole(tmp_path, "control: not CD3", "control: B") == (
        "Value error, gate 'CD4' uses 'B', which is neither a gate nor an earlier population."
    )


def test_a_gate_is_looked_for_in_its_own_population(tmp_path: Path) -> None:
    """gates need each other in a circle"""
    assert whole(tmp_path, "find_in: CD3_T", "find_in: CD4_T") == (
        "Value error, gates need each other in a circle: CD4 -> CD4_T -> CD4."
    )


def test_a_gate_is_its_own_control(tmp_path: Path) -> None:
    """gates need each other in a circle"""
    assert whole(tmp_path, "control: not CD3", "control: not CD4") == (
        "Value error, gates need each other in a circle: CD4 -> CD4."
    )


def test_a_seed_stands_on_the_gate_it_shall_find(tmp_path: Path) -> None:
    """gates need each other in a circle"""
    cloud = (
        "gates:\n  - {gate: cloud, finder: cluster, x: {marker: CD3}, y: {scatter: side},"
        " seeds: [CD3, cloud], coverage: 0.99, min_events: 40}\n"
    )
    assert whole(tmp_path, "gates:\n", cloud) == (
        "Value error, gates need each other in a circle: cloud -> cloud."
    )


def test_an_expression_that_is_no_expression(tmp_path: Path) -> None:
    """'CD4 and' is not an expression of and, or, not and names"""
    assert whole(tmp_path, "where: CD4", "where: CD4 and") == (
        "Value error, 'CD4 and' is not an expression of and, or, not and names."
    )


def test_an_expression_that_calls_something(tmp_path: Path) -> None:
    """only names, and, or, not and parentheses"""
    assert whole(tmp_path, "where: CD4", "where: max(CD4)") == (
        "Value error, 'max(CD4)' may hold only names, and, or, not and parentheses."
    )


def test_a_finder_that_does_not_exist(tmp_path: Path) -> None:
    """the finder must be one of the known ones"""
    assert message(
        tmp_path, "{gate: CD3, finder: valley, axis: {marker: CD3}}", "{gate: CD3, finder: guess}"
    ) == wrong(
        "gates.0",
        "{'gate': 'CD3', 'finder': 'guess'}",
        "Input tag 'guess' found using 'finder' does not match any of the expected tags: 'singlet_ratio', "
        "'bright_in_all', 'valley', 'reference_tail', 'lower_tail', 'bright_mode', 'anchored_valley', "
        "'shifted', 'cluster', 'told_apart', 'scatter_region', 'density_contour', 'fixed_threshold', "
        "'fixed_ellipse', 'fixed_polygon'",
    )


def test_a_gate_without_a_finder(tmp_path: Path) -> None:
    """a gate says how it is found"""
    assert message(tmp_path, "{gate: CD3, finder: valley, axis: {marker: CD3}}", "{gate: CD3}") == wrong(
        "gates.0", "{'gate': 'CD3'}", "Unable to extract tag using discriminator 'finder'"
    )


def test_a_misspelt_field(tmp_path: Path) -> None:
    """a field nobody reads is refused, not ignored"""
    assert message(tmp_path, "control: not CD3", "controll: not CD3") == wrong(
        "gates.1.valley.controll", "'not CD3'", "no field of this name"
    )


def test_a_valley_without_an_axis(tmp_path: Path) -> None:
    """a valley needs an axis"""
    assert message(
        tmp_path, "{gate: CD3, finder: valley, axis: {marker: CD3}}", "{gate: CD3, finder: valley}"
    ) == (
        wrong("gates.0.valley.axis", "{'gate': 'CD3', 'finder': 'valley'}", "a value: the field is missing")
    )


def test_a_cut_that_does_not_exist(tmp_path: Path) -> None:
    """a cut is above the dimmest or below the brightest mode"""
    assert message(tmp_path, "axis: {marker: CD3}", "axis: {marker: CD3}, cut: middle") == wrong(
        "gates.0.valley.cut", "'middle'", "Input should be 'above_dimmest' or 'below_brightest'"
    )


def test_a_control_tail_of_nothing(tmp_path: Path) -> None:
    """a tail is above 0 deviations"""
    assert message(tmp_path, "axis: {marker: CD3}", "axis: {marker: CD3}, control_tail: 0") == wrong(
        "gates.0.valley.control_tail", "0", "Input should be greater than 0"
    )


def test_a_cluster_that_covers_everything(tmp_path: Path) -> None:
    """a normal cloud has no edge at coverage 1"""
    cloud = (
        "gates:\n  - {gate: cloud, finder: cluster, x: {marker: CD3}, y: {scatter: side},"
        " seeds: [CD3], coverage: 1, min_events: 40}\n"
    )
    assert message(tmp_path, "gates:\n", cloud) == wrong(
        "gates.0.cluster.coverage", "1", "Input should be less than 1"
    )


def test_a_cluster_without_seeds(tmp_path: Path) -> None:
    """without seeds nothing says which cloud is meant"""
    cloud = (
        "gates:\n  - {gate: cloud, finder: cluster, x: {marker: CD3}, y: {scatter: side},"
        " seeds: [], coverage: 0.99, min_events: 40}\n"
    )
    assert message(tmp_path, "gates:\n", cloud) == wrong(
        "gates.0.cluster.seeds", "[]", "Tuple should have at least 1 item after validation, not 0"
    )


def test_a_polygon_of_two_corners(tmp_path: Path) -> None:
    """a polygon has three corners or more"""
    polygon = (
        "gates:\n  - {gate: box, finder: fixed_polygon, x: {marker: CD3}, y: {marker: CD4},"
        " vertices: [[0, 0], [1, 1]]}\n"
    )
    assert message(tmp_path, "gates:\n", polygon) == wrong(
        "gates.0.fixed_polygon.vertices",
        "[[0, 0], [1, 1]]",
        "Tuple should have at least 3 items after validation, not 2",
    )


def test_another_schema(tmp_path: Path) -> None:
    """a template of a later schema is refused, not half understood"""
    assert message(tmp_path, "template_schema: 1", "template_schema: 2") == wrong(
        "template_schema", "2", "Input should be 1"
    )


def test_a_missing_title(tmp_path: Path) -> None:
    """a template has a title"""
    text = message(tmp_path, "title: A small template\n", "")
    assert text.startswith("small.yaml, title: 1 field cannot be used. Found: {'template_schema': 1")
    assert text.endswith("Allowed: a value: the field is missing.")


def test_a_version_that_yaml_takes_for_a_number(tmp_path: Path) -> None:
    """1.0 would lose its zero; a version is text"""
    assert message(tmp_path, "version: 1.0.0", "version: 1.10") == wrong(
        "version", "1.1", "Input should be a valid string"
    )


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    """two wrong fields, one message"""
    text = GOOD.replace("axis: {marker: CD3}", "axis: {marker: CD3}, cut: middle, keep: left")
    with pytest.raises(KnowledgeError) as caught:
        load(tmp_path, text)
    assert str(caught.value) == wrong(
        "gates.0.valley.cut, gates.0.valley.keep",
        "'middle', 'left'",
        "Input should be 'above_dimmest' or 'below_brightest'; Input should be 'above' or 'below'",
        fields="2 fields",
    )


def test_a_key_that_occurs_twice(tmp_path: Path) -> None:
    """YAML would keep the last one"""
    assert message(tmp_path, "name: small\n", "name: small\nname: large\n") == (
        "small.yaml: The file is not valid YAML. Found: the key 'name' occurs twice, line 3."
    )


def test_names_come_in_order_and_once() -> None:
    assert names_in("b and (a or not b) and c") == ("b", "a", "c")


NAME = st.sampled_from(["a", "b", "CD3", "CD16_CD56"])
EXPRESSION = st.recursive(
    NAME,
    lambda inner: st.one_of(
        inner.map(lambda text: f"not ({text})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    ),
    max_leaves=8,
)


@given(EXPRESSION)
def test_every_word_but_and_or_not_is_a_name(text: str) -> None:
    words = text.replace("(", " ").replace(")", " ").split()
    assert set(names_in(text)) == set(words) - {"and", "or", "not"}


@pytest.mark.parametrize(
    "text", ["a < b", "a + b", "a.b", "a[0]", "1", "'a'", "lambda: a", "a if b else a", "[a]", "a & b", "~a"]
)
def test_nothing_else_is_an_expression(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        names_in(text)
    assert str(caught.value) == f"'{text}' may hold only names, and, or, not and parentheses"


@pytest.mark.parametrize("text", ["", "a b", "and", "a; b", "CD16+"])
def test_what_does_not_parse_is_refused(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        names_in(text)
    assert str(caught.value) == f"'{text}' is not an expression of and, or, not and names"


def test_sources_are_all_expressions_a_gate_looks_at(tmp_path: Path) -> None:
    template = load_template("tbnk")
    found = {spec.gate: sources_of(spec) for spec in template.gates}
    assert found["bead_cloud"] == ("all",)
    assert found["one_cell"] == ("not bead_cloud",)
    inside = "leukocytes and lymphocyte_cloud"
    assert found["CD19"] == (inside, f"CD3_seed and {inside}", "bead_cloud")
    assert found["lymphocyte_cloud"] == (
        "leukocytes and not (CD4_dim and not (CD3_seed or CD19_seed))",
        "CD3_seed and low_side_scatter",
        "CD19_seed and low_side_scatter",
        "CD16_CD56_seed and low_side_scatter and not (CD3_seed or CD19_seed)",
    )
    scatter = {spec.gate: sources_of(spec) for spec in load_template("t_cd4_cd8").gates}
    assert scatter["T_cell_scatter"] == ("viable", "CD3")


def test_a_template_cannot_be_changed(tmp_path: Path) -> None:
    template = load(tmp_path, GOOD)
    with pytest.raises(ValueError) as caught:
        template.name = "other"  # type: ignore[misc]
    assert "Instance is frozen" in str(caught.value)


def test_a_template_written_out_and_read_again_is_the_same(tmp_path: Path) -> None:
    template = load_template("tbnk")
    again = Template.model_validate(yaml.safe_load(template.model_dump_json()))
    assert again == template


def test_a_population_may_not_exclude_a_gate_that_may_be_missing(tmp_path: Path) -> None:
    """missing is never zero: without its channel the gate holds everything, and nothing would be left"""
    text = GOOD.replace("axis: {marker: CD3}}", "axis: {marker: CD3}, optional: true}")
    with pytest.raises(KnowledgeError) as caught:
        load(tmp_path, text.replace("where: CD4", "where: CD4 and not CD3"))
    assert str(caught.value).partition(" Allowed: ")[2] == (
        "Value error, population 'CD4_T' excludes the optional gate 'CD3': without its channel that gate "
        "holds every event, and it would be empty; use a gate that keeps what is below."
    )
