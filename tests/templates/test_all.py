"""What holds for every template: an unstained tube, an empty one, one without events enough, a lost stain."""

from __future__ import annotations

import numpy as np
import pytest

from cytorecon.gating.gated import GatedSample
from cytorecon.knowledge.templates import load_template, template_names
from tests.templates.test_other_cells import B_CELLS, b_tube, graft
from tests.templates.test_t_cells import MEMORY, TREG, tube
from tests.templates.tubes import (
    DEBRIS,
    GRANULOCYTE,
    LYMPHOCYTE,
    MONOCYTE,
    Cells,
    MadeTube,
    gated_by,
    made_tube,
)

#: Populations that say how clean a tube is; an unstained tube has them, too.
CLEANING = {"singlets", "viable", "leukocytes", "lymphocytes", "granulocytes", "beads"}
COMPOSED = [name for name in template_names() if load_template(name).includes]


def blood(template: str, factor: float) -> GatedSample:
    """Return unstained blood, `factor` times as many events as usual, gated by `template`."""
    loaded = load_template(template)
    cells = [
        Cells("lymphocytes", int(2000 * factor), {}, LYMPHOCYTE),
        Cells("monocytes", int(600 * factor), {}, MONOCYTE),
        Cells("granulocytes", int(4000 * factor), {}, GRANULOCYTE),
        Cells("debris", int(1500 * factor), {}, DEBRIS),
    ]
    markers = [marker for marker in (*loaded.required, *loaded.optional) if "+" not in marker]
    return gated_by(made_tube(cells, markers), loaded)


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("t_memory", tube(MEMORY, "CD45RA", "CCR7")),
        ("treg", tube(TREG, "CD25", "CD127", "CD45RO", "CCR4")),
        ("b_maturation", b_tube(B_CELLS)),
        ("cd34", graft(200)),
    ],
)
def test_the_order_of_events_changes_nothing(template: str, made: MadeTube) -> None:
    order = np.random.default_rng(3).permutation(made.kinds.size)
    shuffled = MadeTube({name: column[order] for name, column in made.columns.items()}, made.kinds[order])
    first, second = gated_by(made, template), gated_by(shuffled, template)
    assert first.gates_version == second.gates_version
    assert first.tallies() == second.tallies()


@pytest.mark.parametrize("template", COMPOSED)
@pytest.mark.parametrize("factor", [1, 0.025, 0])
def test_nothing_is_found_in_an_unstained_tube(template: str, factor: float) -> None:
    gated = blood(template, factor)
    found = {
        population: int(mask.sum())
        for population, mask in gated.masks.items()
        if population not in gated.reasons and population not in CLEANING
    }
    assert {population: events for population, events in found.items() if events > 3} == {}
