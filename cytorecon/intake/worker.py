"""The process that reads one upload: ``python -m cytorecon.intake.worker IN OUT ANSWER DATASET LIMITS…``.

It limits and confines itself before it opens the file, writes the de-identified file, and says what
became of it as one :class:`~cytorecon.intake.answer.Answer` in JSON. Whatever else happens in it, its
parent learns that it ended.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from cytorecon.errors import CytoreconError, FcsMemoryError
from cytorecon.intake.answer import Answer, Refusal
from cytorecon.intake.confinement import confine
from cytorecon.intake.deidentify import deidentify
from cytorecon.intake.limits import set_limits


def main(arguments: Sequence[str]) -> int:
    """Read, clean, write, answer.

    Parameters
    ----------
    arguments : sequence of str
        File to read, file to write, file for the answer, data set (or ``-``), and the limits:
        address space in MB, processor time in s, size of a file in MB.
    """
    path, out, said, dataset, *limits = arguments
    try:
        set_limits(*(int(limit) for limit in limits))
        confine(Path(out).parent)
        answer = _answer(Path(path), Path(out), None if dataset == "-" else int(dataset))
    except MemoryError:
        answer = Answer(too_large=True)
    Path(said).write_text(answer.model_dump_json(), encoding="utf-8")
    return 0


def _answer(path: Path, out: Path, dataset: int | None) -> Answer:
    try:
        found = deidentify(path, dataset=dataset)
        found.write(out)
    except FcsMemoryError:
        return Answer(too_large=True)
    except CytoreconError as error:
        return Answer(refusal=Refusal.of(error))
    except OSError:  # the limit on the size of a file, or a full disk
        return Answer(too_large=True)
    return Answer(issues=found.issues, removed=found.removed, written=found.written)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
