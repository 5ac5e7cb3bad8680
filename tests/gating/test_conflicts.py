"""What holds for a gate, and a decision that was made on something else."""

from __future__ import annotations

from datetime import date

import pytest

from cytorecon.errors import OverrideError
from cytorecon.gating.conflicts import OverrideConflictError, check_seen, decision_in_words, in_force
from cytorecon.gating.overrides import Override, Scope, undo

TUBE, BATCH = "P01/d30/1", "tbnk-1"


def record(
    threshold: float, gate: str = "CD4", *, scope: Scope = "sample", target: str = TUBE, by: str = "AB"
) -> Override:
    return Override(
        action="set_threshold",
        template="tbnk",
        gate=gate,
        scope=scope,
        target=target,
        threshold=threshold,
        by=by,
        on=date(2026, 5, 4),
        why="dim cells",
    )


def exclusion(gate: str) -> Override:
    return record(0.5, gate).model_copy(update={"action": "exclude", "threshold": None})


OF_TUBE = record(0.5)
OF_BATCH = record(0.4, scope="batch", target=BATCH)
OF_TEMPLATE = record(0.3, scope="template", target="")


def held(*records: Override, gate: str = "CD4", batch: str | None = BATCH) -> Override | None:
    return in_force(records, "tbnk", gate, scope="sample", target=TUBE, batch=batch)


def test_the_narrowest_decision_holds_for_a_tube() -> None:
    assert held() is None
    assert held(OF_TUBE, OF_BATCH, OF_TEMPLATE) == OF_TUBE
    assert held(OF_BATCH, OF_TEMPLATE) == OF_BATCH
    assert held(OF_TUBE, OF_BATCH, undo(OF_TUBE, by="CD", on=date(2026, 5, 5), why="no")) == OF_BATCH
    assert held(record(0.5, target="P01/d60/1"), record(0.5, "CD8")) is None


def test_decisions_for_another_batch_do_not_hold() -> None:
    assert held(OF_BATCH, batch="tbnk-2") is None
    assert held(OF_BATCH, batch=None) == OF_BATCH  # not known which


def test_for_a_batch_and_a_template_only_what_is_as_wide_holds() -> None:
    records = (OF_TEMPLATE, OF_BATCH, OF_TUBE)
    assert in_force(records, "tbnk", "CD4", scope="batch", target=BATCH) == OF_BATCH
    assert in_force(records, "tbnk", "CD4", scope="batch", target="tbnk-2") == OF_TEMPLATE
    assert in_force(records, "tbnk", "CD4", scope="template") == OF_TEMPLATE
    assert in_force((OF_BATCH, OF_TUBE), "tbnk", "CD4", scope="template") is None


def test_a_part_and_its_whole_gate_are_one_question_and_two_parts_are_not() -> None:
    part, other, whole = record(0.5, "NK.A"), record(0.5, "NK.B"), exclusion("NK")
    assert held(part, whole, gate="NK.A") == whole
    assert held(part, other, gate="NK") == other
    assert held(part, other, gate="NK.A") == part
    assert held(other, gate="NK.A") is None


def test_what_was_seen_and_holds_is_no_conflict() -> None:
    check_seen(record(0.6), "", ())
    check_seen(record(0.6), OF_TUBE.id, (OF_TUBE,))
    check_seen(record(0.6, scope="batch", target=BATCH), OF_BATCH.id, (OF_BATCH, OF_TUBE))


def test_a_conflict_says_what_was_seen_and_what_holds_now() -> None:
    theirs = record(0.55, by="CD").model_copy(update={"why": "one more cloud"})
    with pytest.raises(OverrideConflictError) as caught:
        check_seen(record(0.6), OF_TUBE.id, (OF_TUBE, theirs))
    error = caught.value
    assert (error.wanted, error.seen, error.stands) == (record(0.6), OF_TUBE, theirs)
    assert str(error) == (
        "override of gate CD4, seen: Somebody else decided about this gate meanwhile; nothing was stored. "
        "Found: now set to 0.55, for P01/d30/1, by CD on 2026-05-04: one more cloud. "
        "Allowed: what you saw: set to 0.5, for P01/d30/1, by AB on 2026-05-04: dim cells. "
        "Look at what stands now, then decide again."
    )


def test_what_was_taken_back_meanwhile_is_a_conflict_too() -> None:
    back = undo(OF_TUBE, by="CD", on=date(2026, 5, 5), why="no")
    with pytest.raises(OverrideConflictError, match="Found: now the automatic position") as caught:
        check_seen(record(0.6), OF_TUBE.id, (OF_TUBE, back))
    assert (caught.value.seen, caught.value.stands) == (OF_TUBE, None)


def test_nobody_can_have_seen_what_never_was() -> None:
    with pytest.raises(OverrideError) as caught:
        check_seen(record(0.6), "0123", (OF_TUBE,))
    assert not isinstance(caught.value, OverrideConflictError)
    assert str(caught.value) == (
        "override of gate CD4, seen: No decision of this study has this identifier. Found: 0123. Allowed: "
        "the identifier of a decision; empty for the automatic position. See: cytorecon override list STUDY."
    )


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (OF_BATCH, "set to 0.4, for batch tbnk-1, by AB on 2026-05-04: dim cells"),
        (OF_TEMPLATE, "set to 0.3, for tbnk, by AB on 2026-05-04: dim cells"),
        (exclusion("CD4"), "excluded, for P01/d30/1, by AB on 2026-05-04: dim cells"),
        (
            OF_TUBE.model_copy(update={"threshold": None, "vertices": ((0, 0), (1, 0), (1, 1))}),
            "a polygon of 3 corners, for P01/d30/1, by AB on 2026-05-04: dim cells",
        ),
    ],
)
def test_a_decision_in_words(decision: Override, words: str) -> None:
    assert decision_in_words(decision) == words
