"""Refuse requests that another site made the reader's browser send."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

import flask
from dash import Dash

from dashboard.security.names import LOCAL_NAMES, Authority, authority_of, bracketed, host_names

#: Methods that change nothing (RFC 9110, section 9.2.1).
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def keep_door(app: Dash, *, host: str = LOCAL_NAMES[0], names: Iterable[str] = ()) -> None:
    """Let `app` answer only requests that name it, and take changes only from its own pages.

    Parameters
    ----------
    app : Dash
        The application.
    host : str
        Address it listens on: a name it goes by, as those of this computer are.
    names : iterable of str
        Further names it goes by, see :func:`~dashboard.security.names.host_names`. A page at
        ``http://name`` or ``https://name`` counts as its own, for a proxy that forwards to it
        under another name.

    Raises
    ------
    CytoreconError
        If one of `names` is no name of a host.
    """
    named = host_names(names)
    listening = authority_of(bracketed(host))
    allowed = named.union(LOCAL_NAMES, () if listening is None else (listening.name,))

    def check() -> flask.Response | None:
        host = authority_of(flask.request.headers.get("Host", ""))
        if host is None or host.name not in allowed:
            return _refused(400, _unknown_name(host, allowed))
        origin = flask.request.headers.get("Origin")
        if flask.request.method in _SAFE_METHODS or origin is None:
            return None
        if _is_own(origin, host, named):
            return None
        return _refused(403, _FOREIGN_PAGE)

    app.server.before_request(check)


_FOREIGN_PAGE: Final = (
    "The dashboard takes no changes from pages of another site. Open the dashboard itself and try again; "
    "behind a proxy, start it with --allow-host and the name that people type."
)


def _unknown_name(host: Authority | None, allowed: frozenset[str]) -> str:
    listed = ", ".join(sorted(str(Authority(name, None)) for name in allowed))
    if host is None:
        return f"The request does not say which host it is for. Allowed: {listed}."
    name = Authority(host.name, None)
    return (
        f"The dashboard does not go by the name {name}. Allowed: {listed}. "
        f"If people are to reach it under that name, start it with --allow-host {name}."
    )


def _is_own(origin: str, host: Authority, named: frozenset[str]) -> bool:
    """Tell whether a page at `origin` came from here: same host and port, or a name the user gave."""
    try:
        address = urlsplit(origin)
    except ValueError:
        return False
    page = authority_of(address.netloc)
    default = _DEFAULT_PORTS.get(address.scheme)
    if page is None or default is None or f"{address.scheme}://{address.netloc}" != origin:
        return False
    port = default if page.port is None else page.port
    if (page.name, port) == (host.name, default if host.port is None else host.port):
        return True
    return page.name in named and port == default


def _refused(status: int, text: str) -> flask.Response:
    return flask.Response(f"{text}\n", status, mimetype="text/plain")
