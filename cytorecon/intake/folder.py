"""De-identify many files into a folder that ``cytorecon batch`` can analyse."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cytorecon.errors import CytoreconError, FcsError, Issue, StudyError
from cytorecon.intake.deidentify import Deidentified, data_sets_to_take, deidentify
from cytorecon.intake.files import find_files, place_of
from cytorecon.intake.keywords import check_keywords
from cytorecon.intake.pseudonyms import Lookup, keyword_name, pseudonyms
from cytorecon.intake.removed import Removed
from cytorecon.knowledge.templates import load_template
from cytorecon.study.csv_cells import csv_line
from cytorecon.values import Frozen

#: Called with what is being done, how many files are done, and how many there are.
Progress = Callable[[str, int, int], None]

#: Columns of the manifest: what is known is filled in, the others are for whoever analyses.
MANIFEST: Final = (
    "file", "patient", "day", "panel", "beads_per_tube", "blood_volume_ul", "lymphocytes_cells_per_ul",
)  # fmt: skip

#: Day 0 is another date for each patient, and a wrong day is worse than none.
_ONE_DATE: Final = (
    "The files are of {} patients, and one anchor date cannot be day 0 of all of them: no day was written. "
    "De-identify each patient's files with that patient's date."
)

#: What software writes over, or a clock that was never set, gives one day to all files of a patient.
_ONE_DAY: Final = (
    "{} all have the day {}, although they differ. If they are tubes of one draw, nothing has to be done; "
    "else {} of the files does not tell the day of the draw: correct the column day of manifest.csv."
)

#: With these issues a file is damaged, which its de-identified copy would not show any more.
_DAMAGE: Final = ("fcs.checksum",)


class CleanFile(Frozen):
    """One file of the folder.

    Parameters
    ----------
    number : int
        From 1.
    file : str
        Its place in the folder.
    n_events : int
        Events.
    patient : str
        Pseudonym; empty when not known.
    day : int or None
        Day of the draw.
    problems : tuple of str
        Why patient or day, which were asked for, are not known; without values.
    removed : Removed
        What was left out, without values.
    issues : tuple of Issue
        What was noticed in the old file.
    """

    number: int
    file: str
    n_events: int
    patient: str
    day: int | None
    problems: tuple[str, ...]
    removed: Removed
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class CleanFolder:
    """What became of the files.

    Parameters
    ----------
    files : tuple of (Path, CleanFile)
        The old file, for the user's own terminal, and the new one.
    failures : tuple of (Path, str)
        Files that could not be de-identified, and why.
    skipped : tuple of (Path, str)
        What lies in the folders beside FCS files, and why it was not taken.
    remarks : tuple of str
        What is worth knowing about all of them.
    """

    files: tuple[tuple[Path, CleanFile], ...]
    failures: tuple[tuple[Path, str], ...]
    skipped: tuple[tuple[Path, str], ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Taken:
    source: Path
    called: str
    clean: CleanFile
    sha256: str


def deidentify_files(
    inputs: Sequence[Path],
    out: Path,
    *,
    lookup: Lookup,
    panel: str = "",
    key: Path | None = None,
    progress: Progress = lambda _stage, _done, _total: None,
) -> CleanFolder:
    """Write de-identified copies of files, a manifest, and a list of what was left out.

    Parameters
    ----------
    inputs : sequence of Path
        Files, and folders whose FCS files are taken, whatever their names end in.
    out : Path
        A new or an empty folder: gets ``fcs/001.fcs`` …, ``manifest.csv`` and ``removed.csv``; nothing
        when no file can be read.
    lookup : Lookup
        Where patient and day stand.
    panel : str
        Template for the manifest: a packaged one, or the path of a ``.yaml`` file.
    key : Path, optional
        A new file outside of `out` for what the pseudonyms and the new files stand for, readable by
        this user alone.
    progress : callable
        Called after each file.

    Raises
    ------
    StudyError
        If there is no file, or `out` or `key` cannot be used.
    KnowledgeError
        If there is no such template.
    CytoreconError
        If a keyword of `lookup` stands in no file.
    """
    _check_out(out)
    template = _panel(panel, out)
    found = find_files(inputs, out)
    files = found.files
    if not files and not found.skipped:
        raise StudyError("There is no file in what was named.")
    if key is not None:
        _check_key(key, out)
    check_keywords(files, lookup)
    was_there = out.exists()
    (out / "fcs").mkdir(parents=True, exist_ok=True)
    taken: list[_Taken] = []
    failures: list[tuple[Path, str]] = []
    for count, path in enumerate(files, start=1):
        try:
            for dataset in data_sets_to_take(path):
                taken.append(_take(path, dataset, out, len(taken) + 1, lookup))
        except (CytoreconError, OSError) as error:
            failures.append((path, _reason(error)))
        progress("de-identifying", count, len(files))
    if not taken:
        (out / "fcs").rmdir()
        if not was_there:
            out.rmdir()
        return CleanFolder((), tuple(failures), found.skipped)
    names = pseudonyms([(item.called, item.clean.day) for item in taken])
    shared = lookup.anchor_date is not None and len(set(names.values())) > 1
    done = tuple(
        (item.source, _named(item.clean, names.get(item.called, ""), without_day=shared)) for item in taken
    )
    clean_files = [clean for _, clean in done]
    _write_new(
        out / "manifest.csv", _csv([MANIFEST, *(_manifest_row(clean, template) for clean in clean_files)])
    )
    _write_new(out / "removed.csv", _csv([("file", "removed", "count"), *_removed_rows(clean_files)]))
    if key is not None:
        _write_new(key, _csv([("what", "here", "source"), *_key_rows(done, names)]), mode=0o600)
    if shared:
        remarks = [_ONE_DATE.format(len(set(names.values())))]
    else:
        remarks = list(_one_day(taken, names, lookup))
    return CleanFolder(done, tuple(failures), found.skipped, tuple(remarks))


def _named(clean: CleanFile, patient: str, *, without_day: bool) -> CleanFile:
    update: dict[str, object] = {"patient": patient}
    return clean.model_copy(update={**update, "day": None} if without_day else update)


def _take(path: Path, dataset: int | None, out: Path, number: int, lookup: Lookup) -> _Taken:
    found = deidentify(path, dataset=dataset)
    _check_damage(found, path)
    file = f"fcs/{number:03d}.fcs"
    found.write(out / file)
    told = lookup.find(found.source_keywords)
    clean = CleanFile(
        number=number,
        file=file,
        n_events=found.sample.n_events,
        patient="",
        day=told.day,
        problems=told.problems,
        removed=found.removed,
        issues=found.issues,
    )
    return _Taken(path, told.patient, clean, found.sample.sha256)


def _check_damage(found: Deidentified, path: Path) -> None:
    for issue in found.issues:
        if issue.code in _DAMAGE:
            raise FcsError(
                "The file is damaged, which a new file made of it would not show.",
                subject=path.name,
                found=issue.message.rstrip("."),
                hint="Copy it again from the cytometer.",
            )


def _one_day(taken: Sequence[_Taken], names: Mapping[str, str], lookup: Lookup) -> Iterator[str]:
    """Yield patients whose files all have one day, although they are not copies of one."""
    said_by = keyword_name(lookup.day_from) or "the $DATE"
    for patient in dict.fromkeys(names.get(item.called, "") for item in taken):
        own = [item for item in taken if names.get(item.called, "") == patient]
        days = {item.clean.day for item in own}
        if len(days) == 1 and None not in days and len({item.sha256 for item in own}) > 1:
            files = f"The {len(own)} files" + (f" of {patient}" if patient else "")
            yield _ONE_DAY.format(files, days.pop(), said_by)


def _panel(panel: str, out: Path) -> str:
    """Return a template as the manifest in `out` names it: a sheet's paths begin at the sheet."""
    if not panel:
        return ""
    load_template(panel)
    is_path = panel.lower().endswith((".yaml", ".yml"))
    return Path(os.path.relpath(panel, out)).as_posix() if is_path else panel


