"""What is made once: the second one who asks waits for the first, and gets the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import TypeVar, cast

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Once:
    """Values by key, each made by the first request that asks for it.

    Examples
    --------
    >>> once = Once()
    >>> once.get("a", lambda: [1]) is once.get("a", lambda: [2])
    True
    """

    _made: dict[Hashable, object] = field(default_factory=dict)
    _locks: dict[Hashable, RLock] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return the value of `key`; what is being made is waited for.

        Parameters
        ----------
        key : hashable
            A value may ask for others of other keys while it is made, never in a circle.
        make : callable
            Makes it. When that fails the next one who asks tries again.
        """
        if key not in self._made:
            with self._lock:
                own = self._locks.setdefault(key, RLock())
            with own:
                if key not in self._made:
                    self._made[key] = make()
        return cast("Made", self._made[key])
