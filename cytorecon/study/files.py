"""Which bytes the tubes of a sheet are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from cytorecon.study.model import Tube


def file_digests(tubes: Iterable[Tube]) -> dict[str, str]:
    """Return tube -> SHA-256 of its file, without the tubes whose file cannot be read."""
    digests = {}
    for tube in tubes:
        if tube.path is None:
            continue
        try:
            with tube.path.open("rb") as file:
                digests[tube.tube] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            # Whoever analyses the tube says what is wrong with its file.
            continue
    return digests
