"""A study on disk: patients, tubes, results and the history of every change.

Open one with :meth:`StudyStore.create` or :meth:`StudyStore.open`. A location is a folder that
holds ``study.sqlite``, or the URL of a PostgreSQL database of its own
(``postgresql+psycopg://user@host/database``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cytorecon.store.approving import Approval, PatientApproval, StudyApprovals
    from cytorecon.store.audit import Verified, export_history, verify_history
    from cytorecon.store.backup import BackupNote, back_up
    from cytorecon.store.checks import FileCountedError
    from cytorecon.store.earlier import AWAITS_ANALYSIS, KEPT, same_facts
    from cytorecon.store.engine import sqlite_issues
    from cytorecon.store.erasing import Erased, erase_patient
    from cytorecon.store.folder import share_under
    from cytorecon.store.history import HistoryEntry
    from cytorecon.store.kept import KeptFile, Work, WorkOutdatedError, WorkStoredError
    from cytorecon.store.locking import StudyLocks
    from cytorecon.store.locks import Lock, LockedError
    from cytorecon.store.lost_files import LostFile
    from cytorecon.store.moving import Moved, copy_study, restore_backup
    from cytorecon.store.origins import Origin
    from cytorecon.store.pending import NOT_ANALYSED
    from cytorecon.store.reading import ReadStudy
    from cytorecon.store.schema import SCHEMA_VERSION
    from cytorecon.store.sheet import WrittenSheet
    from cytorecon.store.study_store import StudyStore
    from cytorecon.store.upgrading import Upgraded, upgrade_study
    from cytorecon.store.users import Role, User

#: Where each public name lives. Loaded when first used: a report needs no object storage and no gates.
_HOME = {
    "AWAITS_ANALYSIS": "earlier",
    "Approval": "approving",
    "BackupNote": "backup",
    "Erased": "erasing",
    "FileCountedError": "checks",
    "HistoryEntry": "history",
    "KEPT": "earlier",
    "KeptFile": "kept",
    "Lock": "locks",
    "LockedError": "locks",
    "LostFile": "lost_files",
    "Moved": "moving",
    "NOT_ANALYSED": "pending",
    "Origin": "origins",
    "PatientApproval": "approving",
    "ReadStudy": "reading",
    "Role": "users",
    "SCHEMA_VERSION": "schema",
    "StudyApprovals": "approving",
    "StudyLocks": "locking",
    "StudyStore": "study_store",
    "Upgraded": "upgrading",
    "User": "users",
    "Verified": "audit",
    "Work": "kept",
    "WorkOutdatedError": "kept",
    "WorkStoredError": "kept",
    "WrittenSheet": "sheet",
    "back_up": "backup",
    "copy_study": "moving",
    "erase_patient": "erasing",
    "export_history": "audit",
    "restore_backup": "moving",
    "same_facts": "earlier",
    "share_under": "folder",
    "sqlite_issues": "engine",
    "upgrade_study": "upgrading",
    "verify_history": "audit",
}

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
    "LostFile",
    "Moved",
    "Origin",
    "PatientApproval",
    "ReadStudy",
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
    "share_under",
    "sqlite_issues",
    "upgrade_study",
    "verify_history",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'cytorecon.store' has no attribute '{name}'")
    return getattr(import_module(f"cytorecon.store.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
