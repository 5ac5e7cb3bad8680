"""Checks of a template: cells that carry what they should not, or lack what they should carry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cytorecon.errors import KnowledgeError
from cytorecon.gating.estimates import ThresholdEvidence, ValleyEstimate
from cytorecon.gating.found import FoundGate, FoundPart
from cytorecon.gating.gated import GatedSample
from cytorecon.gating.identity import LABELS, doubted_by, failed_checks
from cytorecon.gating.shapes import Threshold
from cytorecon.knowledge.template import (
    BrightestCheck,
    MarkerAxis,
    ShareCheck,
    Template,
    ValleyGate,
)
from cytorecon.knowledge.template.checks import AnyCheck
from cytorecon.knowledge.template.populations import PopulationSpec
from cytorecon.knowledge.templates import load_template
from tests.gating.samples import made_sample

WORDS: dict[str, Any] = {
    "title": "They differ",
    "why": "Known.",
    "source": "textbook",
    "doubts": ("B",),
}
SHARE = ShareCheck(
    check="B_or_T", kind="share", cells="CD19", inside="CD3", high_percent=50, least_events=40, **WORDS
)
BRIGHT = BrightestCheck(
    check="brighter",
    kind="brightest",
    cells="CD19",
    gate="CD19",
    others=("CD3",),
    negative="all",
    margin=0.1,
    least_events=40,
    **WORDS,
)


def tube(spec: AnyCheck, *, cd19: int, of_them_cd3: int, cd3_at: float = 0.8) -> GatedSample:
    """Return 1,000 events, `cd19` of them with CD19 at 0.6, and so many of these with CD3."""
    b, t = np.full(1000, 0.2), np.full(1000, 0.2)
    b[:cd19], t[:of_them_cd3] = 0.6, cd3_at
    sample = made_sample({"CD19": b, "CD3": t})
    gates = {
        name: ValleyGate(gate=name, finder="valley", axis=MarkerAxis(marker=name)) for name in ("CD3", "CD19")
    }
    template = Template(
        template_schema=1,
        name="t",
        version="1",
        title="t",
        about="t",
        required=("CD3", "CD19"),
        gates=tuple(gates.values()),
        populations=(PopulationSpec(population="B", parent="root", where="CD19"),),
        checks=(spec,),
    )
    found = tuple(
        FoundGate(name, "all", "found", (FoundPart(name, Threshold((name,), 0.4), "own_valley"),))
        for name in gates
    )
    return GatedSample(
        sample=sample,
        template=template,
        gates=found,
        masks={"B": b > 0.4},
        reasons={},
        searched={},
        gate_masks={"CD3": t > 0.4, "CD19": b > 0.4},
        everything=np.ones(1000, dtype=bool),
    )


def test_a_share_outside_of_its_limits_is_told_with_what_is_known() -> None:
    sample = tube(SHARE, cd19=100, of_them_cd3=80)
    (failed,) = failed_checks(sample)
    assert str(failed.issue) == (
        "warning: B_or_T: They differ: 80 % of 100 events are CD3; 0 to 50 % are expected. Known. (textbook)"
    )
    assert doubted_by((failed,), sample.template) == {"B": (LABELS,)}


def test_cells_close_above_a_threshold_of_the_batch_alone_are_a_tail() -> None:
    """A tube whose labels were exchanged shows a valley, or cells far above the threshold."""
    failing = tube(SHARE, cd19=100, of_them_cd3=80)
    by_batch = FoundGate("CD19", "all", "found", (FoundPart("CD19", Threshold(("CD19",), 0.55), "batch"),))
    cd3 = failing.gates[0]
    assert list(failed_checks(replace(failing, gates=(cd3, by_batch)))) == []
    own = ThresholdEvidence((), "above_dimmest", ValleyEstimate(0.4, 0.01, 0.9, 900.0, 100.0))
    seen = replace(by_batch, evidence={"CD19": own})
    assert len(list(failed_checks(replace(failing, gates=(cd3, seen))))) == 1
    far_below = replace(by_batch, parts=(FoundPart("CD19", Threshold(("CD19",), 0.4), "batch"),))
    assert len(list(failed_checks(replace(failing, gates=(cd3, far_below))))) == 1


@pytest.mark.parametrize(("cd19", "of_them_cd3"), [(100, 40), (100, 55), (39, 39), (0, 0)])
def test_a_share_within_chance_or_of_few_events_says_nothing(cd19: int, of_them_cd3: int) -> None:
    assert list(failed_checks(tube(SHARE, cd19=cd19, of_them_cd3=of_them_cd3))) == []


def test_a_marker_that_is_brighter_than_the_expected_one() -> None:
    (failed,) = failed_checks(tube(BRIGHT, cd19=100, of_them_cd3=100))
    assert failed.found == (
        "the median of 100 events lies 0.60 above the cells without CD3, and 0.40 above those without CD19 "
        "(transformed scale)"
    )


@pytest.mark.parametrize(("of_them_cd3", "cd3_at"), [(0, 0.8), (100, 0.65), (40, 0.8)])
def test_a_marker_that_is_not_clearly_brighter_says_nothing(of_them_cd3: int, cd3_at: float) -> None:
    assert list(failed_checks(tube(BRIGHT, cd19=100, of_them_cd3=of_them_cd3, cd3_at=cd3_at))) == []


def test_names_in_checks_must_mean_something(tmp_path: Path) -> None:
    text = """
