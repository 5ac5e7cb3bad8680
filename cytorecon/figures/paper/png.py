"""Pixels as a PNG in a data URI, written with the standard library alone."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Final

import numpy as np
import numpy.typing as npt

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_RGBA: Final = 6
_BITS: Final = 8


def png_uri(pixels: npt.NDArray[np.uint8]) -> str:
    """Return pixels as ``data:image/png;base64,...``.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (rows, columns, 4)
        Red, green, blue, opacity; row 0 is the upper one.
    """
    rows, columns, _ = pixels.shape
    # PNG, section 9: each row begins with the number of its filter; 0 is none
    raw = np.concatenate([np.zeros((rows, 1), np.uint8), pixels.reshape(rows, -1)], axis=1).tobytes()
    header = struct.pack(">IIBBBBB", columns, rows, _BITS, _RGBA, 0, 0, 0)
    body = b"".join((_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(raw, 9)), _chunk(b"IEND", b"")))
    return f"data:image/png;base64,{base64.b64encode(_SIGNATURE + body).decode('ascii')}"


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
