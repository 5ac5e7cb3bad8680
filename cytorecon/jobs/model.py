"""What a job is: what is asked, what came of it, and how far it is."""

from __future__ import annotations

import hashlib
import json
from typing import Final, Literal

from cytorecon.study.model import Patient, Tube
from cytorecon.values import Frozen

#: ingest: analyse an upload; regate: analyse a kept file again; report, export: as the commands do.
Kind = Literal["ingest", "regate", "report", "export"]
State = Literal["queued", "running", "done", "failed", "cancelled"]

#: States from which a job goes on by itself.
UNFINISHED: Final = ("queued", "running")


class Request(Frozen):
    """What is asked of a job. It holds pseudonyms and day numbers, never a path or the name of a file.

    Parameters
    ----------
    kind : str
        See :data:`Kind`.
    tube : Tube or None
        Which tube, of ``ingest`` and ``regate``.
    patient : Patient or None
        Of ``ingest``: what is known about a patient who is new.
    file_sha256 : str
        Of the bytes as they came, of a file that the study keeps.
    formats : tuple of str
        Of ``report`` (html, pdf) and ``export``.
    remarks : tuple of str
        For the person who asked; told with the result.
    by : str
        Initials of who asked, for the history; empty when not said.
    """

    kind: Kind
    tube: Tube | None = None
    patient: Patient | None = None
    file_sha256: str = ""
    formats: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    by: str = ""

    @property
    def subject(self) -> str:
        """What it is about, in a word."""
        return self.tube.tube if self.tube is not None else " ".join(self.formats)


class Outcome(Frozen):
    """What came of a job.

    Parameters
    ----------
    done : bool
        Whether it did what was asked.
    message : str
        What was done, or why not.
    tube : str
        The tube that was stored; it may have another number than the one that was asked for.
    blob_sha256 : str
        Of the zip file with what was made, of ``report`` and ``export``.
    """

    done: bool
    message: str
    tube: str = ""
    blob_sha256: str = ""


class Job(Frozen):
    """A job as it stands.

    Parameters
    ----------
    id : str
        By which it is cancelled or tried again.
    request : Request
        What is asked.
    state : str
        See :data:`State`.
    stage : str
        What is being done, while it runs.
    outcome : Outcome or None
        What came of it, once it ended.
    """

    id: str
    request: Request
    state: State
    stage: str = ""
    outcome: Outcome | None = None

    @property
    def is_unfinished(self) -> bool:
        """Whether it waits or runs."""
        return self.state in UNFINISHED

    @property
    def message(self) -> str:
        """What is to be said of it."""
        return self.outcome.message if self.outcome is not None else self.stage


def first_attempt(name: str) -> str:
    """Return the identifier of the first attempt of a job.

    Examples
    --------
    >>> first_attempt("ingest-132ba5c3424d4ca7-3"), first_attempt("ingest-132ba5c3424d4ca7")
    ('ingest-132ba5c3424d4ca7', 'ingest-132ba5c3424d4ca7')
    """
    return "-".join(name.split("-")[:2])


def job_key(request: Request, state: str) -> str:
    """Return the key of a job: the same work on the same study has the same.

    Parameters
    ----------
    request : Request
        What is asked; remarks and who asks do not matter.
    state : str
        Of what it is done with: settings and decisions, or the study's revision.

    Examples
    --------
    >>> job_key(Request(kind="report", formats=("pdf",)), "7")
    '132ba5c3424d4ca7'
    """
    asked = request.model_copy(update={"remarks": (), "patient": None})
    # who asks is no part of the work, and keys are as they were before requests said it
    text = json.dumps([asked.model_dump_json(exclude={"by"}), state])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
