"""From the bytes of DATA to numbers, block by block.

A block of events is read, decoded, made linear and checked while it is in the processor's cache.
Little-endian float32, which most files hold, is read straight into the matrix of events: there is
no second copy of it, and nothing that depends on the file afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cytorecon.errors import FcsAmbiguousError
from cytorecon.fcs.ascii_numbers import check_last_number, delimited_values, fixed_values
from cytorecon.fcs.bits import byte_integers, packed_integers
from cytorecon.fcs.checksum import LENGTH
from cytorecon.fcs.layout import Layout
from cytorecon.fcs.source import Source
from cytorecon.fcs.storage import Kind, Storage

Bytes = npt.NDArray[np.uint8]
Values = npt.NDArray[np.float32] | npt.NDArray[np.float64] | npt.NDArray[np.unsignedinteger]
Block = npt.NDArray[np.float32] | npt.NDArray[np.float64] | npt.NDArray[np.uint64]

#: Fits into the second-level cache of any current processor beside what is made of it.
BLOCK_BYTES = 1 << 18

_LITTLE_FLOAT = np.dtype("<f4")

#: Bits of the integers that a floating-point number holds exactly.
_EXACT_IN_FLOAT, _EXACT_IN_DOUBLE = 24, 53


class Run(NamedTuple):
    """Neighbouring columns that are stored alike.

    Parameters
    ----------
    first, stop : int
        Columns, from 0; `stop` is the one after the last.
    values : ndarray, shape (events, stop - first)
        After the bit masks. The block's rows of the matrix of events themselves, where the bytes
        were read into it.
    """

    first: int
    stop: int
    values: Values


Finish = Callable[[Sequence[Run], Block], None]


def exact_dtype(storage: Storage) -> np.dtype[np.float32] | np.dtype[np.float64] | np.dtype[np.uint64]:
    """Return the smallest of float32, float64 and uint64 that holds every stored value exactly.

    Integers of more than 53 bits beside floating-point numbers have no such dtype; they get float64.
    """
    kinds = set(storage.kinds)
    bits = max((mask.bit_length() for mask in storage.masks), default=0)
    if kinds == {Kind.INTEGER} and bits > _EXACT_IN_DOUBLE:
        return np.dtype(np.uint64)
    if kinds & {Kind.DOUBLE, Kind.ASCII} or bits > _EXACT_IN_FLOAT:
        return np.dtype(np.float64)
    return np.dtype(np.float32)


def read_events(source: Source, layout: Layout, events: Block, finish: Finish) -> None:
    """Fill `events`, shape (events, channels), with what `finish` makes of each block.

    Parameters
    ----------
    source : Source
        The file.
    layout : Layout
        Where and how the events are stored; its places have been checked against the file's size.
    events : ndarray
        C-contiguous; a float32 matrix of little-endian float32 data is read into directly.
    finish : callable
        Called with the runs of a block and the rows of `events` that are theirs.

    Raises
    ------
    FcsError
        If the bytes do not hold what the layout says.
    """
    if not layout.n_events:
        return
    storage = layout.storage
    if storage.kinds[0] is Kind.ASCII and storage.is_delimited:
        end = layout.begin + layout.length
        content = source.part(layout.begin, end)
        check_last_number(content, source.part(end, end + LENGTH), source.file)
        values = delimited_values(content, events.shape, source.file)
        finish([Run(0, storage.n_channels, values)], events)
        return
    rows = _rows_of_a_block(layout.event_bits)
    if events.dtype == _LITTLE_FLOAT and set(storage.kinds) == {Kind.FLOAT} and storage.little_endian:
        size = layout.event_bits // 8
        room = events.reshape(-1).view(np.uint8).data
        for start in range(0, layout.n_events, rows):
            target = events[start : start + rows]
            source.fill(layout.begin + start * size, room[start * size : (start + rows) * size])
            finish((Run(0, storage.n_channels, target),), target)
        return
    decode = _decoder(storage, layout.event_bits, source.file)
    scratch = np.empty(-(-rows * layout.event_bits // 8), np.uint8)
    for start in range(0, layout.n_events, rows):
        target = events[start : start + rows]
        raw = scratch[: -(-len(target) * layout.event_bits // 8)]
        source.fill(layout.begin + start * layout.event_bits // 8, raw.data)
        finish(decode(raw, len(target)), target)


def _rows_of_a_block(event_bits: int) -> int:
    """Return a multiple of eight events: those begin with a whole byte whatever the widths."""
    return max(8, BLOCK_BYTES * 8 // event_bits // 8 * 8)


Decoder = Callable[[Bytes, int], Sequence[Run]]


def _decoder(storage: Storage, event_bits: int, file: str) -> Decoder:
    n_channels = storage.n_channels
    if storage.kinds[0] is Kind.ASCII:
        widths = [bits // 8 for bits in storage.bits]
        return lambda raw, rows: [Run(0, n_channels, fixed_values(raw.reshape(rows, -1), widths, file))]
    if any(bits % 8 for bits in storage.bits):
        _check_bit_order(storage, file)
        return _packed_decoder(storage, event_bits)
    return _byte_decoder(storage)


def _packed_decoder(storage: Storage, event_bits: int) -> Decoder:
    """Columns bit by bit; a floating-point number among them is its bits, the most significant first."""
    masks = [
        mask if kind is Kind.INTEGER else (1 << bits) - 1
        for kind, bits, mask in zip(storage.kinds, storage.bits, storage.masks, strict=True)
    ]
    columns = range(storage.n_channels)
    groups = [(kind, list(group)) for kind, group in groupby(columns, lambda column: storage.kinds[column])]

    def decode(raw: Bytes, rows: int) -> list[Run]:
        bits = packed_integers(raw, rows, event_bits, storage.bits, masks)
        return [
            Run(group[0], group[-1] + 1, _numbers(kind, bits[:, group[0] : group[-1] + 1]))
            for kind, group in groups
        ]

    return decode


def _numbers(kind: Kind, bits: npt.NDArray[np.uint64]) -> Values:
    """Return what `bits` of one kind mean."""
    if kind is Kind.FLOAT:
        return bits.astype(np.uint32).view(np.float32)
    return np.ascontiguousarray(bits).view(np.float64) if kind is Kind.DOUBLE else bits


def _check_bit_order(storage: Storage, file: str) -> None:
    """From the most significant bit on is all that the standard can mean by big endian."""
    if storage.little_endian is not False:
        raise FcsAmbiguousError(
            "Integers that do not fill whole bytes have no defined order of bits in this byte order.",
            subject=file,
            field="$BYTEORD",
            found=",".join(str(place + 1) for place in storage.order),
            allowed="4,3,2,1",
            hint="Export the sample as FCS 3.1 with floating-point data.",
        )


def _byte_decoder(storage: Storage) -> Decoder:
    """Columns of whole bytes; neighbours of one kind and width are decoded together."""
    parts: list[tuple[int, int, int, Callable[[Bytes], Values]]] = []
    at = 0
    columns = range(storage.n_channels)
    for (kind, bits), group in groupby(columns, lambda column: (storage.kinds[column], storage.bits[column])):
        run = list(group)
        stop = at + len(run) * bits // 8
        masks = storage.masks[run[0] : run[-1] + 1]
        parts.append((run[0], at, stop, _run_decoder(kind, bits // 8, storage, masks)))
        at = stop
    starts = [first for first, *_ in parts] + [storage.n_channels]

    def decode(raw: Bytes, rows: int) -> list[Run]:
        table = raw.reshape(rows, at)
        return [
            Run(first, starts[index + 1], values(table[:, begin:stop]))
            for index, (first, begin, stop, values) in enumerate(parts)
        ]

    return decode


def _run_decoder(kind: Kind, size: int, storage: Storage, masks: Sequence[int]) -> Callable[[Bytes], Values]:
    order = _word_order(storage, size)
    if kind is Kind.INTEGER and size not in (1, 2, 4, 8):
        wide = np.array(masks, dtype=np.uint64)
        return lambda table: byte_integers(table, size, order) & wide
    dtype = np.dtype(f"{'u' if kind is Kind.INTEGER else 'f'}{size}")
    words = _words(dtype, order)
    if kind is not Kind.INTEGER or all(mask == (1 << 8 * size) - 1 for mask in masks):
        return words
    # One number for all columns is several times as quick as a row of them.
    mask = np.array(masks if len(set(masks)) > 1 else masks[0], dtype)

    def masked(table: Bytes) -> Values:
        values = words(table)  # of the scratch, or new
        np.bitwise_and(values, mask, out=values)
        return values

    return masked


def _word_order(storage: Storage, size: int) -> tuple[int, ...]:
    """Significance of each byte of a word of `size` bytes."""
    if storage.little_endian is None:
        return storage.order if size > 1 else (0,)
    ascending = tuple(range(size))
    return ascending if storage.little_endian else ascending[::-1]


def _words(
    dtype: np.dtype[np.floating | np.unsignedinteger], order: tuple[int, ...]
) -> Callable[[Bytes], Values]:
    """Return what makes numbers of the bytes of neighbouring columns; a view where it can be one."""
    size = dtype.itemsize
    ascending = tuple(range(size))
    if order in (ascending, ascending[::-1]):
        stored = dtype.newbyteorder("<" if order == ascending else ">")
        if stored.isnative:
            return lambda table: table.view(dtype)
        return lambda table: table.view(stored).astype(dtype)
    little = dtype.newbyteorder("<")
    places = [order.index(place) for place in ascending]

    def sorted_bytes(table: Bytes) -> Values:
        words = np.ascontiguousarray(table).reshape(len(table), -1, size)[:, :, places]
        words = np.ascontiguousarray(words)  # an index moves the axes in memory; one column would stay so
        return words.reshape(len(table), -1).view(little).astype(dtype, copy=False)

    return sorted_bytes
