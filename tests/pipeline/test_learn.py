"""One bad tube never stops a batch, and never says its file's name."""

from __future__ import annotations

import pytest

from cytorecon.errors import CytoreconError, FcsError, PanelError
from cytorecon.pipeline.learn import attempt, reason_of
from cytorecon.running import Failure


def failing(error: BaseException) -> None:
    raise error


def test_what_works_is_handed_on() -> None:
    assert attempt(str.upper, "b") == "B"


def test_a_refusal_becomes_its_reason_without_the_file() -> None:
    error = FcsError(
        "The file ends before its data do.",
        subject="Jane_Doe_1970.fcs",
        field="$ENDDATA",
        found="61,440 bytes",
        allowed="1,048,576 bytes",
        hint="Copy the file again.",
    )
    assert attempt(failing, error) == Failure(
        "$ENDDATA: The file ends before its data do. Found: 61,440 bytes. Allowed: 1,048,576 bytes. "
        "Copy the file again."
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PanelError("No CD3."), "No CD3."),
        (CytoreconError("Wrong.", found="x"), "Wrong. Found: x."),
        (CytoreconError("Wrong.", subject="Jane.fcs", hint="Try y."), "Wrong. Try y."),
    ],
)
def test_a_reason_is_made_of_what_there_is(error: CytoreconError, reason: str) -> None:
    assert reason_of(error) == reason


def test_too_little_memory_is_said_so() -> None:
    assert attempt(failing, MemoryError()) == Failure("There is not enough memory for this file.")


def test_a_defect_of_ours_is_named_but_shows_nothing_of_the_data() -> None:
    assert attempt(failing, KeyError("Jane Doe")) == Failure("Internal error (KeyError); please report it.")


def test_whoever_stops_the_program_stops_it() -> None:
    with pytest.raises(KeyboardInterrupt):
        attempt(failing, KeyboardInterrupt())
