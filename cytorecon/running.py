"""How one function is run over many items, whoever does the work, and what a lost item leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Failure:
    """Why a tube has no result, in words without any file name."""

    reason: str


@dataclass(frozen=True)
class Lost(Failure):
    """A failure of what worked on the tube (ended, too slow), which may go well another time."""


class Run(Protocol):
    """How a function is run over many items: ``map``, or :func:`cytorecon.workers.workers`."""

    def __call__(
        self, work: Callable[[Item], Answer], items: Iterable[Item], /
    ) -> Iterable[Answer | Failure]:
        """Return the answers in the order of the items; a failure for an item whose worker was lost."""


class Each(Protocol):
    """How a function is run over many items whose answers are wanted as soon as they are there."""

    def __call__(
        self, work: Callable[[Item], Answer], items: Iterable[Item], /
    ) -> Iterable[tuple[Item, Answer | Failure]]:
        """Return items with their answers, in any order."""


def in_turn(work: Callable[[Item], Answer], items: Iterable[Item], /) -> Iterator[tuple[Item, Answer]]:
    """Yield each item with its answer, one after the other, in this process."""
    for item in items:
        yield item, work(item)
