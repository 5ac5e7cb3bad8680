"""Expressions, absence, and how "not evaluable" spreads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytorecon.errors import Severity
from cytorecon.gating.engine import gate
from cytorecon.gating.gated import GatedSample, evidence_of
from tests.gating.samples import (
    Values,
    gated,
    made_axes,
    made_sample,
    made_template,
    mixture,
    valley,
)

RNG = np.random.default_rng(9)
#: Which of 3,000 events carry a, b and c: every combination occurs.
CARRIED = {name: RNG.random(3000) < share for name, share in (("a", 0.5), ("b", 0.4), ("c", 0.3))}
CLEAR: dict[str, Values] = {
    name: np.where(bright, 0.75, 0.2) + 0.03 * RNG.normal(size=3000) for name, bright in CARRIED.items()
}
ONE_MODE = mixture([(3000, 0.2, 0.04)], seed=1)
ABC = [valley("a"), valley("b"), valley("c")]

EXPRESSION = st.recursive(
    st.sampled_from(["a", "b", "c", "all"]),
    lambda inner: st.one_of(
        inner.map(lambda text: f"not {text}" if text.isalpha() else f"not ({text})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    ),
    max_leaves=6,
)


def meaning(text: str) -> list[bool]:
    """Return what `text` means, event by event, by Python itself."""
    columns = {**CARRIED, "all": np.ones(3000, dtype=bool)}
    rows = zip(*(columns[name] for name in ("a", "b", "c", "all")), strict=True)
    return [bool(eval(text, {}, dict(zip(("a", "b", "c", "all"), row, strict=True)))) for row in rows]


@given(EXPRESSION)
@settings(max_examples=20)
def test_an_expression_means_what_its_words_say(text: str) -> None:
    result = gated(CLEAR, made_template(ABC, {"picked": text}))
    assert result.mask("picked").tolist() == meaning(text)


@given(EXPRESSION, EXPRESSION)
@settings(max_examples=15)
def test_a_parent_contains_its_child(parent: str, child: str) -> None:
    template = made_template(ABC, {"parent_cells": parent, "child": child}, {"child": "parent_cells"})
    result = gated(CLEAR, template)
    outside = result.masks["child"] & ~result.masks["parent_cells"]
    assert not outside.any()
    assert result.masks["child"].tolist() == [
        p and c for p, c in zip(meaning(parent), meaning(child), strict=True)
    ]


def test_a_population_can_be_a_word_of_later_ones() -> None:
    template = made_template(ABC, {"a_cells": "a", "rest": "not a_cells and b"})
    assert gated(CLEAR, template).mask("rest").tolist() == meaning("not a and b")


def test_a_mask_is_one_bool_per_event_of_the_file() -> None:
    result = gated(CLEAR, made_template(ABC, {"a_cells": "a", "b_of_a": "b"}, {"b_of_a": "a_cells"}))
    for population in result.populations:
        assert result.mask(population).dtype == bool
        assert result.mask(population).shape == (3000,)


def test_a_gate_is_looked_for_where_it_says() -> None:
    """b has a second mode only among a: elsewhere its bright cells would not be found."""
    template = made_template([valley("a"), valley("b", find_in="a_cells")], {"a_cells": "a", "b_cells": "b"})
    result = gated(CLEAR, template)
    found = result.gates[1]
    assert found.find_in == "a_cells"
    assert found.events_of_parent == int(CARRIED["a"].sum())
    assert found.events_in == int((CARRIED["a"] & CARRIED["b"]).sum())
    assert result.events_of("a_cells") is not None
    assert result.events_of("a_cells").tolist() == CARRIED["a"].tolist()  # type: ignore[union-attr]
    assert result.events_of("b_cells") is None


# --------------------------------------------------------------------------------- not evaluable

CHAIN = made_template(
    [valley("a"), valley("b", find_in="a_cells"), valley("c", find_in="b_cells")],
    {"a_cells": "a", "b_cells": "b", "c_cells": "c", "others": "not c", "free": "all"},
    {"b_cells": "a_cells", "c_cells": "b_cells"},
)
CAUSE = "one mode only on a (3000 events); neither other tubes nor control cells show where to cut"


def test_not_evaluable_spreads_with_the_reason_of_the_first_cause() -> None:
    result = gated({**CLEAR, "a": ONE_MODE}, CHAIN)
    assert result.reasons == dict.fromkeys(["a_cells", "b_cells", "c_cells", "others"], f"a: {CAUSE}")
    assert {found.gate: found.reason for found in result.gates} == {
        "a": CAUSE,
        "b": f"a: {CAUSE}",
        "c": f"a: {CAUSE}",
    }
    assert result.mask("free").all()


def test_what_does_not_depend_on_it_is_counted() -> None:
    result = gated({**CLEAR, "c": ONE_MODE}, CHAIN)
    assert set(result.reasons) == {"c_cells", "others"}
    assert result.mask("b_cells").tolist() == meaning("a and b")


def test_a_failure_is_one_issue_where_it_began() -> None:
    result = gated({**CLEAR, "a": ONE_MODE}, CHAIN)
    assert [issue.subject for issue in result.issues] == ["gate a"]


def test_an_issue_says_what_was_found_and_what_it_costs() -> None:
    result = gated({**CLEAR, "c": ONE_MODE}, CHAIN)
    (issue,) = result.issues
    assert (issue.code, issue.severity, issue.subject) == ("gate.not_evaluable", Severity.WARNING, "gate c")
    assert str(issue) == (
        f"warning: gate c: One mode only on c ({sum(meaning('a and b'))} events); neither other tubes nor "
        "control cells show where to cut. What depends on it is not evaluable in this tube."
    )


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_data_of_one_mode_are_never_all_positive(name: str) -> None:
    template = made_template(
        [valley(name), valley("d", find_in=name)],
        {"picked": name, "both": f"{name} and d", "none": f"not {name}"},
    )
    result = gated({name: ONE_MODE, "d": ONE_MODE}, template)
    assert result.masks == {}
    assert set(result.reasons) == {"picked", "both", "none"}


def test_a_channel_that_is_missing_says_which() -> None:
    result = gated({"a": CLEAR["a"]}, made_template(ABC, {"b_cells": "a and b"}))
    assert result.reasons == {"b_cells": "b: the tube has no channel for b"}


def test_no_events_at_all_are_not_evaluable() -> None:
    result = gated(
        {"a": np.zeros(0), "b": np.zeros(0), "c": np.zeros(0)}, made_template(ABC, {"a_cells": "a"})
    )
    assert result.reasons == {
        "a_cells": "a: one mode only on a (0 events); neither other tubes nor control cells show where to cut"
    }


# ---------------------------------------------------------------------- absent and passed through

BEADS = {"gate": "bead_cloud", "finder": "bright_in_all", "markers": ["a", "b"], "min_events": 50}


def absent(where: str) -> GatedSample:
    """Return a tube without beads."""
    columns = {**CLEAR, "a": ONE_MODE}
    result = gated(columns, made_template([BEADS, valley("c")], {"picked": where}))
    assert result.gates[0].status == "absent"
    return result


@pytest.mark.parametrize(
    "where", ["not bead_cloud", "c and not bead_cloud", "not (bead_cloud or c)", "not (c and not bead_cloud)"]
)
def test_nothing_is_missing_where_an_absent_gate_is_excluded(where: str) -> None:
    expected = {
        "not bead_cloud": np.ones(3000, dtype=bool),
        "c and not bead_cloud": CARRIED["c"],
        "not (bead_cloud or c)": ~CARRIED["c"],
        "not (c and not bead_cloud)": ~CARRIED["c"],
    }[where]
    assert absent(where).mask("picked").tolist() == expected.tolist()


@pytest.mark.parametrize(
    "where", ["bead_cloud", "bead_cloud and c", "not (not bead_cloud)", "c and not (c and not bead_cloud)"]
)
def test_what_an_absent_gate_should_hold_is_not_evaluable(where: str) -> None:
    """0 beads would be a count; there were none to count."""
    assert absent(where).reasons == {"picked": "no cloud of events bright in every channel"}


def test_what_is_asked_only_beside_an_absent_gate_may_be_unknown() -> None:
    """`a` has one mode: only cells of the absent cloud would need it."""
    columns = {**CLEAR, "a": ONE_MODE}
    gates = [BEADS, valley("c"), valley("a")]
    result = gated(columns, made_template(gates, {"picked": "c or (bead_cloud and a)", "asked": "c or a"}))
    assert result.mask("picked").tolist() == CARRIED["c"].tolist()
    assert set(result.reasons) == {"asked"}
    assert result.absent == {"bead_cloud"}


def test_an_absent_gate_is_no_issue() -> None:
    assert absent("not bead_cloud").issues == ()


def test_an_optional_gate_without_channel_lets_all_events_pass_and_says_so() -> None:
    template = made_template(
        [valley("dye", optional=True, why="Only with a dye."), *ABC],
        {"viable": "dye", "a_cells": "a"},
        {"a_cells": "viable"},
    )
    result = gated(CLEAR, template)
    assert result.masks["viable"].all()
    assert result.mask("a_cells").tolist() == CARRIED["a"].tolist()
    assert [str(issue) for issue in result.issues] == [
        "info: gate dye: The tube has no channel for dye. Only with a dye."
    ]


# ----------------------------------------------------------------- events without a place, order


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_events_without_a_finite_value_are_in_no_population(bad: float) -> None:
    """Neither in a gate nor in its complement: what is not measured is not negative."""
    columns = {name: values.copy() for name, values in CLEAR.items()}
    columns["b"][:40] = bad
    result = gated(columns, made_template(ABC, {"b_cells": "b", "others": "not b", "everything": "all"}))
    expected = {"b_cells": CARRIED["b"], "others": ~CARRIED["b"], "everything": np.ones(3000, dtype=bool)}
    for population, mask in expected.items():
        assert not result.mask(population)[:40].any()
        assert result.mask(population)[40:].tolist() == mask[40:].tolist()


def test_a_channel_nobody_asks_for_may_hold_anything() -> None:
    columns = {**CLEAR, "Time": np.full(3000, np.nan), "unused": np.full(3000, np.nan)}
    sample = made_sample(columns)
    axes = made_axes(sample)
    known = {name: channel for name, channel in axes.panel.items() if name in CLEAR}
    result = gate(sample, made_template(ABC, {"a_cells": "a"}), type(axes)(sample, known))
    assert result.mask("a_cells").tolist() == CARRIED["a"].tolist()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=5)
def test_the_order_of_events_is_irrelevant(seed: int) -> None:
    order = np.random.default_rng(seed).permutation(3000)
    template = made_template(ABC, {"picked": "a and not (b or c)"})
    result = gated(CLEAR, template)
    shuffled = gated({name: values[order] for name, values in CLEAR.items()}, template)
    assert shuffled.gates_version == result.gates_version
    assert shuffled.mask("picked").tolist() == result.mask("picked")[order].tolist()


def test_gating_twice_is_the_same() -> None:
    assert gated(CLEAR, CHAIN).gates == gated(CLEAR, CHAIN).gates


# ---------------------------------------------------------------------------------- review, order


def test_a_flag_reaches_all_that_rests_on_the_gate() -> None:
    """a stands on a control tail: so do its children, through parents and expressions."""
    template = made_template(
        [valley("a", control="c"), valley("b"), valley("c")],
        {"a_cells": "a", "b_of_a": "b", "b_cells": "b", "b_not_a": "b and not a", "nested": "c and b_of_a"},
        {"b_of_a": "a_cells"},
    )
    review = gated({**CLEAR, "a": ONE_MODE}, template).review
    flagged = {population for population, codes in review.items() if "gate.control_tail:a" in codes}
    assert flagged == {"a_cells", "b_of_a", "b_not_a", "nested"}


def test_gates_and_populations_come_in_template_order() -> None:
    """Whatever order they were needed in."""
    result = gated(CLEAR, CHAIN)
    assert [found.gate for found in result.gates] == ["a", "b", "c"]
    assert result.populations == ("a_cells", "b_cells", "c_cells", "others", "free")
    assert [tally.population for tally in result.tallies()] == list(result.populations)


def test_only_pooled_gates_give_evidence_also_where_nothing_was_found() -> None:
    template = made_template(
        [valley("a"), valley("b", pool=False), valley("c")], {"a_cells": "a", "b_cells": "b"}
    )
    evidence = evidence_of(gated({**CLEAR, "c": ONE_MODE}, template))
    assert set(evidence) == {"a", "c"}
