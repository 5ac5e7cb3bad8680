"""Memory for the events: what does not fit is refused before anything is read.

A sparse file takes no room on the disk and announces any number of events; the operating system may
promise the memory for them, and end the programme when it is used.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from cytorecon.errors import FcsMemoryError
from cytorecon.fcs.decode import Block
from cytorecon.fcs.layout import Layout


def room_for_events(layout: Layout, dtype: np.dtype[Any], file: str) -> Block:
    """Return an empty matrix for the events, shape (events, channels).

    Parameters
    ----------
    layout : Layout
        How many there are.
    dtype : dtype
        float32, float64 or uint64.
    file : str
        Name for messages.

    Raises
    ------
    FcsMemoryError
        If the computer does not have as much memory, or does not give it.
    """
    if _needed(layout, dtype) > installed_memory():
        raise too_large(layout, dtype, file)
    try:
        return np.empty((layout.n_events, layout.storage.n_channels), dtype)
    except MemoryError as error:
        raise too_large(layout, dtype, file) from error


def too_large(layout: Layout, dtype: np.dtype[Any], file: str) -> FcsMemoryError:
    """Return the error for events that the memory does not hold."""
    return FcsMemoryError(
        "The file holds more events than fit into the memory of this computer.",
        subject=file,
        field="$TOT",
        found=f"{layout.n_events} events of {layout.storage.n_channels} parameters, "
        f"{_needed(layout, dtype) / 2**30:.1f} GiB",
        hint="If that is not what was measured, the file is damaged: copy or export it again.",
    )


def installed_memory() -> float:
    """Return the bytes of memory of this computer; infinity where the system does not tell."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return float("inf")


def _needed(layout: Layout, dtype: np.dtype[Any]) -> int:
    text = 0 if layout.event_bits else layout.length  # numbers between delimiters are read at once
    return layout.n_events * layout.storage.n_channels * dtype.itemsize + text
