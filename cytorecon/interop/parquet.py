"""Tables as Parquet, for programs that read columns."""

from __future__ import annotations

import io
from importlib.util import find_spec

import pandas as pd

from cytorecon.errors import CytoreconError


def check_parquet() -> None:
    """Check that what writes Parquet is installed.

    Raises
    ------
    CytoreconError
        If it is not.
    """
    if find_spec("pyarrow") is None:
        raise CytoreconError(
            "Parquet is written by pyarrow, which is not installed.",
            subject="--format",
            found="parquet",
            hint="Install cytorecon[parquet], or choose csv or xlsx.",
        )


def parquet(table: pd.DataFrame) -> bytes:
    """Return a table as Parquet; not known is null, and types are those of the table.

    Parameters
    ----------
    table : DataFrame
        Any table of this package.

    Raises
    ------
    CytoreconError
        If pyarrow is not installed.
    """
    check_parquet()
    buffer = io.BytesIO()
    table.to_parquet(buffer, engine="pyarrow", index=False)
    return buffer.getvalue()
