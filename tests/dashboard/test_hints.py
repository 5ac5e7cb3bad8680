"""Hints for people in front of a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytorecon.errors import FcsError
from cytorecon.results import TubeResult
from cytorecon.store import StudyStore
from cytorecon.study.model import Tube
from dashboard.services.hints import in_browser
from dashboard.services.study import StudyService
from dashboard.services.uploads import upload
from tests.dashboard.analysis import InstantDesk
from tests.dashboard.test_uploads import FORM

ASK = "Ask the person who runs the batch to give"


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        ("Use --map CD19=CHANNEL.", f"{ASK} --map CD19=CHANNEL."),
        ("Say which channel it is with --map CD3=CHANNEL.", f"{ASK} --map CD3=CHANNEL."),
        ("Give the right one with --spillover FILE.csv.", f"{ASK} --spillover FILE.csv."),
        (
            "Say what it is with --map MARKER=FL1-A, or add the label to markers.csv.",
            f"{ASK} --map MARKER=FL1-A, or add the label to markers.csv.",
        ),
        ("To take it out, run the batch with --remove-missing.", f"{ASK} --remove-missing."),
        ("Analyse the tube again.", "Analyse the tube again."),
        ("", ""),
    ],
)
def test_an_option_is_to_be_asked_for(hint: str, told: str) -> None:
    assert in_browser(hint) == told
    assert in_browser(f"P01/d1/1, field x: It failed. Found: 3.5. {hint}".strip()) == (
        f"P01/d1/1, field x: It failed. Found: 3.5. {told}".strip()
    )


def test_a_message_about_an_option_stays() -> None:
    message = "P01, --map CD3=FL9: There is no such channel. Allowed: FL1."
    assert in_browser(message) == message


def test_an_upload_that_lacks_a_channel_tells_whom_to_ask(service: StudyService) -> None:
    def add_tube(_store: StudyStore, _path: Path, tube: Tube) -> TubeResult:
        raise FcsError("No CD3.", subject=tube.tube, hint="Say which channel it is with --map CD3=CHANNEL.")

    service.desk = InstantDesk(service.store, add_tube)
    told = upload(service, FORM).problem("")
    assert told == f"P01/d400/1: No CD3. {ASK} --map CD3=CHANNEL."
