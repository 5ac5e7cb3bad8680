"""What a sheet says of patients whose results are locked: it is told, and not taken over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cytorecon.errors import Issue, Severity
from cytorecon.store.earlier import EarlierTube, bytes_of
from cytorecon.store.locks import Lock
from cytorecon.store.uploads import Upload
from cytorecon.study.model import Study, Tube

#: Code of the remarks on patients whose results are locked.
LOCKED: Final = "study.locked"


@dataclass(frozen=True, slots=True)
class Held:
    """A sheet apart from what it says of locked patients.

    Parameters
    ----------
    sheet : Study
        Without their rows, events and readouts.
    tubes : tuple of Tube
        Their tubes whose files it lists, with the paths: they teach the batch and are not analysed.
    issues : tuple of Issue
        What is to be said. It holds times, so it is not stored.
    """

    sheet: Study
    tubes: tuple[Tube, ...] = ()
    issues: tuple[Issue, ...] = ()


def without_locked(
    sheet: Study,
    locks: Mapping[str, Lock],
    uploads: Sequence[Upload],
    earlier: Sequence[EarlierTube],
    file_sha256: Mapping[str, str],
) -> Held:
    """Take out of a sheet what it says of locked patients.

    A row of another patient whose file is a tube of a locked one goes, too: the file cannot move.

    Parameters
    ----------
    sheet : Study
        As the sheets say.
    locks : mapping of str to Lock
        Patients that are locked.
    uploads, earlier : sequence
        Tubes that the study holds.
    file_sha256 : mapping of str to str
        Tube of `sheet` -> SHA-256 of its file, for the files that can be read.
    """
    if not locks:
        return Held(sheet)
    known: list[Upload | EarlierTube] = [*uploads, *(tube for tube in earlier if tube.is_good)]
    own = {
        bytes_of(one.tube, one.file_sha256): one.tube
        for one in known
        if one.tube.patient in locks and not one.removed
    }
    names = {one.tube.tube for one in (*known, *earlier) if one.tube.patient in locks}
    rows, tubes, issues = [], [], []
    for row in sheet.tubes:
        sha256 = file_sha256.get(row.tube)
        same = own.get(bytes_of(row, sha256)) if sha256 is not None else None
        if same is not None and (same.patient, same.day) == (row.patient, row.day):
            files = {"path": row.path, "template_path": row.template_path}
            tubes.append(same.model_copy(update=files | ({"row": row.row} if same.row > 0 else {})))
        elif same is not None:
            issues.append(_left_out(row, locks[same.patient], f"Its file is tube {same.tube}"))
        elif row.patient not in locks:
            rows.append(row)
        elif sha256 is not None or row.tube not in names:
            issues.append(_left_out(row, locks[row.patient], "It is new"))
    said = [_kept(lock) for patient, lock in locks.items() if _is_said_of(sheet, patient)]
    return Held(_of_others(sheet, rows, locks), tuple(tubes), (*said, *issues))


def _of_others(sheet: Study, rows: Sequence[Tube], locks: Mapping[str, Lock]) -> Study:
    return sheet.model_copy(
        update={
            "tubes": tuple(rows),
            "events": tuple(event for event in sheet.events if event.patient not in locks),
            "readouts": tuple(readout for readout in sheet.readouts if readout.patient not in locks),
        }
    )


def _is_said_of(sheet: Study, patient: str) -> bool:
    return patient in {one.patient for one in sheet.patients} | {tube.patient for tube in sheet.tubes}


def _kept(lock: Lock) -> Issue:
    return Issue(
        LOCKED,
        Severity.INFO,
        f"patient {lock.patient}",
        f"Everything stays as it is: {lock.words}.",
        f"To change it, first: cytorecon unlock STUDY {lock.patient} --by INITIALS --why TEXT.",
    )


def _left_out(row: Tube, lock: Lock, why: str) -> Issue:
    return Issue(
        LOCKED,
        Severity.ERROR,
        f"manifest row {row.row}",
        f"{why}, and patient {lock.patient} is {lock.words}. The row is left out.",
        f"To take it over, first: cytorecon unlock STUDY {lock.patient} --by INITIALS --why TEXT.",
    )
