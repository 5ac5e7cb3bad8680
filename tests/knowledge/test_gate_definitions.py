"""Which gate definition each population has, and which reference ranges may be held against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.populations import load_populations
from cytorecon.knowledge.references import load_references
from cytorecon.knowledge.template import PopulationSpec, Template
from cytorecon.knowledge.templates import load_template, template_names
from tests.templates.test_t_cells import HIGH
from tests.templates.tubes import Cells, gated_by, made_tube


def definition(template: Template, entry: PopulationSpec, *, all_markers: bool) -> str:
    """Return what `entry` is counted as in a tube with all its optional markers, or with none."""
    row = load_populations().find(entry.population)
    return entry.counted_as(lambda _: all_markers) or (row.gate_definition if row else "")


@pytest.mark.parametrize("name", template_names())
def test_every_population_of_cells_says_what_it_counts(name: str) -> None:
    template, known = load_template(name), load_populations()
    cells = [entry for entry in template.populations if known.kind_of(entry.population) == "cells"]
    assert [entry.population for entry in cells if not definition(template, entry, all_markers=True)] == []


def test_three_ways_to_be_naive_are_three_definitions_and_none_has_a_range() -> None:
    """CM is 53 % of CD4 by one set's gates and 23 % by another's: only the same gate may be compared."""
    references = load_references()
    found = {
        definition(load_template(name), load_template(name).population_by_name["CD4_naive"], all_markers=True)
        for name in ("t_memory", "t_memory_cd62l", "t_memory_cd27", "t_memory_scaled", "rte")
    }
    assert found == {
        "CD3+CD4+CD45RA+CCR7+",
        "CD3+CD4+CD45RA+CD62L+",
        "CD3+CD4+CD45RA+CD27+",
        "CD3+CD4+CD45RA+CCR7+CD62L+",
    }
    for each in found:
        asked = ("CD4_naive", "percent_of_parent")
        assert references.find(*asked, 40.0, "all", gate_definition=each) is None
        assert references.refusal(*asked, each) == (
            f"no range of this definition ({each}); there are ranges of: markers not stated by the source; "
            "CD4+ naive of Milieu Interieur (CD45RA with CD27 and/or CCR7, not stated)"
        )


#: Population, measure, age, definition as the template has it, set and limits as the source prints them.
ATTACHED = [
    ("CD4_RTE", "cells_per_ul", 30.0, "CD3+CD4+CD45RA+CD31+", "arup_2010179", 51, 609),
    ("CD4_RTE", "cells_per_ul", 1.0, "CD3+CD4+CD45RA+CD31+", "arup_2010179", 900, 5800),
    ("B_naive", "percent_of_parent", 3.0, "CD19+CD27-IgD+", "arup_2008901", 54, 88),
    ("B_naive", "cells_per_ul", 30.0, "CD19+CD27-IgD+", "arup_2008901", 5, 345),
    ("B_switched_memory", "percent_of_parent", 30.0, "CD19+CD27+IgD-", "arup_2008901", 4, 40),
    ("B_nonswitched_memory", "percent_of_parent", 12.0, "CD19+CD27+IgD+", "arup_2008901", 5, 18),
    ("Treg", "percent_of_parent", 30.0, "CD3+CD4+CD25+CD127lo", "arup_2010172", 4, 10.7),
    ("NK_CD56dim", "cells_per_ul", 30.0, "CD3-CD16+CD56dim", "arup_2013805", 51, 482),
]


@pytest.mark.parametrize(("population", "measure", "age", "counted", "name", "low", "high"), ATTACHED)
def test_ranges_of_the_same_definition_are_attached(
    population: str, measure: str, age: float, counted: str, name: str, low: float, high: float
) -> None:
    found = load_references().find(population, measure, age, "all", gate_definition=counted)
    assert found is not None
    assert (found.set, found.low, found.high) == (name, low, high)
    assert load_references().refusal(population, measure, counted) == ""


@pytest.mark.parametrize(
    ("population", "measure", "counted", "there"),
    [
        ("DN_T", "cells_per_ul", "CD3+CD4-CD8-", "CD3+TCRab+CD4-CD8-"),
        ("NKT_like", "cells_per_ul", "CD3+CD16/56+", "CD3+CD56+"),
        ("NK_CD56bright", "cells_per_ul", "CD3-CD56bright", "CD3-CD16-CD56bright"),
        ("B_plasmablast", "cells_per_ul", "CD19+CD24-CD27+CD38hi IgD-", "CD19+CD38hi IgM-"),
        ("Treg_memory", "cells_per_ul", "CD3+CD4+CD25+CD127lo CCR4+CD45RO+", "CD4+CD25+CD127lo CD45RO+"),
        ("lymphocytes", "cells_per_ul", "scatter of T cells", "lymphocytes (flow)"),
        ("CD8_T", "cells_per_ul", "mouse CD3+TCRgd-CD8+CD4-", "CD3+CD8+"),
    ],
)
def test_ranges_of_another_definition_are_refused(
    population: str, measure: str, counted: str, there: str
) -> None:
    references = load_references()
    assert references.find(population, measure, 30.0, "female", gate_definition=counted) is None
    assert references.refusal(population, measure, counted) == (
        f"no range of this definition ({counted}); there are ranges of: {there}"
    )


def test_a_count_by_the_definition_of_a_range_is_held_against_it() -> None:
    references = load_references()
    asked = ("CD4_T", "cells_per_ul")
    ours, theirs = (
        references.find(*asked, 30.0, "female", gate_definition=one) for one in ("CD3+CD4+CD8-", "CD3+CD4+")
    )
    assert ours is not None
    assert ours == theirs
    assert references.refusal(*asked, "CD3+CD4+") == ""
    # a row of another definition is not taken for it, though ours may be held against both
    (default,) = (one for one in references.defaults if (one.population, one.measure) == asked)
    assert default.comparable("CD3+CD4+") == ("CD3+CD4+",)
    assert default.comparable("CD4+") == ()


def test_a_result_that_does_not_say_what_it_counted_is_refused() -> None:
    assert load_references().refusal("B", "cells_per_ul", "") == (
        "no range of this definition (the result does not say which); there are ranges of: CD19+"
    )


def test_every_definition_that_a_default_accepts_is_one_of_ours() -> None:
    """A definition that no template has would be a range nobody ever sees."""
    ours = {"CD3+CD4+CD8- / CD3+CD8+CD4-", "CD3+CD4+CD8- / CD3+CD8bright+CD4-"}
    for name in template_names():
        template = load_template(name)
        for entry in template.populations:
            ours |= {definition(template, entry, all_markers=every) for every in (True, False)}
    accepted = {counted for default in load_references().defaults for counted in default.ours}
    assert accepted - ours == set()


@pytest.mark.parametrize(("markers", "counted"), [
    (("CD45RA", "CD31"), "CD3+CD4+CD45RA+CD31+"),
    (("CD45RA", "CD31", "CCR7"), "CD3+CD4+CD45RA+CCR7+CD31+"),
])  # fmt: skip
def test_the_definition_follows_the_markers_of_the_tube(markers: tuple[str, ...], counted: str) -> None:
    four = {"CD3": HIGH, "CD4": HIGH}
    cells = [
        Cells("4 naive", 800, {**four, "CD45RA": HIGH, "CD31": HIGH, "CCR7": HIGH}),
        Cells("4 memory", 800, four),
        Cells("8", 800, {"CD3": HIGH, "CD8": HIGH}),
        Cells("B", 800),
    ]
    tallies = gated_by(made_tube(cells, ("CD3", "CD4", "CD8", *markers)), "rte").tallies()
    found = {tally.population: tally.gate_definition for tally in tallies}
    assert found["CD4_RTE"] == counted
    assert found["CD4_T"] == ""  # as populations.csv has it


def test_a_bracketed_marker_must_be_one_that_a_tube_may_lack(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "template_schema: 1\nname: own\nversion: 1.0.0\ntitle: Own\nabout: x\nincludes: [base/cd3]\n"
        "populations:\n  - {population: NK, parent: lymphocytes, where: not CD3, "
        'gate_definition: "[CD3-]x"}\n',
        encoding="utf-8",
    )
    with pytest.raises(KnowledgeError) as caught:
        load_template(own)
    assert "population 'NK': its gate definition may lack CD3, which no optional gate uses" in str(
        caught.value
    )
