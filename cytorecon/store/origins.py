"""Where stored results came from, read without their numbers: a run that goes on asks it of every tube."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import Connection, select

from cytorecon.errors import Issue
from cytorecon.results import Provenance
from cytorecon.store import schema
from cytorecon.store.documents import from_text
from cytorecon.store.engine import streamed
from cytorecon.store.rows import AT_A_TIME


class Origin(BaseModel):
    """What a stored result rests on; the rest of its document is passed over.

    Parameters
    ----------
    status : str
        ``done`` or ``failed``.
    provenance : Provenance
        Hashes of file, template, scales, prior and decisions, and the software.
    issues : tuple of Issue
        Of the tube.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: str
    provenance: Provenance
    issues: tuple[Issue, ...] = ()


_ORIGIN: Final = TypeAdapter(Origin)


def read_origins(connection: Connection, subject: str) -> dict[str, Origin]:
    """Return tube -> origin of its result, for all tubes that were analysed, removed ones too."""
    table = schema.results
    wanted = select(table.c.tube, table.c.document)
    with streamed(connection, wanted, AT_A_TIME) as rows:
        return {
            row.tube: from_text(_ORIGIN, row.document, subject=subject, field=f"result of {row.tube}")
            for row in rows
        }
