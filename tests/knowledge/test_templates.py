"""The packaged templates, and how a template is named."""

from __future__ import annotations

import hashlib
import re
from importlib import resources
from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.markers import load_markers
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.template import BeadGate, Template, markers_of, names_in, sources_of
from cytorecon.knowledge.templates import load_template, template_names

TEMPLATES = template_names()


def test_a_template_ships_for_each_kind_of_tube() -> None:
    assert set(TEMPLATES) >= {
        "tbnk", "t_cd4_cd8", "leukocyte_differential", "t_memory", "t_memory_cd62l", "t_memory_cd27", "treg",
        "t_activation", "rte", "t_helper", "gamma_delta", "b_maturation", "nk_subsets", "monocytes",
        "dendritic", "senescence", "cd34", "msc_identity", "ips_product", "car_t",
    }  # fmt: skip


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_packaged_template_carries_its_name_and_the_hash_of_its_file(name: str) -> None:
    template = load_template(name)
    content = (resources.files("cytorecon.knowledge") / "templates" / f"{name}.yaml").read_bytes()
    assert template.name == name
    if not template.includes:
        assert template.sha256 == hashlib.sha256(content).hexdigest()


def test_parts_are_no_templates_to_choose() -> None:
    assert not [name for name in TEMPLATES if "base" in name]
    with pytest.raises(KnowledgeError):
        load_template("base/t_cells")


@pytest.mark.parametrize("name", TEMPLATES)
def test_populations_are_those_of_the_table(name: str) -> None:
    known = {row.population for row in load_populations().rows}
    assert {entry.population for entry in load_template(name).populations} <= known


@pytest.mark.parametrize("name", TEMPLATES)
def test_markers_are_known_and_declared(name: str) -> None:
    """A gate on a marker that is neither required nor optional could never be found."""
    template = load_template(name)
    declared = {*template.required, *template.optional}
    used = {marker for spec in template.gates for marker in markers_of(spec)}
    assert used <= declared
    assert all(load_markers().canonical(marker) for marker in declared)
    assert set(template.required) <= used


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_gate_serves_a_population(name: str) -> None:
    template = load_template(name)
    needed: set[str] = set()
    waiting = [word for entry in template.populations for word in names_in(entry.where)]
    while waiting:
        word = waiting.pop()
        if word in template.gate_by_name and word not in needed:
            needed.add(word)
            waiting += [each for text in sources_of(template.gate_by_name[word]) for each in names_in(text)]
    assert needed == set(template.gate_by_name)


@pytest.mark.parametrize("name", [name for name in TEMPLATES if load_template(name).includes])
def test_every_gate_says_why(name: str) -> None:
    """A clinician reads the template, and asks."""
    assert [spec.gate for spec in load_template(name).gates if not spec.why] == []


def rests_on(template: Template, name: str) -> set[str]:
    """Return the markers that `name` cannot be evaluated without."""
    if name in template.gate_by_name:
        spec = template.gate_by_name[name]
        found = set() if spec.optional else set(markers_of(spec))
        if isinstance(spec, BeadGate) and len(found & set(template.required)) >= 2:
            found &= set(template.required)  # two are looked at, or say that there are no beads
        return found | {marker for word in names_in(spec.find_in) for marker in rests_on(template, word)}
    if name not in template.population_by_name:
        return set()
    entry = template.population_by_name[name]
    words = (*names_in(entry.where), entry.parent)
    return {marker for word in words for marker in rests_on(template, word)}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_tube_without_the_optional_markers_shows_what_the_template_is_for(name: str) -> None:
    """Something of its own is left that rests on required markers only."""
    template = load_template(name)
    cleaning = {"singlets", "viable", "leukocytes", "lymphocytes", "beads"}
    left = [
        entry.population
        for entry in template.populations
        if entry.population not in cleaning
        and not rests_on(template, entry.population) & set(template.optional)
    ]
    assert left


def ancestors(template: Template, population: str) -> list[str]:
    found = []
    while population != "root":
        population = template.population_by_name[population].parent
        found.append(population)
    return found


def test_lymphocyte_subsets_hang_under_lymphocytes() -> None:
    template = load_template("tbnk")
    for population in ("CD3_T", "CD4_T", "CD8_T", "DN_T", "DP_T", "NKT_like", "B", "NK"):
        assert "lymphocytes" in ancestors(template, population)
        assert "leukocytes" in ancestors(template, population)
    assert ancestors(template, "beads") == ["root"]


def test_without_cd45_there_are_no_leukocytes_to_count() -> None:
    names = {entry.population for entry in load_template("t_cd4_cd8").populations}
    assert "leukocytes" not in names
    assert not names & {"B", "NK", "beads"}


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(KnowledgeError) as caught:
        load_template("tbkn")
    assert str(caught.value) == (
        "template: There is no such template. Found: tbkn. "
        f"Allowed: {', '.join(TEMPLATES)}, or the path of a .yaml file."
    )


def test_a_path_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError) as caught:
        load_template(tmp_path / "mine.yaml")
    assert str(caught.value) == "mine.yaml: There is no such template file. Allowed: a .yaml file."


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    content = (resources.files("cytorecon.knowledge") / "templates" / "tbnk.yaml").read_bytes()
    mine = tmp_path / "mine.yaml"
    mine.write_bytes(content + b"# ours\n")
    template = load_template(mine)
    assert template.sha256 == hashlib.sha256(content + b"# ours\n").hexdigest()
    assert load_template(str(mine)) == template


def test_a_template_in_the_users_folder_replaces_the_packaged_one(tmp_path: Path) -> None:
    text = (resources.files("cytorecon.knowledge") / "templates" / "tbnk.yaml").read_text(encoding="utf-8")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "tbnk.yaml").write_text(
        re.sub(r"(?m)^version: .*", "version: 9.0.0", text), "utf-8"
    )
    (tmp_path / "templates" / "ours.yaml").write_text(text.replace("name: tbnk", "name: ours"), "utf-8")
    assert load_template("tbnk", folder=tmp_path).version == "9.0.0"
    assert load_template("ours", folder=tmp_path).name == "ours"
    assert load_template("t_cd4_cd8", folder=tmp_path) == load_template("t_cd4_cd8")
