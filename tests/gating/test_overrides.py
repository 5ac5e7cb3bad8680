"""What people decide about gates, and what it does to a tube."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytorecon.errors import OverrideError
from cytorecon.gating.gated import GatedSample, evidence_of
from cytorecon.gating.override_check import check_override, check_undo
from cytorecon.gating.overrides import Override, Scope, decisions, standing, undo
from cytorecon.gating.prior import SETTLED_TUBES, GatingPrior, ThresholdPrior
from tests.gating.samples import Values, gated, made_template, mixture, valley

RNG = np.random.default_rng(4)
BRIGHT = {name: RNG.random(4000) < share for name, share in (("a", 0.5), ("b", 0.4), ("c", 0.3))}
TUBE: dict[str, Values] = {
    name: np.where(bright, 0.75, 0.2) + 0.03 * RNG.normal(size=4000) for name, bright in BRIGHT.items()
}
#: b is looked for in what a holds; c stands alone.
TEMPLATE = made_template(
    [valley("a"), valley("b", find_in="a"), valley("c")],
    {"a_cells": "a", "b_cells": "b", "c_cells": "c"},
    {"b_cells": "a_cells"},
)
DAY = date(2026, 5, 4)
AUTOMATIC = {part.part: part for found in gated(TUBE, TEMPLATE).gates for part in found.parts}


def base_of(gate: str) -> float:
    """Return where the search puts a gate of the tube."""
    shape = AUTOMATIC[gate].shape
    return float(shape.value)  # type: ignore[union-attr]


def record(gate: str, threshold: float | None = 0.6, **fields: object) -> Override:
    """Return a record for tube "t" that was made looking at the automatic position."""
    told: dict[str, object] = {
        "action": "set_threshold",
        "template": "made",
        "gate": gate,
        "scope": "sample",
        "target": "t",
        "threshold": threshold,
        "base_threshold": base_of(gate) if gate in AUTOMATIC else None,
        "by": "AB",
        "on": DAY,
        "why": "valley is a doublet",
    }
    return Override.model_validate(told | fields)


def tube(records: Sequence[Override], *, columns: dict[str, Values] | None = None) -> GatedSample:
    """Return tube "t" of batch "x" gated with `records`."""
    return gated(columns or TUBE, TEMPLATE, held=decisions(records, TEMPLATE, "t", "x"))


def counted(result: GatedSample) -> pd.DataFrame:
    """Return what a user sees of a tube."""
    return result.counts().set_index("population")


def test_a_gate_lies_where_the_person_says() -> None:
    result = tube([record("a", 0.31)])
    assert result.mask("a_cells").tolist() == (np.float32(0.31) <= TUBE["a"].astype(np.float32)).tolist()
    row = result.evidence().set_index("gate").loc["a"]
    assert (row.source, row.method, row.position, row.verdict) == ("manual", "manual", 0.31, "accept")
    (saved,) = (each for each in result.records() if each.gate == "a")
    assert (saved.method, saved.override) == ("manual", record("a", 0.31).id)
    assert saved.automatic_threshold == base_of("a")


def test_a_gate_found_with_it_is_looked_for_anew() -> None:
    columns = {**TUBE, "b": np.where(BRIGHT["a"], TUBE["b"], TUBE["b"] + 0.1)}
    before, after = tube([], columns=columns), tube([record("a", 0.0)], columns=columns)
    assert before.gates[1].events_of_parent == int(BRIGHT["a"].sum())
    assert after.gates[1].events_of_parent == 4000
    assert after.gates[1].parts[0].shape != before.gates[1].parts[0].shape
    assert after.gates[1].parts[0].method == "own_valley"


def test_what_a_person_placed_teaches_the_batch_nothing() -> None:
    template = made_template([valley("a", pool=True), valley("c", pool=True)], {"a_cells": "a"})
    held = decisions([record("a")], template, "t", "x")
    assert set(evidence_of(gated(TUBE, template, held=held))) == {"c"}
    accepted = decisions([record("a", None, action="accept_auto")], template, "t", "x")
    assert set(evidence_of(gated(TUBE, template, held=accepted))) == {"a", "c"}


def test_an_excluded_gate_takes_with_it_what_rests_on_it() -> None:
    result = tube([record("a", None, action="exclude", base_threshold=None)])
    assert counted(result).loc[["a_cells", "b_cells", "c_cells"], "status"].tolist() == [
        "not_evaluable",
        "not_evaluable",
        "ok",
    ]
    assert result.reasons["b_cells"] == "a: excluded by hand"
    assert "a" not in evidence_of(result)


def test_accepting_settles_the_doubts_about_a_gate() -> None:
    one_mode = {**TUBE, "a": mixture([(4000, 0.2, 0.04)], seed=1)}
    template = made_template([valley("a", control="c"), valley("c")], {"a_cells": "a"})
    doubtful = gated(one_mode, template)
    assert doubtful.review["a_cells"] == ("gate.control_tail:a",)
    shape = doubtful.gates[0].parts[0].shape
    accept = record("a", None, action="accept_auto", base_threshold=shape.value)  # type: ignore[union-attr]
    settled = gated(one_mode, template, held=decisions([accept], template, "t", "x"))
    assert settled.review["a_cells"] == ()
    assert settled.gates[0].parts[0].shape == shape
    assert settled.gates_version != doubtful.gates_version
    wide = accept.model_copy(update={"scope": "batch", "target": "x"})
    unseen = gated(one_mode, template, held=decisions([wide], template, "t", "x"))
    assert unseen.review["a_cells"] == ("gate.control_tail:a",)


def test_a_position_that_has_moved_since_is_to_be_confirmed_again() -> None:
    error = AUTOMATIC["a"].standard_error
    assert error is not None
    near, far = base_of("a") + 0.9 * error, base_of("a") + 1.1 * error
    assert tube([record("a", base_threshold=near)]).review["a_cells"] == ()
    assert tube([record("a", base_threshold=far)]).review["a_cells"] == ("gate.reconfirm:a",)
    assert counted(tube([record("a", base_threshold=None)])).loc["a_cells", "status"] == "review"
    accepted = record("a", None, action="accept_auto", base_threshold=far)
    assert tube([accepted]).review["a_cells"] == ("gate.reconfirm:a",)


def test_a_batch_is_held_against_the_position_of_the_batch() -> None:
    prior = GatingPrior(
        tubes=SETTLED_TUBES, thresholds={"a": ThresholdPrior(position=0.5, spread=0.02, tubes=16)}
    )

    def review(base: float) -> tuple[str, ...]:
        wide = record("a", scope="batch", target="x", base_threshold=base)
        return gated(TUBE, TEMPLATE, prior, decisions([wide], TEMPLATE, "t", "x")).review["a_cells"]

    assert review(0.504) == ()
    assert review(0.506) == ("gate.reconfirm:a",)


def test_a_manual_child_is_kept_and_to_be_confirmed_when_its_parent_moves() -> None:
    child, parent = record("b", 0.5), record("a", 0.6)
    parent_first, child_first = tube([parent, child]), tube([child, parent])
    assert parent_first.review["b_cells"] == ()
    assert child_first.review["b_cells"] == ("gate.reconfirm:b",)
    assert child_first.gates[1].parts[0].shape == parent_first.gates[1].parts[0].shape
    again = tube([child, parent, child])
    assert again.review["b_cells"] == ()
    back = tube([child, parent, undo(parent, by="AB", on=DAY, why="was right")])
    assert back.review["b_cells"] == ()
    assert tube([parent, child, undo(parent, by="AB", on=DAY, why="no")]).review["b_cells"] == (
        "gate.reconfirm:b",
    )


def test_the_narrowest_scope_wins_and_of_one_scope_the_latest() -> None:
    sample = record("a", 0.41)
    batch = record("a", 0.42, scope="batch", target="x")
    template = record("a", 0.43, scope="template", target="")
    others = [
        record("a", 0.44, target="u"),
        record("a", 0.45, scope="batch", target="y"),
        record("a", 0.46, template="other"),
    ]

    def place(*records: Override) -> float | None:
        held = decisions([*records, *others], TEMPLATE, "t", "x").by_gate
        return held["a"].override.threshold if held else None

    assert place(sample, batch, template) == place(template, batch, sample) == 0.41
    assert place(batch, template) == place(template, batch) == 0.42
    assert place(template) == 0.43
    assert place() is None
    assert place(sample, record("a", 0.47)) == 0.47


def test_the_automatic_position_can_be_kept_for_a_tube_of_a_batch_that_is_set() -> None:
    batch = record("a", 0.31, scope="batch", target="x")
    accept = record("a", None, action="accept_auto")
    assert tube([batch]).gates[0].parts[0].method == "manual"
    assert tube([batch, accept]).gates[0].parts[0].shape == AUTOMATIC["a"].shape


def test_a_gate_that_the_search_missed_can_be_set() -> None:
    columns = {**TUBE, "a": mixture([(4000, 0.2, 0.04)], seed=1)}
    assert "a_cells" in tube([], columns=columns).reasons
    result = tube([record("a", 0.2, base_threshold=None)], columns=columns)
    assert result.mask("a_cells").sum() == (columns["a"].astype(np.float32) >= np.float32(0.2)).sum()
    assert "gate.reconfirm:a" not in result.review["a_cells"]


@pytest.mark.parametrize("both", [False, True])
def test_a_gate_on_two_channels_is_set_channel_by_channel(both: bool) -> None:
    template = made_template(
        [{"gate": "k", "finder": "valley", "axis": {"marker": "CD16+CD56"}}], {"k_cells": "k"}
    )
    columns = {"CD16": TUBE["a"], "CD56": TUBE["b"]}
    records = [record("k.CD16", 0.5), record("k.CD56", 0.6)][: 2 if both else 1]
    result = gated(columns, template, held=decisions(records, template, "t", "x"))
    methods = [part.method for part in result.gates[0].parts]
    assert methods == (["manual", "manual"] if both else ["manual", "own_valley"])
    assert result.gates[0].evidence == {}
    with pytest.raises(OverrideError) as error:
        gated(columns, template, held=decisions([record("k", 0.5)], template, "t", "x"))
    assert str(error.value) == (
        "override of gate k, gate: The gate has no such part in this tube. Found: k. "
        "Allowed: k.CD16, k.CD56. "
        "A gate on several channels is decided channel by channel."
    )


def test_a_polygon_holds_what_lies_inside() -> None:
    square = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))
    template = made_template(
        [
            {
                "gate": "p",
                "finder": "fixed_polygon",
                "x": {"marker": "a"},
                "y": {"marker": "b"},
                "vertices": square,
            }
        ],
        {"p_cells": "p"},
    )
    wide = tuple((2 * x, 2 * y) for x, y in square)

    def result(base: tuple[tuple[float, float], ...]) -> GatedSample:
        drawn = record("p", None, action="set_polygon", vertices=wide, base_vertices=base)
        return gated(TUBE, template, held=decisions([drawn], template, "t", "x"))

    assert result(square).mask("p_cells").sum() > 3900
    assert result(square).review["p_cells"] == ()
    assert result(wide).review["p_cells"] == ("gate.reconfirm:p",)
    assert result(square).records()[0].automatic_vertices == square


# ------------------------------------------------------------------------------------ the sequence

SOME = st.builds(
    lambda gate, value, scope, action: record(
        gate,
        None if action == "exclude" else value,
        action=action,
        scope=scope,
        target={"sample": "t", "batch": "x", "template": ""}[scope],
    ),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([0.3, 0.4, 0.6]),
    st.sampled_from(["sample", "batch", "template"]),
    st.sampled_from(["set_threshold", "set_threshold", "exclude"]),
)


@given(st.lists(SOME, max_size=5), SOME)
@settings(max_examples=25, deadline=None)
def test_setting_and_undoing_changes_nothing(earlier: list[Override], one: Override) -> None:
    back = [*earlier, one, undo(one, by="CD", on=DAY, why="mistake")]
    assert [kept for _, kept in standing(back)] == [kept for _, kept in standing(earlier)]
    before, after = tube(earlier), tube(back)
    assert after.gates_version == before.gates_version
    assert after.gates == before.gates
    assert after.review == before.review


@given(st.lists(SOME, min_size=2, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_unrelated_records_does_not_matter(records: list[Override], chance: object) -> None:
    """Unrelated: of other gates that do not find each other (a and c), or of another scope."""
    related: dict[tuple[str, Scope], Override] = {(one.gate, one.scope): one for one in records}
    apart = [one for one in related.values() if one.gate != "b"]
    mixed = list(apart)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert tube(mixed).gates == tube(apart).gates
    assert tube(mixed).gates_version == tube(apart).gates_version


def test_a_record_is_named_by_its_content() -> None:
    assert record("a", 0.5).id == record("a", 0.5).id
    changed = [record("a", 0.51), record("a", 0.5, by="CD"), record("a", 0.5, why="other")]
    assert len({one.id for one in (record("a", 0.5), *changed)}) == 4


# ---------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (
            record("A"),
            (
                "override of gate A, gate: The template has no such gate. Found: A. Allowed: a, b, c. "
                "See: cytorecon templates show made."
            ),
        ),
        (
            record("a", template="tbnk"),
            (
                "override of gate a, template: This is a record for another template. Found: "
                "tbnk. Allowed: made."
            ),
        ),
        (
            record("a", 1.2),
            (
                "override of gate a, threshold: The position lies outside of the axis. Found: "
                "1.2. Allowed: -0.25 to "
                "1.15, on the transformed scale. 0 to 1 is the range of the detector; the "
                "position is none of its "
                "linear values."
            ),
        ),
        (
            record("a", float("nan")),
            (
                "override of gate a, threshold: The position lies outside of the axis. Found: "
                "nan. Allowed: -0.25 to "
                "1.15, on the transformed scale. 0 to 1 is the range of the detector; the "
                "position is none of its "
                "linear values."
            ),
        ),
        (
            record("a", None),
            (
                "override of gate a, threshold, vertices: This is not what set_threshold needs. "
                "Found: nothing. "
                "Allowed: threshold only."
            ),
        ),
        (
            record("a", 0.5, action="exclude"),
            (
                "override of gate a, threshold, vertices: This is not what exclude needs. Found: threshold. "
                "Allowed: nothing."
            ),
        ),
        (
            record("a", None, action="set_polygon", vertices=((0, 0), (1, 0), (1, 1))),
            (
                "override of gate a, action: The gate has another kind of shape. Found: set_polygon. "
                "Allowed: set_threshold."
            ),
        ),
        (
            record("a.FITC-A", None, action="exclude"),
            ("override of gate a.FITC-A, gate: A gate is excluded as a whole. Found: a.FITC-A. Allowed: a."),
        ),
        (
            record("a", by="ab@lab.example"),
            (
                "override of gate a, by: It must be said who decides. Allowed: initials, 1 to 12 characters, "
                "no e-mail."
            ),
        ),
        (
            record("a", why=" "),
            (
                "override of gate a, why: A decision needs a reason. Found: nothing. Allowed: 1 "
                "to 500 characters. "
                "Say what was seen."
            ),
        ),
        (
            record("a", scope="template"),
            (
                "override of gate a, target: A record for a template names no tube or batch. Found: t. "
                "Allowed: nothing."
            ),
        ),
        (
            record("a", scope="batch", target=""),
            (
                "override of gate a, target: It does not say for which batch it is. Found: "
                "nothing. Allowed: a batch."
            ),
        ),
        (
            record("a", None, action="accept_auto", scope="template", target=""),
            (
                "override of gate a, scope: Without a record the automatic position holds for "
                "all tubes already. "
                "Found: template. Allowed: sample, batch. Accept the gate of a tube, or undo the "
                "record that moved it."
            ),
        ),
        (
            record("a", undoes="12"),
            "override of gate a, undoes: Only an undo takes a record back. Found: 12. Allowed: nothing.",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(bad: Override, text: str) -> None:
    with pytest.raises(OverrideError) as error:
        check_override(bad, TEMPLATE)
    assert str(error.value) == text


@pytest.mark.parametrize(
    ("corners", "text"),
    [
        (
            ((0, 0), (1, 1)),
            (
                "override of gate p, vertices: These points enclose nothing. Found: 2 points. "
                "Allowed: 3 points or more."
            ),
        ),
        (
            ((0, 0), (0.5, 0.5), (1, 1)),
            (
                "override of gate p, vertices: These points enclose nothing. Found: an area of 0. "
                "Allowed: 3 points or more."
            ),
        ),
        (
            ((0, 0), (1, float("inf")), (1, 0)),
            (
                "override of gate p, vertices: A corner is no number. Found: ((0.0, 0.0), (1.0, "
                "inf), (1.0, 0.0)). "
                "Allowed: finite numbers, on the transformed scale."
            ),
        ),
    ],
)
def test_a_polygon_encloses_something(corners: object, text: str) -> None:
    spec = {
        "gate": "p",
        "finder": "fixed_polygon",
        "x": {"marker": "a"},
        "y": {"marker": "b"},
        "vertices": ((0, 0), (1, 0), (1, 1)),
    }
    template = made_template([spec], {"p_cells": "p"})
    with pytest.raises(OverrideError) as error:
        check_override(record("p", None, action="set_polygon", vertices=corners), template)
    assert str(error.value) == text


def test_only_what_stands_can_be_undone() -> None:
    one = record("a")
    back = undo(one, by="AB", on=DAY, why="no")
    check_undo(back, [one])
    with pytest.raises(OverrideError) as error:
        check_undo(back, [one, back])
    assert str(error.value) == (
        f"override of gate a, undoes: No record that stands has this identifier. Found: {one.id}. "
        "Allowed: none: no record stands. An undo cannot be undone; record the decision again."
    )


def test_a_record_that_does_not_fit_the_template_stops_the_tube() -> None:
    with pytest.raises(OverrideError, match="The template has no such gate"):
        tube([record("gone")])


def test_a_count_names_the_decisions_that_it_rests_on() -> None:
    """b is looked for in what a holds: a decision about a reaches b, and none reaches c."""
    made = record("a")
    counts = tube([made]).counts().set_index("population")
    assert counts["overrides"].to_dict() == {"a_cells": (made.id,), "b_cells": (made.id,), "c_cells": ()}
    both = tube([made, record("b", 0.65)]).counts().set_index("population")
    assert both["overrides"].map(len)["b_cells"] == 2
    assert set(tube([]).counts()["overrides"]) == {()}


def test_a_gate_that_a_person_excluded_is_named_where_nothing_can_be_counted() -> None:
    made = record("a", None, action="exclude")
    (count,) = (row for row in tube([made]).tallies() if row.population == "a_cells")
    assert (count.status, count.overrides) == ("not_evaluable", (made.id,))
