"""Uploads are read in a process of their own; the rest of the program sees only a clean file.

The process has limits on memory, time and the size of what it writes. It reads the upload and writes
a file without names and dates; only that file, made by our own writer, is read here. The identity
of the tube stays the SHA-256 of the bytes that were uploaded.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from signal import Signals
from typing import Final

from pydantic import ValidationError

from cytorecon.errors import FcsError, Issue
from cytorecon.fcs import read_fcs
from cytorecon.intake.answer import Answer
from cytorecon.intake.archives import check_no_archive
from cytorecon.intake.clean import Cleaned
from cytorecon.intake.copy import Beside
from cytorecon.intake.private_folder import private_folder
from cytorecon.intake.removed import Removed
from cytorecon.knowledge.deidentification import QuarantineLimits, load_deidentification

_MODULE: Final = "cytorecon.intake.worker"

#: One thread: each more reserves tens of MB of the address space.
_ENVIRONMENT: Final = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)
_NEEDED: Final = ("SYSTEMROOT", "PATH", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL")


def receive(
    path: Path,
    *,
    dataset: int | None = None,
    limits: QuarantineLimits | None = None,
    keep: Path | None = None,
) -> Cleaned:
    """Read an upload in a process of its own, without names and dates.

    Parameters
    ----------
    path : Path
        The file as it came; it is not kept, and nothing is written beside it.
    dataset : int, optional
        Which data set, from 0; see :func:`~cytorecon.fcs.read_fcs`.
    limits : QuarantineLimits, optional
        In place of those in ``deidentification.yaml``.
    keep : Path, optional
        Where to put the clean file; by default nothing is kept.

    Returns
    -------
    Cleaned
        Its sample is linear, of the clean file, with the issues of the original and its SHA-256.

    Raises
    ------
    FcsError
        If it cannot be read, is an archive, or the process ended or went beyond its limits.
    """
    limits = limits or load_deidentification().quarantine
    check_no_archive(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with private_folder() as folder:
        clean_file = folder / "clean.fcs"
        answer = _read_apart(path, clean_file, dataset, limits)
        if answer.refusal is not None:
            raise answer.refusal.error()
        if answer.removed is None:
            raise _not_read(path.name, f"more than {_size(limits)} are needed")
        cleaned = read_again(
            clean_file, digest, issues=answer.issues, removed=answer.removed, written=answer.written
        )
        if keep is not None:
            shutil.copyfile(clean_file, keep)
    return cleaned


def read_again(
    clean_file: Path,
    file_sha256: str,
    *,
    issues: tuple[Issue, ...],
    removed: Removed,
    written: tuple[tuple[str, str], ...],
    beside: Beside | None = None,
) -> Cleaned:
    """Read a clean file with what is known of the one it was made of, as :func:`receive` returns it.

    Parameters
    ----------
    clean_file : Path
        Made by :func:`receive`, or by :func:`~cytorecon.intake.copy.write_clean`.
    file_sha256 : str
        Of the bytes as they came: the identity of the tube.
    issues, removed, written
        What was noticed then; see :class:`~cytorecon.intake.clean.Cleaned`.
    beside : Beside, optional
        What the sample was that no file says.
    """
    sample = read_fcs(clean_file)
    if beside is not None:
        sample = beside.restored(sample)
    noticed = (*issues, *_new(sample.issues, issues))
    return Cleaned(replace(sample, issues=noticed, fingerprint=lambda: file_sha256), removed, written)


def _read_apart(path: Path, out: Path, dataset: int | None, limits: QuarantineLimits) -> Answer:
    sizes = (limits.address_space.value, limits.processor_time.value, limits.file_size.value)
    said = out.with_name("answer.json")
    command = [
        *(sys.executable, "-P", "-B", "-m", _MODULE, str(path.absolute()), str(out), str(said)),
        *("-" if dataset is None else str(dataset), *map(str, sizes)),
    ]
    kept = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    environment = kept | _ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        # What it prints is not kept: a traceback may hold anything of the file.
        done = subprocess.run(  # noqa: S603 - our own interpreter and module; no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=limits.wall_clock.value,
            env=environment,
            cwd=out.parent,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _not_read(path.name, f"it takes longer than {limits.wall_clock.value} s") from None
    if done.returncode:
        raise _not_read(path.name, _ending(done.returncode, limits))
    try:
        if said.stat().st_size <= limits.answer.value:
            return Answer.model_validate_json(said.read_bytes())
    except (OSError, ValidationError):
        pass
    raise _not_read(path.name, "the process that read it gave no answer")


def _ending(code: int, limits: QuarantineLimits) -> str:
    """Say how the process ended; a negative code is that of a signal."""
    if code < 0 and Signals(-code).name == "SIGXCPU":
        return f"it needs more than {limits.processor_time.value} s of processor time"
    return f"the process that read it ended{f' with signal {-code}' if code < 0 else ''}"


def _not_read(file: str, found: str) -> FcsError:
    return FcsError(
        "The file could not be read within the limits for uploads.",
        subject=file,
        found=found,
        hint="Export it again from the cytometer; a large file can be analysed with cytorecon batch.",
    )


def _size(limits: QuarantineLimits) -> str:
    return f"{limits.address_space.value} MB of memory or {limits.file_size.value} MB for a file"


def _new(issues: tuple[Issue, ...], known: tuple[Issue, ...]) -> tuple[Issue, ...]:
    """Return what was noticed in the clean file only, which is next to nothing."""
    said = {(issue.code, issue.subject) for issue in known}
    matrix = any(issue.code.startswith("spillover.") for issue in known)
    return tuple(
        issue
        for issue in issues
        if (issue.code, issue.subject) not in said and not (matrix and issue.code.startswith("spillover."))
    )
