"""Integers of widths that processors do not know: 24 bits and the like, and packed bits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.uint64]


def byte_integers(table: Bytes, size: int, order: Sequence[int]) -> Integers:
    """Return integers of `size` whole bytes.

    Parameters
    ----------
    table : ndarray of uint8, shape (events, columns * size)
        Their bytes.
    size : int
        Bytes of one integer, at most 8.
    order : sequence of int
        Significance of each byte, 0 the least.

    Examples
    --------
    >>> byte_integers(np.array([[1, 0, 0, 0, 1, 0]], np.uint8), 3, (0, 1, 2)).tolist()
    [[1, 256]]
    """
    values = np.zeros((len(table), table.shape[1] // size), np.uint64)
    for place, significance in enumerate(order):
        values |= table[:, place::size].astype(np.uint64) << np.uint64(8 * significance)
    return values


def packed_integers(
    raw: Bytes, rows: int, event_bits: int, widths: Sequence[int], masks: Sequence[int]
) -> Integers:
    """Return integers of any width that follow each other bit by bit, the most significant first.

    Parameters
    ----------
    raw : ndarray of uint8
        Bytes of `rows` events.
    rows : int
        Number of events.
    event_bits : int
        From the beginning of an event to that of the next.
    widths, masks : sequence of int
        Of each column.

    Examples
    --------
    >>> packed_integers(np.array([0b10100000, 0b01000000], np.uint8), 1, 10, (3, 7), (7, 127)).tolist()
    [[5, 1]]
    """
    bits = np.unpackbits(raw, count=rows * event_bits).reshape(rows, event_bits)
    values = np.zeros((rows, len(widths)), np.uint64)
    at = first = 0
    for width, group in groupby(widths):  # neighbours of one width at once
        columns = slice(first, first + len(list(group)))
        stop = at + (columns.stop - first) * width
        for bit in np.moveaxis(bits[:, at:stop].reshape(rows, -1, width), 2, 0):
            values[:, columns] = (values[:, columns] << np.uint64(1)) | bit
        at, first = stop, columns.stop
    return values & np.array(masks, np.uint64)
