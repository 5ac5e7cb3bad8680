"""Two people decide about one gate at once: one is stored, the other is told, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from threading import Barrier

import pytest

from cytorecon.gating.conflicts import OverrideConflictError
from cytorecon.gating.overrides import Override
from cytorecon.jobs import Wish, add_override
from cytorecon.knowledge.templates import load_template
from cytorecon.pipeline import AnalysisSettings
from cytorecon.store import StudyStore, verify_history
from tests.store.examples import TUBES, result_of

ROUNDS = 100
TUBE = TUBES[1]
TEMPLATE = load_template("tbnk")


@pytest.fixture
def sessions(store: StudyStore, location: str) -> Iterator[tuple[StudyStore, StudyStore]]:
    """Two programs on one study, in which a tube was gated."""
    store.set_settings(AnalysisSettings(software_version="0.1.0").model_dump_json())
    store.save_tube(TUBE, result_of(TUBE.tube))
    with ExitStack() as stack:
        one, two = (stack.enter_context(StudyStore.open(location)) for _ in range(2))
        yield one, two


def decide(store: StudyStore, threshold: float, by: str, seen: str) -> Override:
    wish = Wish("set_threshold", "CD4", "sample", TUBE.tube, threshold, seen=seen)
    return add_override(store, wish, TEMPLATE, by=by, on=date(2026, 5, 4), why="valley")


def test_of_two_at_once_one_is_stored_and_the_other_told_both(
    sessions: tuple[StudyStore, StudyStore], location: str
) -> None:
    start = Barrier(2, timeout=60)
    stored: list[Override] = []

    def attempt(store: StudyStore, number: int, by: str) -> Override | OverrideConflictError:
        start.wait()
        try:
            return decide(store, number / 1000, by, stored[-1].id if stored else "")
        except OverrideConflictError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        for number in range(ROUNDS):
            base = stored[-1] if stored else None
            answers = list(pool.map(attempt, sessions, (number, number), ("AB", "CD")))
            (won,) = [answer for answer in answers if isinstance(answer, Override)]
            (told,) = [answer for answer in answers if isinstance(answer, OverrideConflictError)]
            assert (told.seen, told.stands) == (base, won)
            assert {won.by, told.wanted.by} == {"AB", "CD"}
            stored.append(won)
    assert sessions[0].overrides() == tuple(stored)
    assert len(stored) == ROUNDS
    assert [entry.who for entry in sessions[1].history()[-ROUNDS:]] == [record.by for record in stored]
    verify_history(location)


def test_who_was_told_can_decide_again_on_what_stands_now(
    sessions: tuple[StudyStore, StudyStore],
) -> None:
    one, two = sessions
    first = decide(one, 0.4, "AB", "")
    before = one.revision()
    with pytest.raises(OverrideConflictError) as caught:
        decide(two, 0.5, "CD", "")
    assert one.revision() == before
    assert caught.value.stands == first
    second = decide(two, 0.5, "CD", caught.value.stands.id)
    assert one.overrides() == (first, second)


def test_without_saying_what_was_seen_what_holds_is_taken_as_seen(
    sessions: tuple[StudyStore, StudyStore],
) -> None:
    one, two = sessions
    decide(one, 0.4, "AB", "")
    wish = Wish("accept_auto", "CD4", "sample", TUBE.tube)
    added = add_override(two, wish, TEMPLATE, by="CD", on=date(2026, 5, 4), why="it is right")
    assert one.overrides()[-1] == added


def test_a_wider_decision_is_seen_too(sessions: tuple[StudyStore, StudyStore]) -> None:
    one, two = sessions
    wider = Override(
        action="exclude", template="tbnk", gate="CD4", scope="template",
        by="EF", on=date(2026, 5, 4), why="stain",
    )  # fmt: skip
    one.add_override(wider)
    with pytest.raises(OverrideConflictError, match="now excluded, for tbnk, by EF"):
        decide(two, 0.5, "AB", "")
    added = decide(two, 0.5, "AB", wider.id)
    assert one.overrides() == (wider, added)
