"""The chain of the history: each line holds the hash of the one before it.

Whoever changes or removes a line afterwards must change all later ones, and their last hash is what others
may have noted down. A line holds nothing that may have to be erased: that stands beside it, in the details,
and the line has only a digest of them. A random number goes into each digest, so that nobody can find out
by trying which pseudonym an erased line was about. (The line of an erasure has its own salt in it: there
who guesses the pseudonym can confirm it, docs/decisions/0059.)

What is hashed here must never change: lines of old studies could not be verified any more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

#: What the first line has for the hash of the line before it.
GENESIS: Final = "0" * 64

#: What a line says for good beside its time: numbers, hashes and lists of them.
Mark = Mapping[str, str | int | list[int]]


@dataclass(frozen=True, slots=True)
class Details:
    """What may be erased of a line.

    Parameters
    ----------
    nonce : str
        Random, 32 hexadecimal digits.
    patient, tube : str
        Whom and what it was done to; empty when it was nobody and nothing.
    reason : str
        In the user's words.
    after_sha256 : str
        Of what was written; empty when that is not one thing.
    """

    nonce: str
    patient: str
    tube: str
    reason: str
    after_sha256: str

    @property
    def sha256(self) -> str:
        """The digest that goes into the chain."""
        return digest(canonical(asdict(self)))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the chain without its hash.

    Parameters
    ----------
    revision : int
        Its place: 1, 2, 3 …
    at : str
        Time, ISO 8601, UTC. The order of lines is that of `revision`: clocks are set back.
    what, who : str
        The change, and the name of who made it.
    mark : str
        :data:`Mark` as canonical JSON.
    details_sha256 : str
        Digest of the details.
    prev_hash : str
        Hash of the line before.
    """

    revision: int
    at: str
    what: str
    who: str
    mark: str
    details_sha256: str
    prev_hash: str

    @property
    def hash(self) -> str:
        """SHA-256 of the previous hash and the canonical JSON of the rest."""
        content = asdict(self)
        previous = content.pop("prev_hash")
        return digest(previous + canonical(content))


def canonical(content: object) -> str:
    """Return JSON in the one form that is hashed.

    Examples
    --------
    >>> canonical({"b": 1, "a": "µ"})
    '{"a":"µ","b":1}'
    """
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(*texts: str) -> str:
    """Return the SHA-256 of texts; where one ends and the next begins counts."""
    found = hashlib.sha256()
    for place, text in enumerate(texts):
        found.update((b"\x00" if place else b"") + text.encode("utf-8", "surrogatepass"))
    return found.hexdigest()
