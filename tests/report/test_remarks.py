"""What is to be looked at again."""

from __future__ import annotations

import pytest

from cytorecon.errors import Issue, Severity
from cytorecon.knowledge.review_flags import load_review_flags
from cytorecon.report.remarks import Remark, remarks
from cytorecon.results import PopulationCount, TubeResult
from cytorecon.study.model import Tube
from cytorecon.trajectory import METHOD_SWITCH, SAME_DAY, trajectories
from tests.report.studies import part

TUBE = Tube(tube="P01/d30/1", patient="P01", day=30)
NO_CURVES = trajectories(part())
FLAGS = load_review_flags()


def noticed(*issues: Issue, review: tuple[str, ...] = (), status: str = "counted") -> tuple[Remark, ...]:
    """Return the remarks on a tube with these issues, whose B and NK cells carry the codes `review`."""
    counts = tuple(
        PopulationCount(
            population=name,
            parent="lymphocytes",
            review=review,
            status=status,  # type: ignore[arg-type]
            reason="no CD19" if status == "not_evaluable" else "",
        )
        for name in ("B", "NK")
    )
    result = TubeResult(tube=TUBE.tube, status="done", counts=counts, issues=issues)
    return remarks([(TUBE, result)], NO_CURVES, FLAGS)


def said(found: tuple[Remark, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(remark.mark, f"{remark.subject}: {remark.message}", remark.populations) for remark in found]


def test_errors_come_first_and_notes_without_a_flagged_number_are_left_out() -> None:
    found = noticed(
        Issue("a.note", Severity.INFO, "s", "A note."),
        Issue("a.look", Severity.WARNING, "s", "A warning."),
        Issue("an.error", Severity.ERROR, "s", "An error."),
    )
    assert said(found) == [("■ error", "s: An error.", ()), ("▲ look", "s: A warning.", ())]


def test_an_issue_names_the_populations_whose_numbers_carry_its_code() -> None:
    issue = Issue("count.few_beads", Severity.INFO, "beads", "Few beads.")
    assert said(noticed(issue, review=("count.few_beads",))) == [("▲ look", "beads: Few beads.", ("B", "NK"))]


def test_an_issue_about_a_gate_takes_the_code_of_that_gate_only() -> None:
    issue = Issue("gate.outlier", Severity.WARNING, "gate CD19", "Far off.")
    assert said(noticed(issue, review=("gate.outlier:CD19", "gate.outlier:CD3"))) == [
        ("▲ look", "gate CD19: Far off.", ("B", "NK")),
        (
            "▲ look",
            "gate CD3: The threshold this tube shows lies far from those of the other tubes of the batch.",
            ("B", "NK"),
        ),
    ]


def test_a_code_nobody_explained_is_still_told() -> None:
    assert said(noticed(review=("count.odd_thing",))) == [
        ("▲ look", "counts: Flagged: count: odd thing.", ("B", "NK"))
    ]


def test_populations_that_are_not_evaluable_are_told_once_per_reason() -> None:
    assert said(noticed(status="not_evaluable")) == [
        ("▲ look", "counts: Not evaluable: no CD19.", ("B", "NK"))
    ]
    issue = Issue("panel.missing", Severity.WARNING, "panel", "There is no CD19 in this tube.")
    assert said(noticed(issue, status="not_evaluable")) == [
        ("▲ look", "panel: There is no CD19 in this tube.", ())
    ]


@pytest.mark.parametrize(
    "code", [METHOD_SWITCH, SAME_DAY, "gate.outlier", "gate.unstable", "gate.batch_position"]
)
def test_codes_of_the_program_are_explained(code: str) -> None:
    assert FLAGS[code].message.endswith(".")
