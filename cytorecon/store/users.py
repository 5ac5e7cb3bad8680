"""Who may sign, and how a password is kept: as argon2id (RFC 9106), never as it is."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, insert, select

from cytorecon.errors import StoreError
from cytorecon.store import schema
from cytorecon.values import Frozen

Role = Literal["viewer", "editor", "approver", "admin"]

#: Who may sign.
SIGNING_ROLES: Final[tuple[Role, ...]] = ("approver", "admin")
#: NIST SP 800-63B-4, section 3.1.1.2, asks for 15 characters where a password is the only factor.
SHORTEST_PASSWORD: Final = 15
_LONGEST_PASSWORD: Final = 1024
#: What nobody's password is checked against: a hash of random bytes that were thrown away.
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$O5tpv+71zoi12kg62xmnsA$VTMDsYD7pnJmLsDF+4dtryhbQGV9aw5P+UDYChFVt6M"
)
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"


class User(Frozen):
    """A person who is known to a study.

    Parameters
    ----------
    name : str
        Initials or a short name, no e-mail.
    role : str
        ``approver`` and ``admin`` may sign.
    active : bool
        Whether the person may sign now.
    """

    name: str
    role: Role
    active: bool = True


def hashed(password: str, subject: str) -> str:
    """Return a password as it is kept.

    Raises
    ------
    StoreError
        If it is too short or too long.
    """
    if not SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise StoreError(
            "The password cannot be used.",
            subject=subject,
            found=f"{len(password)} characters",
            allowed=f"{SHORTEST_PASSWORD} to {_LONGEST_PASSWORD}",
            hint="Take several words.",
        )
    return PasswordHasher().hash(_normal(password))


def check_name(name: str, subject: str) -> None:
    """Check that `name` can be that of a user.

    Raises
    ------
    StoreError
        If it cannot.
    """
    if not re.fullmatch(_NAME, name):
        raise StoreError(
            "This cannot be the name of a user.",
            subject=subject,
            found=name if name.isprintable() else ascii(name),
            allowed="up to 40 letters, digits and . _ -",
            hint="Take initials or a short name, no e-mail.",
        )


def read_users(connection: Connection) -> tuple[User, ...]:
    """Return all users by name."""
    table = schema.users
    rows = connection.execute(select(table.c.name, table.c.role, table.c.active).order_by(table.c.name))
    return tuple(User(name=row.name, role=row.role, active=row.active) for row in rows)


def password_hash_of(connection: Connection, name: str) -> str | None:
    """Return how the password of a user is kept; None when there is no such user."""
    table = schema.users
    found: str | None = connection.execute(select(table.c.password_hash).where(table.c.name == name)).scalar()
    return found


def write_user(connection: Connection, user: User, password_hash: str) -> None:
    """Add a user, or replace what is known about one."""
    table = schema.users
    row = {"name": user.name, "role": user.role, "active": user.active, "password_hash": password_hash}
    changed = connection.execute(table.update().where(table.c.name == user.name).values(row))
    if not changed.rowcount:
        connection.execute(insert(table), row)


def is_password(password: str, password_hash: str | None) -> bool:
    """Tell whether `password` is the one that is kept; an unknown user takes as long as a known one."""
    known = password_hash if password_hash is not None else _NOBODY
    try:
        PasswordHasher().verify(known, _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def _normal(password: str) -> str:
    """Return the one form of a text that keyboards write in several (NIST SP 800-63B-4, section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
