"""The process that does one job: ``python -m cytorecon.cli.work``; see :mod:`cytorecon.jobs.child`.

It reads one line that says what to do, limits itself, does it, and says what came of it. It ends when
its worker does: the pipe it was told by is closed then.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import zipfile
from collections.abc import Mapping
from typing import Final

from cytorecon import __version__
from cytorecon.errors import CytoreconError
from cytorecon.intake import private_folder
from cytorecon.intake.limits import set_limits
from cytorecon.jobs.child import Errand, Line
from cytorecon.jobs.model import Outcome
from cytorecon.jobs.uploads import Told, ingest, regate
from cytorecon.pipeline.learn import reason_of
from cytorecon.store import StudyStore
from cytorecon.store.blobs import Blobs
from cytorecon.store.history import UNKNOWN
from cytorecon.store.remote_blobs import open_blobs

MODULE: Final = "cytorecon.cli.work"
_IN: Final = 0
_OUT: Final = 1


def main() -> int:
    """Do what standard input says."""
    answers = os.dup(_OUT)
    os.dup2(2, _OUT)  # whatever a library prints is no answer
    line = _first_line()
    if not line:  # the worker ended before there was a job
        return 0
    errand = Errand.model_validate_json(line)
    threading.Thread(target=_end_with_worker, daemon=True).start()
    limits = errand.limits
    set_limits(limits.address_space.value, limits.processor_time.value, open_files=None)

    def say(line: Line) -> None:
        os.write(answers, line.model_dump_json().encode() + b"\n")

    say(Line(outcome=perform(errand, lambda stage: say(Line(stage=stage)))))
    os._exit(0)  # the other thread waits at the pipe


def perform(errand: Errand, told: Told) -> Outcome:
    """Do a job; whatever goes wrong is what came of it.

    Parameters
    ----------
    errand : Errand
        What to do.
    told : callable
        Called with what is being done.
    """
    try:
        return _performed(errand, told)
    except CytoreconError as error:
        return Outcome(done=False, message=reason_of(error))
    except MemoryError:
        memory = errand.limits.address_space.value
        return Outcome(done=False, message=f"It needs more than {memory} MB of memory.")
    except Exception as error:  # noqa: BLE001 - a defect of ours in one job must not lose the others
        return Outcome(done=False, message=f"Internal error ({type(error).__name__}); please report it.")


def _performed(errand: Errand, told: Told) -> Outcome:
    blobs, request = open_blobs(errand.study, errand.blobs), errand.request
    with StudyStore.open(errand.study, who=request.by or UNKNOWN) as store:
        if request.kind == "ingest":
            return ingest(store, blobs, request, errand.key, told)
        if request.kind == "regate":
            return regate(store, blobs, request, errand.key, told)
        told("writing")
        making = _report if request.kind == "report" else _export
        return _kept(making(store, request.formats), blobs)


def _report(store: StudyStore, formats: tuple[str, ...]) -> Mapping[str, bytes]:
    from cytorecon.report import Making, write_patient_sheets, write_report

    result = store.result(plots=False)
    asked = tuple(one for one in ("html", "pdf") if one in formats)
    making = Making(asked, __version__, locked=result.locked)
    with private_folder() as folder:
        if "html" in asked:
            write_report(result, folder, software_version=__version__, sheets=making)
        else:
            everybody = [patient.patient for patient in result.study.patients]
            write_patient_sheets(result, folder, making, patients=everybody)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }


def _export(store: StudyStore, formats: tuple[str, ...]) -> Mapping[str, bytes]:
    from cytorecon.interop import FORMATS, export_files, export_tables

    asked = [one for one in FORMATS if one in formats]
    return export_files(export_tables(store.result(plots=False)), asked)


def _kept(files: Mapping[str, bytes], blobs: Blobs) -> Outcome:
    with private_folder() as folder:
        path = folder / "made.zip"
        path.write_bytes(zipped(files))
        sha256 = blobs.put(path, ".zip")
    return Outcome(done=True, message=f"{len(files)} files", blob_sha256=sha256)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip file of `files` by name; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(_IN, 1 << 16)
        if not piece:
            break
        line += piece
    return line


def _end_with_worker() -> None:
    while os.read(_IN, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
