"""Names by which a request may address the dashboard.

A page of another site can make the reader's browser send requests to this computer, and can point
its own domain name at 127.0.0.1 so that the browser takes the answers for its own (DNS rebinding).
It cannot make the browser name a host that is not its own: so the name is checked.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from cytorecon.errors import CytoreconError

#: By these the browser of this computer reaches a server of this computer.
LOCAL_NAMES: Final = ("127.0.0.1", "localhost", "::1")

_ADDRESS_6: Final = re.compile(r"\[(?P<name>[0-9A-Fa-f:.]{2,45})\](:(?P<port>\d{1,5}))?")
_NAME: Final = re.compile(r"(?P<name>[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?)\.?(:(?P<port>\d{1,5}))?")


class Authority(NamedTuple):
    """A host by name or number, in its one spelling, and a port.

    Parameters
    ----------
    name : str
        Lower case, without brackets.
    port : int or None
        None when it is not written.
    """

    name: str
    port: int | None

    def __str__(self) -> str:
        """Return it as it is written in an address."""
        name = bracketed(self.name)
        return name if self.port is None else f"{name}:{self.port}"


def authority_of(text: str) -> Authority | None:
    """Return the host and port that `text` names; None when it is not written as one.

    Examples
    --------
    >>> authority_of("LocalHost.:8050")
    Authority(name='localhost', port=8050)
    >>> print(authority_of("[0:0::1]"))
    [::1]
    >>> authority_of("127.0.0.1@elsewhere.example") is None
    True
    """
    found = _ADDRESS_6.fullmatch(text) or _NAME.fullmatch(text)
    if found is None:
        return None
    name = found["name"].lower()
    if ":" in name:
        try:
            name = str(ipaddress.IPv6Address(name))
        except ValueError:
            return None
    return Authority(name, None if found["port"] is None else int(found["port"]))


def bracketed(name: str) -> str:
    """Return a host as it is written in an address: an IPv6 address in brackets."""
    return f"[{name}]" if name.count(":") > 1 and "[" not in name else name


def host_names(names: Iterable[str]) -> frozenset[str]:
    """Return `names` in their one spelling.

    Parameters
    ----------
    names : iterable of str
        Host names or addresses without port; an IPv6 address with or without brackets.

    Raises
    ------
    CytoreconError
        If one of them is no name of a host.
    """
    found = set()
    for name in names:
        authority = authority_of(bracketed(name))
        if authority is None or authority.port is not None:
            raise CytoreconError(
                "This is not the name of a host.",
                field="--allow-host",
                found=name,
                allowed="a name or address without http:// and without port, e.g. flow.lab.example",
            )
        found.add(authority.name)
    return frozenset(found)
