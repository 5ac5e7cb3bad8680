"""FCS files as bytes, right or wrong in any one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

NAMES = ("FSC-A", "SSC-A", "FITC-A", "PE-A", "Time")
EVENTS = np.arange(1, 51, dtype=np.float32).reshape(10, 5)

_TYPES = {("F", 32): "f4", ("D", 64): "f8", ("I", 8): "u1", ("I", 16): "u2", ("I", 32): "u4"}


def fcs_bytes(
    events: npt.ArrayLike = EVENTS,
    names: Sequence[str] = NAMES,
    *,
    version: str = "FCS3.1",
    datatype: str = "F",
    bits: int = 32,
    big_endian: bool = False,
    limit: int = 262144,
    keywords: Mapping[str, str | None] | None = None,
    delimiter: str = "|",
    text: str | None = None,
    data: bytes | None = None,
    text_data: tuple[int, int] | None = None,
    header_data: tuple[int, int] | None = None,
    encoding: str = "utf-8",
) -> bytes:
    """Return one data set.

    Parameters
    ----------
    events, names, version, datatype, bits, big_endian, limit
        What is stored and how; `limit` is every ``$PnR``.
    keywords : mapping
        Added to TEXT or put in place of what belongs there; None takes a keyword out.
    delimiter, encoding
        Of TEXT.
    text : str, optional
        Appended to TEXT as it is, behind its last delimiter.
    data : bytes, optional
        In place of the events.
    text_data, header_data : (int, int), optional
        Added to begin and end of DATA as TEXT and HEADER give them.
    """
    stored = np.asarray(events)
    if data is None:
        data = stored.astype((">" if big_endian else "<") + _TYPES[datatype, bits]).tobytes()
    words: dict[str, str | None] = {
        "$BEGINDATA": "{begin:08d}", "$ENDDATA": "{end:08d}", "$BEGINSTEXT": "0", "$ENDSTEXT": "0",
        "$NEXTDATA": "0", "$MODE": "L", "$DATATYPE": datatype, "$PAR": str(len(names)),
        "$TOT": str(len(stored)),
        "$BYTEORD": "4,3,2,1" if big_endian else "1,2,3,4", "$TIMESTEP": "1",
    }  # fmt: skip
    for index, name in enumerate(names, start=1):
        words |= {
            f"$P{index}N": name,
            f"$P{index}B": str(bits),
            f"$P{index}R": str(limit),
            f"$P{index}E": "0,0",
        }
    words |= dict(keywords or {})
    body = delimiter + "".join(
        f"{key}{delimiter}{value}{delimiter}" for key, value in words.items() if value is not None
    )
    body += text or ""
    begin = 58 + len(_offsets(body, 0, 0).encode(encoding))
    end = begin + len(data) - 1
    shift, header_shift = text_data or (0, 0), header_data or (0, 0)
    segment = _offsets(body, begin + shift[0], end + shift[1]).encode(encoding)
    places = (58, begin - 1, begin + header_shift[0], end + header_shift[1], 0, 0)
    header = f"{version}    " + "".join(f"{place:8d}" for place in places)
    return header.encode() + segment + data


def write(folder: Path, content: bytes, name: str = "tube.fcs") -> Path:
    """Write `content` to a file in `folder` and return its path."""
    path = folder / name
    path.write_bytes(content)
    return path


def _offsets(body: str, begin: int, end: int) -> str:
    return body.replace("{begin:08d}", f"{begin:08d}").replace("{end:08d}", f"{end:08d}")
