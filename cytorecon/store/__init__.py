"""A study on disk: patients, tubes, results and the history of every change.

Open one with :meth:`StudyStore.create` or :meth:`StudyStore.open`. A location is a folder that
holds ``study.sqlite``, or the URL of a PostgreSQL database of its own
(``postgresql+psycopg://user@host/database``).
"""

from __future__ import annotations

from cytorecon.store.approving import Approval, PatientApproval, StudyApprovals
from cytorecon.store.audit import Verified, export_history, verify_history
from cytorecon.store.backup import BackupNote, back_up
from cytorecon.store.checks import FileCountedError
from cytorecon.store.earlier import AWAITS_ANALYSIS, KEPT, same_facts
from cytorecon.store.engine import sqlite_issues
from cytorecon.store.erasing import Erased, erase_patient
from cytorecon.store.history import HistoryEntry
from cytorecon.store.kept import KeptFile, Work, WorkOutdatedError, WorkStoredError
from cytorecon.store.locking import StudyLocks
from cytorecon.store.locks import Lock, LockedError
from cytorecon.store.moving import Moved, copy_study, restore_backup
from cytorecon.store.origins import Origin
from cytorecon.store.pending import NOT_ANALYSED
from cytorecon.store.schema import SCHEMA_VERSION
from cytorecon.store.sheet import WrittenSheet
from cytorecon.store.study_store import StudyStore
from cytorecon.store.upgrading import Upgraded, upgrade_study
from cytorecon.store.users import Role, User

__all__ = [
    "AWAITS_ANALYSIS",
    "KEPT",
    "NOT_ANALYSED",
    "SCHEMA_VERSION",
    "Approval",
    "BackupNote",
    "Erased",
    "FileCountedError",
    "HistoryEntry",
    "KeptFile",
    "Lock",
    "LockedError",
    "Moved",
    "Origin",
    "PatientApproval",
    "Role",
    "StudyApprovals",
    "StudyLocks",
    "StudyStore",
    "Upgraded",
    "User",
    "Verified",
    "Work",
    "WorkOutdatedError",
    "WorkStoredError",
    "WrittenSheet",
    "back_up",
    "copy_study",
    "erase_patient",
    "export_history",
    "restore_backup",
    "same_facts",
    "sqlite_issues",
    "upgrade_study",
    "verify_history",
]
