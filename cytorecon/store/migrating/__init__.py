"""Run the steps of :mod:`cytorecon.store.migrations` inside a transaction that the caller opened."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cytorecon.store.migrating.steps import VERSION_TABLE, mark_as, migrate, revision_of

#: Loaded when first used: a study that is read needs no Alembic.
_HOME = "cytorecon.store.migrating.steps"

__all__ = ["VERSION_TABLE", "mark_as", "migrate", "revision_of"]


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'cytorecon.store.migrating' has no attribute '{name}'")
    return getattr(import_module(_HOME), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
