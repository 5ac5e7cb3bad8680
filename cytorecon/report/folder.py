"""The folder of a report: whole files only, and nothing over what is not ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cytorecon.errors import StoreError

MARK: Final = '<meta name="generator" content="cytorecon report">'
INDEX: Final = "index.html"
#: How the PDF names its maker, uncompressed in its metadata.
_PDF_MARK: Final = b"cytorecon"


@contextmanager
def report_folder(out: Path) -> Iterator[None]:
    """Make the folder `out`, check that it may hold a report, and say what goes wrong in the block.

    Raises
    ------
    StoreError
        If the folder cannot be written, or holds an ``index.html`` that is no report.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        _check_index(out)
        yield
    except OSError as error:
        raise StoreError(
            "The report cannot be written.",
            subject=str(out),
            found=error.strerror or str(error),
            allowed="a folder that this user may write, and free space",
            hint="Choose another folder, or make room.",
        ) from None


def put(path: Path, content: str | bytes) -> Path:
    """Write a file, text as UTF-8, and return its path; it is never half written."""
    # first beside it, then in its place
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    part.replace(path)
    return path


def put_ours(path: Path, content: str | bytes) -> Path:
    """Write a file as :func:`put`, in place of an earlier one of ours only.

    Raises
    ------
    StoreError
        If something else is there.
    """
    if path.exists() and not (path.is_file() and _is_ours(path)):
        raise StoreError(
            "There is something that is no report of cytorecon; it was left as it is.",
            subject=str(path),
            allowed="a new file, or an earlier report",
            hint="Choose another folder.",
        )
    return put(path, content)


def delete_stale(out: Path, pattern: str, keep: set[str]) -> None:
    """Delete the pages of an earlier report that match `pattern` and are not in `keep`."""
    for page in sorted(out.glob(pattern)):
        if page.name not in keep and _is_ours(page):
            page.unlink()


def _check_index(out: Path) -> None:
    index = out / INDEX
    if index.exists() and not _is_ours(index):
        raise StoreError(
            "The folder holds a page that is no report of cytorecon; it was left as it is.",
            subject=str(out),
            found=INDEX,
            allowed="a new or empty folder, or an earlier report",
            hint="Choose another folder.",
        )


def _is_ours(page: Path) -> bool:
    if page.suffix == ".pdf":
        return _PDF_MARK in page.read_bytes()
    return MARK in page.read_text(encoding="utf-8", errors="replace")[:1000]
