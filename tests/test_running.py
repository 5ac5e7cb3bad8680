"""Items one after the other, and what a lost one is."""

from __future__ import annotations

from cytorecon.running import Failure, Lost, in_turn


def test_items_come_with_their_answers_and_no_earlier_than_asked_for() -> None:
    asked: list[int] = []

    def doubled(item: int) -> int:
        asked.append(item)
        return 2 * item

    answers = in_turn(doubled, [3, 4])
    assert asked == []
    assert next(answers) == (3, 6)
    assert asked == [3]
    assert list(answers) == [(4, 8)]


def test_a_lost_item_is_a_failure_of_another_kind() -> None:
    assert isinstance(Lost("killed"), Failure)
    assert Lost("killed") != Failure("killed")
