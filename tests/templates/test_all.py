"""What holds for every template: an unstained tube, an empty one, one without events enough, a lost stain."""

from __future__ import annotations

import pytest

from cytorecon.gating.gated import GatedSample
from cytorecon.knowledge.templates import load_template, template_names
from tests.templates.tubes import DEBRIS, GRANULOCYTE, LYMPHOCYTE, MONOCYTE, Cells, gated_by, made_tube

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