def _check_out(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StudyError(
            "The place for the new files is in use; nothing in it was changed. "
            "Name a new or an empty folder.",
            subject=str(out),
        )


def _check_key(key: Path, out: Path) -> None:
    if place_of(key).is_relative_to(place_of(out)):
        raise StudyError(
            "The key leads back to the patients, and must not lie beside the files it belongs to. "
            "Name a file outside of the new folder.",
            subject=str(key),
        )
    if key.exists():
        raise StudyError("There is a file of this name already; it was not changed.", subject=str(key))


def _reason(error: CytoreconError | OSError) -> str:
    """Return why, without the file, which is named by whoever tells it."""
    if isinstance(error, OSError):
        return error.strerror or "cannot be read"
    parts = {"field": error.field, "found": error.found, "allowed": error.allowed, "hint": error.hint}
    return str(CytoreconError(error.message, **parts))


def _manifest_row(clean: CleanFile, panel: str) -> tuple[str, ...]:
    day = "" if clean.day is None else str(clean.day)
    return (clean.file, clean.patient, day, panel, *([""] * (len(MANIFEST) - 4)))


def _removed_rows(files: Iterable[CleanFile]) -> Iterable[tuple[str, ...]]:
    return ((clean.file, what, str(count)) for clean in files for what, count in clean.removed.rows())


def _key_rows(done: Iterable[tuple[Path, CleanFile]], names: dict[str, str]) -> Iterable[tuple[str, ...]]:
    yield from (("patient", name, called) for called, name in names.items())
    yield from (("file", clean.file, str(path.resolve())) for path, clean in done)


def _csv(rows: Iterable[Sequence[str]]) -> str:
    return "".join(map(csv_line, rows))


def _write_new(path: Path, text: str, mode: int = 0o666) -> None:
    """Write a file that is not there yet."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(handle, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - a descriptor
        file.write(text)
