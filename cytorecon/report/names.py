"""Names of the files of a report. A pseudonym is somebody's free text; a file name must be safe."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

_LONGEST: Final = 60
_HASH_DIGITS: Final = 10


def page_names(patients: Iterable[str]) -> Mapping[str, str]:
    """Return the file name of each patient's page.

    Only ``a-z A-Z 0-9 _ -`` of a pseudonym are used. Where that changes the pseudonym, or two of
    them would differ in case only (one file on many disks), part of its SHA-256 is appended.

    Parameters
    ----------
    patients : iterable of str
        Pseudonyms, each once.

    Examples
    --------
    >>> page_names(["P01", "../etc"])["P01"]
    'patient_P01.html'
    >>> page_names(["../etc"])
    {'../etc': 'patient_etc-f7f9121fdb.html'}
    """
    slugs = {patient: _slug(patient) for patient in patients}
    times = Counter(slug.casefold() for slug in slugs.values())
    plain = {p: s for p, s in slugs.items() if s == p != "" and times[s.casefold()] == 1}
    taken = {slug.casefold() for slug in plain.values()}
    names = {}
    for patient, slug in slugs.items():
        name = slug if patient in plain else _distinct(slug, patient, taken)
        taken.add(name.casefold())
        names[patient] = f"patient_{name}.html"
    return names


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")[:_LONGEST]


def _distinct(slug: str, patient: str, taken: set[str]) -> str:
    digest = hashlib.sha256(patient.encode("utf-8", "surrogatepass")).hexdigest()
    for digits in range(_HASH_DIGITS, len(digest) + 1):
        name = f"{slug}-{digest[:digits]}".lstrip("-")
        if name.casefold() not in taken:
            return name
    raise AssertionError("two pseudonyms with one SHA-256")
