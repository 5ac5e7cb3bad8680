"""Decisions about gates of samples in memory: applied, learned without, refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from cytorecon.errors import OverrideError
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.overrides import Override, undo
from cytorecon.gating.shapes import Polygon, Threshold
from cytorecon.pipeline import gate_batch, learn_priors
from cytorecon.pipeline.source import batch_of
from cytorecon.simulate import SimulatedTube
from tests.pipeline.tubes import BLOOD, events, flags, samples, statuses, tube

Tubes = tuple[SimulatedTube, ...]
DAY = date(2026, 5, 4)


def threshold_of(gated: GatedSample, gate: str) -> float:
    (part,) = (part for found in gated.gates for part in found.parts if part.part == gate)
    assert isinstance(part.shape, Threshold)
    return part.shape.value


def record(gate: str, scope: str, target: str, threshold: float) -> Override:
    told = {"action": "set_threshold", "template": "tbnk", "by": "AB", "on": DAY, "why": "dim cells"}
    place = {"gate": gate, "scope": scope, "target": target, "threshold": threshold}
    return Override.model_validate(told | place)


def test_each_sample_gets_what_is_decided_for_it(usual_tubes: Tubes) -> None:
    tubes = samples(usual_tubes[:4])
    batch = batch_of(tubes[0], gate_batch(tubes[:1], "tbnk")[0].template)
    one, all_of_them = record("CD4", "sample", "2", 0.51), record("CD4", "batch", batch, 0.52)
    gated = gate_batch(tubes, "tbnk", overrides=[one, all_of_them])
    assert [threshold_of(each, "CD4") for each in gated] == [0.52, 0.51, 0.52, 0.52]
    evidence = gated[0].evidence().set_index("part").loc["CD4"]
    assert (evidence.source, evidence.override) == ("manual", all_of_them.id)


def test_a_placed_gate_teaches_nothing_and_undone_everything_is_as_before(usual_tubes: Tubes) -> None:
    tubes = samples(usual_tubes[:4])
    plain = gate_batch(tubes, "tbnk")
    one = record("CD4", "sample", "1", threshold_of(plain[0], "CD4"))
    learned = [
        gate_batch(tubes, "tbnk", overrides=records)[1].evidence().set_index("part").loc["CD4", "batch_tubes"]
        for records in ([], [one])
    ]
    assert learned[0] == 4
    assert learned[1] != 4  # three tubes are too few to learn from
    back = gate_batch(tubes, "tbnk", overrides=[one, undo(one, by="AB", on=DAY, why="was right")])
    assert [each.gates_version for each in back] == [each.gates_version for each in plain]
    assert [each.gates for each in back] == [each.gates for each in plain]


EVERYTHING = ((-1.0, -1.0), (2.0, -1.0), (2.0, 2.0), (-1.0, 2.0))


def drawn(gate: str, vertices: tuple[tuple[float, float], ...]) -> Override:
    told = {"action": "set_polygon", "template": "tbnk", "by": "AB", "on": DAY, "why": "wider"}
    place = {"gate": gate, "scope": "sample", "target": "1", "vertices": vertices}
    return Override.model_validate(told | place)


def outline_of(gated: GatedSample, gate: str) -> tuple[tuple[float, float], ...]:
    (part,) = next(found for found in gated.gates if found.gate == gate).parts
    assert isinstance(part.shape, Polygon)
    return part.shape.vertices


def widened(vertices: tuple[tuple[float, float], ...], factor: float) -> tuple[tuple[float, float], ...]:
    centre = np.mean(vertices, axis=0)
    return tuple((float(x), float(y)) for x, y in centre + factor * (np.array(vertices) - centre))


def test_a_drawn_cloud_that_takes_in_its_neighbours_is_marked(usual_tubes: Tubes) -> None:
    """Everything in NK_like: neutrophils and monocytes carry CD16, too, and were NK cells without a mark."""
    tubes = [tube({**BLOOD, "NK": 300}, seed=590).sample(), *samples(usual_tubes)]
    priors = learn_priors(tubes, "tbnk")
    (plain,) = gate_batch(tubes[:1], "tbnk", priors)
    everything = [drawn(gate, EVERYTHING) for gate in ("NK_like", "NK_cloud")]
    (wrong,) = gate_batch(tubes[:1], "tbnk", priors, overrides=everything)
    assert events(wrong, "NK") > 1.5 * events(plain, "NK")
    assert {"gate.told_otherwise", "gate.others_inside"} & flags(wrong, "NK")
    assert statuses(wrong)["NK"] == "review"


def test_a_cloud_drawn_a_little_wider_is_no_doubt(usual_tubes: Tubes) -> None:
    tubes = [tube({**BLOOD, "NK": 300}, seed=590).sample(), *samples(usual_tubes)]
    priors = learn_priors(tubes, "tbnk")
    (plain,) = gate_batch(tubes[:1], "tbnk", priors)
    for gate in ("NK_cloud", "lymphocyte_cloud"):
        outline = outline_of(plain, gate)
        (wider,) = gate_batch(tubes[:1], "tbnk", priors, overrides=[drawn(gate, widened(outline, 1.1))])
        assert not {"gate.others_inside", "gate.seeds_outside"} & flags(wider, "NK")


def test_a_drawn_cloud_that_leaves_out_certain_cells_is_marked(usual_tubes: Tubes) -> None:
    tubes = samples(usual_tubes)
    priors = learn_priors(tubes, "tbnk")
    (plain,) = gate_batch(tubes[:1], "tbnk", priors)
    for factor, doubts in ((0.5, ("gate.seeds_outside",)), (1.0, ())):
        outline = widened(outline_of(plain, "lymphocyte_cloud"), factor)
        (gated,) = gate_batch(tubes[:1], "tbnk", priors, overrides=[drawn("lymphocyte_cloud", outline)])
        (part,) = next(found for found in gated.gates if found.gate == "lymphocyte_cloud").parts
        assert tuple(flag for flag in part.flags if flag != "gate.reconfirm") == doubts


def test_drawn_singlets_that_leave_out_more_than_doublets_are_marked(usual_tubes: Tubes) -> None:
    tubes = samples(usual_tubes)
    priors = learn_priors(tubes, "tbnk")
    (plain,) = gate_batch(tubes[:1], "tbnk", priors)
    small = widened(outline_of(plain, "one_cell"), 0.3)
    (gated,) = gate_batch(tubes[:1], "tbnk", priors, overrides=[drawn("one_cell", small)])
    assert "gate.many_doublets" in flags(gated, "CD3_T")
    assert "gate.many_doublets" not in flags(plain, "CD3_T")


def test_a_threshold_set_among_cells_that_lack_the_marker_is_marked(usual_tubes: Tubes) -> None:
    tubes = samples(usual_tubes)
    priors = learn_priors(tubes, "tbnk")
    (plain,) = gate_batch(tubes[:1], "tbnk", priors)
    for position, marked in ((0.1, True), (threshold_of(plain, "CD19"), False)):
        (gated,) = gate_batch(tubes[:1], "tbnk", priors, overrides=[record("CD19", "sample", "1", position)])
        assert ("gate.control_above" in flags(gated, "B")) is marked


def test_an_unknown_sample_is_named(usual_tubes: Tubes) -> None:
    with pytest.raises(OverrideError) as error:
        gate_batch(samples(usual_tubes[:2]), "tbnk", overrides=[record("CD4", "sample", "3", 0.5)])
    assert str(error.value) == (
        "override of gate CD4, target: There is no such sample. Found: 3. Allowed: 1, 2. "
        "Samples are named by their numbers in the list, from 1."
    )
