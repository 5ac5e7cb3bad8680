"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

#: A study folder, or the URL of a PostgreSQL database.
StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="Study folder, or postgresql+psycopg://user@host/database.")
]

FilesArgument = Annotated[list[Path], typer.Argument(metavar="FILE", help="FCS files.")]

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

JobsOption = Annotated[
    int,
    typer.Option("--jobs", min=1, metavar="N", help="Tubes analysed at the same time.", show_default=True),
]

HostOption = Annotated[str, typer.Option("--host", help="Address to listen on.")]

PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")]

MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="MARKER=CHANNEL", help="Which channel carries a marker; may be repeated."),
]

SpilloverOption = Annotated[
    Path | None,
    typer.Option(
        "--spillover", metavar="FILE.csv", help="Spillover matrix to use in place of those in the files."
    ),
]


#: Places for files that fsspec knows and that are gone when a command ends.
ENDS_WITH_THE_COMMAND: Final = ("memory",)


def lasting_place(place: str) -> str:
    """Refuse a place for files that ends with the command.

    Raises
    ------
    typer.BadParameter
        For the memory of this process.
    """
    if place.split("://", 1)[0].rsplit("::", maxsplit=1)[-1] in ENDS_WITH_THE_COMMAND:
        raise typer.BadParameter(
            "The memory of this command ends with it; name a folder or s3://bucket/prefix."
        )
    return place


BlobsOption = Annotated[
    str,
    typer.Option(
        "--blobs",
        metavar="PLACE",
        envvar="CYTORECON_BLOBS",
        callback=lasting_place,
        help="Where files of tubes are kept: a folder or s3://bucket/prefix; by default in the study folder.",
    ),
]

FilesOption = Annotated[
    str,
    typer.Option(
        "--blobs",
        "--files",
        metavar="PLACE",
        envvar="CYTORECON_BLOBS",
        callback=lasting_place,
        help="Folder or URL of the files a study keeps; its own blobs by default.",
    ),
]

#: Who does it, where nobody has to say so.
InitialsOption = Annotated[
    str,
    typer.Option(
        "--by", metavar="INITIALS", envvar="CYTORECON_BY", help="Who does it, for the history; no e-mail."
    ),
]

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8050
DEFAULT_JOBS = 1
ReferencesOption = Annotated[
    Path | None,
    typer.Option(
        "--references",
        metavar="FILE",
        help="Reference ranges of your own, shown before the packaged ones.",
    ),
]
