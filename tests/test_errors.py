"""Errors and issues as text for people."""

from __future__ import annotations

from cytorecon.errors import CytoreconError, FcsError, Issue, Severity, StudyError


def test_an_error_says_where_what_and_what_to_try() -> None:
    error = FcsError(
        "The value is not a number.",
        subject="tube 3", field="$PAR", found="'x'", allowed="a whole number", hint="Export it again.",
    )  # fmt: skip
    assert str(error) == (
        "tube 3, $PAR: The value is not a number. Found: 'x'. Allowed: a whole number. Export it again."
    )
    assert isinstance(error, CytoreconError)


def test_an_error_leaves_out_what_is_not_known() -> None:
    assert str(CytoreconError("It cannot be read.")) == "It cannot be read."
    assert str(CytoreconError("It is empty.", field="$TOT", found="0")) == "$TOT: It is empty. Found: 0."


def test_an_issue_is_one_line() -> None:
    issue = Issue("gate.not_evaluable", Severity.WARNING, "gate CD19", "One mode only.", "Look at the plot.")
    assert str(issue) == "warning: gate CD19: One mode only. Look at the plot."
    assert str(Issue("a.b", Severity.INFO, "s", "m.")) == "info: s: m."


def test_a_study_error_lists_every_problem() -> None:
    issues = [Issue("a", Severity.ERROR, "row 2", "No day."), Issue("b", Severity.ERROR, "row 3", "No file.")]
    error = StudyError("2 rows cannot be used.", iter(issues), subject="manifest")
    assert str(error) == (
        "manifest: 2 rows cannot be used.\n  error: row 2: No day.\n  error: row 3: No file."
    )
    assert error.issues == tuple(issues)
