"""Files with a word planted in every place that a name can stand in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.fcs.fcs_bytes import EVENTS, fcs_bytes

#: Not letters only: a hash can hold no such word by chance.
WORD = "CANARYMUELLER"
NAMES = ("FSC-A", "SSC-A", "FITC-A", "PE-A", "Time")

#: Keyword -> what stands there, each with a word of its own.
PLANTED: Mapping[str, str] = {
    name: f"{WORD}{number:02d}"
    for number, name in enumerate(
        (
            "$SRC", "$SMNO", "$OP", "$FIL", "$COM", "$CELLS", "$PROJ", "$INST", "$EXP", "$CYTSN", "$CYT",
            "PATIENT ID", "@SAMPLEID1", "TBNM", "&10PT NAME", "$P1F", "$P3T", "$P3V", "$VOL", "$P1S", "$P3S",
        )
    )
}  # fmt: skip


def planted_file(
    keywords: Mapping[str, str] | None = None,
    *,
    events: npt.ArrayLike = EVENTS,
    names: tuple[str, ...] = NAMES,
    datatype: str = "F",
    bits: int = 32,
) -> bytes:
    """Return a file with names in keywords, supplemental TEXT, ANALYSIS, and behind it all."""
    words: dict[str, str | None] = {
        **PLANTED, f"{WORD}50": "1", "$DATE": "20-Aug-2002", "$BTIM": "09:51:34",
        **(keywords or {}),
    }  # fmt: skip
    supplement, analysis = f"|NOTE|{WORD}51|".encode(), f"|NOTE|{WORD}52|".encode()
    # Offsets of what stands behind the events; their text has a fixed length, so that nothing moves.
    words |= dict.fromkeys(
        ("$BEGINSTEXT", "$ENDSTEXT", "$BEGINANALYSIS", "$ENDANALYSIS", "$NEXTDATA"), "0" * 8
    )
    content = fcs_bytes(events, names, keywords=words, datatype=datatype, bits=bits)
    end = len(content)
    words |= {
        "$BEGINSTEXT": f"{end:08d}", "$ENDSTEXT": f"{end + len(supplement) - 1:08d}",
        "$BEGINANALYSIS": f"{end + len(supplement):08d}",
        "$ENDANALYSIS": f"{end + len(supplement) + len(analysis) - 1:08d}",
    }  # fmt: skip
    content = fcs_bytes(events, names, keywords=words, datatype=datatype, bits=bits)
    assert len(content) == end
    return content + supplement + analysis + f"{WORD}53".encode()


def with_second_data_set(first: bytes) -> bytes:
    """Return `first` with a further data set, which $NEXTDATA of the first points to."""
    marked = first.replace(b"|$NEXTDATA|00000000|", f"|$NEXTDATA|{len(first):08d}|".encode())
    assert marked != first
    return marked + fcs_bytes(keywords={"$SRC": f"{WORD}54"})


def everything(folder: Path) -> bytes:
    """Return the names and the bytes of all files below `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return b"\n".join(str(path.relative_to(folder)).encode() + b"\n" + path.read_bytes() for path in files)


def float_events(n: int) -> npt.NDArray[np.float32]:
    """Return `n` events of five channels."""
    return np.random.default_rng(3).normal(500, 200, (n, 5)).astype(np.float32)
