"""What goes to a worker process and what comes back."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import dataclass

from cytorecon.errors import CytoreconError


class WorkersError(CytoreconError):
    """No worker can be had: the run stops, and what is stored stays."""


@dataclass(frozen=True)
class Work:
    """A function that is run over many items: packed once, and unpacked once by each process.

    Parameters
    ----------
    packed : bytes
        The function with what all items share (scales, priors).
    key : str
        SHA-256 of it.
    """

    packed: bytes
    key: str

    @classmethod
    def of(cls, function: Callable[..., object]) -> Work:
        """Pack a function that can be imported, or a ``partial`` of one."""
        packed = pickle.dumps(function)
        return cls(packed, hashlib.sha256(packed).hexdigest())


@dataclass(frozen=True)
class Request:
    """One item for a worker process, packed apart: one that cannot be unpacked costs nobody else.

    Parameters
    ----------
    key : str
        Of the work.
    work : bytes or None
        The work, unless the process had it before.
    item : bytes
        The item.
    """

    key: str
    work: bytes | None
    item: bytes


@dataclass(frozen=True)
class Returned:
    """What the function returned."""

    value: object


@dataclass(frozen=True)
class Raised:
    """What the function raised; raised again where the answer is asked for."""

    error: BaseException


class Ready:
    """Says that a worker process has loaded the program."""
