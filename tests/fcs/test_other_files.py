from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from cytorecon.errors import FcsError
from cytorecon.fcs import read_fcs
from cytorecon.fcs.other_files import EXPORT, OtherFile, other_file
from tests.fcs.fcs_bytes import fcs_bytes, write

UNPACK = "Unpack it and name the FCS file in it."
COPY = "Copy it again from the cytometer."


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, fcs_bytes())
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("tube.fcs"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "what", "hint"),
    [
        (gzip.compress(fcs_bytes()), "a gzip archive", UNPACK),
        (bz2.compress(fcs_bytes()), "a bzip2 archive", UNPACK),
        (lzma.compress(fcs_bytes()), "an xz archive", UNPACK),
        (lzma.compress(fcs_bytes(), lzma.FORMAT_ALONE), "an lzma archive", UNPACK),
        (b"\x28\xb5\x2f\xfd\x24", "a Zstandard archive", UNPACK),
        (b"\x04\x22\x4d\x18\x64", "an LZ4 archive", UNPACK),
        (b"\x1f\x9d\x90FCS", "a compressed file (.Z)", UNPACK),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "a 7z archive", UNPACK),
        (b"Rar!\x1a\x07\x01\x00", "a RAR archive", UNPACK),
        (tarred(), "a tar archive", UNPACK),
        (zipped("tube.fcs"), "a ZIP archive", UNPACK),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "a Git LFS pointer",
            "Fetch the file itself: git lfs pull.",
        ),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file (an analysis or AnnData, perhaps)", EXPORT),
        (b"not a table", "plain text", EXPORT),
        (bytes(range(128, 256)), "nothing known", EXPORT),
        (b"\x00" * 5000, "nothing but zero bytes (a copy that was broken off, or a full disk)", COPY),
        (
            base64.b64encode(fcs_bytes()),
            "an FCS file in base64, as mail programs write it",
            "Decode it first.",
        ),
        (
            b"\xef\xbb\xbf" + fcs_bytes(),
            "an FCS file that was saved as text: a byte-order mark stands before its header",
            f"Its numbers may be damaged as well. {COPY}",
        ),
        (
            fcs_bytes()[:200].decode("latin-1").encode("utf-16"),
            "an FCS file that was saved as text: a byte-order mark stands before its header",
            f"Its numbers may be damaged as well. {COPY}",
        ),
        (
            b"\r\n" + fcs_bytes(),
            "an FCS file with 2 bytes of something else before its header",
            f"{COPY} Do not open it in a text editor.",
        ),
    ],
)
def test_the_message_says_what_it_is_and_what_to_do(
    tmp_path: Path, content: bytes, what: str, hint: str
) -> None:
    with pytest.raises(FcsError) as caught:
        read_fcs(write(tmp_path, content))
    assert str(caught.value) == (
        f"tube.fcs: This is not an FCS file. Found: it looks like {what}. Allowed: a file that begins with "
        f"FCS2.0, FCS3.0, FCS3.1 or FCS3.2. {hint}"
    )


@pytest.mark.parametrize(
    ("content", "what", "hint"),
    [
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel file", "Tables are not read"),
        (zipped("[Content_Types].xml", "word/document.xml"), "a Word file", "It holds results"),
        (zipped("a.wsp"), "a ZIP archive with a FlowJo workspace (ACS, perhaps)", "Unpack it"),
        (b"%PDF-1.7\n", "a PDF document", "It holds results or pictures, not events."),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture", "It holds results"),
        (b"Time,FSC-A,SSC-A\n1,2,3\n", "a text table (CSV)", "Tables are not read"),
        ("Time\tFSC-A\n1\t2\n".encode("utf-16"), "a text table (CSV)", "Tables are not read"),
        (b"\xef\xbb\xbfTime;FSC-A\n1;2\n", "a text table (CSV)", "Tables are not read"),
        (b"<?xml version='1.0'?><Workspace/>", "an XML text: a FlowJo workspace", "It holds gates"),
        (b"<gating:Gating-ML/>", "an XML text (a workspace or gates, perhaps)", "It holds gates"),
        (
            b"<!DOCTYPE html><html>",
            "a web page (of a login or an error, perhaps)",
            "Download the file itself",
        ),
    ],
)
def test_other_kinds(content: bytes, what: str, hint: str) -> None:
    found = other_file(content)
    assert isinstance(found, OtherFile)
    assert (found.name, found.hint.startswith(hint)) == (what, True)
