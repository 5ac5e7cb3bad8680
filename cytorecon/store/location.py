"""Where a study is kept: a folder, or a PostgreSQL database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from cytorecon.errors import StoreError

_ALLOWED = "a folder, or a URL such as postgresql+psycopg://user@host/database"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that holds (or will hold) ``study.sqlite``."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "study.sqlite"

    def __str__(self) -> str:
        """Return the folder as the user wrote it."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL database that holds one study."""

    url: URL

    def __str__(self) -> str:
        """Return the URL with the password replaced by ``***``."""
        return self.url.render_as_string(hide_password=True)


def parse_location(location: str | Path) -> Folder | Server:
    """Tell a folder from a database URL.

    Parameters
    ----------
    location : str or Path
        A folder, or ``postgresql+psycopg://user@host/database``.

    Raises
    ------
    StoreError
        If it is a URL of another kind, or one that cannot be read as a URL.

    Examples
    --------
    >>> print(parse_location("postgresql+psycopg://lab:secret@db.example/study7"))
    postgresql+psycopg://lab:***@db.example/study7
    """
    if isinstance(location, Path) or "://" not in location:
        return Folder(Path(location))
    scheme = location.split("://", 1)[0]
    try:
        url = make_url(location)
    except (ArgumentError, ValueError) as error:
        # The URL may hold a password, so neither it nor the parser's complaint is repeated.
        raise StoreError(
            "The database URL cannot be read.",
            subject=f"{scheme}://…",
            allowed=_ALLOWED,
            hint="Percent-encode special characters of user and password.",
        ) from error
    if url.drivername != "postgresql+psycopg":
        raise StoreError(
            "A study cannot be kept in this kind of database.",
            subject=f"{scheme}://…",
            found=url.drivername,
            allowed=_ALLOWED,
            hint="Give a folder, or a PostgreSQL URL.",
        )
    if not url.database:
        raise StoreError(
            "The URL names no database.",
            subject=url.render_as_string(hide_password=True),
            allowed=_ALLOWED,
            hint="Create an empty database for this study and name it in the URL.",
        )
    return Server(url)
