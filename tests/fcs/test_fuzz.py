"""A part of ``make fuzz``: files damaged in a way that their seed repeats, and seeds that found something."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.fcs.fuzzing import Good, Outcome, damaged, good_files, judge

GOODS = good_files()

#: Seeds that made an earlier reader give other values without a sign: bytes put into DATA, so that
#: the file is longer than it says; a checksum that moved.
KEPT = (36, 125, 130, 177, 218, 276, 295)


@pytest.mark.parametrize("good", GOODS, ids=[good.name for good in GOODS])
def test_damage_is_refused_noticed_or_without_effect(good: Good) -> None:
    outcomes = {seed: judge(good, *damaged(good, seed)) for seed in (*KEPT, *range(1000, 1200))}
    assert [seed for seed, outcome in outcomes.items() if outcome is Outcome.SILENT] == []
    found = Counter(outcomes.values())
    assert found[Outcome.REFUSED] > 50
    assert found[Outcome.SAME] > 10
    if good.name != "ascii":
        assert found[Outcome.NOTICED] > 3


def test_a_damaged_file_is_the_same_each_time() -> None:
    assert [damaged(GOODS[0], seed) for seed in range(20)] == [damaged(GOODS[0], seed) for seed in range(20)]


@pytest.mark.parametrize("good", GOODS, ids=[good.name for good in GOODS])
def test_a_file_that_ends_anywhere_is_refused_or_whole(good: Good) -> None:
    end = good.layout.begin + good.layout.length
    for length in range(0, end, 7):
        assert judge(good, good.content[:length], None) is Outcome.REFUSED, length