template_schema: 1
name: t
version: "1"
title: t
about: t
required: [CD3]
gates:
  - {gate: CD3, finder: valley, axis: {marker: CD3}}
  - {gate: fixed, finder: fixed_threshold, axis: {scatter: side}, value: 0.5}
populations:
  - {population: T, parent: root, where: CD3}
checks:
  - {check: a, kind: share, title: t, cells: CD4, inside: CD3, least_events: 40, doubts: [B], why: w,
     source: s}
  - {check: b, kind: spillover, title: t, groups: {T: CD3}, lack: {CD3: [B]}, fewest_comparisons: 3,
     largest_slope: 0.2, least_events: 40, doubts: [T], why: w, source: s}
  - {check: a, kind: brightest, title: t, cells: CD3, gate: fixed, others: [CD3], negative: all, margin: 0.1,
     least_events: 40, doubts: [T], why: w, source: s}
  - {check: c, kind: share, title: t, cells: CD3, inside: CD3, least_events: 40, unless_asked: [d], why: w,
     source: s}
"""
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_template(path)
    for problem in (
        "check 'a' uses 'CD4', which is neither a gate nor an earlier population",
        "check 'a' casts doubt on 'B', which is no population",
        "check 'a' is defined twice",
        "check 'b' has no group 'B'",
        "check 'a' asks how bright 'fixed' is, which has no threshold on a marker",
        "check 'c' casts doubt on nothing",
        "check 'c' leaves its question to 'd', which is no check before it",
    ):
        assert problem in str(caught.value)


def test_of_a_whole_that_lacks_cells_the_other_parts_stand() -> None:
    failing = tube(SHARE, cd19=100, of_them_cd3=80)
    spec = SHARE.model_copy(update={"doubts": ("NK",), "doubts_wholes": ("lymphocytes",)})
    parents = {"lymphocytes": "root", "B": "lymphocytes", "NK": "lymphocytes", "NK_dim": "NK"}
    populations = tuple(
        PopulationSpec(population=name, parent=parent, where="CD19") for name, parent in parents.items()
    )
    template = failing.template.model_copy(update={"checks": (spec,), "populations": populations})
    failed = tuple(failed_checks(replace(failing, template=template)))
    assert doubted_by(failed, template) == dict.fromkeys(("lymphocytes", "NK", "NK_dim"), (LABELS,))


@pytest.mark.parametrize(("least", "told"), [(40, False), (101, True)])
def test_a_question_is_left_to_the_check_that_tells_better(least: int, told: bool) -> None:
    """Fewer cells than it needs leave the question to the next."""
    better = SHARE.model_copy(update={"check": "better", "high_percent": 100.0, "least_events": least})
    failing = tube(SHARE, cd19=100, of_them_cd3=80)
    checks = (better, SHARE.model_copy(update={"unless_asked": ("better",)}))
    template = failing.template.model_copy(update={"checks": checks})
    assert bool(list(failed_checks(replace(failing, template=template)))) is told
