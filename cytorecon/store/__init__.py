"""A study on disk: patients, tubes, results and the history of every change.

Open one with :meth:`StudyStore.create` or :meth:`StudyStore.open`. A location is a folder that
holds ``study.sqlite``, or the URL of a PostgreSQL database of its own
(``postgresql+psycopg://user@host/database``).
"""

from __future__ import annotations

from cytorecon.store.checks import FileCountedError
from cytorecon.store.earlier import AWAITS_ANALYSIS, KEPT, same_facts
from cytorecon.store.engine import sqlite_issues
from cytorecon.store.history import HistoryEntry
from cytorecon.store.origins import Origin
from cytorecon.store.pending import NOT_ANALYSED
from cytorecon.store.schema import SCHEMA_VERSION
from cytorecon.store.sheet import WrittenSheet
from cytorecon.store.study_store import StudyStore

__all__ = [
    "AWAITS_ANALYSIS",
    "KEPT",
    "NOT_ANALYSED",
    "SCHEMA_VERSION",
    "FileCountedError",
    "HistoryEntry",
    "Origin",
    "StudyStore",
    "WrittenSheet",
    "same_facts",
    "sqlite_issues",
]
