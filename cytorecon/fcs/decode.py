"""From the bytes of DATA to numbers: the only module that knows FlowIO.

FlowIO reads TEXT in a way that loses the ``$`` and lets custom keywords replace standard ones, so
it is given a clean data set: the event bytes under a HEADER and TEXT made from the checked
:class:`~cytorecon.fcs.layout.Layout`. A reader of our own can take the place of this module.
"""

from __future__ import annotations

import io
import warnings

import flowio
import numpy as np
import numpy.typing as npt

from cytorecon.errors import FcsError
from cytorecon.fcs.container import HEADER_LENGTH
from cytorecon.fcs.layout import Layout

Stored = npt.NDArray[np.integer] | npt.NDArray[np.floating]

_WIDTHS = (8, 16, 32)


def decode_events(content: bytes, layout: Layout, file: str) -> Stored:
    """Return the stored values, shape (events, channels), after the bit masks of ``$PnR``.

    Parameters
    ----------
    content : bytes
        The file.
    layout : Layout
        Where and how the events are stored.
    file : str
        Name for messages.

    Raises
    ------
    FcsError
        If integers of this width cannot be read.
    """
    if layout.datatype == "I" and not all(bits in _WIDTHS for bits in layout.bits):
        odd = next(index for index, bits in enumerate(layout.bits) if bits not in _WIDTHS)
        raise FcsError(
            "Integers of this width cannot be read.",
            subject=file,
            field=f"$P{odd + 1}B",
            found=str(layout.bits[odd]),
            allowed="8, 16 or 32 bits",
            hint="Export the sample as FCS 3.1 with floating-point data.",
        )
    shape = (layout.n_events, layout.n_channels)
    if layout.n_events == 0:
        return np.empty(shape, dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the data set is clean: whatever FlowIO warns of is a defect here
        flow = flowio.FlowData(io.BytesIO(_clean_data_set(content, layout)))
    values = np.asarray(flow.events).reshape(shape)
    return values & _masks(layout).astype(values.dtype) if layout.datatype == "I" else values


def _clean_data_set(content: bytes, layout: Layout) -> bytes:
    """One FCS 3.0 data set with these events and nothing else in TEXT but what describes them."""
    words = {
        "$BYTEORD": "1,2,3,4" if layout.little_endian else "4,3,2,1",
        "$DATATYPE": layout.datatype,
        "$MODE": "L",
        "$NEXTDATA": "0",
        "$PAR": str(layout.n_channels),
        "$TOT": str(layout.n_events),
        "$BEGINDATA": "{begin:012d}",
        "$ENDDATA": "{end:012d}",
    }
    for index, bits in enumerate(layout.bits, start=1):
        # The full width as range: masks are applied here, in one vectorised step.
        words |= {
            f"$P{index}B": str(bits),
            f"$P{index}R": str(2**bits),
            f"$P{index}N": f"C{index}",
            f"$P{index}E": "0,0",
        }
    template = "|" + "".join(f"{key}|{value}|" for key, value in words.items())
    length = len(template.format(begin=0, end=0))
    begin = HEADER_LENGTH + length
    end = begin + layout.data_bytes - 1
    in_header = (begin, end) if end <= 99_999_999 else (0, 0)
    offsets = (HEADER_LENGTH, begin - 1, *in_header, 0, 0)
    header = "FCS3.0    " + "".join(f"{offset:8d}" for offset in offsets)
    data = content[layout.begin : layout.begin + layout.data_bytes]
    return b"".join((header.encode(), template.format(begin=begin, end=end).encode(), data))


def _masks(layout: Layout) -> npt.NDArray[np.uint64]:
    """Bits above the next power of two of ``$PnR`` do not belong to the value (FCS 3.1 section 3.3)."""
    return np.array(
        [
            min(2 ** (int(limit) - 1).bit_length(), 2**bits) - 1
            for limit, bits in zip(layout.ranges, layout.bits, strict=True)
        ],
        dtype=np.uint64,
    )
