"""A study on disk: patients, tubes, results and the history of every change.

Open one with :meth:`StudyStore.create` or :meth:`StudyStore.open`. A location is a folder that
holds ``study.sqlite``, or the URL of a PostgreSQL database of its own
(``postgresql+psycopg://user@host/database``).
"""

from __future__ import annotations

from cytorecon.store.engine import sqlite_issues
from cytorecon.store.history import HistoryEntry
from cytorecon.store.pending import NOT_ANALYSED
from cytorecon.store.schema import SCHEMA_VERSION
from cytorecon.store.study_store import StudyStore

__all__ = ["NOT_ANALYSED", "SCHEMA_VERSION", "HistoryEntry", "StudyStore", "sqlite_issues"]
