"""The door: what comes in as an FCS file leaves its names and dates outside."""

from cytorecon.intake.archives import archive_kind, check_no_archive
from cytorecon.intake.clean import Cleaned, clean
from cytorecon.intake.copy import Beside, write_clean
from cytorecon.intake.deidentify import Deidentified, deidentify
from cytorecon.intake.private_folder import private_folder, sweep
from cytorecon.intake.quarantine import read_again, receive
from cytorecon.intake.removed import Removed

__all__ = [
    "Beside",
    "Cleaned",
    "Deidentified",
    "Removed",
    "archive_kind",
    "check_no_archive",
    "clean",
    "deidentify",
    "private_folder",
    "read_again",
    "receive",
    "sweep",
    "write_clean",
]
